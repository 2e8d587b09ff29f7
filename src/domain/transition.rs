//! How two clips may be joined: a cut, or one of the transitions of ffmpeg's xfade filter that its version 5.1 has
//! (<https://ffmpeg.org/ffmpeg-filters.html#xfade>).

/// The transition that is none: one clip follows the other.
pub const CUT: &str = "cut";

/// Every way of joining two clips, each with its name in words; the cut first.
pub const ALL: &[(&str, &str)] = &[
    (CUT, "Cut"),
    ("fade", "Fade"),
    ("dissolve", "Dissolve"),
    ("fadeblack", "Fade through black"),
    ("fadewhite", "Fade through white"),
    ("fadegrays", "Fade through grey"),
    ("wipeleft", "Wipe left"),
    ("wiperight", "Wipe right"),
    ("wipeup", "Wipe up"),
    ("wipedown", "Wipe down"),
    ("wipetl", "Wipe to upper left"),
    ("wipetr", "Wipe to upper right"),
    ("wipebl", "Wipe to lower left"),
    ("wipebr", "Wipe to lower right"),
    ("slideleft", "Slide left"),
    ("slideright", "Slide right"),
    ("slideup", "Slide up"),
    ("slidedown", "Slide down"),
    ("smoothleft", "Smooth left"),
    ("smoothright", "Smooth right"),
    ("smoothup", "Smooth up"),
    ("smoothdown", "Smooth down"),
    ("circlecrop", "Circle crop"),
    ("circleopen", "Circle open"),
    ("circleclose", "Circle close"),
    ("rectcrop", "Rectangle crop"),
    ("vertopen", "Vertical open"),
    ("vertclose", "Vertical close"),
    ("horzopen", "Horizontal open"),
    ("horzclose", "Horizontal close"),
    ("diagtl", "Diagonal from upper left"),
    ("diagtr", "Diagonal from upper right"),
    ("diagbl", "Diagonal from lower left"),
    ("diagbr", "Diagonal from lower right"),
    ("hlslice", "Slices from the left"),
    ("hrslice", "Slices from the right"),
    ("vuslice", "Slices from the top"),
    ("vdslice", "Slices from the bottom"),
    ("distance", "Distance"),
    ("radial", "Radial"),
    ("pixelize", "Pixelize"),
    ("hblur", "Blur"),
    ("squeezeh", "Squeeze horizontally"),
    ("squeezev", "Squeeze vertically"),
    ("zoomin", "Zoom in"),
];

/// Whether a join of that name can be asked for.
#[must_use]
pub fn is_known(name: &str) -> bool {
    ALL.iter().any(|(known, _)| *known == name)
}
