//! What jobs do: the operations, one file each, and the list of them. Jobs are queued, priced, shown and done by what stands here.

pub mod context;
pub mod enqueue;
pub mod frame_grab;
pub mod generate;
pub mod operation;
pub mod poster;
pub mod stitch;
pub mod trim;

use operation::Registered;

/// Every operation. One is added by a file and its line here.
static ALL: &[&dyn Registered] = &[&generate::Generate, &stitch::Stitch, &frame_grab::FrameGrab, &trim::Trim, &poster::Poster];

/// Every operation this version knows.
#[must_use]
pub fn all() -> &'static [&'static dyn Registered] {
    ALL
}

/// The operation of that name; `None` for one of a newer version.
#[must_use]
pub fn find(name: &str) -> Option<&'static dyn Registered> {
    all().iter().copied().find(|operation| operation.name() == name)
}
