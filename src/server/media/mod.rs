//! Files and the tools that read and make them: content-addressed storage, ffprobe, ffmpeg. Imports domain only.

mod arguments;
mod cached;
pub mod change;
pub mod content;
mod descendants;
mod extent;
pub mod ffmpeg;
pub mod frames;
pub mod listing;
pub mod mark;
mod packets;
pub mod partial;
pub mod picture;
pub mod pieces;
pub mod poster;
pub mod probe;
pub mod probed;
mod report;
#[cfg(test)]
mod sample_clips;
mod sample_tables;
mod sandbox;
pub mod staging;
pub mod stat;
pub mod stitch;
pub mod streams;
mod timing;
