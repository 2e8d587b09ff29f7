//! Clips joined on their own, outside any workflow: a workflow of one stitcher, checked, cached and queued like any other.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::{
    ToSchema,
    openapi::{RefOr, Schema},
};

use super::{jobs, prepare};
use crate::{
    domain::{AssetRef, JobId, VideoId, execution::Mode, limits, stitch::StitchPreview},
    graph::{NodeType, document::schema},
    server::{
        Error, Result,
        library::{self, assets::OpenedAsset, footage},
        operations::{
            operation::Operation,
            stitch::{Stitch, of_unreadable},
        },
        store::assets,
        studio::Studio,
    },
};

const NODE: &str = "stitch";

/// What `POST /api/videos/stitch` takes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewStitch {
    /// The clips in their order; a clip may come several times.
    #[schema(min_items = 1, max_items = 9_999)]
    pub video_ids: Vec<VideoId>,
    /// `cut`, or the name of an xfade transition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = transition)]
    pub transition: Option<String>,
    /// How long a transition lasts, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = transition_seconds)]
    pub transition_seconds: Option<f64>,
    /// The frame, such as `720x1280`; that of the first clip without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = size)]
    pub size: Option<String>,
    /// Frames a second; those of the first clip without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = fps)]
    pub fps: Option<f64>,
    /// The clip's name in the library.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = limits::clip_name_or_null)]
    pub name: Option<String>,
}

macro_rules! as_at_the_node {
    ($($name:ident)*) => {
        $(fn $name() -> RefOr<Schema> {
            schema::param(&NodeType::VIDEO_STITCHER, stringify!($name))
        })*
    };
}

as_at_the_node!(transition transition_seconds size fps);

/// Queues the stitch and gives the job.
///
/// # Errors
/// [`Invalid`](crate::domain::ErrorKind::Invalid) with everything that is in the way.
pub async fn stitch(studio: &Studio, new: NewStitch) -> Result<JobId> {
    let Studio { db, ffmpeg, providers, events, .. } = studio;
    ffmpeg.available()?;
    jobs::check_name(new.name.as_deref())?;
    let definition = definition(&new.video_ids, params(&new));
    let mut reader = db.reader().acquire().await?;
    let prepared = prepare::prepare(&mut reader, providers, &definition, None, Mode::Draft).await;
    let plan = prepared.map_err(|error| prepare::repoint(error, pointer))?.plan;
    let mut hashes = Vec::with_capacity(new.video_ids.len());
    for id in &new.video_ids {
        hashes.extend(assets::file_hash(&mut *reader, (*id).into()).await?);
    }
    drop(reader);
    let step = prepare::step_of(&plan, NODE)?;
    let clips: Vec<_> = new.video_ids.iter().copied().zip(hashes).collect();
    jobs::request(db, events, step, &clips, new.name).await
}

/// What joining the clips would do to each of them, with the params of a stitcher. Nothing is made.
///
/// # Errors
/// As for [`stitch`], and where the clips cannot be joined: a clip that cannot be read or is damaged, HDR without the filters for it.
pub async fn preview(studio: &Studio, video_ids: Vec<VideoId>, params: Map<String, Value>) -> Result<StitchPreview> {
    let Studio { db, content, ffmpeg, providers, .. } = studio;
    ffmpeg.available()?;
    let definition = definition(&video_ids, params);
    let mut reader = db.reader().acquire().await?;
    let prepared = prepare::prepare(&mut reader, providers, &definition, None, Mode::Draft).await;
    let plan = prepared.map_err(|error| prepare::repoint(error, pointer))?.plan;
    drop(reader);
    let inputs: Vec<_> = video_ids.iter().map(|id| ("videos", AssetRef::from(*id))).collect();
    let input = Stitch::input(prepare::step_of(&plan, NODE)?, &inputs);
    let input = input.ok_or_else(|| Error::Internal("a checked stitcher lacks a value".into()))?;
    let mut clips = Vec::with_capacity(video_ids.len());
    for (place, (_, asset)) in inputs.into_iter().enumerate() {
        let OpenedAsset { stored, path } = library::assets::open(db, content, asset, false).await?;
        clips.push(footage::clip(studio, &stored, path).await.map_err(|error| of_unreadable(place, error))?);
    }
    input.preview(ffmpeg, &clips).await
}

/// The params of a stitcher.
fn params(new: &NewStitch) -> Map<String, Value> {
    let given = [
        ("transition", new.transition.clone().map(Value::from)),
        ("transition_seconds", new.transition_seconds.map(Value::from)),
        ("size", new.size.clone().map(Value::from)),
        ("fps", new.fps.map(Value::from)),
    ];
    given.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

/// The stitcher first, then one node a clip.
fn definition(video_ids: &[VideoId], mut params: Map<String, Value>) -> Value {
    let ids: Vec<String> = (0..video_ids.len()).map(|place| format!("clip {place}")).collect();
    params.insert("order".to_owned(), json!(ids));
    let node =
        |id: &str, node_type: &str, params: Value| json!({ "id": id, "type": node_type, "position": { "x": 0, "y": 0 }, "params": params });
    let mut nodes = vec![node(NODE, "VideoStitcher", Value::Object(params))];
    nodes.extend(ids.iter().zip(video_ids).map(|(id, video)| node(id, "UploadVideo", json!({ "video_id": video }))));
    let connection = |id: &String| json!({ "from": { "node": id, "socket": "video" }, "to": { "node": NODE, "socket": "videos" } });
    json!({ "schema": 1, "nodes": nodes, "connections": ids.iter().map(connection).collect::<Vec<_>>() })
}

/// From the place in the workflow of one stitcher to the place in the request.
fn pointer(pointer: &str) -> String {
    if let Some(name) = pointer.strip_prefix("/definition/nodes/0/params/") {
        return format!("/{name}");
    }
    let place = pointer.strip_prefix("/definition/nodes/").and_then(|rest| rest.split('/').next()?.parse::<usize>().ok());
    match place {
        Some(place @ 1..) => format!("/video_ids/{}", place - 1),
        _ => "/video_ids".into(),
    }
}
