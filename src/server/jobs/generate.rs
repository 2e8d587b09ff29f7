//! Making a clip through a provider and keeping it.

use super::{enqueue::GenerateInput, pictures, worker::Context};
use crate::{
    domain::{
        Timestamp, VideoId,
        video::{Generation, SourceType},
    },
    server::{
        Result,
        media::staging::StagedFile,
        providers::GenerateRequest,
        services::ingest::{self, Incoming, MetadataFailure},
    },
};

/// The share of the work that is the provider's; the rest is reading and storing the clip.
const MAKING: f64 = 0.95;

/// Makes the clip and gives its id. Done again it makes the same bytes, which are stored once.
pub(super) async fn perform(context: &Context<'_>) -> Result<VideoId> {
    let state = context.state;
    let input: GenerateInput = serde_json::from_value(context.job.input.clone())?;
    let provider = state.providers.get(&input.provider)?;
    let request = GenerateRequest {
        provider: input.provider,
        model: input.model,
        prompt: input.prompt,
        seconds: input.seconds,
        size: input.size,
        seed: input.seed,
        take: input.take,
        params: input.params,
        first_frame: pictures::frame(state, input.first_frame, input.size).await?,
        last_frame: pictures::frame(state, input.last_frame, input.size).await?,
    };
    let output = state.content.staging_path("mp4")?;
    let started_at = Timestamp::now();
    let on_progress = |share: f64, message: &str| context.tell(share * MAKING, message);
    let generated = provider.generate(&request, &output, &on_progress, &context.cancel).await?;
    context.tell(MAKING, "Storing the clip");
    let generation = Generation {
        provider: Some(generated.provider),
        model: Some(generated.model),
        prompt: Some(request.prompt),
        generation_params: generated.generation_params,
        job_id: Some(context.job.job.id.to_string()),
        provider_job_id: generated.provider_job_id,
        status: Some("succeeded".into()),
        started_at: Some(started_at),
        completed_at: Some(Timestamp::now()),
    };
    let incoming = Incoming {
        file: StagedFile::read(output).await?,
        name: input.name,
        source_type: SourceType::Generated,
        generation: Some(generation),
        stitch: None,
        metadata_failure: MetadataFailure::KeepWithWarning,
    };
    Ok(ingest::ingest(&state.db, &state.content, &state.ffmpeg, incoming).await?.video_id)
}
