//! The icons, drawn here so that nothing has to be fetched. 24 units wide, stroked in the text's colour.

use leptos::prelude::*;

/// Which icon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Glyph {
    /// Add something.
    Add,
    /// Make another take.
    Again,
    /// Go back.
    Back,
    /// Something went wrong.
    Alert,
    /// Done.
    Check,
    /// Open a list.
    ChevronDown,
    /// Move up.
    ChevronUp,
    /// Close.
    Close,
    /// A clip that is gone.
    ClipMissing,
    /// Copy.
    Copy,
    /// Delete.
    Delete,
    /// Bring to this machine.
    Download,
    /// Rename.
    Edit,
    /// Show everything.
    Fit,
    /// A film strip: clips.
    Film,
    /// Before all others.
    Front,
    /// What is known of something.
    Info,
    /// Dark.
    Moon,
    /// More choices.
    More,
    /// A sheet of words.
    Note,
    /// Open a saved one.
    Open,
    /// Hold.
    Pause,
    /// Play or run.
    Play,
    /// Do again.
    Redo,
    /// Save.
    Save,
    /// Search.
    Search,
    /// Leave.
    SignOut,
    /// Stop.
    Stop,
    /// Light.
    Sun,
    /// Take back.
    Undo,
    /// Give a file.
    Upload,
    /// The workflows.
    Graph,
    /// Closer.
    ZoomIn,
    /// Further away.
    ZoomOut,
}

impl Glyph {
    fn path(self) -> &'static str {
        match self {
            Self::Add => "M12 5v14M5 12h14",
            Self::Again => "M20 12a8 8 0 1 1-2.6-5.9M20 3v5h-5",
            Self::Back => "M19 12H5m6-6-6 6 6 6",
            Self::Alert => "M12 4 2.8 20h18.4L12 4Zm0 6v4.5m0 2.6v.1",
            Self::Check => "m5 12.5 4.5 4.5L19 7.5",
            Self::ChevronDown => "m6 9 6 6 6-6",
            Self::ChevronUp => "m6 15 6-6 6 6",
            Self::Close => "M6 6l12 12M18 6 6 18",
            Self::ClipMissing => "M4 5h13a3 3 0 0 1 3 3v11M4 5v14h16M3 3l18 18M4 10h5M4 14h9",
            Self::Copy => "M9 9h11v11H9zM5 15H4V4h11v1",
            Self::Delete => "M4 7h16M9 7V4h6v3M6.5 7l1 13h9l1-13M10 11v5m4-5v5",
            Self::Download => "M12 4v11m-5-4.5 5 4.5 5-4.5M5 20h14",
            Self::Edit => "M4 20h4L19 9l-4-4L4 16v4Zm9-13 4 4",
            Self::Fit => "M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5",
            Self::Film => "M4 5h16v14H4zM8 5v14m8-14v14M4 9.7h4m-4 4.6h4m8-4.6h4m-4 4.6h4",
            Self::Front => "M6 4h12M12 20V9m-5 5 5-5 5 5",
            Self::Info => "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18Zm0 8v5.5M12 7.6v.1",
            Self::Moon => "M19.5 14.5A8 8 0 0 1 9.5 4.5a8 8 0 1 0 10 10Z",
            Self::More => "M5.5 12h.1m6.3 0h.2m6.3 0h.1",
            Self::Note => "M5 4h14v10l-6 6H5zM13 20v-6h6M9 9h6",
            Self::Open => "M3 19V6h6l2 2h8v3M3 19l3-8h16l-3 8Z",
            Self::Pause => "M8.5 5v14m7-14v14",
            Self::Play => "M7 4.5v15l12-7.5L7 4.5Z",
            Self::Redo => "M15 5l5 5-5 5m5-5H10a5.5 5.5 0 0 0 0 11h3",
            Self::Save => "M5 4h11l4 4v12H4V4h1Zm3 0v5h7V4M8 20v-6h8v6",
            Self::Search => "M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13Zm4.8 11.3L20.5 20.5",
            Self::SignOut => "M10 4H5v16h5M10 12h10m-4.5-4.5L20 12l-4.5 4.5",
            Self::Stop => "M6.5 6.5h11v11h-11z",
            Self::Sun => {
                "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8Zm0-5.5V4m0 16v1.5M2.5 12H4m16 0h1.5M5.3 5.3l1 1m11.4 11.4 1 1m0-13.4-1 1M6.3 17.7l-1 1"
            }
            Self::Undo => "M9 5l-5 5 5 5m-5-5h10a5.5 5.5 0 0 1 0 11h-3",
            Self::Upload => "M12 16V5M7 9.5 12 5l5 4.5M5 20h14",
            Self::Graph => "M3.5 5h6v5h-6zM14.5 14h6v5h-6zM9.5 7.5h3a2 2 0 0 1 2 2v7",
            Self::ZoomIn => "M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13Zm4.8 11.3 5.2 5.2M10.5 7.7v5.6M7.7 10.5h5.6",
            Self::ZoomOut => "M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13Zm4.8 11.3 5.2 5.2M7.7 10.5h5.6",
        }
    }

    fn is_filled(self) -> bool {
        matches!(self, Self::Play | Self::Stop)
    }
}

/// An icon beside or in place of words. Hidden from screen readers: the control that holds it has the name.
#[component]
pub fn Icon(
    /// Which one.
    glyph: Glyph,
) -> impl IntoView {
    view! {
        <svg class="icon" class:icon-filled=glyph.is_filled() viewBox="0 0 24 24" width="18" height="18" aria-hidden="true" focusable="false">
            <path d=glyph.path()></path>
        </svg>
    }
}
