//! What stands around the canvas: bar and tools, palette, inspector, and what is asked in a dialog.

pub mod asset_facts;
pub mod clip_order;
pub mod dialogs;
pub mod file_fields;
pub mod inspector;
pub mod minimap;
pub mod model_facts;
pub mod palette;
pub mod price;
pub mod shortcuts;
mod stitch_plan;
pub mod tools;
pub mod topbar;
