//! What is kept: assets on their way in, found again, tied to workflows, trashed and swept.

pub mod assets;
pub mod ingest;
pub mod kinds;
pub mod posters;
pub mod sweep;
pub mod upload;
pub mod uses;
