//! A part of a clip.

use crate::{
    domain::AssetKind,
    graph::{
        document::model::NodeType,
        param::Param,
        socket_type::SocketType,
        spec::{Action, Category, Need, NodeSpec, OperationSpec, Socket},
    },
};

impl NodeType {
    /// Cuts a part out of a clip.
    pub const TRIM: Self = Self::named("Trim");
}

/// The longest clip there is, in seconds: a week.
const LONGEST: f64 = 604_800.0;

pub(super) const SPECS: &[NodeSpec] = &[NodeSpec {
    node_type: NodeType::TRIM,
    version: 1,
    title: "Trim",
    description: "Keeps a part of a clip, from an in point to an out point, exact to the frame.",
    category: Category::Edit,
    inputs: &[Socket::input("video", "Clip", SocketType::VIDEO)],
    outputs: &[Socket::output("video", "Clip", SocketType::VIDEO)],
    params: &[
        Param::number("in_seconds", "In point (s)", 0.0, LONGEST, 0.1).in_node(),
        Param::number("out_seconds", "Out point (s)", 0.0, LONGEST, 0.1).in_node(),
    ],
    needs: &[
        Need::Wired { socket: "video", reason: "Connect the clip that is to be trimmed." },
        Need::Above { param: "out_seconds", than: "in_seconds", reason: "The out point comes after the in point: choose a later one." },
    ],
    action: Action::Make(&OperationSpec { name: "trim", noun: "Trim", done: "Trimmed", kind: AssetKind::Video }),
}];
