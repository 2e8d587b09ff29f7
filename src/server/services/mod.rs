//! Use cases, one file each. A service takes what it uses: rows, files, tools; never the whole state.

pub mod advance;
pub mod associate;
pub mod board;
pub mod estimate;
pub mod events;
pub mod execute;
pub mod figures;
pub mod generate;
pub mod images;
pub mod ingest;
pub mod jobs;
pub mod leases;
pub mod ledger;
pub mod library;
pub mod node_schema;
pub mod posters;
pub mod prepare;
pub mod queue;
#[cfg(test)]
pub mod sample_jobs;
pub mod stitch;
pub mod sweep;
pub mod upload;
pub mod workflows;
