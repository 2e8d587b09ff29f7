//! The parts pages are made of.

pub mod clip_player;
pub mod icon;

pub use clip_player::ClipPlayer;
pub use icon::{Glyph, Icon};
