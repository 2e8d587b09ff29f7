//! What a run would cost, before it begins: nothing for what is there already, the table's price for what a provider would make.

use crate::{
    domain::{execution::NewExecution, spend::Estimate},
    server::{
        Error, Result,
        runs::{known, prepare},
        studio::Studio,
    },
};

/// Plans the run and prices it. Nothing is created.
///
/// # Errors
/// As the run would be refused.
pub async fn estimate(studio: &Studio, new: &NewExecution) -> Result<Estimate> {
    let db = &studio.db;
    let definition = prepare::definition(db, new).await?;
    let mut snapshot = db.reader().begin().await?;
    let prepared = prepare::prepare(&mut snapshot, &studio.providers, &definition, new.nodes.as_deref(), new.mode).await?;
    Ok(known::price(&prepared.plan, &prepared.known))
}

/// The same for a page that asks while a graph is edited: what cannot run has no price, and that is no error.
///
/// # Errors
/// The database's.
pub async fn quote(studio: &Studio, new: &NewExecution) -> Result<Option<Estimate>> {
    match estimate(studio, new).await {
        Ok(estimate) => Ok(Some(estimate)),
        Err(Error::Api(_)) => Ok(None),
        Err(error) => Err(error),
    }
}
