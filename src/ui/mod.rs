//! The pages, for server and browser alike. Imports api, domain and graph; never server.

mod app;

pub use app::{App, shell};
