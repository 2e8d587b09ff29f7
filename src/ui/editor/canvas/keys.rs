//! What the builder's keys mean. What is done then is in `keyboard.rs`; `shortcuts.rs` lists them for the user.

/// How far an arrow key moves a node in graph units, and with Shift.
const STEP: (f64, f64) = (8.0, 48.0);

/// What a key is pressed together with. Command counts as Ctrl.
#[derive(Debug, Clone, Copy, Default)]
pub struct Held {
    /// Ctrl, or Command on a Mac.
    pub ctrl: bool,
    /// Shift.
    pub shift: bool,
    /// Alt, or Option on a Mac.
    pub alt: bool,
}

/// What a key asks for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Meaning {
    Run,
    Save,
    Undo,
    Redo,
    Duplicate,
    SelectAll,
    Delete,
    LetGo,
    /// Right and down, in graph units.
    Move(f64, f64),
    Pan,
    ZoomIn,
    ZoomOut,
    Fit,
    AddNode,
    ListKeys,
}

impl Meaning {
    /// What `key`, as the browser names it, means with these held. With Alt it is the browser's or the system's.
    #[must_use]
    pub fn of(key: &str, Held { ctrl, shift, alt }: Held) -> Option<Self> {
        if alt {
            return None;
        }
        let far = if shift { STEP.1 } else { STEP.0 };
        Some(match (key.to_ascii_lowercase().as_str(), ctrl, shift) {
            ("enter", true, false) => Self::Run,
            ("s", true, false) => Self::Save,
            ("z", true, false) => Self::Undo,
            ("z", true, true) | ("y", true, _) => Self::Redo,
            ("d", true, false) => Self::Duplicate,
            ("a", true, false) => Self::SelectAll,
            ("escape", false, _) => Self::LetGo,
            ("delete" | "backspace", false, _) => Self::Delete,
            ("arrowleft", false, _) => Self::Move(-far, 0.0),
            ("arrowright", false, _) => Self::Move(far, 0.0),
            ("arrowup", false, _) => Self::Move(0.0, -far),
            ("arrowdown", false, _) => Self::Move(0.0, far),
            (" ", false, _) => Self::Pan,
            ("+" | "=", false, _) => Self::ZoomIn,
            ("-", false, _) => Self::ZoomOut,
            ("1", false, _) => Self::Fit,
            ("n", false, _) => Self::AddNode,
            ("?", false, _) => Self::ListKeys,
            _ => return None,
        })
    }
}
