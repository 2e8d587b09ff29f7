//! What jobs do.

pub mod enqueue;
