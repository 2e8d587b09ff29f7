//! A frame out of a clip.

use crate::{
    domain::AssetKind,
    graph::{
        document::model::NodeType,
        param::{Param, Preset},
        socket_type::SocketType,
        spec::{Action, Category, Need, NodeSpec, OperationSpec, Socket},
    },
};

impl NodeType {
    /// Takes a frame out of a clip.
    pub const FRAME_GRAB: Self = Self::named("FrameGrab");
}

/// Which frame of a clip is taken; the last one first, because from it the next shot goes on.
const FRAMES: &[(&str, &str)] = &[("last", "Last"), ("first", "First"), ("nth", "By number")];

/// The highest number of a frame that can be asked for.
const LAST_INDEX: i64 = 100_000_000;

pub(super) const SPECS: &[NodeSpec] = &[NodeSpec {
    node_type: NodeType::FRAME_GRAB,
    version: 1,
    title: "Frame",
    description: "Takes a frame out of a clip, so that a shot goes on from the one before it.",
    category: Category::Edit,
    inputs: &[Socket::input("video", "Clip", SocketType::VIDEO)],
    outputs: &[Socket::output("image", "Image", SocketType::IMAGE)],
    params: &[
        Param::choice("frame", "Frame", FRAMES, "last").in_node(),
        Param::whole("index", "Number, from 0", 0, LAST_INDEX).preset(Preset::Whole(0)).with("frame", "nth").in_node(),
    ],
    needs: &[Need::Wired { socket: "video", reason: "Connect the clip from which the frame is taken." }],
    action: Action::Make(&OperationSpec { name: "frame_grab", noun: "Frame", done: "Taken", kind: AssetKind::Image }),
}];
