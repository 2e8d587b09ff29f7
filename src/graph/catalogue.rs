//! Every node type: what it is for, its sockets and its parameters. Palette, canvas, checks and plans all read this one table.

use super::{
    model::{Node, NodeType, SocketRef},
    param::{Param, ParamKind},
    socket_type::SocketType,
};
use crate::domain::transition;

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
}

/// A node type.
#[derive(Debug, Clone, PartialEq)]
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
}

const fn input(name: &'static str, label: &'static str, socket_type: SocketType) -> Socket {
    Socket { name, label, direction: Direction::In, socket_type, list: false }
}

const fn output(name: &'static str, label: &'static str, socket_type: SocketType) -> Socket {
    Socket { name, label, direction: Direction::Out, socket_type, list: false }
}

const PROMPT: Socket = input("prompt", "Prompt", SocketType::Text);
const FIRST_FRAME: Socket = input("first_frame", "First frame", SocketType::Image);
const LAST_FRAME: Socket = input("last_frame", "Last frame", SocketType::Image);
const CLIP_OUT: Socket = output("video", "Clip", SocketType::Video);
const IMAGE_OUT: Socket = output("image", "Image", SocketType::Image);

const PROVIDER_PARAM: Param = Param::new("provider", "Provider", ParamKind::Provider);
const MODEL_PARAM: Param = Param::new("model", "Model", ParamKind::Model);
const PROMPT_PARAM: Param = Param::new("prompt", "Prompt", ParamKind::Multiline).in_node();
const SECONDS_PARAM: Param = Param::new("seconds", "Seconds", ParamKind::Seconds).in_node();
const SEED_PARAM: Param = Param::new("seed", "Seed", ParamKind::Integer { min: 0, max: 4_294_967_295 });
const TAKE_PARAM: Param = Param::new("take", "Take", ParamKind::Integer { min: 1, max: 1_000_000 });

/// Which frame of a clip is taken; the last one first, because from it the next shot goes on.
pub const FRAMES: &[(&str, &str)] = &[("last", "Last"), ("first", "First"), ("nth", "By number")];

/// The highest number of a frame that can be asked for.
const LAST_INDEX: i64 = 100_000_000;

static SPECS: [NodeSpec; 9] = [
    NodeSpec {
        node_type: NodeType::Prompt,
        version: 1,
        title: "Prompt",
        description: "A text that one or several shots use.",
        category: Category::Input,
        inputs: &[],
        outputs: &[output("text", "Text", SocketType::Text)],
        params: &[Param::new("text", "Prompt", ParamKind::Multiline).in_node()],
    },
    NodeSpec {
        node_type: NodeType::Sora2Video,
        version: 1,
        title: "Sora shot",
        description: "Generates a shot from a prompt, in a frame given in pixels.",
        category: Category::Generate,
        inputs: &[PROMPT, FIRST_FRAME],
        outputs: &[CLIP_OUT],
        params: &[
            PROMPT_PARAM,
            SECONDS_PARAM,
            Param::new("size", "Size", ParamKind::Size),
            PROVIDER_PARAM,
            MODEL_PARAM,
            SEED_PARAM,
            TAKE_PARAM,
        ],
    },
    NodeSpec {
        node_type: NodeType::VeoVideo,
        version: 1,
        title: "Veo shot",
        description: "Generates a shot from a prompt, in an aspect and a resolution.",
        category: Category::Generate,
        inputs: &[PROMPT, FIRST_FRAME, LAST_FRAME],
        outputs: &[CLIP_OUT],
        params: &[
            PROMPT_PARAM,
            SECONDS_PARAM,
            Param::new("aspect", "Aspect", ParamKind::Aspect),
            Param::new("resolution", "Resolution", ParamKind::Resolution),
            Param::new("negative_prompt", "Negative prompt", ParamKind::Multiline),
            PROVIDER_PARAM,
            MODEL_PARAM,
            SEED_PARAM,
            TAKE_PARAM,
        ],
    },
    NodeSpec {
        node_type: NodeType::UploadVideo,
        version: 1,
        title: "Clip",
        description: "A clip of your own, from the library or uploaded.",
        category: Category::Input,
        inputs: &[],
        outputs: &[CLIP_OUT],
        params: &[Param::new("video_id", "Video", ParamKind::Video).in_node()],
    },
    NodeSpec {
        node_type: NodeType::UploadImage,
        version: 1,
        title: "Image",
        description: "A picture of your own, for a shot to begin or end with.",
        category: Category::Input,
        inputs: &[],
        outputs: &[IMAGE_OUT],
        params: &[Param::new("image_id", "Image", ParamKind::Image).in_node()],
    },
    NodeSpec {
        node_type: NodeType::FrameGrab,
        version: 1,
        title: "Frame",
        description: "Takes a frame out of a clip, so that a shot goes on from the one before it.",
        category: Category::Edit,
        inputs: &[input("video", "Clip", SocketType::Video)],
        outputs: &[IMAGE_OUT],
        params: &[
            Param::new("frame", "Frame", ParamKind::Choice(FRAMES)).in_node(),
            Param::new("index", "Number, from 0", ParamKind::Integer { min: 0, max: LAST_INDEX }).in_node(),
        ],
    },
    NodeSpec {
        node_type: NodeType::VideoStitcher,
        version: 1,
        title: "Stitcher",
        description: "Joins clips into one, in the order you choose.",
        category: Category::Edit,
        inputs: &[Socket { name: "videos", label: "Clips", direction: Direction::In, socket_type: SocketType::Video, list: true }],
        outputs: &[CLIP_OUT],
        params: &[
            Param::new("transition", "Transition", ParamKind::Choice(transition::ALL)).in_node(),
            Param::new("transition_seconds", "Transition seconds", ParamKind::Number { min: 0.0, max: 10.0, step: 0.1 }),
            Param::new("size", "Size", ParamKind::StitchSize),
            Param::new("fps", "Frames a second", ParamKind::Number { min: 1.0, max: 120.0, step: 1.0 }),
            // The order counts by what it makes of the inputs, and these are in the key.
            Param::new("order", "Order", ParamKind::Nodes).display_only(),
        ],
    },
    NodeSpec {
        node_type: NodeType::Output,
        version: 1,
        title: "Output",
        description: "Names a finished clip.",
        category: Category::Result,
        inputs: &[input("video", "Clip", SocketType::Video)],
        outputs: &[],
        params: &[Param::new("name", "Name", ParamKind::Text).in_node().display_only()],
    },
    NodeSpec {
        node_type: NodeType::Note,
        version: 1,
        title: "Note",
        description: "A remark for people; it is never run.",
        category: Category::Remark,
        inputs: &[],
        outputs: &[],
        params: &[Param::new("text", "Note", ParamKind::Multiline).in_node().display_only()],
    },
];

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

    /// Inputs, then outputs.
    pub fn sockets(&self) -> impl Iterator<Item = &'static Socket> {
        self.inputs.iter().chain(self.outputs)
    }
}

/// Every node type this version knows, in the order in which a palette shows them.
#[must_use]
pub fn specs() -> &'static [NodeSpec] {
    &SPECS
}

/// The entry of a node type; `None` for a type of a newer version.
#[must_use]
pub fn spec(node_type: &NodeType) -> Option<&'static NodeSpec> {
    SPECS.iter().find(|spec| spec.node_type == *node_type)
}

/// The parameter of that name at that node type.
#[must_use]
pub fn param(node_type: &NodeType, name: &str) -> Option<&'static Param> {
    spec(node_type)?.param(name)
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
