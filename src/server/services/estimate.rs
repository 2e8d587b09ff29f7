//! What a run would cost, before it begins: nothing for what is there already, the table's price for what a provider would make.

use std::collections::{HashMap, HashSet};

use crate::{
    domain::{
        Media, NodeId, Sha256,
        execution::NewExecution,
        provider::{self, Provider},
        spend::{Estimate, NodeEstimate},
    },
    graph::{
        content_key,
        plan::{Action, Generate, Plan, Step},
    },
    server::{
        Error, Result,
        providers::Providers,
        services::{execute, prepare},
        store::{Db, step_results},
    },
};

/// Plans the run and prices it. Nothing is created.
///
/// # Errors
/// As [`execute::start`] refuses the run.
pub async fn estimate(db: &Db, providers: &Providers, new: &NewExecution) -> Result<Estimate> {
    let definition = execute::definition(db, new).await?;
    let mut snapshot = db.reader().begin().await?;
    let plan = prepare::prepare(&mut snapshot, providers, &definition, new.nodes.as_deref(), new.mode).await?;
    price(&mut snapshot, &plan).await
}

/// The same for a page that asks while a graph is edited: what cannot run has no price, and that is no error.
///
/// # Errors
/// The database's.
pub async fn quote(db: &Db, providers: &Providers, new: &NewExecution) -> Result<Option<Estimate>> {
    match estimate(db, providers, new).await {
        Ok(estimate) => Ok(Some(estimate)),
        Err(Error::Api(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Prices a plan. What comes after something that is yet to be made is not there either; equal shots are made once.
///
/// # Errors
/// The database's.
pub async fn price(connection: &mut sqlx::SqliteConnection, plan: &Plan) -> Result<Estimate> {
    let known = known(connection, plan).await?;
    let mut estimate = Estimate::default();
    // What each step gives, told apart by the hash of its file, or by the content key of what is yet to be made.
    let mut gives: HashMap<&NodeId, Sha256> = HashMap::new();
    let mut asked = HashSet::new();
    for step in &plan.steps {
        let file = match known.get(&step.node_id) {
            Some(media) => step_results::file_hash(connection, *media).await?,
            None => None,
        };
        let given = |id: &NodeId| gives.get(id).copied();
        let inputs: Vec<(&str, Vec<Sha256>)> =
            step.media_inputs().map(|input| (input.socket, input.from.iter().filter_map(given).collect())).collect();
        let key = content_key(step, &inputs);
        gives.insert(&step.node_id, file.unwrap_or(key));
        if let Action::Generate(generate) = &step.action
            && generate.provider != Provider::Animatic
        {
            let cached = known.contains_key(&step.node_id) || !asked.insert(key);
            let usd_micros = if cached { Some(0) } else { price_of(generate) };
            estimate.usd_micros += usd_micros.unwrap_or_default();
            estimate.nodes.push(NodeEstimate { node_id: step.node_id.clone(), cached, usd_micros });
        }
    }
    Ok(estimate)
}

/// What the steps of a plan give that is there already.
///
/// # Errors
/// The database's.
pub async fn known(connection: &mut sqlx::SqliteConnection, plan: &Plan) -> Result<HashMap<NodeId, Media>> {
    let mut known = HashMap::new();
    for step in &plan.steps {
        let media = match &step.action {
            Action::Upload { video_id } => Some(Media::Video(*video_id)),
            Action::UploadImage { image_id } => Some(Media::Image(*image_id)),
            Action::Output { .. } => step.media_inputs().flat_map(|input| &input.from).find_map(|id| known.get(id).copied()),
            Action::Generate(_) | Action::Stitch { .. } | Action::GrabFrame { .. } => made_earlier(connection, step, &known).await?,
            Action::Value { .. } => None,
        };
        known.extend(media.map(|media| (step.node_id.clone(), media)));
    }
    Ok(known)
}

fn price_of(generate: &Generate) -> Option<i64> {
    provider::model(generate.provider, &generate.model)?.usd_micros(generate.seconds, generate.size)
}

/// What an earlier run gave for this step.
async fn made_earlier(connection: &mut sqlx::SqliteConnection, step: &Step, known: &HashMap<NodeId, Media>) -> Result<Option<Media>> {
    let mut hashes: Vec<(&str, Vec<Sha256>)> = Vec::new();
    for input in step.media_inputs() {
        let mut of_socket = Vec::with_capacity(input.from.len());
        for id in &input.from {
            let Some(media) = known.get(id) else { return Ok(None) };
            let Some(hash) = step_results::file_hash(connection, *media).await? else { return Ok(None) };
            of_socket.push(hash);
        }
        hashes.push((input.socket, of_socket));
    }
    step_results::find(connection, &content_key(step, &hashes)).await
}
