//! SQL and nothing else: every statement of the program stands in this folder. Rows become domain types in [`rows`].

pub mod adopt;
pub mod assets;
pub mod db;
pub mod deleted;
pub mod events;
pub mod executions;
pub mod figures;
pub mod footage;
pub mod held;
pub mod jobs;
pub mod kinds;
pub mod mark;
pub mod named_files;
mod paging;
pub mod queue;
mod recent;
pub mod rows;
pub mod search;
pub mod sessions;
pub mod spends;
pub mod step_results;
pub mod steps;
pub mod upkeep;
pub mod uploads;
pub mod uses;
pub mod video_list;
pub mod workflow_assets;
pub mod workflows;

pub use db::{Db, Tx};
