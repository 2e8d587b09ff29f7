//! A remark for people.

use crate::graph::{
    document::model::NodeType,
    param::Param,
    spec::{Action, Category, NodeSpec},
};

impl NodeType {
    /// A remark for people.
    pub const NOTE: Self = Self::named("Note");
}

pub(super) const SPECS: &[NodeSpec] = &[NodeSpec {
    node_type: NodeType::NOTE,
    version: 1,
    title: "Note",
    description: "A remark for people; it is never run.",
    category: Category::Remark,
    inputs: &[],
    outputs: &[],
    params: &[Param::multiline("text", "Note").in_node().not_counted()],
    needs: &[],
    action: Action::Nothing,
}];
