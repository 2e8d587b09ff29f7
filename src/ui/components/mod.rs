//! The parts pages are made of.

mod button;
mod dialog;
mod field;
mod icon;
mod menu;
mod notice;
mod one_type;
mod outcome;
mod player;
mod reconnect;
mod signal;
mod toast;
mod when;

pub use button::IconButton;
pub use dialog::Dialog;
pub use field::{SelectField, TextField};
pub use icon::{Glyph, Icon};
pub use menu::Menu;
pub use notice::{EmptyState, ErrorNotice, Skeleton};
pub use one_type::{each, effect, handler, is_composing, memo, on_key, part, part_if};
pub use outcome::OutcomeButtons;
pub use player::MediaView;
pub use reconnect::{Reconnect, Retry};
pub use signal::set_if_new;
pub use toast::{ToastRegion, Toasts};
pub use when::When;
