//! The builder: its state, its canvas, and the tools around it.

mod canvas;
mod canvas_view;
mod clip_facts;
mod clip_order;
mod connection;
mod dialogs;
mod document;
mod edit;
mod empty;
mod field;
mod file_fields;
mod gestures;
mod hand;
mod image_facts;
mod inspector;
mod keyboard;
mod keys;
mod live;
mod minimap;
mod model_facts;
mod node;
mod node_state;
mod on_demand;
mod overtaken;
mod page;
mod palette;
mod pointer;
mod price;
mod restore;
mod run;
mod save;
mod session;
mod shortcuts;
mod socket;
mod state;
mod target;
mod tools;
mod topbar;
mod upload;
mod view;
mod wiring_keys;

pub use edit::title;
pub use field::text_of;
pub use hand::Connecting;
pub use node_state::{Look, NodeState};
pub use page::BuilderPage;
pub use state::{Editor, PaletteRequest};

#[cfg(test)]
mod state_tests;
