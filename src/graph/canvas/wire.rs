//! A connection while it is made: its end that stays, and what the other end could be joined with.

use super::geometry::Point;
use crate::graph::{
    document::model::{Connection, SocketRef},
    spec::Direction,
};

/// A socket and the way it faces.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct End {
    /// The socket.
    pub socket: SocketRef,
    /// The way it faces.
    pub direction: Direction,
}

impl End {
    /// The input of that name.
    #[must_use]
    pub fn input(socket: SocketRef) -> Self {
        Self { socket, direction: Direction::In }
    }

    /// The output of that name.
    #[must_use]
    pub fn output(socket: SocketRef) -> Self {
        Self { socket, direction: Direction::Out }
    }

    /// The connection between this end and another that faces the other way; `None` where both face the same way.
    #[must_use]
    pub fn connected_with(&self, other: &Self) -> Option<Connection> {
        match (self.direction, other.direction) {
            (Direction::Out, Direction::In) => Some(Connection::new(self.socket.clone(), other.socket.clone())),
            (Direction::In, Direction::Out) => Some(Connection::new(other.socket.clone(), self.socket.clone())),
            _ => None,
        }
    }
}

/// A socket within reach of a wire in the hand.
#[derive(Debug, Clone, PartialEq)]
pub struct Snap {
    /// The socket.
    pub end: End,
    /// Where it is on the plane.
    pub at: Point,
    /// Why the wire may not end there.
    pub refusal: Option<String>,
}

/// A wire in the hand.
#[derive(Debug, Clone, PartialEq)]
pub struct Wire {
    /// The end that stays.
    pub from: End,
    /// Where the pointer is on the plane.
    pub to: Point,
    /// The socket it has jumped to, or that turns it away.
    pub snap: Option<Snap>,
}

impl Wire {
    /// Where the loose end is drawn: at a socket that takes it, else under the pointer.
    #[must_use]
    pub fn tip(&self) -> Point {
        self.snap.as_ref().filter(|snap| snap.refusal.is_none()).map_or(self.to, |snap| snap.at)
    }
}
