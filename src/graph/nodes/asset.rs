//! What the user gives: clips and pictures of the library.

use crate::{
    domain::AssetKind,
    graph::{
        document::model::NodeType,
        param::Param,
        socket_type::SocketType,
        spec::{Action, Category, Need, NodeSpec, Socket},
    },
};

impl NodeType {
    /// A clip of the library.
    pub const UPLOAD_VIDEO: Self = Self::named("UploadVideo");
    /// A still picture.
    pub const UPLOAD_IMAGE: Self = Self::named("UploadImage");
}

pub(super) const SPECS: &[NodeSpec] = &[
    NodeSpec {
        node_type: NodeType::UPLOAD_VIDEO,
        version: 1,
        title: "Clip",
        description: "A clip of your own, from the library or uploaded.",
        category: Category::Input,
        inputs: &[],
        outputs: &[Socket::output("video", "Clip", SocketType::VIDEO)],
        params: &[Param::asset("video_id", "Video", AssetKind::Video).in_node()],
        needs: &[Need::Asset {
            param: "video_id",
            reason: "Choose a clip, or upload one.",
            wrong: "This is not the id of a clip: choose the clip again.",
        }],
        action: Action::Given { param: "video_id", kind: AssetKind::Video },
    },
    NodeSpec {
        node_type: NodeType::UPLOAD_IMAGE,
        version: 1,
        title: "Image",
        description: "A picture of your own, for a shot to begin or end with.",
        category: Category::Input,
        inputs: &[],
        outputs: &[Socket::output("image", "Image", SocketType::IMAGE)],
        params: &[Param::asset("image_id", "Image", AssetKind::Image).in_node()],
        needs: &[Need::Asset {
            param: "image_id",
            reason: "Upload an image.",
            wrong: "This is not the id of an image: upload the image again.",
        }],
        action: Action::Given { param: "image_id", kind: AssetKind::Image },
    },
];
