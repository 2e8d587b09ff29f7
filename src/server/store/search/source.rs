//! Where a list takes its rows from: all of a table, or what a search finds of it, by whichever way reads less.

use sqlx::{QueryBuilder, Sqlite, SqliteConnection};

use super::{Subject, query::Query};
use crate::{
    domain::{Timestamp, page::PageRequest},
    server::{Result, store::paging::Keyset},
};

/// So many rows are sorted where another order than that of the index is asked; of more, the order's own index is gone through.
const SORTED: i64 = 10_000;

/// Where a list takes its rows from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The whole table.
    All,
    /// What the expression finds, in the order of the index: by time.
    InOrder(String),
    /// What the expression finds, to be sorted.
    Few(String),
    /// The whole table in another order, where the expression finds much of it.
    Many(String),
}

impl Source {
    /// The source of what was typed; `None` where nothing can be found by it. `is_by_time`: the list goes by when its rows were made.
    ///
    /// # Errors
    /// The database's.
    pub async fn of(connection: &mut SqliteConnection, typed: Option<&str>, subject: Subject, is_by_time: bool) -> Result<Option<Self>> {
        let expression = match Query::read(typed.unwrap_or_default(), subject) {
            Query::Everything => return Ok(Some(Self::All)),
            Query::Nothing => return Ok(None),
            Query::Match(expression) => expression,
        };
        if is_by_time {
            return Ok(Some(Self::InOrder(expression)));
        }
        let count = sqlx::query_scalar::<_, i64>("SELECT count(*) FROM (SELECT 1 FROM search WHERE search MATCH $1 LIMIT $2)");
        let found = count.bind(&expression).bind(SORTED + 1).fetch_one(connection).await?;
        Ok(Some(if found > SORTED { Self::Many(expression) } else { Self::Few(expression) }))
    }

    /// Adds what stands behind FROM, and a first condition. `table`: the subject's, with `alias`.
    pub fn push_from(&self, query: &mut QueryBuilder<Sqlite>, table: &str, alias: &str) {
        match self {
            Self::All => {
                query.push(format_args!("{table} {alias} WHERE TRUE"));
            }
            Self::InOrder(expression) | Self::Few(expression) => {
                // In this order and by this index, whatever the planner thinks of it.
                query.push(format_args!(
                    "search CROSS JOIN {table} {alias} INDEXED BY {table}_searched ON {alias}.search_row = search.rowid WHERE search MATCH "
                ));
                query.push_bind(expression.clone());
            }
            Self::Many(expression) => {
                // The sign keeps the planner from going by these numbers, and sorting what it finds.
                query.push(format_args!("{table} {alias} WHERE +{alias}.search_row IN (SELECT rowid FROM search WHERE search MATCH "));
                query.push_bind(expression.clone()).push(")");
            }
        }
    }

    /// Adds where the page begins, its order and its length.
    ///
    /// # Errors
    /// As [`Keyset::push_after`].
    pub(in crate::server::store) fn push_page(
        &self,
        query: &mut QueryBuilder<Sqlite>,
        keyset: &Keyset,
        subject: Subject,
        page: &PageRequest,
    ) -> Result<()> {
        let Self::InOrder(_) = self else {
            keyset.push_after(query, page)?;
            keyset.push_order(query, page);
            return Ok(());
        };
        let (after, direction) = if page.sort.descending { ("<", "DESC") } else { (">", "ASC") };
        if let Some(cursor) = &page.cursor {
            // A row that is gone meanwhile stood about there.
            let moment = cursor.key.as_deref().and_then(|key| key.parse::<Timestamp>().ok());
            query.push(format_args!(" AND search.rowid {after} coalesce((SELECT search_row FROM {} WHERE id = ", subject.table()));
            query.push_bind(cursor.id.clone()).push("), ").push_bind(moment.map(|moment| subject.number(moment))).push(")");
        }
        query.push(format_args!(" ORDER BY search.rowid {direction} LIMIT ")).push_bind(i64::from(page.limit) + 1);
        Ok(())
    }
}
