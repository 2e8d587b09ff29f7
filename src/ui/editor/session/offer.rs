//! What is offered of an earlier visit.

use crate::{
    domain::Timestamp,
    graph::Graph,
    ui::{browser::journal::JournalStore, editor::document::journal::Head},
};

/// Unsaved edits of an earlier visit.
#[derive(Debug, Clone, PartialEq)]
pub struct Offer {
    /// The graph with them.
    pub(super) graph: Graph,
    /// The name that was given, where one was.
    pub(super) name: Option<String>,
    /// The description that was given, where one was.
    pub(super) description: Option<String>,
    /// When the last of them was made.
    pub at: Timestamp,
    /// Whether they began from another version than the one that is shown.
    pub is_older: bool,
    /// The journal that holds them; the draft slot where it is `None`.
    pub(super) left: Option<(JournalStore, Head)>,
}
