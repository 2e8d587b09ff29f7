//! A text for others to use.

use crate::graph::{
    document::model::NodeType,
    param::Param,
    socket_type::SocketType,
    spec::{Action, Category, Need, NodeSpec, Socket},
};

impl NodeType {
    /// A text for others to use.
    pub const PROMPT: Self = Self::named("Prompt");
}

pub(super) const SPECS: &[NodeSpec] = &[NodeSpec {
    node_type: NodeType::PROMPT,
    version: 1,
    title: "Prompt",
    description: "A text that one or several shots use.",
    category: Category::Input,
    inputs: &[],
    outputs: &[Socket::output("text", "Text", SocketType::Text)],
    params: &[Param::multiline("text", "Prompt").in_node()],
    needs: &[Need::Text { param: "text", reason: "Write the prompt.", wired: "Write the prompt." }],
    action: Action::Value { param: "text" },
}];
