//! The plane a graph is drawn on: where things lie, what is selected, and what the hand does.

pub mod auto_pan;
pub mod geometry;
pub mod gesture;
pub mod layout;
pub mod placing;
pub mod selection;
pub mod wire;
