//! What is kept: assets on their way in, found again, tied to workflows, trashed, swept and checked; and whose it is.

pub mod assets;
pub mod check;
pub mod footage;
pub mod indexing;
pub mod ingest;
pub mod integrity;
pub mod kinds;
pub mod ownership;
pub mod posters;
pub mod recognition;
pub mod resumable;
pub mod scrub;
pub mod sweep;
pub mod upkeep;
pub mod upload;
pub mod uses;
