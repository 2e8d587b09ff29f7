//! Browsers that signed in: what each holds is random, ends after 30 days or when it signs out, and outlives a restart.
//!
//! Stored is a hash of it together with the access token's digest: whoever reads the database cannot sign in with what stands there, and a
//! new token leaves no session of the old one.

use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{
    Result,
    store::{Db, sessions},
};
use crate::domain::{self, Timestamp};

/// How long a session lasts, in days.
pub const DAYS: i64 = 30;

const SECONDS_A_DAY: f64 = 24.0 * 3600.0;

/// Begins a session for who showed the access token with the digest `key`; gives what its browser is to hold. Forgets those that are over.
///
/// # Errors
/// The database's.
pub async fn begin(db: &Db, key: &[u8; 32]) -> Result<String> {
    // 244 random bits.
    let held = format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
    let now = Timestamp::now();
    let mut tx = db.begin().await?;
    sessions::prune(&mut tx, now).await?;
    sessions::insert(&mut tx, hash(key, &held), now, now.plus_seconds(DAYS as f64 * SECONDS_A_DAY)).await?;
    tx.commit().await?;
    Ok(held)
}

/// Whether what a browser holds is a session that lasts.
///
/// # Errors
/// The database's.
pub async fn lasts(db: &Db, key: &[u8; 32], held: &str) -> Result<bool> {
    sessions::holds(db.reader(), hash(key, held), Timestamp::now()).await
}

/// Ends a session, wherever else its browser's cookie may have been copied to.
///
/// # Errors
/// The database's.
pub async fn end(db: &Db, key: &[u8; 32], held: &str) -> Result<()> {
    let mut tx = db.begin().await?;
    sessions::delete(&mut tx, hash(key, held)).await?;
    tx.commit().await?;
    Ok(())
}

fn hash(key: &[u8; 32], held: &str) -> domain::Sha256 {
    let digest = Sha256::new().chain_update(b"reelgraph session").chain_update(key).chain_update(held).finalize();
    domain::Sha256::new(digest.into())
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_session_lasts_30_days_for_its_token_or_until_it_is_ended() {
        let dir = tempfile::tempdir().unwrap();
        let db = Db::open(&format!("sqlite://{}", dir.path().join("media.db").display())).await.unwrap();
        let (key, other) = ([1; 32], [2; 32]);
        let (mine, theirs) = (begin(&db, &key).await.unwrap(), begin(&db, &key).await.unwrap());
        assert!(lasts(&db, &key, &mine).await.unwrap() && !lasts(&db, &other, &mine).await.unwrap());
        end(&db, &key, &mine).await.unwrap();
        assert!(!lasts(&db, &key, &mine).await.unwrap() && lasts(&db, &key, &theirs).await.unwrap());

        let later = |days: f64| Timestamp::now().plus_seconds(days * SECONDS_A_DAY);
        assert!(sessions::holds(db.reader(), hash(&key, &theirs), later(29.9)).await.unwrap());
        assert!(!sessions::holds(db.reader(), hash(&key, &theirs), later(30.1)).await.unwrap());
        let mut tx = db.begin().await.unwrap();
        sessions::prune(&mut tx, later(30.1)).await.unwrap();
        tx.commit().await.unwrap();
        assert!(!lasts(&db, &key, &theirs).await.unwrap());
    }
}
