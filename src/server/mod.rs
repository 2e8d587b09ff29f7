//! Everything native: HTTP, services, storage, media, providers, workers.

pub mod config;
pub mod error;
pub mod http;
pub mod jobs;
pub mod media;
pub mod providers;
pub mod respond;
pub mod run;
pub mod services;
pub mod state;
pub mod store;

pub use error::{Error, Result};
