//! The editor core and the scheduler's rules. Pure: no DOM, no signals, no async, no clock, no randomness.

pub mod auto_pan;
pub mod catalog;
pub mod change;
pub mod check;
pub mod clipboard;
pub mod command;
pub mod connect;
pub mod control;
pub mod format;
pub mod freshness;
pub mod geometry;
pub mod gesture;
pub mod history;
pub mod key;
pub mod layout;
pub mod limits;
pub mod list_order;
pub mod model;
pub mod nodes;
pub mod param;
pub mod plan;
pub mod schema;
mod seed;
pub mod selection;
pub mod setting;
pub mod socket_type;
pub mod spec;
pub mod starter;
pub mod step;
pub mod swap;
#[cfg(test)]
mod tests;
pub mod unfinished;
pub mod wire;

pub use change::Change;
pub use clipboard::Fragment;
pub use command::{Command, CommandError};
pub use connect::ConnectError;
pub use key::content_key;
pub use model::{Connection, Graph, Node, NodeType, Position, SocketRef};
pub use plan::{Plan, plan};
pub use socket_type::SocketType;
pub use step::Step;
pub use unfinished::unfinished;
