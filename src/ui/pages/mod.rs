//! The pages, one file each, and the frame around those that are no canvas.

mod frame;
mod job_board;
mod job_row;
mod jobs;
mod not_found;
mod spend;
mod workflow_row;
mod workflows;

pub use jobs::JobsPage;
pub use not_found::{NotFoundPage, NothingHere};
pub use spend::SpendPage;
pub use workflows::WorkflowsPage;
