//! The ledger: each step of a paid request is committed here before the next is taken. What was sent once is never sent again by itself.

use crate::{
    domain::{
        ApiError, ErrorKind, JobId, Timestamp,
        page::{Cursor, PageRequest, Sort},
        spend::{SpendEvent, Spending, dollars},
    },
    server::{
        Error, Result,
        config::Caps,
        store::{
            Db, Tx,
            jobs::{self, Lease},
            spends::{self, Entry},
        },
    },
};

/// Days that the overview shows.
const DAYS: i64 = 14;

/// How far the request of a job got; `None` for a job that pays nobody.
///
/// # Errors
/// The database's.
pub async fn entry(db: &Db, job_id: JobId) -> Result<Option<Entry>> {
    let mut connection = db.reader().acquire().await?;
    spends::get(&mut connection, job_id).await
}

/// Writes down that the request leaves now. Only the worker that holds the job may send it, only what has not been sent, and only under the caps.
///
/// # Errors
/// [`ErrorKind::CapReached`]; [`Error::Cancelled`] where the job is no longer this worker's.
pub async fn sending(db: &Db, caps: &Caps, lease: &Lease) -> Result<()> {
    let mut tx = db.begin().await?;
    if !jobs::holds(&mut tx, lease).await? {
        return Err(Error::Cancelled);
    }
    let entry = known(&mut tx, lease.job_id).await?;
    let Some(sent) = entry.state.next(SpendEvent::Send) else {
        return Err(Error::Internal(format!("the request of job {} was sent already", lease.job_id)));
    };
    let of_run = match entry.execution_id {
        Some(id) => spends::of_execution(&mut tx, id).await?,
        None => 0,
    };
    let of_day = spends::since(&mut tx, today()).await?;
    caps.allow(of_run, of_day, entry.estimated_usd_micros)?;
    spends::set_state(&mut tx, lease.job_id, sent).await?;
    tx.commit().await?;
    Ok(())
}

/// The provider took nothing: the request may be sent again, or was refused for good.
///
/// # Errors
/// The database's.
pub async fn not_taken(db: &Db, job_id: JobId, answer: Option<&str>, may_be_sent_again: bool) -> Result<()> {
    let mut tx = db.begin().await?;
    let entry = known(&mut tx, job_id).await?;
    let event = if may_be_sent_again { SpendEvent::TakeNothing } else { SpendEvent::Refuse };
    happen(&mut tx, &entry, event).await?;
    keep_answer(&mut tx, job_id, answer).await?;
    tx.commit().await?;
    Ok(())
}

/// The provider has a job for it, under this name.
///
/// # Errors
/// The database's.
pub async fn accepted(db: &Db, job_id: JobId, provider_job_id: &str, answer: &str) -> Result<()> {
    let mut tx = db.begin().await?;
    // Whoever gave it up meanwhile has abandoned something that exists: the provider is told by this name.
    let entry = known(&mut tx, job_id).await?;
    happen(&mut tx, &entry, SpendEvent::Accept).await?;
    spends::set_provider_job(&mut tx, job_id, provider_job_id).await?;
    keep_answer(&mut tx, job_id, Some(answer)).await?;
    tx.commit().await?;
    Ok(())
}

/// Whether a job of a provider belongs to a request already.
///
/// # Errors
/// The database's.
pub async fn is_taken(db: &Db, provider_job_id: &str) -> Result<bool> {
    let mut connection = db.reader().acquire().await?;
    spends::is_taken(&mut connection, provider_job_id).await
}

/// The provider told what it charges, in millionths of a US dollar.
///
/// # Errors
/// The database's.
pub async fn priced(db: &Db, job_id: JobId, usd_micros: i64) -> Result<()> {
    let mut tx = db.begin().await?;
    spends::set_price(&mut tx, job_id, usd_micros).await?;
    tx.commit().await?;
    Ok(())
}

/// There will be no clip, and it is billed all the same: at this price in millionths of a US dollar, else at the estimate.
///
/// # Errors
/// The database's.
pub async fn lost(db: &Db, job_id: JobId, usd_micros: Option<i64>) -> Result<()> {
    let mut tx = db.begin().await?;
    let entry = known(&mut tx, job_id).await?;
    happen(&mut tx, &entry, SpendEvent::Lose).await?;
    if let Some(usd_micros) = usd_micros {
        spends::set_price(&mut tx, job_id, usd_micros).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Keeps an answer for support.
///
/// # Errors
/// The database's.
pub async fn answered(db: &Db, job_id: JobId, answer: &str) -> Result<()> {
    let mut tx = db.begin().await?;
    spends::set_answer(&mut tx, job_id, answer).await?;
    tx.commit().await?;
    Ok(())
}

/// How a job ended, for its request. Part of the transaction that ends the job; a job that pays nobody is left alone.
///
/// # Errors
/// The database's.
pub async fn end(tx: &mut Tx, job_id: JobId, made: bool, cancelled: bool) -> Result<Option<Entry>> {
    let Some(entry) = spends::get(tx, job_id).await? else { return Ok(None) };
    let event = match (made, cancelled) {
        (true, _) => SpendEvent::Keep,
        (false, true) => SpendEvent::GiveUp,
        (false, false) => SpendEvent::Fail,
    };
    // A request that ended before its job stays as it ended.
    let state = entry.state.next(event).unwrap_or(entry.state);
    if state != entry.state {
        spends::set_state(tx, job_id, state).await?;
    }
    Ok(Some(Entry { state, ..entry }))
}

/// Jobs that a provider works on for nobody, of whom it has not been told.
///
/// # Errors
/// The database's.
pub async fn unwanted(db: &Db) -> Result<Vec<Entry>> {
    let mut connection = db.reader().acquire().await?;
    spends::unwanted(&mut connection).await
}

/// Notes that the provider was asked to withdraw the job, or had nothing to withdraw.
///
/// # Errors
/// The database's.
pub async fn withdrawn(db: &Db, job_id: JobId) -> Result<()> {
    let mut tx = db.begin().await?;
    spends::set_withdrawn(&mut tx, job_id).await?;
    tx.commit().await?;
    Ok(())
}

/// Refuses a run that would pass a cap, before it begins. `price` is in millionths of a US dollar, `None` where a part of it is not known.
///
/// # Errors
/// [`ErrorKind::CapReached`].
pub async fn check_run(db: &Db, caps: &Caps, price: Option<i64>) -> Result<()> {
    let mut connection = db.reader().acquire().await?;
    let of_day = spends::since(&mut connection, today()).await?;
    Ok(caps.allow(0, of_day, price)?)
}

/// The spending at a glance, with a page of its requests.
///
/// # Errors
/// The database's.
pub async fn spending(db: &Db, caps: &Caps, page: &PageRequest) -> Result<(Spending, Option<Cursor>)> {
    let mut snapshot = db.reader().begin().await?;
    let days = spends::by_day(&mut snapshot, DAYS).await?;
    let providers = spends::by_provider(&mut snapshot).await?;
    let today_usd_micros = spends::since(&mut snapshot, today()).await?;
    drop(snapshot);
    let requests = spends::list(db, page).await?;
    let spending = Spending {
        today_usd_micros,
        total_usd_micros: providers.iter().map(|one| one.usd_micros).sum(),
        cap_run_usd_micros: caps.run_usd_micros,
        cap_day_usd_micros: caps.day_usd_micros,
        days,
        providers,
        requests: requests.items,
        next: requests.next.as_ref().map(Cursor::to_string),
    };
    Ok((spending, requests.next))
}

/// The same, from where an earlier page ended.
///
/// # Errors
/// [`ErrorKind::Invalid`] for a cursor that no page gave.
pub async fn spending_from(db: &Db, caps: &Caps, cursor: Option<&str>) -> Result<Spending> {
    Ok(spending(db, caps, &PageRequest::from_cursor(cursor, Sort::NEWEST_FIRST)?).await?.0)
}

/// The beginning of this day, in UTC.
fn today() -> Timestamp {
    Timestamp::now().start_of_day()
}

/// Stores the state of a request after `event`; one that cannot happen to it is told to the operator, and changes nothing.
async fn happen(tx: &mut Tx, entry: &Entry, event: SpendEvent) -> Result<()> {
    match entry.state.next(event) {
        Some(state) if state == entry.state => Ok(()),
        Some(state) => spends::set_state(tx, entry.job_id, state).await,
        None => {
            tracing::warn!(job = %entry.job_id, state = entry.state.name(), ?event, "this cannot happen to a paid request; it stays as it is");
            Ok(())
        }
    }
}

async fn known(tx: &mut Tx, job_id: JobId) -> Result<Entry> {
    spends::get(tx, job_id).await?.ok_or_else(|| Error::Internal(format!("job {job_id} has no entry in the ledger")))
}

async fn keep_answer(tx: &mut Tx, job_id: JobId, answer: Option<&str>) -> Result<()> {
    match answer {
        Some(answer) => spends::set_answer(tx, job_id, answer).await,
        None => Ok(()),
    }
}

impl Caps {
    /// Whether another `price` may be spent after `of_run` in this run and `of_day` today, all in millionths of a US dollar.
    ///
    /// # Errors
    /// [`ErrorKind::CapReached`] where it would pass a cap, or its price is not known while there is one.
    pub fn allow(&self, of_run: i64, of_day: i64, price: Option<i64>) -> Result<(), ApiError> {
        for (cap, spent, name, setting) in [
            (self.run_usd_micros, of_run, "a run", "REELGRAPH_CAP_RUN_USD"),
            (self.day_usd_micros, of_day, "a day", "REELGRAPH_CAP_DAY_USD"),
        ] {
            let Some(cap) = cap else { continue };
            let reason = match price {
                Some(price) if spent + price <= cap => continue,
                Some(0) => continue,
                Some(price) => format!("This would cost {} on top of {}", dollars(price), dollars(spent)),
                None => "The price of this is not known, so it cannot be held under the cap".to_owned(),
            };
            let message = format!("{reason}; the cap on {name} is {}. Nothing was sent. Raise {setting}, or run less.", dollars(cap));
            return Err(ApiError::new(ErrorKind::CapReached, message));
        }
        Ok(())
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_cap_stops_before_it_is_passed_and_not_at_it() {
        let caps = Caps { run_usd_micros: Some(1_000_000), day_usd_micros: Some(2_000_000) };
        caps.allow(400_000, 0, Some(600_000)).unwrap();
        let refused = caps.allow(400_001, 0, Some(600_000)).unwrap_err();
        assert!(refused.kind == ErrorKind::CapReached && refused.message.contains("REELGRAPH_CAP_RUN_USD"), "{refused}");
        assert!(caps.allow(0, 1_900_000, Some(200_000)).unwrap_err().message.contains("REELGRAPH_CAP_DAY_USD"));
        assert!(caps.allow(0, 0, None).unwrap_err().message.contains("not known"));
        // What is there already costs nothing, whatever was spent.
        caps.allow(9_000_000, 9_000_000, Some(0)).unwrap();
        Caps::default().allow(9_000_000, 9_000_000, None).unwrap();
    }
}
