//! SQL and nothing else: every statement of the program stands in this folder. Rows become domain types in [`rows`].

pub mod db;
pub mod rows;

pub use db::{Db, Tx};
