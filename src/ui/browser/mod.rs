//! What only a browser can do. The one place that names `web_sys`; everything here is called from events and effects, never while
//! rendering.

pub mod browser_only;
pub mod canvas_dom;
pub mod clip_store;
pub mod download;
pub mod events;
pub mod files;
pub mod journal;
pub mod network;
pub mod page;
pub mod playback;
pub mod request;
mod silence;
pub mod storage;
pub mod upload;
