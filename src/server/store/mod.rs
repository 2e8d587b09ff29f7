//! SQL and nothing else: every statement of the program stands in this folder. Rows become domain types in [`rows`].

pub mod adopt;
pub mod associations;
pub mod db;
pub mod events;
pub mod executions;
pub mod figures;
pub mod images;
pub mod jobs;
pub mod queue;
pub mod rows;
pub mod spends;
pub mod step_results;
pub mod steps;
pub mod video_list;
pub mod videos;
pub mod workflows;

pub use db::{Db, Tx};
