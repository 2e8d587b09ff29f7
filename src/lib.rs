//! Reelgraph: a node-graph workflow builder for AI video, with a media manager that never loses or repeats a clip.
//!
//! `domain` and `graph` are pure and shared; `api` holds the server functions, `ui` the views of both sides, `server` everything native.

#![recursion_limit = "256"]

pub mod api;
pub mod domain;
pub mod graph;
#[cfg(feature = "ssr")]
pub mod server;
pub mod ui;
#[cfg(feature = "hydrate")]
mod wake;
