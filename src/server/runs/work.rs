//! What a job has to do for a step of a plan.

use serde_json::Value;

use crate::{
    domain::Media,
    graph::plan::{Action, Generate, Step},
    server::operations::enqueue::{FrameGrabInput, GenerateInput, StitchInput, Work},
};

/// Characters of a prompt that make a clip's name.
const NAME_LENGTH: usize = 60;

/// What a job has to do for a step into whose sockets `inputs` flow, in order; `None` for a step that needs no job.
#[must_use]
pub fn work(step: &Step, inputs: &[(&str, Media)]) -> Option<Work> {
    let clips = || inputs.iter().filter_map(|(_, media)| media.video());
    match &step.action {
        Action::Generate(generate) => Some(Work::Generate(generate_input(generate, inputs))),
        Action::Stitch { transition, transition_seconds, size, fps } => Some(Work::Stitch(StitchInput {
            video_ids: clips().collect(),
            transition: transition.clone(),
            transition_seconds: *transition_seconds,
            size: size.map(|size| (size.width, size.height)),
            fps: *fps,
            name: format!("Stitch of {} clips", inputs.len()),
        })),
        Action::GrabFrame { frame } => Some(Work::FrameGrab(FrameGrabInput { video_id: clips().next()?, frame: *frame })),
        Action::Value { .. } | Action::Upload { .. } | Action::UploadImage { .. } | Action::Output { .. } => None,
    }
}

fn generate_input(generate: &Generate, inputs: &[(&str, Media)]) -> GenerateInput {
    let picture = |socket: &str| inputs.iter().find(|(name, _)| *name == socket).and_then(|(_, media)| media.image());
    let words = generate.prompt.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut name: String = words.chars().take(NAME_LENGTH).collect();
    if name.len() < words.len() {
        name.push('…');
    }
    GenerateInput {
        provider: generate.provider.name().into(),
        model: generate.model.clone(),
        prompt: generate.prompt.clone(),
        seconds: generate.seconds,
        size: (generate.size.width, generate.size.height),
        seed: generate.seed,
        take: generate.take,
        params: Value::Object(generate.params.clone()),
        first_frame: picture("first_frame"),
        last_frame: picture("last_frame"),
        name,
    }
}

/// A job's work under a name the caller chose.
#[must_use]
pub fn named(mut work: Work, name: Option<String>) -> Work {
    if let Some(name) = name {
        match &mut work {
            Work::Generate(input) => input.name = name,
            Work::Stitch(input) => input.name = name,
            // A frame is called after its clip.
            Work::FrameGrab(_) => {}
        }
    }
    work
}
