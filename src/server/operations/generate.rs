//! Making a clip through a provider.

use std::{
    path::Path,
    sync::{Mutex, PoisonError},
};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    context::Context,
    operation::{Made, MadeFile, Operation, Payment},
};
use crate::{
    domain::{
        ApiError, AssetKind, AssetRef, ErrorKind, ImageId, Timestamp,
        origin::{Generation, Origin},
        provider::{self, Provider, Size},
    },
    graph::Step,
    server::{
        Error, Result,
        error::ProviderError,
        media::{
            ffmpeg::Ffmpeg,
            picture,
            probe::{self, End},
            probed::Probed,
        },
        providers::{Attempt, Free, GenerateRequest, Inspect, Ledger, Picture, Stage},
    },
};

/// Characters of a prompt that make a clip's name.
const NAME_LENGTH: usize = 60;

/// The parameters of a shot that have a place of their own in a request; the others go along as they are.
const APART: [&str; 7] = ["provider", "model", "prompt", "seconds", "size", "seed", "take"];

/// Makes a clip through a provider.
#[derive(Debug)]
pub struct Generate;

/// What clip is made, and by whom.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GenerateInput {
    /// What is asked of the provider.
    #[serde(flatten)]
    pub request: GenerateRequest<ImageId>,
    /// The clip's name in the library.
    pub name: String,
}

impl Operation for Generate {
    type Input = GenerateInput;

    const NAME: &'static str = "generate";

    fn input(step: &Step, inputs: &[(&str, AssetRef)]) -> Option<GenerateInput> {
        let picture = |socket: &str| inputs.iter().find(|(name, _)| *name == socket).and_then(|(_, asset)| asset.image());
        let (seconds, size) = measures(step)?;
        let whole = |name: &str| step.params.get(name).and_then(Value::as_i64);
        let others = step.params.iter().filter(|(name, _)| !APART.contains(&name.as_str()));
        let request = GenerateRequest {
            provider: step.text("provider").to_owned(),
            model: step.text("model").to_owned(),
            prompt: step.text("prompt").to_owned(),
            seconds,
            size: (size.width, size.height),
            seed: whole("seed"),
            take: whole("take")?,
            params: Value::Object(others.map(|(name, value)| (name.clone(), value.clone())).collect()),
            first_frame: picture("first_frame"),
            last_frame: picture("last_frame"),
        };
        Some(GenerateInput { request, name: beginning(step.text("prompt")) })
    }

    fn title(input: &GenerateInput) -> String {
        input.name.clone()
    }

    fn rename(input: &mut GenerateInput, name: String) {
        input.name = name;
    }

    fn payment(GenerateInput { request, .. }: &GenerateInput) -> Option<Payment> {
        let provider = Provider::from_name(&request.provider).filter(|provider| *provider != Provider::Animatic)?;
        let (width, height) = request.size;
        let model = provider::model(provider, &request.model);
        Some(Payment {
            provider,
            model: request.model.clone(),
            prompt: request.prompt.clone(),
            estimated_usd_micros: model.and_then(|model| model.usd_micros(request.seconds, Size { width, height })),
        })
    }

    fn price(step: &Step) -> Option<i64> {
        let (seconds, size) = measures(step)?;
        provider::model(step.provider()?, step.text("model"))?.usd_micros(seconds, size)
    }

    async fn perform(GenerateInput { request, name }: GenerateInput, context: &Context<'_>) -> Result<Made> {
        let is_sent = context.ledger.is_some_and(|ledger| ledger.stage() != Stage::Intended);
        let provider = context.providers.get(&request.provider).map_err(|error| match error.kind {
            // The key was taken away while the provider works on it: the job waits, it does not fail.
            ErrorKind::MissingSetting if is_sent => ProviderError::unknown(format!("{} Then check again.", error.message)).into(),
            _ => Error::from(error),
        })?;
        // What was sent once is only asked after: a picture that is gone by now must not keep the clip away.
        let first_frame = if is_sent { None } else { picture(context, request.first_frame, request.size).await? };
        let last_frame = if is_sent { None } else { picture(context, request.last_frame, request.size).await? };
        let request = request.with_frames(first_frame, last_frame);
        let path = context.content.staging_path("mp4")?;
        let started_at = Timestamp::now();
        let ledger: &dyn Ledger = context.ledger.unwrap_or(&Free);
        let footage = Footage { ffmpeg: context.ffmpeg, seen: Mutex::default() };
        let attempt =
            Attempt { ledger, on_progress: context.on_progress, leave_lane: context.leave_lane, inspect: &footage, cancel: context.cancel };
        let generated = provider.generate(&request, &path, attempt).await.map_err(|error| match error {
            Error::Provider(_) | Error::Api(_) | Error::Cancelled => error,
            // The database, say: what may have been sent is not given up for that.
            error if context.ledger.is_some() => unsettled(error),
            error => error,
        })?;
        let origin = Origin::Generated(Generation {
            provider: Some(generated.provider),
            model: Some(generated.model),
            prompt: Some(request.prompt),
            generation_params: generated.generation_params,
            job_id: Some(context.job_id.to_string()),
            provider_job_id: generated.provider_job_id,
            status: Some("succeeded".into()),
            started_at: Some(started_at),
            completed_at: Some(Timestamp::now()),
        });
        let probed = footage.seen.into_inner().unwrap_or_else(PoisonError::into_inner);
        let file = MadeFile { path, kind: AssetKind::Video, name, origin, probed };
        Ok(if generated.is_cut { Made::Cut(Box::new(file)) } else { Made::file(file) })
    }
}

/// Looks at clips with ffmpeg.
struct Footage<'a> {
    ffmpeg: &'a Ffmpeg,
    /// What was found of the one that was looked at last, where it is whole.
    seen: Mutex<Option<Probed>>,
}

#[async_trait]
impl Inspect for Footage<'_> {
    async fn is_cut(&self, clip: &Path) -> Result<bool> {
        let end = match probe::end(self.ffmpeg, clip).await {
            // Without ffmpeg nobody can tell; what was paid for is kept.
            Err(Error::ToolMissing { .. }) => End::Unknown,
            told => told?,
        };
        let is_cut = end == End::Cut;
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = match end {
            End::Whole(probed) => Some(*probed),
            End::Cut | End::Unknown => None,
        };
        Ok(is_cut)
    }
}

/// The beginning of a prompt, as a name.
fn beginning(prompt: &str) -> String {
    let words = prompt.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut name: String = words.chars().take(NAME_LENGTH).collect();
    if name.len() < words.len() {
        name.push('…');
    }
    name
}

/// The length and the frame that a step asks for; `None` where its parameters name none.
fn measures(step: &Step) -> Option<(f64, Size)> {
    let size = match step.text("size") {
        "" => Size::of(step.text("aspect"), step.text("resolution"))?,
        size => size.parse().ok()?,
    };
    Some((step.number("seconds")?, size))
}

/// A stored image as a provider gets it: a PNG of exactly `size` in pixels, filled from its middle. `None` where there is no image.
async fn picture(context: &Context<'_>, image: Option<ImageId>, size: (u32, u32)) -> Result<Option<Picture>> {
    let Some(id) = image else { return Ok(None) };
    let file = context.library.file(id.into()).await?;
    Ok(Some(Picture { media_type: "image/png", bytes: picture::cover(&file.path, size).await? }))
}

/// Something of ours failed while a paid request was under way.
fn unsettled(error: Error) -> Error {
    let reason = ApiError::from(error).message;
    ProviderError::unknown(format!("How this paid request stands could not be kept up. {reason} Then check again; nothing is sent twice."))
        .into()
}
