//! What a videos store and its database share, so that they know each other.

use serde::{Deserialize, Serialize};

use super::ids::StoreId;

/// The mark of a store, and of the database whose files it holds: each of the two carries one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoreMark {
    /// The same in both.
    pub store_id: StoreId,
    /// Raised by each start, the database's first. A database whose counter is less than its store's is a copy or a restored backup. 0 in a
    /// database: its store may not be marked yet.
    pub counter: u32,
}
