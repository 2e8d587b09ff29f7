//! The builder: its state, its canvas, and the tools around it.

mod node_state;
mod state;

pub use node_state::{Look, NodeState};
pub use state::{Connecting, Editor, PaletteRequest};
