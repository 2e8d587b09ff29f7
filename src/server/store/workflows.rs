//! The `workflows` table: rows, lists, revisions and the slot for unsaved edits.

use std::collections::HashMap;

use sha2::{Digest, Sha256};
use sqlx::{QueryBuilder, Row, Sqlite, SqliteConnection, sqlite::SqliteRow};

use super::{
    paging::Keyset,
    rows::{AT_ONCE, all_readable, json, named, parsed, parsed_option},
    search::{self, Source, Subject},
};
use crate::{
    domain::{
        ExecutionId, NodeId, Timestamp, WorkflowId,
        asset::Role,
        page::{Page, PageRequest, SortKey},
        workflow::{DraftSlot, WorkflowFilter, WorkflowStatus, WorkflowSummary},
    },
    server::Result,
};

const TABLE: &str = "workflows";

/// A workflow as it stands in its row. The definition stays text: most uses need no more.
#[derive(Debug, Clone, PartialEq)]
pub struct WorkflowRow {
    /// The workflow's id.
    pub id: WorkflowId,
    /// Its name.
    pub name: String,
    /// What it is about.
    pub description: Option<String>,
    /// Draft or saved.
    pub status: WorkflowStatus,
    /// The graph as JSON.
    pub definition: String,
    /// Nodes in the definition.
    pub node_count: i64,
    /// Counts the changes of name, description, status and definition.
    pub revision: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When the revision last changed.
    pub updated_at: Timestamp,
    /// When it last ran.
    pub last_executed_at: Option<Timestamp>,
    /// Unsaved edits.
    pub draft: Option<DraftSlot>,
    /// What stands in the slot for unsaved edits and cannot be read.
    pub unreadable_draft: Option<String>,
}

impl WorkflowRow {
    /// A draft that is made at `now`.
    #[must_use]
    pub fn new(id: WorkflowId, name: String, definition: String, now: Timestamp) -> Self {
        Self {
            id,
            name,
            description: None,
            status: WorkflowStatus::Draft,
            definition,
            node_count: 0,
            revision: 1,
            created_at: now,
            updated_at: now,
            last_executed_at: None,
            draft: None,
            unreadable_draft: None,
        }
    }

    /// The revision as an entity tag. The digest tells apart two workflows that had the same id one after the other, and a database
    /// restored from a backup.
    #[must_use]
    pub fn etag(&self) -> String {
        let mut digest = Sha256::new();
        for part in [&self.name, self.description.as_deref().unwrap_or_default(), self.status.name(), &self.definition] {
            digest.update((part.len() as u64).to_le_bytes());
            digest.update(part);
        }
        let digest = digest.finalize();
        let digest = u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]);
        format!("\"{}-{digest:08x}\"", self.revision)
    }
}

/// The workflow with that id.
///
/// # Errors
/// Where the database fails or the row cannot be read.
pub async fn find(db: &mut SqliteConnection, id: WorkflowId) -> Result<Option<WorkflowRow>> {
    let row = sqlx::query(
        "SELECT id, name, description, status, definition, node_count, revision, created_at, updated_at, last_executed_at,
                draft_definition, draft_base_etag, draft_updated_at
         FROM workflows WHERE id = $1",
    )
    .bind(id.to_string())
    .fetch_optional(db)
    .await?;
    row.map(|row| read(&row)).transpose()
}

fn read(row: &SqliteRow) -> Result<WorkflowRow> {
    let text: Option<String> = row.try_get("draft_definition")?;
    let base_etag = row.try_get::<Option<String>, _>("draft_base_etag")?.unwrap_or_default();
    // Edits that cannot be read must not hide the workflow that they belong to.
    let (definition, updated_at) = (json(row, TABLE, "draft_definition"), parsed_option(row, TABLE, "draft_updated_at"));
    let (draft, unreadable_draft) = match (definition, updated_at) {
        (Ok(Some(definition)), Ok(Some(updated_at))) => (Some(DraftSlot { definition, base_etag, updated_at }), None),
        (Ok(None), _) => (None, None),
        _ => (None, text),
    };
    Ok(WorkflowRow {
        id: parsed(row, TABLE, "id")?,
        name: row.try_get("name")?,
        description: row.try_get("description")?,
        status: named(row, TABLE, "status", WorkflowStatus::from_name)?,
        definition: row.try_get("definition")?,
        node_count: row.try_get("node_count")?,
        revision: row.try_get("revision")?,
        created_at: parsed(row, TABLE, "created_at")?,
        updated_at: parsed(row, TABLE, "updated_at")?,
        last_executed_at: parsed_option(row, TABLE, "last_executed_at")?,
        draft,
        unreadable_draft,
    })
}

/// Adds a workflow; its slot for unsaved edits is empty.
///
/// # Errors
/// Where the database fails, a known id included.
pub async fn insert(db: &mut SqliteConnection, workflow: &WorkflowRow) -> Result<()> {
    sqlx::query(
        "INSERT INTO workflows (id, name, description, status, definition, node_count, revision, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(workflow.id.to_string())
    .bind(&workflow.name)
    .bind(&workflow.description)
    .bind(workflow.status.name())
    .bind(&workflow.definition)
    .bind(workflow.node_count)
    .bind(workflow.revision)
    .bind(workflow.created_at.to_string())
    .bind(workflow.updated_at.to_string())
    .execute(&mut *db)
    .await?;
    search::put(db, Subject::Workflow, &workflow.id.to_string()).await
}

/// Writes a workflow's revision: name, description, status, definition, and when.
///
/// # Errors
/// Where the database fails.
pub async fn update(db: &mut SqliteConnection, workflow: &WorkflowRow) -> Result<()> {
    sqlx::query(
        "UPDATE workflows SET name = $2, description = $3, status = $4, definition = $5, node_count = $6, revision = $7, updated_at = $8
         WHERE id = $1",
    )
    .bind(workflow.id.to_string())
    .bind(&workflow.name)
    .bind(&workflow.description)
    .bind(workflow.status.name())
    .bind(&workflow.definition)
    .bind(workflow.node_count)
    .bind(workflow.revision)
    .bind(workflow.updated_at.to_string())
    .execute(&mut *db)
    .await?;
    search::put(db, Subject::Workflow, &workflow.id.to_string()).await
}

/// Removes a workflow with its associations. False if there was none.
///
/// # Errors
/// Where the database fails.
pub async fn delete(db: &mut SqliteConnection, id: WorkflowId) -> Result<bool> {
    search::remove(&mut *db, Subject::Workflow, &id.to_string()).await?;
    let done = sqlx::query("DELETE FROM workflows WHERE id = $1").bind(id.to_string()).execute(db).await?;
    Ok(done.rows_affected() > 0)
}

/// Whether the slot for unsaved edits holds something that cannot be read.
///
/// # Errors
/// Where the database fails.
pub async fn has_unreadable_draft(db: &mut SqliteConnection, id: WorkflowId) -> Result<bool> {
    let row = sqlx::query("SELECT 1 FROM workflows WHERE id = $1 AND draft_definition IS NOT NULL AND NOT json_valid(draft_definition)");
    Ok(row.bind(id.to_string()).fetch_optional(db).await?.is_some())
}

/// Fills the slot for unsaved edits. False if there is no such workflow.
///
/// # Errors
/// Where the database fails.
pub async fn keep_draft(db: &mut SqliteConnection, id: WorkflowId, draft: &DraftSlot) -> Result<bool> {
    let done = sqlx::query("UPDATE workflows SET draft_definition = $2, draft_base_etag = $3, draft_updated_at = $4 WHERE id = $1")
        .bind(id.to_string())
        .bind(draft.definition.to_string())
        .bind(&draft.base_etag)
        .bind(draft.updated_at.to_string())
        .execute(db)
        .await?;
    Ok(done.rows_affected() > 0)
}

/// Empties the slot for unsaved edits. False if there is no such workflow.
///
/// # Errors
/// Where the database fails.
pub async fn discard_draft(db: &mut SqliteConnection, id: WorkflowId) -> Result<bool> {
    let done = sqlx::query("UPDATE workflows SET draft_definition = NULL, draft_base_etag = NULL, draft_updated_at = NULL WHERE id = $1")
        .bind(id.to_string())
        .execute(db)
        .await?;
    Ok(done.rows_affected() > 0)
}

/// Notes that the workflow ran; an earlier moment changes nothing.
///
/// # Errors
/// Where the database fails.
pub async fn executed(db: &mut SqliteConnection, id: WorkflowId, at: Timestamp) -> Result<()> {
    sqlx::query("UPDATE workflows SET last_executed_at = $2 WHERE id = $1 AND (last_executed_at IS NULL OR last_executed_at < $2)")
        .bind(id.to_string())
        .bind(at.to_string())
        .execute(db)
        .await?;
    Ok(())
}

/// A page of the workflows; an order that workflows do not have is by `updated_at`.
///
/// # Errors
/// [`Invalid`](crate::domain::ErrorKind::Invalid) for a cursor of another list; where the database fails.
pub async fn list(db: &mut SqliteConnection, filter: &WorkflowFilter, page: &PageRequest) -> Result<Page<WorkflowSummary>> {
    let keyset = match page.sort.key {
        SortKey::CreatedAt => Keyset::text("w.created_at", "w.id"),
        SortKey::Name => Keyset::text("w.name COLLATE NOCASE", "w.id"),
        SortKey::UpdatedAt | SortKey::Duration | SortKey::Size => Keyset::text("w.updated_at", "w.id"),
    };
    let is_by_time = page.sort.key == SortKey::CreatedAt;
    let source = Source::of(&mut *db, filter.q.as_deref(), Subject::Workflow, is_by_time).await?;
    let Some(source) = source else { return Ok(Page::empty()) };
    // Places first, then the rows of the page: a definition is larger than all that a list is ordered by.
    let mut query = QueryBuilder::<Sqlite>::new(format!("SELECT {} FROM ", keyset.columns()));
    source.push_from(&mut query, "workflows", "w");
    if let Some(status) = filter.status {
        query.push(" AND w.status = ").push_bind(status.name());
    }
    source.push_page(&mut query, &keyset, Subject::Workflow, page)?;
    let places = query.build().fetch_all(&mut *db).await?;
    let ids = places.iter().take(page.limit as usize).map(|place| place.try_get("page_id")).collect::<Result<Vec<String>, _>>()?;
    let mut found = summaries(db, &ids).await?;
    keyset.page(&places, page, ids.iter().map(|id| found.remove(id)).collect())
}

/// The workflows with these ids as they stand in lists, without those that cannot be read.
async fn summaries(db: &mut SqliteConnection, ids: &[String]) -> Result<HashMap<String, WorkflowSummary>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let mut query = QueryBuilder::<Sqlite>::new(
        "SELECT w.id, w.name, w.description, w.status, w.node_count, w.created_at, w.updated_at, w.last_executed_at,
                (SELECT count(DISTINCT a.video_id) FROM workflow_videos a WHERE a.workflow_id = w.id) AS video_count
         FROM workflows w WHERE w.id IN (",
    );
    let mut list = query.separated(", ");
    for id in ids {
        list.push_bind(id);
    }
    query.push(")");
    let rows = query.build().fetch_all(db).await?;
    Ok(all_readable(&rows, summary)?.into_iter().map(|summary| (summary.id.to_string(), summary)).collect())
}

fn summary(row: &SqliteRow) -> Result<WorkflowSummary> {
    Ok(WorkflowSummary {
        id: parsed(row, TABLE, "id")?,
        name: row.try_get("name")?,
        description: row.try_get("description")?,
        status: named(row, TABLE, "status", WorkflowStatus::from_name)?,
        node_count: row.try_get("node_count")?,
        video_count: row.try_get("video_count")?,
        created_at: parsed(row, TABLE, "created_at")?,
        updated_at: parsed(row, TABLE, "updated_at")?,
        last_executed_at: parsed_option(row, TABLE, "last_executed_at")?,
    })
}

/// Whether the nodes of a workflow's stored definition are listed.
///
/// # Errors
/// Where the database fails or the row cannot be read.
pub async fn is_listed(db: &mut SqliteConnection, id: WorkflowId) -> Result<bool> {
    let row = sqlx::query("SELECT 1 FROM workflows WHERE id = $1 AND listed_revision = revision").bind(id.to_string());
    Ok(row.fetch_optional(db).await?.is_some())
}

/// A node of a stored definition, with what its clips are to the workflow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedNode {
    /// The node.
    pub node_id: NodeId,
    /// Its type.
    pub node_type: String,
    /// What its clips are.
    pub role: Role,
}

/// Lists the nodes of the stored definition, in place of an earlier list.
///
/// # Errors
/// Where the database fails.
pub async fn list_nodes(db: &mut SqliteConnection, id: WorkflowId, nodes: &[ListedNode]) -> Result<()> {
    sqlx::query("DELETE FROM workflow_nodes WHERE workflow_id = $1").bind(id.to_string()).execute(&mut *db).await?;
    for some in nodes.chunks(AT_ONCE) {
        let mut query = QueryBuilder::<Sqlite>::new("INSERT INTO workflow_nodes (workflow_id, node_id, node_type, role) ");
        query.push_values(some, |mut row, node| {
            row.push_bind(id.to_string()).push_bind(node.node_id.as_str()).push_bind(&node.node_type).push_bind(node.role.name());
        });
        query.build().execute(&mut *db).await?;
    }
    sqlx::query("UPDATE workflows SET listed_revision = revision WHERE id = $1").bind(id.to_string()).execute(db).await?;
    Ok(())
}

/// The saved workflow that an execution runs, and what the clips of a node of that type are to it; `None` where it is a draft, or its stored
/// definition has no such node.
///
/// # Errors
/// Where the database fails or the row cannot be read.
pub async fn listed_role(
    db: &mut SqliteConnection,
    id: ExecutionId,
    node_id: &NodeId,
    node_type: &str,
) -> Result<Option<(WorkflowId, Role)>> {
    let row = sqlx::query(
        "SELECT n.workflow_id, n.role FROM executions e JOIN workflows w ON w.id = e.workflow_id AND w.status = 'saved' \
         JOIN workflow_nodes n ON n.workflow_id = w.id AND n.node_id = $2 AND n.node_type = $3 WHERE e.id = $1",
    );
    let row = row.bind(id.to_string()).bind(node_id.as_str()).bind(node_type).fetch_optional(db).await?;
    let read = |row| Ok((parsed(&row, "workflow_nodes", "workflow_id")?, named(&row, "workflow_nodes", "role", Role::from_name)?));
    row.map(read).transpose()
}

/// A workflow's status; `None` if there is no such workflow.
///
/// # Errors
/// Where the database fails or the row cannot be read.
pub async fn status(db: &mut SqliteConnection, id: WorkflowId) -> Result<Option<WorkflowStatus>> {
    let row = sqlx::query("SELECT status FROM workflows WHERE id = $1").bind(id.to_string()).fetch_optional(db).await?;
    row.map(|row| named(&row, TABLE, "status", WorkflowStatus::from_name)).transpose()
}
