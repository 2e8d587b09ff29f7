//! Integration tests: one binary that drives the real router over real HTTP, with a real database and real ffmpeg.

#![expect(clippy::unwrap_used, reason = "what is not there fails the test")]

mod access;
mod addresses;
mod adoption;
mod associations;
mod check;
mod circles;
mod clock;
mod conformance;
mod damaged;
mod deleting;
mod double;
mod events;
mod executions;
mod full_disk;
mod gateways;
mod health;
mod hostile;
mod images;
mod integrity;
mod jobs;
mod kept;
mod keys;
mod kills;
mod layers;
mod limits;
mod locked;
mod logs;
mod long_answers;
mod markup;
mod models;
mod odd_clips;
mod old_database;
mod openapi;
mod ownership;
mod paid;
mod peers;
mod probes;
mod proxies;
mod restart;
mod soak;
mod support;
mod trash;
mod videos;
mod workflows;
