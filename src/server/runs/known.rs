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

/// What a step of a plan gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// What is there already.
    pub asset: Option<AssetRef>,
    /// The hash of its file; of what is yet to be made, the content key, which equal steps share.
    hash: Sha256,
    /// Whether there is a file.
    is_file: bool,
}

/// Prices a plan by what its steps give: nothing in a draft, where nobody is paid. What comes after something that is yet to be made is not there
/// either; equal shots are made once.
#[must_use]
pub fn price(plan: &Plan, known: &HashMap<NodeId, Known>) -> Estimate {
    let mut estimate = Estimate::default();
    let mut asked = HashSet::new();
    for step in plan.steps.iter().filter(|step| step.is_paid()) {
        let cached = known.get(&step.node_id).is_some_and(|known| known.asset.is_some() || !asked.insert(known.hash));
        let usd_micros = if cached { Some(0) } else { price_of(step) };
        estimate.usd_micros += usd_micros.unwrap_or_default();
        estimate.nodes.push(NodeEstimate { node_id: step.node_id.clone(), cached, usd_micros });
    }
    estimate
}

/// The estimated price of a step in millionths of a US dollar; `None` where it is not known.
fn price_of(step: &Step) -> Option<i64> {
    operations::find(step.operation()?)?.price(step)
}

/// What the steps of a plan give.
///
/// # Errors
/// The database's.
pub async fn look_through(connection: &mut SqliteConnection, plan: &Plan) -> Result<HashMap<NodeId, Known>> {
    let mut all: HashMap<NodeId, Known> = HashMap::new();
    for step in &plan.steps {
        let inputs = || step.media_inputs().flat_map(|input| &input.from).map(|id| all.get(id));
        let hash = |id: &NodeId| Some(all.get(id)?.hash);
        let hashes: Vec<_> = step.media_inputs().map(|input| (input.socket, input.from.iter().filter_map(hash).collect())).collect();
        let key = content_key(step, &hashes);
        let with_hash = |known: &Known| Some((known.asset?, known.is_file.then_some(known.hash)));
        let found = match &step.action {
            Action::Given(asset) => Some((*asset, assets::file_hash(&mut *connection, *asset).await?)),
            Action::Name { .. } => inputs().flatten().find_map(with_hash),
            // Without the files of all that flows in, nothing can have been made of them.
            Action::Make { .. } if inputs().all(|known| known.is_some_and(|known| known.is_file)) => {
                step_results::find(connection, &key).await?.map(|(asset, hash)| (asset, Some(hash)))
            }
            Action::Make { .. } | Action::Value { .. } => None,
        };
        let file = found.and_then(|(_, hash)| hash);
        let asset = found.map(|(asset, _)| asset);
        all.insert(step.node_id.clone(), Known { asset, hash: file.unwrap_or(key), is_file: file.is_some() });
    }
    Ok(all)
}
