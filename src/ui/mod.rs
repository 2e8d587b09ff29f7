//! The pages, for server and browser alike. Imports api, domain and graph; never server.

mod address;
mod app;
pub mod browser;
pub mod components;
pub mod editor;
mod escape;
pub mod media;
mod pages;
pub mod theme;
pub mod words;

pub use address::{PATHS, Page};
pub use app::{around, builder, learn_models, list, shell};
