//! The life of a run: what is planned, what it costs, how it moves on and ends, and the queue of its jobs.

pub mod advance;
pub mod board;
pub mod estimate;
pub mod execute;
pub mod figures;
pub mod generation;
pub mod held;
pub mod jobs;
mod known;
pub mod leases;
pub mod outcome;
mod prepare;
pub mod queue;
#[cfg(test)]
mod sample_jobs;
pub mod stitching;
pub mod stored;
