//! From a definition to steps that can run: everything that is checked before anything is created.

use std::collections::{HashMap, HashSet};

use serde_json::Value;
use sqlx::SqliteConnection;

use super::{
    known::{self, Known},
    stored,
};
use crate::{
    domain::{
        ApiError, ErrorKind, FieldError, NodeId, Timestamp,
        execution::{Mode, NewExecution},
    },
    graph::{
        Graph, Step,
        document::{format, model::Node},
        nodes,
        param::ParamKind,
        plan::{self, Plan},
        setting,
        spec::NodeSpec,
    },
    server::{
        Error, Result,
        providers::Providers,
        store::{Db, assets, workflows},
    },
};

/// The definition to run: the one given, else the workflow's.
///
/// # Errors
/// [`Invalid`](crate::domain::ErrorKind::Invalid) where neither is given, [`NotFound`](crate::domain::ErrorKind::NotFound) for the workflow.
pub async fn definition(db: &Db, new: &NewExecution) -> Result<Value> {
    let stored = match new.workflow_id {
        None => None,
        Some(id) => {
            let mut connection = db.reader().acquire().await?;
            let row = workflows::find(&mut connection, id).await?.ok_or_else(|| ApiError::not_found("workflow"))?;
            match new.definition {
                Some(_) => None,
                None => Some(stored::definition(&mut connection, &row).await?),
            }
        }
    };
    match (&new.definition, stored) {
        (Some(given), _) => match format::too_large(given) {
            Some(error) => Err(refused(vec![in_definition(error)]).into()),
            None => Ok(given.clone()),
        },
        (None, Some(stored)) => Ok(stored),
        (None, None) => Err(ApiError::invalid("/definition", "Give a definition, or the workflow_id of the workflow to run.").into()),
    }
}

/// A run that nothing is in the way of.
#[derive(Debug, Clone, PartialEq)]
pub struct Prepared {
    /// What it does.
    pub plan: Plan,
    /// What its steps give, in a final run.
    pub known: HashMap<NodeId, Known>,
}

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
) -> Result<Prepared> {
    let graph = format::read(definition).map_err(|errors| refused(errors.into_iter().map(in_definition).collect()))?;
    let (plan, mut errors) = match plan::plan(&graph, targets, mode) {
        Ok(plan) => (Some(plan), Vec::new()),
        Err(errors) => (None, errors.into_iter().map(in_definition).collect()),
    };
    // What was made once needs no key and no model that is still offered: an old workflow can always be run again.
    let known = match &plan {
        Some(plan) if mode == Mode::Final => known::look_through(connection, plan).await?,
        _ => HashMap::new(),
    };
    let steps: Option<HashSet<&NodeId>> = plan.as_ref().map(|plan| plan.steps.iter().map(|step| &step.node_id).collect());
    for (place, node) in graph.nodes().iter().enumerate() {
        if nodes::generates(&node.node_type) && known.get(&node.id).is_some_and(|known| known.asset.is_some()) {
            continue;
        }
        let runs = steps.as_ref().map_or(targets.is_none(), |steps| steps.contains(&node.id));
        if runs {
            errors.extend(hindrances(connection, providers, node, place, mode).await?);
        }
    }
    let plan = plan.filter(|_| errors.is_empty()).ok_or_else(|| refused(errors))?;
    Ok(Prepared { plan, known })
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
    let name_of = |kind| nodes::spec(&node.node_type).and_then(|spec| spec.param_of(kind)).map_or("", |param| param.name);
    if nodes::generates(&node.node_type) && mode == Mode::Final {
        let refusal = setting::chosen_provider(node).and_then(|provider| providers.get(provider.name()).err());
        let refusal = refusal.map(|reason| error(name_of(ParamKind::Provider), &reason.kind.name(), reason.message));
        let retired = setting::chosen_model(node).filter(|model| providers.is_retired(model, Timestamp::now()));
        let retired = retired
            .and_then(|model| Some(format!("{} Swap the provider of this node, or run a rehearsal (mode draft).", model.retirement()?)));
        let retired = retired.map(|detail| error(name_of(ParamKind::Model), &ErrorKind::ModelRetired.name(), detail));
        return Ok(refusal.into_iter().chain(retired).collect());
    }
    let Some(media) = nodes::given(node) else { return Ok(Vec::new()) };
    if assets::file_hash(&mut *connection, media).await?.is_some() {
        return Ok(Vec::new());
    }
    let param = nodes::spec(&node.node_type).and_then(NodeSpec::given).map_or("", |(param, _)| param);
    let what = media.kind.name();
    let stored = assets::row(&mut *connection, media).await?.filter(|stored| stored.asset.deleted_at.is_none());
    let (kind, detail) = match stored {
        Some(stored) => (
            "damaged",
            format!(
                "The {what} of this node, “{}”, is damaged on the server. Upload the same file again, which heals it.",
                stored.asset.name
            ),
        ),
        None => ("missing", format!("The {what} of this node is no longer in the library. Choose or upload another one.")),
    };
    Ok(vec![error(param, &format!("{kind}_{what}"), detail)])
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

/// A step that the plan of a definition of our own making must have.
///
/// # Errors
/// [`Error::Internal`] where it has not.
pub fn step_of<'a>(plan: &'a Plan, node_id: &str) -> Result<&'a Step> {
    let step = plan.steps.iter().find(|step| step.node_id.as_str() == node_id);
    step.ok_or_else(|| Error::Internal(format!("the plan has no step {node_id}")))
}
