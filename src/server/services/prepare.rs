//! From a definition to steps that can run: everything that is checked before anything is created.

use std::collections::{HashMap, HashSet};

use serde_json::Value;
use sqlx::SqliteConnection;

use crate::{
    domain::{ApiError, ErrorKind, FieldError, ImageId, Media, NodeId, Timestamp, VideoId, execution::Mode},
    graph::{
        Graph, NodeType, format,
        model::Node,
        param,
        plan::{self, Action, Generate, Plan, Step},
    },
    server::{
        Error, Result,
        jobs::enqueue::{FrameGrabInput, GenerateInput, StitchInput, Work},
        providers::Providers,
        services::estimate,
        store::step_results,
    },
};

/// Characters of a prompt that make a clip's name.
const NAME_LENGTH: usize = 60;

/// Plans a run of a definition, or only of `targets` and what they need.
///
/// # Errors
/// [`ErrorKind::Invalid`] with everything that is in the way, by node; pointers lead into the body of `POST /api/executions`.
pub async fn prepare(
    connection: &mut SqliteConnection,
    providers: &Providers,
    definition: &Value,
    targets: Option<&[NodeId]>,
    mode: Mode,
) -> Result<Plan> {
    let graph = format::read(definition).map_err(|errors| refused(errors.into_iter().map(in_definition).collect()))?;
    let (plan, mut errors) = match plan::plan(&graph, targets, mode) {
        Ok(plan) => (Some(plan), Vec::new()),
        Err(errors) => (None, errors.into_iter().map(in_definition).collect()),
    };
    // What was made once needs no key and no model that is still offered: an old workflow can always be run again.
    let made = match &plan {
        Some(plan) if mode == Mode::Final => estimate::known(connection, plan).await?,
        _ => HashMap::new(),
    };
    let steps: Option<HashSet<&NodeId>> = plan.as_ref().map(|plan| plan.steps.iter().map(|step| &step.node_id).collect());
    for (place, node) in graph.nodes().iter().enumerate() {
        if node.node_type.generates() && made.contains_key(&node.id) {
            continue;
        }
        let runs = steps.as_ref().map_or(targets.is_none(), |steps| steps.contains(&node.id));
        if runs {
            errors.extend(hindrances(connection, providers, node, place, mode).await?);
        }
    }
    plan.filter(|_| errors.is_empty()).ok_or_else(|| refused(errors).into())
}

/// What of the world outside the graph keeps a node from running.
async fn hindrances(
    connection: &mut SqliteConnection,
    providers: &Providers,
    node: &Node,
    place: usize,
    mode: Mode,
) -> Result<Vec<FieldError>> {
    let error = |param: &str, kind: &str, detail: String| FieldError {
        pointer: format!("/definition/nodes/{place}/params/{param}"),
        node_id: Some(node.id.clone()),
        kind: kind.into(),
        detail,
    };
    if node.node_type.generates() && mode == Mode::Final {
        let refusal = param::chosen_provider(node).and_then(|provider| providers.get(provider.name()).err());
        let refusal = refusal.map(|reason| error("provider", &reason.kind.name(), reason.message));
        let retired = param::chosen_model(node).filter(|model| providers.is_retired(model, Timestamp::now()));
        let retired =
            retired.and_then(|model| Some(format!("{} Swap the provider of this node, or run in draft mode.", model.retirement()?)));
        let retired = retired.map(|detail| error("model", &ErrorKind::ModelRetired.name(), detail));
        return Ok(refusal.into_iter().chain(retired).collect());
    }
    match given(node) {
        Some(media) if step_results::file_hash(connection, media).await?.is_none() => Ok(vec![match media {
            Media::Video(_) => {
                let detail = "The clip of this node is no longer in the library. Choose or upload another one.";
                error("video_id", "missing_video", detail.into())
            }
            Media::Image(_) => error("image_id", "missing_image", "The image of this node is not stored here. Upload it again.".into()),
        }]),
        _ => Ok(Vec::new()),
    }
}

/// What an upload node names.
fn given(node: &Node) -> Option<Media> {
    let text = |name: &str| node.params.get(name).and_then(Value::as_str);
    match node.node_type {
        NodeType::UploadVideo => text("video_id")?.parse::<VideoId>().ok().map(Media::Video),
        NodeType::UploadImage => text("image_id")?.parse::<ImageId>().ok().map(Media::Image),
        _ => None,
    }
}

fn in_definition(mut error: FieldError) -> FieldError {
    if error.kind != "unknown_target" {
        error.pointer.insert_str(0, "/definition");
    }
    error
}

fn refused(errors: Vec<FieldError>) -> ApiError {
    let message = match errors.as_slice() {
        [only] => only.detail.clone(),
        several => format!("This cannot run; {} things are in the way.", several.len()),
    };
    ApiError::new(ErrorKind::Invalid, message).with_errors(errors)
}

/// The same error with its places told anew, and without the nodes that only we know of.
#[must_use]
pub fn repoint(error: Error, pointer: impl Fn(&str) -> String) -> Error {
    let Error::Api(mut error) = error else { return error };
    for one in &mut error.errors {
        one.pointer = pointer(&one.pointer);
        one.node_id = None;
    }
    error.into()
}

/// Plans the stored definition of an execution again.
///
/// # Errors
/// [`ErrorKind::Invalid`] where this version refuses what an earlier one accepted.
pub fn plan_again(definition: &Value, targets: &[NodeId], mode: Mode) -> Result<Plan, ApiError> {
    let graph: Graph = format::read(definition).map_err(refused)?;
    plan::plan(&graph, Some(targets), mode).map_err(refused)
}

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

/// A step that the plan of a definition of our own making must have.
///
/// # Errors
/// [`Error::Internal`] where it has not.
pub fn step_of<'a>(plan: &'a Plan, node_id: &str) -> Result<&'a Step> {
    let step = plan.steps.iter().find(|step| step.node_id.as_str() == node_id);
    step.ok_or_else(|| Error::Internal(format!("the plan has no step {node_id}")))
}
