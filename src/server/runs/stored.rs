//! The definition of a stored workflow, and what there is in its place where its text cannot be read: a disk, a hand or another program has
//! damaged it.

use serde_json::{Value, json};
use sqlx::SqliteConnection;

use crate::{
    domain::{
        ApiError, ErrorKind, Timestamp, WorkflowId, limits,
        workflow::{BrokenWorkflow, Rescue, RescueSource},
    },
    graph::document::format,
    server::{
        Result,
        store::{
            Tx, executions,
            workflows::{self, WorkflowRow},
        },
    },
};

/// How many executions are looked through for a definition that can be read.
const LOOKED_THROUGH: u32 = 20;

/// The definition of a workflow.
///
/// # Errors
/// [`ErrorKind::Unreadable`], which says what can take its place; the database's.
pub async fn definition(connection: &mut SqliteConnection, row: &WorkflowRow) -> Result<Value> {
    match serde_json::from_str(&row.definition) {
        Ok(definition) => Ok(definition),
        Err(cause) => {
            tracing::error!(workflow = %row.id, %cause, "the definition of a workflow cannot be read");
            let rescue = rescue(connection, row).await?;
            Err(ApiError::new(ErrorKind::Unreadable, reason(&row.name, rescue.as_ref())).into())
        }
    }
}

/// What there is of a workflow whose definition cannot be read; `None` where it can.
///
/// # Errors
/// The database's.
pub async fn broken(connection: &mut SqliteConnection, row: WorkflowRow) -> Result<Option<BrokenWorkflow>> {
    if serde_json::from_str::<serde::de::IgnoredAny>(&row.definition).is_ok() {
        return Ok(None);
    }
    let rescue = rescue(connection, &row).await?;
    Ok(Some(BrokenWorkflow { id: row.id, etag: row.etag(), name: row.name, text: row.definition, rescue }))
}

/// Keeps what cannot be read of a workflow and is about to be replaced as a workflow of its own, which can be opened: its text stands in it.
///
/// # Errors
/// The database's.
pub async fn keep_unreadable(tx: &mut Tx, row: &WorkflowRow, is_definition_replaced: bool) -> Result<()> {
    let is_broken = is_definition_replaced && serde_json::from_str::<serde::de::IgnoredAny>(&row.definition).is_err();
    let definition = is_broken.then_some((&row.definition, "unreadable"));
    let draft = row.unreadable_draft.as_ref().map(|text| (text, "unreadable edits"));
    for (text, what) in definition.into_iter().chain(draft) {
        let room = limits::NAME - what.len() - 3;
        let name = format!("{} ({what})", row.name.chars().take(room).collect::<String>());
        let definition = json!({ "nodes": [], "connections": [], "unreadable": text }).to_string();
        let description =
            format!("The damaged text of \u{201c}{}\u{201d}, in the field \u{201c}unreadable\u{201d} of its definition.", row.name);
        let copy =
            WorkflowRow { description: Some(description), ..WorkflowRow::new(WorkflowId::generate(), name, definition, Timestamp::now()) };
        workflows::insert(tx, &copy).await?;
    }
    Ok(())
}

/// The newest definition of the workflow that can be read: of its unsaved edits, or of what it ran.
async fn rescue(connection: &mut SqliteConnection, row: &WorkflowRow) -> Result<Option<Rescue>> {
    let is_sound = |definition: &Value| format::read_sound(definition).is_ok();
    let draft = row.draft.clone().filter(|draft| is_sound(&draft.definition));
    let draft = draft.map(|draft| Rescue { definition: draft.definition, at: draft.updated_at, source: RescueSource::Draft });
    let runs = executions::definitions_of_workflow(connection, row.id, LOOKED_THROUGH).await?;
    let run = runs.into_iter().find_map(|(at, text)| {
        let definition = serde_json::from_str(&text).ok().filter(is_sound)?;
        Some(Rescue { definition, at, source: RescueSource::Execution })
    });
    Ok(draft.into_iter().chain(run).max_by_key(|rescue| rescue.at))
}

fn reason(name: &str, rescue: Option<&Rescue>) -> String {
    let instead = match rescue {
        Some(Rescue { source: RescueSource::Draft, at, .. }) => {
            format!("Its unsaved edits of {at} can be read; its page puts them in its place.")
        }
        Some(Rescue { source: RescueSource::Execution, at, .. }) => {
            format!("What it ran at {at} can be read; its page puts that in its place.")
        }
        None => "Nothing else of its graph can be read; give it another definition, or restore a backup.".to_owned(),
    };
    format!("The graph of \u{201c}{name}\u{201d} cannot be read: its text in the database is damaged. {instead} The damaged text is kept.")
}
