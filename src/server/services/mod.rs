//! Use cases, one file each. A service takes what it uses: rows, files, tools; never the whole state.

pub mod events;
pub mod workflows;
