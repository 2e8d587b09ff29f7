//! REST and pages: thin doors to the services. A handler reads the request, calls one service and answers.

pub mod access;
pub mod assets;
pub mod download;
pub mod events;
pub mod executions;
pub mod extract;
pub mod health;
pub mod images;
pub mod jobs;
pub mod layers;
pub mod list;
pub mod login;
pub mod metrics;
pub mod nodes;
pub mod openapi;
pub mod pages;
pub mod problem;
pub mod router;
pub mod server_functions;
pub mod spend;
pub mod upload;
pub mod videos;
pub mod workflows;
