//! The builder: its state, its canvas, and the tools around it.

mod broken;
mod canvas;
mod document;
mod on_demand;
mod page;
mod panels;
mod session;
mod state;

pub use canvas::field::text_of;
pub use canvas::hand::Connecting;
pub use canvas::node_state::{Look, NodeState};
pub use document::edit::title;
pub use page::BuilderPage;
pub use state::{Editor, PaletteRequest};

#[cfg(test)]
mod state_tests;
