//! Integration tests: one binary that drives the real router over real HTTP, with a real database and real ffmpeg.

mod access;
mod health;
mod layers;
mod openapi;
mod support;
mod workflows;
