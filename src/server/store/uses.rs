//! Which node of which workflow made or uses an asset. Videos stand in the seed's table `workflow_videos`, other kinds in `asset_uses`; the
//! view `uses` reads them as one.

use std::collections::HashMap;

use sqlx::{QueryBuilder, Row, Sqlite, SqliteConnection, SqliteExecutor, sqlite::SqliteRow};

use super::{
    kinds,
    rows::{self, bind_ids, named, parsed, parsed_option, text},
};
use crate::{
    domain::{
        AssetId, AssetRef, ExecutionId, NodeId, Timestamp, WorkflowId,
        asset::{AssetUse, Role},
        error::WorkflowRef,
    },
    server::Result,
};

const VIEW: &str = "uses";

/// An asset's place in a workflow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Use {
    /// The asset.
    pub asset: AssetRef,
    /// The node.
    pub node_id: NodeId,
    /// The node's type.
    pub node_type: String,
    /// What the asset is to the node.
    pub role: Role,
    /// The execution that made it, if one.
    pub execution_id: Option<ExecutionId>,
    /// When it was made or tied: the newest of a node is its current one.
    pub created_at: Timestamp,
}

/// A use from its row.
pub(super) fn tie(row: &SqliteRow) -> Result<Use> {
    Ok(Use {
        asset: rows::asset(row, VIEW)?,
        node_id: parsed(row, VIEW, "node_id")?,
        node_type: row.try_get("node_type")?,
        role: named(row, VIEW, "role", Role::from_name)?,
        execution_id: parsed_option(row, VIEW, "execution_id")?,
        created_at: parsed(row, VIEW, "created_at")?,
    })
}

/// What is tied to one node, newest first.
///
/// # Errors
/// Where the database fails or a row cannot be read.
pub async fn of_node(db: &mut SqliteConnection, id: WorkflowId, node_id: &NodeId) -> Result<Vec<Use>> {
    let rows = sqlx::query("SELECT * FROM uses WHERE workflow_id = $1 AND node_id = $2 ORDER BY created_at DESC, asset_id DESC");
    let rows = rows.bind(id.to_string()).bind(node_id.as_str()).fetch_all(db).await?;
    rows.iter().map(tie).collect()
}

/// Where assets are used, by the workflows' names.
///
/// # Errors
/// Where the database fails or a row cannot be read.
pub async fn of_assets(db: &mut SqliteConnection, ids: &[AssetId]) -> Result<HashMap<AssetId, Vec<AssetUse>>> {
    let mut query = QueryBuilder::<Sqlite>::new(
        "SELECT u.asset_id, u.workflow_id, w.name, u.node_id, u.node_type, u.role FROM uses u \
         JOIN workflows w ON w.id = u.workflow_id WHERE u.asset_id IN (",
    );
    bind_ids(&mut query, ids);
    query.push(" ORDER BY w.name, u.workflow_id, u.node_id");
    let mut uses: HashMap<AssetId, Vec<AssetUse>> = HashMap::new();
    for row in &query.build().fetch_all(db).await? {
        uses.entry(parsed(row, VIEW, "asset_id")?).or_default().push(AssetUse {
            workflow_id: parsed(row, VIEW, "workflow_id")?,
            name: row.try_get("name")?,
            node_id: parsed(row, VIEW, "node_id")?,
            node_type: row.try_get("node_type")?,
            role: named(row, VIEW, "role", Role::from_name)?,
        });
    }
    Ok(uses)
}

/// The workflows in which the asset is the current one of a node: the newest tied to it.
///
/// # Errors
/// Where the database fails or a row cannot be read.
pub async fn current_in(executor: impl SqliteExecutor<'_>, asset: AssetRef) -> Result<Vec<WorkflowRef>> {
    let rows = sqlx::query(
        "SELECT DISTINCT w.id, w.name FROM uses u JOIN workflows w ON w.id = u.workflow_id WHERE u.asset_id = $1 \
         AND NOT EXISTS (SELECT 1 FROM uses newer WHERE newer.workflow_id = u.workflow_id AND newer.node_id = u.node_id \
         AND newer.asset_kind = u.asset_kind AND newer.created_at > u.created_at) ORDER BY w.name, w.id",
    );
    let rows = rows.bind(asset.id.to_string()).fetch_all(executor).await?;
    rows.iter().map(|row| Ok(WorkflowRef { id: parsed(row, "workflows", "id")?, name: row.try_get("name")? })).collect()
}

/// Ties an asset to a node, or renews type, role and time; its execution too, where one is given.
///
/// # Errors
/// Where the database fails.
pub async fn renew(db: &mut SqliteConnection, id: WorkflowId, new: &Use) -> Result<()> {
    let renewed = |table| {
        format!(
            "node_type = excluded.node_type, role = excluded.role, execution_id = coalesce(excluded.execution_id, {table}.execution_id), \
             created_at = excluded.created_at"
        )
    };
    write(db, id, new, renewed).await
}

/// Ties an asset to a node, or renews that if this is a later making. The same making again corrects its role only, which follows the
/// definition.
///
/// # Errors
/// Where the database fails.
pub async fn renew_if_newer(db: &mut SqliteConnection, id: WorkflowId, new: &Use) -> Result<()> {
    let renewed = |table| {
        format!(
            "node_type = excluded.node_type, role = excluded.role, execution_id = excluded.execution_id, \
             created_at = MAX(excluded.created_at, {table}.created_at) \
             WHERE excluded.created_at > {table}.created_at OR excluded.execution_id = {table}.execution_id"
        )
    };
    write(db, id, new, renewed).await
}

async fn write(db: &mut SqliteConnection, id: WorkflowId, new: &Use, renewed: impl Fn(&'static str) -> String) -> Result<()> {
    let (table, column, names_kind) = kinds::uses(new.asset.kind);
    let mut query = QueryBuilder::<Sqlite>::new(format!(
        "INSERT INTO {table} (workflow_id, {column}, node_id, node_type, role, execution_id, created_at"
    ));
    query.push(if names_kind { ", asset_kind) VALUES (" } else { ") VALUES (" });
    let mut values = query.separated(", ");
    values.push_bind(id.to_string()).push_bind(new.asset.id.to_string()).push_bind(new.node_id.as_str()).push_bind(&new.node_type);
    values.push_bind(new.role.name()).push_bind(text(new.execution_id.as_ref())).push_bind(new.created_at.to_string());
    if names_kind {
        values.push_bind(new.asset.kind.name());
    }
    query.push(format!(") ON CONFLICT (workflow_id, {column}, node_id) DO UPDATE SET {}", renewed(table)));
    query.build().execute(db).await?;
    Ok(())
}
