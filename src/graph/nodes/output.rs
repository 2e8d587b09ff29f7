//! A result of the workflow.

use crate::graph::{
    document::model::NodeType,
    param::Param,
    socket_type::SocketType,
    spec::{Action, Category, Need, NodeSpec, Socket},
};

impl NodeType {
    /// Names a result of the workflow.
    pub const OUTPUT: Self = Self::named("Output");
}

pub(super) const SPECS: &[NodeSpec] = &[NodeSpec {
    node_type: NodeType::OUTPUT,
    version: 1,
    title: "Output",
    description: "Names a finished clip.",
    category: Category::Result,
    inputs: &[Socket::input("video", "Clip", SocketType::VIDEO)],
    outputs: &[],
    params: &[Param::text("name", "Name").in_node().not_counted()],
    needs: &[Need::Wired { socket: "video", reason: "Connect the clip that is to come out here." }],
    action: Action::Name { param: "name" },
}];
