//! What a worker does.
