//! Use cases, one file each. A service takes what it uses: rows, files, tools; never the whole state.

pub mod advance;
pub mod events;
pub mod execute;
pub mod jobs;
pub mod workflows;
