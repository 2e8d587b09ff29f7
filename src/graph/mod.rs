//! The editor core and the scheduler's rules. Pure: no DOM, no signals, no async, no clock, no randomness.

pub mod canvas;
pub mod catalog;
pub mod check;
pub mod control;
pub mod document;
pub mod freshness;
pub mod key;
pub mod limits;
pub mod nodes;
pub mod param;
pub mod plan;
pub mod setting;
pub mod socket_type;
pub mod spec;
pub mod step;
#[cfg(test)]
mod tests;
pub mod unfinished;

pub use document::{
    change::Change,
    clipboard::Fragment,
    command::{Command, CommandError},
    connect::ConnectError,
    model::{Connection, Graph, Node, NodeType, Position, SocketRef},
};
pub use key::content_key;
pub use plan::{Plan, plan};
pub use socket_type::SocketType;
pub use step::Step;
pub use unfinished::unfinished;
