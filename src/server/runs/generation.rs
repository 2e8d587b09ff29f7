//! A clip generated on its own, outside any workflow: a workflow of one node, checked, cached and queued like any other.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, OneOfBuilder, Ref, RefOr, Schema, Type, schema::AdditionalProperties},
};

use super::{
    jobs, known,
    prepare::{self, Prepared},
};
use crate::{
    domain::{ApiError, FieldError, JobId, execution::Mode, limits, provider::Provider},
    graph::{NodeType, document::schema, nodes},
    server::{Result, money::ledger, studio::Studio},
};

const NODE: &str = "clip";

/// What `POST /api/videos/generate` takes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewGeneration {
    /// `openai`, `google`, `xai` or `animatic`.
    pub provider: Provider,
    /// The provider's model; its first one without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// What is to be seen.
    pub prompt: String,
    /// The other parameters, named as at the generating nodes: `seconds`, `size`, `aspect`, `resolution`, `seed`, `take`…
    #[serde(default)]
    pub params: Map<String, Value>,
    /// The clip's name in the library; the beginning of the prompt without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

impl PartialSchema for NewGeneration {
    /// One form a provider: each has its own models and parameters.
    fn schema() -> RefOr<Schema> {
        let words = "What `POST /api/videos/generate` takes: one form a provider.";
        Provider::ALL
            .into_iter()
            .fold(OneOfBuilder::new(), |forms, provider| forms.item(Ref::from_schema_name(form_name(provider))))
            .description(Some(words))
            .into()
    }
}

impl ToSchema for NewGeneration {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.extend(Provider::ALL.map(|provider| (form_name(provider), form(provider).into())));
    }
}

fn form_name(provider: Provider) -> String {
    format!("{provider:?}Generation")
}

fn form(provider: Provider) -> ObjectBuilder {
    let (model, params) = schema::generation(provider, node_types(provider));
    let name = ObjectBuilder::new().schema_type(Type::String).enum_values(Some([provider.name()]));
    let object = ObjectBuilder::new().schema_type(Type::Object).description(Some(format!("A clip by {}.", provider.title())));
    let object = object.property("provider", name).property("model", model).property("prompt", limits::prompt());
    let object = object.property("params", params).property("name", limits::clip_name_or_null());
    object.required("provider").required("prompt").additional_properties(Some(AdditionalProperties::FreeForm(false)))
}

/// Queues the clip and gives the job.
///
/// # Errors
/// [`Invalid`](crate::domain::ErrorKind::Invalid) with everything that is in the way.
/// [`CapReached`](crate::domain::ErrorKind::CapReached) where it would cost more than may be spent.
pub async fn generate(studio: &Studio, new: NewGeneration) -> Result<JobId> {
    let Studio { db, ffmpeg, providers, events, caps, .. } = studio;
    ffmpeg.available()?;
    jobs::check_name(new.name.as_deref())?;
    let node_type = node_type(&new);
    let mut params = new.params;
    let unknown = params.keys().filter(|name| nodes::param(&node_type, name).is_none());
    let unknown: Vec<_> = unknown.map(|name| unknown_param(name)).collect();
    if let Some(first) = unknown.first() {
        return Err(ApiError::new(crate::domain::ErrorKind::Invalid, first.detail.clone()).with_errors(unknown).into());
    }
    params.insert("provider".into(), new.provider.name().into());
    params.insert("prompt".into(), new.prompt.into());
    if let Some(model) = new.model {
        params.insert("model".into(), model.into());
    }
    let node = json!({ "id": NODE, "type": node_type.name(), "position": { "x": 0, "y": 0 }, "params": params });
    let definition = json!({ "schema": 1, "nodes": [node], "connections": [] });
    let mut reader = db.reader().acquire().await?;
    let prepared = prepare::prepare(&mut reader, providers, &definition, None, Mode::Final).await;
    let Prepared { plan, known } = prepared.map_err(|error| prepare::repoint(error, pointer))?;
    drop(reader);
    let price = known::price(&plan, &known);
    ledger::check_run(db, caps, (price.unpriced() == 0).then_some(price.usd_micros)).await?;
    jobs::request(db, events, prepare::step_of(&plan, NODE)?, &[], new.name).await
}

/// The node type whose parameters are meant: the first that has all that are given, such as a frame in pixels, or as aspect and resolution.
fn node_type(new: &NewGeneration) -> NodeType {
    let types = node_types(new.provider);
    let has_all = |node_type: &&NodeType| new.params.keys().all(|name| nodes::param(node_type, name).is_some());
    types.iter().find(has_all).or_else(|| types.last()).cloned().unwrap_or(NodeType::SORA_VIDEO)
}

/// The node types whose parameters a provider takes.
fn node_types(provider: Provider) -> &'static [NodeType] {
    static BOTH: [NodeType; 2] = [NodeType::SORA_VIDEO, NodeType::VEO_VIDEO];
    match provider {
        Provider::Google | Provider::Xai => &BOTH[1..],
        Provider::OpenAi => &BOTH[..1],
        Provider::Animatic => &BOTH,
    }
}

fn unknown_param(name: &str) -> FieldError {
    let name = name.replace('~', "~0").replace('/', "~1");
    FieldError {
        pointer: format!("/params/{name}"),
        node_id: None,
        kind: "invalid".into(),
        detail: format!("This provider takes no parameter “{name}”."),
    }
}

/// From the place in the one-node workflow to the place in the request.
fn pointer(pointer: &str) -> String {
    match pointer.strip_prefix("/definition/nodes/0/params/") {
        Some(name @ ("provider" | "model" | "prompt")) => format!("/{name}"),
        Some(name) => format!("/params/{name}"),
        None => "/prompt".into(),
    }
}
