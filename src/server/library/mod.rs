//! What is kept: clips and pictures on their way in, found again, tied to workflows, and swept.

pub mod images;
pub mod ingest;
pub mod posters;
pub mod sweep;
pub mod upload;
pub mod uses;
pub mod videos;
