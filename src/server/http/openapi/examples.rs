//! An example of each body. A test reads each one as the handlers do, so that none can have a form that the server does not know.

use serde_json::{Value, json};
use utoipa::openapi::{Content, RefOr, Response, Schema, path::Operation, request_body::RequestBody, schema::ArrayItems};

use super::answers::JSON;
use crate::graph::catalog::catalog;

const CLIP: &str = "0190b5a0-7b0e-7c3e-8f1e-0123456789ab";
const IMAGE: &str = "0190b5a0-7b0e-7c3e-8f1e-0123456789ac";
const WORKFLOW: &str = "0190b5a0-7b0e-7c3e-8f1e-0123456789ad";
const JOB: &str = "0190b5a0-7b0e-7c3e-8f1e-0123456789ae";
const EXECUTION: &str = "0190b5a0-7b0e-7c3e-8f1e-0123456789af";
const HASH: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
const BEGUN: &str = "2026-01-31T08:30:00.000000Z";
const ENDED: &str = "2026-01-31T08:30:08.250000Z";
const ETAG: &str = "\"3\"";

/// Adds examples to the bodies of an operation that are JSON.
pub(super) fn complete(operation: &mut Operation) {
    if let Some(RefOr::T(RequestBody { content, .. })) = &mut operation.request_body {
        content.iter_mut().filter(|(media_type, _)| *media_type == JSON).for_each(|(_, content)| add(content));
    }
    for response in operation.responses.responses.values_mut() {
        if let RefOr::T(Response { content, .. }) = response {
            content.iter_mut().filter(|(media_type, _)| *media_type == JSON).for_each(|(_, content)| add(content));
        }
    }
}

fn add(content: &mut RefOr<Content>) {
    let RefOr::T(content) = content else { return };
    let named = |reference: &str| reference.rsplit('/').next().and_then(of);
    content.example = match &content.schema {
        Some(RefOr::Ref(reference)) => named(&reference.ref_location),
        Some(RefOr::T(Schema::Array(array))) => match &array.items {
            ArrayItems::RefOrSchema(item) => match &**item {
                RefOr::Ref(reference) => named(&reference.ref_location).map(|item| json!([item])),
                RefOr::T(_) => None,
            },
            ArrayItems::False => None,
        },
        _ => None,
    };
}

/// The example of the schema of that name.
fn of(name: &str) -> Option<Value> {
    Some(match name {
        "NodeTypeEntry" => node_type(),
        "NewWorkflow" => json!({ "name": "Episode 1", "status": "saved", "definition": definition() }),
        "WorkflowChange" => json!({ "name": "Episode 1, second cut", "definition": definition() }),
        "NewDraft" => json!({ "definition": definition(), "base_etag": ETAG }),
        "NewAssociation" => json!({ "video_id": CLIP, "node_id": "shot", "node_type": "Sora2Video", "role": "output" }),
        "WorkflowAnswer" => json!({ "workflow_id": WORKFLOW }),
        "WorkflowSummary" => summary(),
        "Workflow" => workflow(),
        "NewExecution" => json!({ "definition": definition(), "mode": "draft" }),
        "Started" => json!({ "execution_id": EXECUTION }),
        "Execution" => execution(),
        "Estimate" => json!({ "usd_micros": 400_000, "nodes": [{ "node_id": "shot", "cached": false, "usd_micros": 400_000 }] }),
        "NewGeneration" => json!({ "provider": "animatic", "prompt": PROMPT, "params": { "seconds": 4, "size": "720x1280" } }),
        "NewStitch" => json!({ "video_ids": [CLIP], "transition": "fade", "transition_seconds": 0.5 }),
        "Queued" => json!({ "job_id": JOB }),
        "Job" => job(),
        "JobChange" => json!({ "priority": 10 }),
        "Asset" => asset(),
        "Video" => video(),
        "AssetChange" => json!({ "name": "The door opens, take 2" }),
        "Uploaded" => json!({ "asset": asset(), "duplicate": false, "restored": false }),
        "UploadedVideo" => json!({ "video_id": CLIP, "duplicate": false, "restored": false, "video": video(), "asset": asset() }),
        "Image" => image(),
        "UploadedImage" => json!({ "image_id": IMAGE, "duplicate": false, "restored": false, "image": image(), "asset": image_asset() }),
        "Spending" => spending(),
        "Readiness" => json!({ "database": "ok", "videos": "ok", "ffmpeg": "ok", "hdr": "ok" }),
        _ => return None,
    })
}

const PROMPT: &str = "A door opens on a long corridor, seen from below";

fn asset() -> Value {
    json!({
        "id": CLIP, "kind": "video", "name": "The door opens", "file_hash": HASH, "stream_hash": null, "size_bytes": 1_048_576,
        "media_type": "video/mp4", "source_type": "uploaded", "created_at": BEGUN, "deleted_at": null,
        "facts": { "duration_seconds": 4.0, "width": 720, "height": 1280 }, "uses": [],
    })
}

fn image_asset() -> Value {
    json!({
        "id": IMAGE, "kind": "image", "name": "The corridor", "file_hash": HASH, "stream_hash": null, "size_bytes": 65_536,
        "media_type": "image/png", "source_type": "uploaded", "created_at": BEGUN, "deleted_at": null,
        "facts": { "width": 720, "height": 1280 }, "uses": [],
    })
}

/// The first node type.
fn node_type() -> Value {
    catalog().first().and_then(|entry| serde_json::to_value(entry).ok()).unwrap_or_default()
}

/// A prompt, a shot and its output.
fn definition() -> Value {
    json!({
        "schema": 1,
        "nodes": [
            { "id": "prompt", "type": "Prompt", "position": { "x": 0, "y": 0 }, "params": { "text": PROMPT } },
            { "id": "shot", "type": "Sora2Video", "position": { "x": 360, "y": 0 }, "params": { "seconds": 4, "size": "720x1280" } },
            { "id": "out", "type": "Output", "position": { "x": 720, "y": 0 }, "params": { "name": "The door" } },
        ],
        "connections": [
            { "from": { "node": "prompt", "socket": "text" }, "to": { "node": "shot", "socket": "prompt" } },
            { "from": { "node": "shot", "socket": "video" }, "to": { "node": "out", "socket": "video" } },
        ],
    })
}

fn summary() -> Value {
    json!({
        "id": WORKFLOW, "name": "Episode 1", "description": null, "status": "saved", "node_count": 3, "video_count": 1,
        "created_at": BEGUN, "updated_at": BEGUN, "last_executed_at": ENDED,
    })
}

fn workflow() -> Value {
    let clip = json!({
        "video_id": CLIP, "node_id": "shot", "node_type": "Sora2Video", "role": "output", "execution_id": EXECUTION,
        "created_at": ENDED, "video": video(),
    });
    let mut workflow = summary();
    workflow["definition"] = definition();
    workflow["draft"] = Value::Null;
    workflow["videos"] = json!([clip]);
    workflow
}

fn execution() -> Value {
    let node = |id: &str, node_type: &str| {
        json!({
            "node_id": id, "node_type": node_type, "status": "succeeded", "progress": 1, "message": "", "cached": false,
        })
    };
    let mut shot = node("shot", "Sora2Video");
    shot["key"] = HASH.into();
    shot["job_id"] = JOB.into();
    shot["video_id"] = CLIP.into();
    shot["cost"] = json!({ "usd_micros": 0, "estimated": false });
    json!({
        "id": EXECUTION, "workflow_id": WORKFLOW, "mode": "draft", "status": "succeeded",
        "created_at": BEGUN, "started_at": BEGUN, "finished_at": ENDED,
        "nodes": [node("prompt", "Prompt"), shot, node("out", "Output")],
    })
}

fn job() -> Value {
    json!({
        "id": JOB, "kind": "generate", "status": "succeeded", "progress": 1, "message": "", "execution_id": EXECUTION, "node_id": "shot",
        "video_id": CLIP, "error": null, "created_at": BEGUN, "started_at": BEGUN, "finished_at": ENDED, "priority": 0, "paused": false,
    })
}

fn video() -> Value {
    json!({
        "id": CLIP, "name": "The door", "file_hash": HASH, "size_bytes": 1_482_000, "duration_seconds": 4, "resolution": "720x1280",
        "aspect_ratio": "9:16", "codec": "h264", "fps": 30, "source_type": "generated", "created_at": ENDED,
        "metadata": { "width": 720, "height": 1280, "audio": { "codec": "aac", "sample_rate": 48_000, "channels": 2 } },
        "generation": {
            "provider": "animatic", "model": "animatic", "prompt": PROMPT, "generation_params": { "seconds": 4, "size": "720x1280" },
            "job_id": JOB, "provider_job_id": null, "status": "succeeded", "started_at": BEGUN, "completed_at": ENDED,
        },
        "workflows": [{ "workflow_id": WORKFLOW, "name": "Episode 1", "node_id": "shot", "node_type": "Sora2Video", "role": "output" }],
    })
}

fn image() -> Value {
    json!({
        "id": IMAGE, "name": "Corridor", "file_hash": HASH, "size_bytes": 204_800, "width": 1024, "height": 1792, "media_type": "image/png",
        "source_type": "uploaded", "created_at": BEGUN,
    })
}

fn spending() -> Value {
    let sum = |name: &str| json!({ "name": name, "requests": 1, "usd_micros": 400_000 });
    let request = json!({
        "job_id": JOB, "job_status": "succeeded", "reason": null, "execution_id": EXECUTION, "node_id": "shot",
        "workflow": { "id": WORKFLOW, "name": "Episode 1" }, "video_id": CLIP, "provider": "openai", "model": "sora-2", "prompt": PROMPT,
        "state": "kept", "provider_job_id": "video_123", "cost": { "usd_micros": 400_000, "estimated": true }, "answer": null,
        "created_at": BEGUN, "sent_at": BEGUN, "ended_at": ENDED,
    });
    json!({
        "today_usd_micros": 400_000, "total_usd_micros": 400_000, "cap_run_usd_micros": 5_000_000, "cap_day_usd_micros": null,
        "days": [sum("2026-01-31")], "providers": [sum("openai")], "requests": [request], "next": null,
    })
}

#[cfg(test)]
mod tests {
    use serde::de::DeserializeOwned;

    use super::*;
    use crate::{
        domain::{asset, execution, image, job, spend, video, workflow},
        graph::document::format,
        server::runs::{generation, stitching},
    };

    fn reads<T: DeserializeOwned>(name: &str) {
        let example = of(name).unwrap_or_else(|| panic!("{name} has no example"));
        if let Err(error) = serde_json::from_value::<T>(example) {
            panic!("{name}: {error}");
        }
    }

    #[test]
    fn every_example_has_the_form_that_the_server_reads_and_writes() {
        reads::<workflow::NewWorkflow>("NewWorkflow");
        reads::<workflow::WorkflowChange>("WorkflowChange");
        reads::<workflow::NewDraft>("NewDraft");
        reads::<workflow::NewAssociation>("NewAssociation");
        reads::<workflow::WorkflowSummary>("WorkflowSummary");
        reads::<workflow::Workflow>("Workflow");
        reads::<execution::NewExecution>("NewExecution");
        reads::<execution::Execution>("Execution");
        reads::<spend::Estimate>("Estimate");
        reads::<spend::Spending>("Spending");
        reads::<generation::NewGeneration>("NewGeneration");
        reads::<stitching::NewStitch>("NewStitch");
        reads::<job::Job>("Job");
        reads::<job::JobChange>("JobChange");
        reads::<video::Video>("Video");
        reads::<asset::Uploaded>("Uploaded");
        reads::<video::UploadedVideo>("UploadedVideo");
        reads::<image::Image>("Image");
        reads::<image::UploadedImage>("UploadedImage");
        assert!(format::read_sound(&definition()).is_ok());
    }
}
