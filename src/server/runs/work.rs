//! What a job has to do for a step of a plan.

use serde_json::Value;

use crate::{
    domain::{
        Media,
        image::Frame,
        provider::{self, Size},
    },
    graph::plan::{Action, Step},
    server::operations::enqueue::{FrameGrabInput, GenerateInput, StitchInput, Work},
};

/// Characters of a prompt that make a clip's name.
const NAME_LENGTH: usize = 60;

/// The parameters of a shot that have a place of their own in a request; the others go along as they are.
const APART: [&str; 7] = ["provider", "model", "prompt", "seconds", "size", "seed", "take"];

/// What a job has to do for a step into whose sockets `inputs` flow, in order; `None` for a step that needs no job.
#[must_use]
pub fn work(step: &Step, inputs: &[(&str, Media)]) -> Option<Work> {
    let clips = || inputs.iter().filter_map(|(_, media)| media.video());
    let Action::Make { operation, .. } = step.action else { return None };
    match operation {
        "generate" => generate_input(step, inputs).map(Work::Generate),
        "stitch" => Some(Work::Stitch(StitchInput {
            video_ids: clips().collect(),
            transition: step.text("transition").to_owned(),
            transition_seconds: step.number("transition_seconds")?,
            size: step.text("size").parse().ok().map(|size: Size| (size.width, size.height)),
            fps: step.number("fps"),
            name: format!("Stitch of {} clips", inputs.len()),
        })),
        "frame_grab" => Some(Work::FrameGrab(FrameGrabInput { video_id: clips().next()?, frame: frame(step)? })),
        _ => None,
    }
}

fn frame(step: &Step) -> Option<Frame> {
    Some(match step.text("frame") {
        "first" => Frame::First,
        "last" => Frame::Last,
        _ => Frame::Nth(step.params.get("index").and_then(Value::as_u64)?),
    })
}

/// The length and the frame that a generating step asks for; `None` where its parameters name none.
fn measures(step: &Step) -> Option<(f64, Size)> {
    let size = match step.text("size") {
        "" => Size::of(step.text("aspect"), step.text("resolution"))?,
        size => size.parse().ok()?,
    };
    Some((step.number("seconds")?, size))
}

/// The estimated price of a generating step in millionths of a US dollar; `None` where it is not known.
#[must_use]
pub fn price(step: &Step) -> Option<i64> {
    let (seconds, size) = measures(step)?;
    provider::model(step.provider()?, step.text("model"))?.usd_micros(seconds, size)
}

fn generate_input(step: &Step, inputs: &[(&str, Media)]) -> Option<GenerateInput> {
    let picture = |socket: &str| inputs.iter().find(|(name, _)| *name == socket).and_then(|(_, media)| media.image());
    let prompt = step.text("prompt");
    let words = prompt.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut name: String = words.chars().take(NAME_LENGTH).collect();
    if name.len() < words.len() {
        name.push('…');
    }
    let (seconds, size) = measures(step)?;
    let whole = |name: &str| step.params.get(name).and_then(Value::as_i64);
    let others = step.params.iter().filter(|(name, _)| !APART.contains(&name.as_str()));
    Some(GenerateInput {
        provider: step.text("provider").to_owned(),
        model: step.text("model").to_owned(),
        prompt: prompt.to_owned(),
        seconds,
        size: (size.width, size.height),
        seed: whole("seed"),
        take: whole("take")?,
        params: Value::Object(others.map(|(name, value)| (name.clone(), value.clone())).collect()),
        first_frame: picture("first_frame"),
        last_frame: picture("last_frame"),
        name,
    })
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
