//! Workflows: create, save, list, open, delete, and the slot for unsaved edits.

use serde_json::Value;

use super::{
    Error, Result,
    events::{self, Events},
    library::uses::{assets_of_nodes, associate_saved, videos_of_workflow},
    providers::Providers,
    runs::{execute, stored},
    store::{
        Db, Tx, executions,
        workflows::{self, WorkflowRow},
    },
};
use crate::{
    domain::{
        ApiError, ErrorKind, FieldError, Timestamp, WorkflowId, limits,
        page::{Filter, Page, PageRequest},
        workflow::{
            BrokenWorkflow, BuilderSettings, DraftSlot, NewDraft, NewWorkflow, OpenedWorkflow, SavedWorkflow, Workflow, WorkflowChange,
            WorkflowFilter, WorkflowSummary,
        },
    },
    graph::{Graph, document::format},
};

/// A workflow after a POST.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Its id and revision.
    pub workflow: SavedWorkflow,
    /// Whether it was not there before.
    pub created: bool,
}

/// A workflow as a GET shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct Shown {
    /// The workflow.
    pub workflow: Workflow,
    /// Its revision.
    pub etag: String,
}

/// A page of the workflows.
///
/// # Errors
/// [`ErrorKind::Invalid`] for too long a search.
pub async fn list(db: &Db, filter: &WorkflowFilter, page: &PageRequest) -> Result<Page<WorkflowSummary>> {
    let mut connection = db.reader().acquire().await?;
    workflows::list(&mut connection, filter, page).await
}

/// The page of the workflows that begins at `cursor`, the last changed first.
///
/// # Errors
/// [`ErrorKind::Invalid`] for too long a search, or a cursor that no earlier page gave.
pub async fn list_from(db: &Db, filter: &WorkflowFilter, cursor: Option<&str>) -> Result<Page<WorkflowSummary>> {
    list(db, filter, &PageRequest::from_cursor(cursor, WorkflowFilter::DEFAULT_SORT)?).await
}

/// A workflow with its clips and its unsaved edits.
///
/// # Errors
/// [`ErrorKind::NotFound`]; [`ErrorKind::Unreadable`].
pub async fn show(db: &Db, id: WorkflowId) -> Result<Shown> {
    let mut snapshot = db.reader().begin().await?;
    let row = workflows::find(&mut snapshot, id).await?.ok_or_else(not_found)?;
    let definition = stored::definition(&mut snapshot, &row).await?;
    let videos = videos_of_workflow(&mut snapshot, id).await?;
    let etag = row.etag();
    let mut distinct: Vec<_> = videos.iter().map(|video| video.video_id).collect();
    distinct.sort_unstable();
    distinct.dedup();
    let workflow = Workflow {
        id: row.id,
        name: row.name,
        description: row.description,
        status: row.status,
        definition,
        draft: row.draft,
        node_count: row.node_count,
        video_count: distinct.len() as i64,
        videos,
        created_at: row.created_at,
        updated_at: row.updated_at,
        last_executed_at: row.last_executed_at,
    };
    Ok(Shown { workflow, etag })
}

/// A workflow with everything the builder needs.
///
/// # Errors
/// [`ErrorKind::NotFound`]; [`ErrorKind::Unreadable`].
pub async fn open(db: &Db, providers: &Providers, id: WorkflowId) -> Result<OpenedWorkflow> {
    // Read first: then no change of what follows is missed.
    let event_id = events::newest(db).await?;
    let mut snapshot = db.reader().begin().await?;
    let row = workflows::find(&mut snapshot, id).await?.ok_or_else(not_found)?;
    let definition = stored::definition(&mut snapshot, &row).await?;
    // A definition that this version does not read is refused by the page, in words.
    let assets = match format::read(&definition) {
        Ok(graph) => assets_of_nodes(&mut snapshot, id, &graph).await?,
        Err(_) => Vec::new(),
    };
    Ok(OpenedWorkflow {
        id,
        etag: row.etag(),
        name: row.name,
        description: row.description,
        status: row.status,
        definition,
        draft: row.draft,
        event_id,
        execution: executions::newest_of_workflow(&mut snapshot, id).await?,
        assets,
        settings: builder_settings(providers),
    })
}

/// What there is of a workflow whose definition cannot be read; `None` where it can.
///
/// # Errors
/// [`ErrorKind::NotFound`].
pub async fn broken(db: &Db, id: WorkflowId) -> Result<Option<BrokenWorkflow>> {
    let mut snapshot = db.reader().begin().await?;
    let row = workflows::find(&mut snapshot, id).await?.ok_or_else(not_found)?;
    stored::broken(&mut snapshot, row).await
}

/// What of the server's settings the builder has to know.
#[must_use]
pub fn builder_settings(providers: &Providers) -> BuilderSettings {
    let missing = providers.missing_settings().into_iter();
    BuilderSettings {
        missing_settings: missing.map(|(name, variable)| (name.to_owned(), variable.to_owned())).collect(),
        retired_models: providers.retired(Timestamp::now()),
    }
}

/// Makes a workflow; with a known id it changes that one, as [`save`] does.
///
/// # Errors
/// [`ErrorKind::Invalid`] with each thing that is wrong; [`ErrorKind::PreconditionFailed`] where `if_match` names another revision.
pub async fn create(db: &Db, new: NewWorkflow, if_match: Option<&str>) -> Result<Stored> {
    let id = new.id.unwrap_or_else(WorkflowId::generate);
    let change =
        WorkflowChange { name: Some(new.name), description: new.description, status: new.status, definition: Some(new.definition) };
    let (change, graph) = check(change)?;
    let mut tx = db.begin().await?;
    if let Some(row) = workflows::find(&mut tx, id).await? {
        let workflow = apply(&mut tx, row, change, graph.as_ref(), if_match).await?;
        tx.commit().await?;
        return Ok(Stored { workflow, created: false });
    }
    if if_match.is_some() {
        return Err(changed_meanwhile());
    }
    let now = Timestamp::now();
    let definition = change.definition.unwrap_or_default();
    let row = WorkflowRow {
        description: change.description.filter(|text| !text.is_empty()),
        status: change.status.unwrap_or_default(),
        node_count: count(graph.as_ref()),
        ..WorkflowRow::new(id, change.name.unwrap_or_default(), definition.to_string(), now)
    };
    workflows::insert(&mut tx, &row).await?;
    associate_saved(&mut tx, &row, graph.as_ref()).await?;
    tx.commit().await?;
    Ok(Stored { workflow: SavedWorkflow { id, etag: row.etag() }, created: true })
}

/// Changes a workflow; what `change` leaves out stays. A definition empties the slot for unsaved edits. A change that changes nothing
/// keeps the revision.
///
/// # Errors
/// [`ErrorKind::NotFound`]; [`ErrorKind::Invalid`] with each thing that is wrong; [`ErrorKind::PreconditionFailed`] where `if_match`
/// (an `If-Match` header's value) names another revision.
pub async fn save(db: &Db, id: WorkflowId, change: WorkflowChange, if_match: Option<&str>) -> Result<SavedWorkflow> {
    let (change, graph) = check(change)?;
    let mut tx = db.begin().await?;
    let row = workflows::find(&mut tx, id).await?.ok_or_else(not_found)?;
    let saved = apply(&mut tx, row, change, graph.as_ref(), if_match).await?;
    tx.commit().await?;
    Ok(saved)
}

async fn apply(
    tx: &mut Tx,
    mut row: WorkflowRow,
    change: WorkflowChange,
    graph: Option<&Graph>,
    if_match: Option<&str>,
) -> Result<SavedWorkflow> {
    if if_match.is_some_and(|header| !matches_etag(header, &row.etag())) {
        return Err(changed_meanwhile());
    }
    if change.definition.is_some() {
        stored::keep_unreadable(tx, &row, true).await?;
        workflows::discard_draft(tx, row.id).await?;
    }
    let before = row.clone();
    if let Some(name) = change.name {
        row.name = name;
    }
    if let Some(description) = change.description {
        row.description = Some(description).filter(|text| !text.is_empty());
    }
    if let Some(status) = change.status {
        row.status = status;
    }
    // Compared as values: an adopted row's text may be spaced in another way. What cannot be read is no such value.
    if let Some(definition) = change.definition
        && serde_json::from_str::<Value>(&row.definition).ok().as_ref() != Some(&definition)
    {
        row.node_count = count(graph);
        row.definition = definition.to_string();
    }
    if row != before {
        row.revision += 1;
        row.updated_at = Timestamp::now();
        workflows::update(tx, &row).await?;
    }
    associate_saved(tx, &row, graph).await?;
    Ok(SavedWorkflow { id: row.id, etag: row.etag() })
}

/// Deletes a workflow. Its executions are cancelled, its videos stay.
///
/// # Errors
/// [`ErrorKind::NotFound`]; [`ErrorKind::PreconditionFailed`] where `if_match` names another revision.
pub async fn delete(db: &Db, events: &Events, id: WorkflowId, if_match: Option<&str>) -> Result<()> {
    let mut tx = db.begin().await?;
    let row = workflows::find(&mut tx, id).await?.ok_or_else(not_found)?;
    if if_match.is_some_and(|header| !matches_etag(header, &row.etag())) {
        return Err(changed_meanwhile());
    }
    execute::cancel_all_of_workflow(&mut tx, id).await?;
    workflows::delete(&mut tx, id).await?;
    tx.commit().await?;
    events.notify();
    Ok(())
}

/// Keeps unsaved edits in the workflow's slot, in place of earlier ones.
///
/// # Errors
/// [`ErrorKind::NotFound`]; [`ErrorKind::Invalid`] for a broken graph.
pub async fn keep_draft(db: &Db, id: WorkflowId, draft: NewDraft) -> Result<()> {
    let mut errors = Vec::new();
    if !(1..=limits::ETAG).contains(&draft.base_etag.chars().count()) {
        errors.push(wrong("/base_etag", "base_etag is the ETag of the version the edits began from."));
    }
    errors.extend(read_sound(&draft.definition).err().unwrap_or_default());
    refuse(errors)?;
    let slot = DraftSlot { definition: draft.definition, base_etag: draft.base_etag, updated_at: Timestamp::now() };
    let mut tx = db.begin().await?;
    if workflows::has_unreadable_draft(&mut tx, id).await?
        && let Some(row) = workflows::find(&mut tx, id).await?
    {
        stored::keep_unreadable(&mut tx, &row, false).await?;
    }
    if !workflows::keep_draft(&mut tx, id, &slot).await? {
        return Err(not_found());
    }
    tx.commit().await?;
    Ok(())
}

/// Drops the unsaved edits.
///
/// # Errors
/// [`ErrorKind::NotFound`].
pub async fn discard_draft(db: &Db, id: WorkflowId) -> Result<()> {
    let mut tx = db.begin().await?;
    if !workflows::discard_draft(&mut tx, id).await? {
        return Err(not_found());
    }
    tx.commit().await?;
    Ok(())
}

/// Checks what a change sets, and trims its name. Gives the graph of its definition, which is read here and nowhere else.
fn check(mut change: WorkflowChange) -> Result<(WorkflowChange, Option<Graph>)> {
    let mut errors = Vec::new();
    if let Some(name) = &mut change.name {
        *name = name.trim().to_owned();
        if !(1..=limits::NAME).contains(&name.chars().count()) {
            errors.push(wrong("/name", &format!("A name has 1 to {} characters.", limits::NAME)));
        }
    }
    if change.description.as_ref().is_some_and(|text| text.chars().count() > limits::DESCRIPTION) {
        errors.push(wrong("/description", &format!("A description has at most {} characters.", limits::DESCRIPTION)));
    }
    let graph = match change.definition.as_ref().map(read_sound).transpose() {
        Ok(graph) => graph,
        Err(wrong) => {
            errors.extend(wrong);
            None
        }
    };
    refuse(errors)?;
    Ok((change, graph))
}

/// The graph of a definition that may be stored, or what is wrong with it, with pointers into the request's body.
fn read_sound(definition: &Value) -> Result<Graph, Vec<FieldError>> {
    let in_body = |error: FieldError| FieldError { pointer: format!("/definition{}", error.pointer), ..error };
    format::read_sound(definition).map_err(|errors| errors.into_iter().map(in_body).collect())
}

fn count(graph: Option<&Graph>) -> i64 {
    graph.map_or(0, |graph| graph.nodes().len() as i64)
}

fn wrong(pointer: &str, detail: &str) -> FieldError {
    FieldError { pointer: pointer.into(), node_id: None, kind: "invalid".into(), detail: detail.into() }
}

fn refuse(errors: Vec<FieldError>) -> Result<()> {
    let message = match errors.as_slice() {
        [] => return Ok(()),
        [only] => only.detail.clone(),
        [first, rest @ ..] => format!("{} And {} more.", first.detail, rest.len()),
    };
    Err(ApiError::new(ErrorKind::Invalid, message).with_errors(errors).into())
}

/// Whether an `If-Match` header's value names the current revision. A weak form counts: a proxy that compresses makes it of ours, and the
/// tag names a revision, not bytes.
fn matches_etag(header: &str, current: &str) -> bool {
    header.split(',').map(str::trim).any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == current)
}

fn not_found() -> Error {
    ApiError::not_found("workflow").into()
}

fn changed_meanwhile() -> Error {
    Error::api(
        ErrorKind::PreconditionFailed,
        "The workflow was saved by someone else since you opened it. Nothing was changed; load the newer version, or save yours as a copy.",
    )
}
