//! Shots: clips that a provider makes of a prompt, and the animatic in a draft.

use crate::{
    domain::{AssetKind, provider::Ability},
    graph::{
        document::model::NodeType,
        param::{Param, ParamKind},
        socket_type::SocketType,
        spec::{Action, Category, Need, NodeSpec, OperationSpec, Socket},
    },
};

impl NodeType {
    /// Generates a clip, with its frame given as pixels.
    pub const SORA_VIDEO: Self = Self::named("Sora2Video");
    /// Generates a clip, with its frame given as aspect and resolution.
    pub const VEO_VIDEO: Self = Self::named("VeoVideo");
}

const PROMPT_IN: Socket = Socket::input("prompt", "Prompt", SocketType::Text);
const FIRST_FRAME: Socket = Socket::input("first_frame", "First frame", SocketType::IMAGE).needs(Ability::FirstFrame);
const LAST_FRAME: Socket = Socket::input("last_frame", "Last frame", SocketType::IMAGE).needs(Ability::LastFrame);
const CLIP_OUT: Socket = Socket::output("video", "Clip", SocketType::VIDEO);

const PROMPT: Param = Param::multiline("prompt", "Prompt").in_node().unwired("prompt");
const SECONDS: Param = Param::of_model("seconds", "Seconds", ParamKind::Seconds).in_node();
const MODEL: Param = Param::of_model("model", "Model", ParamKind::Model);
const SEED: Param = Param::whole("seed", "Seed", 0, 4_294_967_295).needs(Ability::Seed);
const TAKE: Param = Param::take("take", "Take");

const NEEDS: &[Need] =
    &[Need::Text { param: "prompt", reason: "Write a prompt, or connect one.", wired: "The prompt that is connected is empty: write it." }];
const GENERATE: Action = Action::Make(&OperationSpec { name: "generate", noun: "Shot", done: "Generated", kind: AssetKind::Video });

pub(super) const SPECS: &[NodeSpec] = &[
    NodeSpec {
        node_type: NodeType::SORA_VIDEO,
        version: 1,
        title: "Sora shot",
        description: "Generates a shot from a prompt, in a frame given in pixels.",
        category: Category::Generate,
        inputs: &[PROMPT_IN, FIRST_FRAME],
        outputs: &[CLIP_OUT],
        params: &[
            PROMPT,
            SECONDS,
            Param::of_model("size", "Size", ParamKind::Size),
            Param::provider("provider", "Provider", "openai"),
            MODEL,
            SEED,
            TAKE,
        ],
        needs: NEEDS,
        action: GENERATE,
    },
    NodeSpec {
        node_type: NodeType::VEO_VIDEO,
        version: 1,
        title: "Veo shot",
        description: "Generates a shot from a prompt, in an aspect and a resolution.",
        category: Category::Generate,
        inputs: &[PROMPT_IN, FIRST_FRAME, LAST_FRAME],
        outputs: &[CLIP_OUT],
        params: &[
            PROMPT,
            SECONDS,
            Param::of_model("aspect", "Aspect", ParamKind::Aspect),
            Param::of_model("resolution", "Resolution", ParamKind::Resolution),
            Param::multiline("negative_prompt", "Negative prompt").needs(Ability::NegativePrompt),
            Param::provider("provider", "Provider", "google"),
            MODEL,
            SEED,
            TAKE,
        ],
        needs: NEEDS,
        action: GENERATE,
    },
];
