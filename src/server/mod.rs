//! Everything native: HTTP, the rooms that care for runs, library, money and workflows, storage, media, providers, workers.

pub mod clock;
pub mod config;
pub mod error;
pub mod events;
pub mod http;
pub mod library;
pub mod log;
pub mod media;
pub mod memory;
pub mod money;
pub mod operations;
pub mod providers;
pub mod respond;
pub mod run;
pub mod runs;
pub mod sessions;
pub mod state;
pub mod store;
pub mod studio;
pub mod workers;
pub mod workflows;

pub use error::{Error, Result};
