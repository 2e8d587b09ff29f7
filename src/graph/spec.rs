//! What a node type is: everything that anyone asks of one stands in its [`NodeSpec`].

use super::{
    document::model::NodeType,
    param::{Param, ParamKind},
    socket_type::SocketType,
};
use crate::domain::{AssetKind, provider::Ability};

/// Where a node type stands in the palette.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Category {
    /// What goes in.
    Input,
    /// Makes clips.
    Generate,
    /// Changes and joins clips.
    Edit,
    /// What comes out.
    Result,
    /// For people only.
    Remark,
}

impl Category {
    /// The category's name in words.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Input => "Inputs",
            Self::Generate => "Generate",
            Self::Edit => "Edit",
            Self::Result => "Results",
            Self::Remark => "Remarks",
        }
    }
}

/// Which way a socket faces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Takes.
    In,
    /// Gives; any number of connections may begin here.
    Out,
}

impl Direction {
    /// The name used in attributes.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::In => "in",
            Self::Out => "out",
        }
    }
}

/// A socket of a node type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Socket {
    /// Its name in the definition; unique among the node's sockets of one direction.
    pub name: &'static str,
    /// Its name in words.
    pub label: &'static str,
    /// Which way it faces.
    pub direction: Direction,
    /// What flows through it.
    pub socket_type: SocketType,
    /// Whether an input takes several connections; otherwise it takes one.
    pub list: bool,
    /// What the chosen model must be able to do to use what is wired here.
    pub needs: Option<Ability>,
}

impl Socket {
    /// An input that takes one connection.
    pub(super) const fn input(name: &'static str, label: &'static str, socket_type: SocketType) -> Self {
        Self { name, label, direction: Direction::In, socket_type, list: false, needs: None }
    }

    /// An output.
    pub(super) const fn output(name: &'static str, label: &'static str, socket_type: SocketType) -> Self {
        Self { name, label, direction: Direction::Out, socket_type, list: false, needs: None }
    }

    /// The same input, taking several connections.
    pub(super) const fn list(self) -> Self {
        Self { list: true, ..self }
    }

    /// The same input, of use only to a model that can do that.
    pub(super) const fn needs(self, ability: Ability) -> Self {
        Self { needs: Some(ability), ..self }
    }
}

/// What a node does when it is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Nothing: it is for people.
    Nothing,
    /// Gives the text of a parameter.
    Value {
        /// The parameter.
        param: &'static str,
    },
    /// Gives the asset of the user's that a parameter names.
    Given {
        /// The parameter.
        param: &'static str,
        /// The asset's kind.
        kind: AssetKind,
    },
    /// Names what it receives.
    Name {
        /// The parameter that holds the name.
        param: &'static str,
    },
    /// Makes something, by this operation.
    Make(&'static OperationSpec),
}

/// An operation, as graph and page know it; what performs it stands under its name in the server's registry of operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OperationSpec {
    /// Its name: the kind of its jobs, in JSON and in the database.
    pub name: &'static str,
    /// What it makes, or one doing of it, in a word: how its jobs are listed.
    pub noun: &'static str,
    /// What was done to what it made, in a word.
    pub done: &'static str,
    /// What is made.
    pub kind: AssetKind,
}

/// What the user must have done before a node can be run.
#[derive(Debug, Clone, Copy)]
pub enum Need {
    /// A text is written in the parameter; or, where that stands in for an input, is wired there.
    Text {
        /// The parameter.
        param: &'static str,
        /// What to do where there is none, in a sentence.
        reason: &'static str,
        /// What to do where the text that is wired in its place is empty, in a sentence.
        wired: &'static str,
    },
    /// Something is wired to the input.
    Wired {
        /// The input.
        socket: &'static str,
        /// What to do where nothing is, in a sentence.
        reason: &'static str,
    },
    /// The number of a parameter is above that of another one, where both are set.
    Above {
        /// The parameter.
        param: &'static str,
        /// The other one.
        than: &'static str,
        /// What to do where it is not, in a sentence.
        reason: &'static str,
    },
    /// The parameter names an asset.
    Asset {
        /// The parameter.
        param: &'static str,
        /// What to do where it names none, in a sentence.
        reason: &'static str,
        /// What to do where it names something else, in a sentence.
        wrong: &'static str,
    },
}

/// A node type.
#[derive(Debug, Clone)]
pub struct NodeSpec {
    /// The type.
    pub node_type: NodeType,
    /// Raised when the same node gives other results than before, so that older ones no longer stand for new ones.
    pub version: u32,
    /// Its name in words.
    pub title: &'static str,
    /// What it is for, in a line.
    pub description: &'static str,
    /// Where it stands in the palette.
    pub category: Category,
    /// Inputs, from top to bottom.
    pub inputs: &'static [Socket],
    /// Outputs, from top to bottom.
    pub outputs: &'static [Socket],
    /// Parameters, in the order of the inspector.
    pub params: &'static [Param],
    /// What it needs before it can run; of several that it lacks the first is told.
    pub needs: &'static [Need],
    /// What it does.
    pub action: Action,
}

impl NodeSpec {
    /// The input of that name.
    #[must_use]
    pub fn input(&self, name: &str) -> Option<&'static Socket> {
        self.inputs.iter().find(|socket| socket.name == name)
    }

    /// The output of that name.
    #[must_use]
    pub fn output(&self, name: &str) -> Option<&'static Socket> {
        self.outputs.iter().find(|socket| socket.name == name)
    }

    /// The parameter of that name.
    #[must_use]
    pub fn param(&self, name: &str) -> Option<&'static Param> {
        self.params.iter().find(|param| param.name == name)
    }

    /// The first parameter of that kind.
    #[must_use]
    pub fn param_of(&self, kind: ParamKind) -> Option<&'static Param> {
        self.params.iter().find(|param| param.kind == kind)
    }

    /// Inputs, then outputs.
    pub fn sockets(&self) -> impl Iterator<Item = &'static Socket> {
        self.inputs.iter().chain(self.outputs)
    }

    /// Whether what it makes comes from a provider, and has a free twin on this machine.
    #[must_use]
    pub fn generates(&self) -> bool {
        self.param_of(ParamKind::Provider).is_some()
    }

    /// Whether a run makes what it gives.
    #[must_use]
    pub fn makes(&self) -> bool {
        self.operation().is_some()
    }

    /// The operation that makes what it gives.
    #[must_use]
    pub fn operation(&self) -> Option<&'static OperationSpec> {
        match self.action {
            Action::Make(operation) => Some(operation),
            _ => None,
        }
    }

    /// The kind of asset that it gives, where that is one of its own.
    #[must_use]
    pub fn gives(&self) -> Option<AssetKind> {
        match self.action {
            Action::Given { kind, .. } => Some(kind),
            Action::Make(operation) => Some(operation.kind),
            Action::Nothing | Action::Value { .. } | Action::Name { .. } => None,
        }
    }

    /// The kind of asset that the user gives it, with the parameter that names one.
    #[must_use]
    pub fn given(&self) -> Option<(&'static str, AssetKind)> {
        match self.action {
            Action::Given { param, kind } => Some((param, kind)),
            _ => None,
        }
    }
}
