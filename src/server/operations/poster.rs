//! Making an asset's poster before anybody looks at it.

use serde::{Deserialize, Serialize};

use super::{
    context::Context,
    operation::{Made, Operation},
};
use crate::{
    domain::{AssetId, AssetKind, AssetRef},
    graph::Step,
    server::{Error, Result},
};

/// Makes the poster of an asset. No node asks for it: every new one does whose kind wants it.
#[derive(Debug)]
pub struct Poster;

/// What the poster is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PosterInput {
    /// What it is. Jobs of older versions do not say: there were posters of videos only.
    #[serde(default = "video")]
    pub kind: AssetKind,
    /// Which one, under the name that older versions read.
    #[serde(rename = "video_id")]
    pub id: AssetId,
}

fn video() -> AssetKind {
    AssetKind::Video
}

impl Operation for Poster {
    type Input = PosterInput;

    const NAME: &'static str = "poster";

    fn input(_: &Step, _: &[(&str, AssetRef)]) -> Option<PosterInput> {
        None
    }

    fn title(input: &PosterInput) -> String {
        format!("Poster of {}", input.kind.spec().one)
    }

    async fn perform(input: PosterInput, context: &Context<'_>) -> Result<Made> {
        let asset = AssetRef { kind: input.kind, id: input.id };
        tokio::select! {
            made = context.library.make_poster(asset) => made.map(|()| Made::Beside(asset)),
            () = context.cancel.cancelled() => Err(Error::Cancelled),
        }
    }
}
