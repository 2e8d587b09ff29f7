//! The builder: its state, its canvas, and the tools around it.

mod canvas;
mod connection;
mod edit;
mod field;
mod hand;
mod keyboard;
mod minimap;
mod node;
mod node_state;
mod page;
mod palette;
mod socket;
mod state;
mod tools;

pub use edit::title;
pub use field::text_of;
pub use node_state::{Look, NodeState};
pub use page::{BuilderPage, NewBuilderPage};
pub use state::{Connecting, Editor, PaletteRequest};
