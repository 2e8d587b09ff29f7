//! Clips joined into one.

use crate::{
    domain::{AssetKind, transition},
    graph::{
        document::model::NodeType,
        param::{Param, Preset},
        socket_type::SocketType,
        spec::{Action, Category, Need, NodeSpec, OperationSpec, Socket},
    },
};

impl NodeType {
    /// Joins clips.
    pub const VIDEO_STITCHER: Self = Self::named("VideoStitcher");
}

pub(super) const SPECS: &[NodeSpec] = &[NodeSpec {
    node_type: NodeType::VIDEO_STITCHER,
    version: 1,
    title: "Stitcher",
    description: "Joins clips into one, in the order you choose.",
    category: Category::Edit,
    inputs: &[Socket::input("videos", "Clips", SocketType::VIDEO).list()],
    outputs: &[Socket::output("video", "Clip", SocketType::VIDEO)],
    params: &[
        Param::choice("transition", "Transition", transition::ALL, transition::CUT).in_node(),
        Param::number("transition_seconds", "Transition seconds", 0.0, 10.0, 0.1).preset(Preset::Number(0.5)),
        Param::stitch_size("size", "Size"),
        Param::number("fps", "Frames a second", 1.0, 120.0, 1.0),
        Param::order("order", "Order"),
    ],
    needs: &[Need::Wired { socket: "videos", reason: "Connect the clips that are to be joined." }],
    action: Action::Make(&OperationSpec { name: "stitch", noun: "Stitch", done: "Stitched", kind: AssetKind::Video }),
}];
