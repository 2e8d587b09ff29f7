//! The pages, for server and browser alike. Imports api, domain and graph; never server.

mod app;
pub mod browser;
pub mod clip;
pub mod components;
pub mod editor;
mod pages;
pub mod theme;
pub mod words;

pub use app::{App, learn_models, shell};
