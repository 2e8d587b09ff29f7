//! The editor core and the scheduler's rules. Pure: no DOM, no signals, no async, no clock, no randomness.

pub mod catalogue;
pub mod model;
pub mod param;
pub mod socket_type;

pub use model::{Connection, Graph, Node, NodeType, Position, SocketRef};
pub use socket_type::SocketType;
