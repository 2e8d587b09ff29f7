//! What happens, told to pages.

/// Where state changes are announced.
#[derive(Debug, Clone, Default)]
pub struct Events;
