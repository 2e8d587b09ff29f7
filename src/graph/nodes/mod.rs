//! The node types, one file a family. Palette, canvas, checks, plans, runs and the API's document all read this one list.

use std::{collections::HashMap, sync::OnceLock};

use super::{
    document::model::{Node, NodeType, SocketRef},
    param::Param,
    socket_type::SocketType,
    spec::{Action, Direction, NodeSpec, OperationSpec},
};
use crate::domain::{AssetKind, AssetRef};

mod asset;
mod frame;
mod note;
mod output;
mod prompt;
mod shot;
mod stitcher;
mod trim;

/// Every family, in the order in which a palette shows them. A node type is added by a file and its line here.
static FAMILIES: &[&[NodeSpec]] =
    &[prompt::SPECS, shot::SPECS, asset::SPECS, frame::SPECS, trim::SPECS, stitcher::SPECS, output::SPECS, note::SPECS];

/// Every node type this version knows, in the order in which a palette shows them.
#[must_use]
pub fn specs() -> &'static [&'static NodeSpec] {
    static ALL: OnceLock<Vec<&'static NodeSpec>> = OnceLock::new();
    ALL.get_or_init(|| FAMILIES.iter().copied().flatten().collect())
}

/// The entry of a node type; `None` for a type of a newer version.
#[must_use]
pub fn spec(node_type: &NodeType) -> Option<&'static NodeSpec> {
    static BY_NAME: OnceLock<HashMap<&'static str, &'static NodeSpec>> = OnceLock::new();
    let by_name = BY_NAME.get_or_init(|| specs().iter().map(|spec| (spec.node_type.name(), *spec)).collect());
    by_name.get(node_type.name()).copied()
}

/// The node type of that name; any name is one.
#[must_use]
pub fn node_type(name: &str) -> NodeType {
    let named = NodeType::from_name(name);
    spec(&named).map_or(named, |spec| spec.node_type.clone())
}

/// The operation of that name; `None` for one that no node asks for.
#[must_use]
pub fn operation(name: &str) -> Option<&'static OperationSpec> {
    specs().iter().filter_map(|spec| spec.operation()).find(|operation| operation.name == name)
}

/// Whether this version knows the type.
#[must_use]
pub fn is_known(node_type: &NodeType) -> bool {
    spec(node_type).is_some()
}

/// The parameter of that name at that node type.
#[must_use]
pub fn param(node_type: &NodeType, name: &str) -> Option<&'static Param> {
    spec(node_type)?.param(name)
}

/// Whether what nodes of that type make comes from a provider.
#[must_use]
pub fn generates(node_type: &NodeType) -> bool {
    spec(node_type).is_some_and(NodeSpec::generates)
}

/// What flows through a socket of a node and whether it takes several connections; `None` where the node has no such socket.
/// A node of an unknown type has every socket, because nothing is known against it.
#[must_use]
pub fn socket(node: &Node, direction: Direction, at: &SocketRef) -> Option<(SocketType, bool)> {
    let Some(spec) = spec(&node.node_type) else { return Some((SocketType::Unknown, true)) };
    let socket = match direction {
        Direction::In => spec.input(&at.socket),
        Direction::Out => spec.output(&at.socket),
    };
    socket.map(|socket| (socket.socket_type, socket.list))
}

/// The first node type through which the user gives an asset of that kind.
#[must_use]
pub fn giving(kind: AssetKind) -> Option<&'static NodeSpec> {
    specs().iter().copied().find(|spec| spec.given().is_some_and(|(_, given)| given == kind))
}

/// The asset of the user's that a node names and gives.
#[must_use]
pub fn given(node: &Node) -> Option<AssetRef> {
    let (param, kind) = spec(&node.node_type)?.given()?;
    AssetRef::parse(kind, node.text(param))
}

/// The text that a node gives, where its type gives one.
#[must_use]
pub fn value(node: &Node) -> Option<&str> {
    match spec(&node.node_type)?.action {
        Action::Value { param } => Some(node.text(param)),
        _ => None,
    }
}
