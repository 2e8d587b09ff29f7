//! SQL and nothing else: every statement of the program stands in this folder. Rows become domain types in [`rows`].

pub mod associations;
pub mod db;
pub mod rows;
pub mod workflows;

pub use db::{Db, Tx};
