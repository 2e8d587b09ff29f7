//! What the steps of a plan give that is there already, and what the rest would cost.

use std::collections::{HashMap, HashSet};

use sqlx::SqliteConnection;

use crate::{
    domain::{
        AssetRef, NodeId, Sha256,
        spend::{Estimate, NodeEstimate},
    },
    graph::{
        content_key,
        plan::Plan,
        step::{Action, Step},
    },
    server::{
        Result, operations,
        store::{assets, step_results},
    },
};

/// Prices a plan. What comes after something that is yet to be made is not there either; equal shots are made once.
///
/// # Errors
/// The database's.
pub async fn price(connection: &mut SqliteConnection, plan: &Plan) -> Result<Estimate> {
    let given = look_through(connection, plan).await?;
    let mut estimate = Estimate::default();
    let mut asked = HashSet::new();
    for step in &plan.steps {
        if step.is_paid() {
            let cached = given.get(&step.node_id).is_some_and(|given| given.media.is_some() || !asked.insert(given.hash));
            let usd_micros = if cached { Some(0) } else { price_of(step) };
            estimate.usd_micros += usd_micros.unwrap_or_default();
            estimate.nodes.push(NodeEstimate { node_id: step.node_id.clone(), cached, usd_micros });
        }
    }
    Ok(estimate)
}

/// The estimated price of a step in millionths of a US dollar; `None` where it is not known.
fn price_of(step: &Step) -> Option<i64> {
    operations::find(step.operation()?)?.price(step)
}

/// What the steps of a plan give that is there already.
///
/// # Errors
/// The database's.
pub async fn known(connection: &mut SqliteConnection, plan: &Plan) -> Result<HashMap<NodeId, AssetRef>> {
    let given = look_through(connection, plan).await?;
    Ok(given.into_iter().filter_map(|(id, given)| Some((id.clone(), given.media?))).collect())
}

/// What a step gives.
#[derive(Debug, Clone, Copy)]
struct Given {
    /// What is there already.
    media: Option<AssetRef>,
    /// The hash of its file; of what is yet to be made, the content key, which equal steps share.
    hash: Sha256,
    /// Whether there is a file.
    is_file: bool,
}

async fn look_through<'a>(connection: &mut SqliteConnection, plan: &'a Plan) -> Result<HashMap<&'a NodeId, Given>> {
    let mut all: HashMap<&NodeId, Given> = HashMap::new();
    for step in &plan.steps {
        let inputs = || step.media_inputs().flat_map(|input| &input.from).map(|id| all.get(id));
        let hash = |id: &NodeId| Some(all.get(id)?.hash);
        let hashes: Vec<_> = step.media_inputs().map(|input| (input.socket, input.from.iter().filter_map(hash).collect())).collect();
        let key = content_key(step, &hashes);
        let media = match &step.action {
            Action::Given(media) => Some(*media),
            Action::Name { .. } => inputs().find_map(|given| given?.media),
            // Without the files of all that flows in, nothing can have been made of them.
            Action::Make { .. } if inputs().all(|given| given.is_some_and(|given| given.is_file)) => {
                step_results::find(connection, &key).await?
            }
            Action::Make { .. } | Action::Value { .. } => None,
        };
        let file = match media {
            Some(media) => assets::file_hash(&mut *connection, media).await?,
            None => None,
        };
        all.insert(&step.node_id, Given { media, hash: file.unwrap_or(key), is_file: file.is_some() });
    }
    Ok(all)
}
