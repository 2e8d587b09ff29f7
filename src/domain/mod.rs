//! What things are: the vocabulary shared by server and browser. Imports no framework and no driver, and nothing else of ours.

pub mod asset;
pub mod asset_kind;
pub mod asset_ref;
pub mod error;
pub mod event;
pub mod execution;
pub mod ids;
pub mod image;
pub mod job;
pub mod limits;
mod optional;
pub mod origin;
pub mod page;
pub mod provider;
pub mod spend;
pub mod stitch;
mod store_mark;
pub mod timestamp;
pub mod transition;
pub mod video;
pub mod workflow;

pub use asset::Asset;
pub use asset_kind::AssetKind;
pub use asset_ref::AssetRef;
pub use error::{ApiError, ErrorKind, FieldError};
pub use ids::{AssetId, ExecutionId, ImageId, JobId, NodeId, Sha256, StoreId, VideoId, WorkflowId};
pub use store_mark::StoreMark;
pub use timestamp::Timestamp;
