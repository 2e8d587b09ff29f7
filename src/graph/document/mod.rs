//! The document: nodes and connections, what changes them and takes the change back, and the form in which they are kept.

pub mod auto_wire;
pub mod change;
pub mod clipboard;
pub mod clipboard_text;
pub mod command;
pub mod connect;
mod foreign;
pub mod format;
pub mod history;
pub mod list_order;
pub mod model;
pub mod patch;
pub mod schema;
mod seed;
pub mod starter;
pub mod swap;
