//! The size of a frame, with the names that people give it: an aspect and a resolution.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// The size of a frame in pixels; its text is `720x1280`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Size {
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
}

/// The texts that [`Size`] reads, as a regular expression for those who cannot call it: both sides even, and between 16 and 4096.
pub const SIZE_PATTERN: &str = "(?:1[68]|[2-9][02468]|[1-9][0-9][02468]|[1-3][0-9]{2}[02468]|40[0-8][02468]|409[0246])\
                                x(?:1[68]|[2-9][02468]|[1-9][0-9][02468]|[1-3][0-9]{2}[02468]|40[0-8][02468]|409[0246])";

/// A text is not the size of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a size is WIDTHxHEIGHT in pixels, both even and between 16 and 4096, such as 720x1280")]
pub struct SizeError;

/// The two numbers in the name of an aspect add up to at most this: `21:9`.
const MOST_TERMS: u32 = 30;

impl Size {
    /// The shorter side.
    #[must_use]
    pub fn short_side(self) -> u32 {
        self.width.min(self.height)
    }

    /// The name of the resolution, after the shorter side: `720p`, `4k`.
    #[must_use]
    pub fn resolution(self) -> String {
        if self.short_side() == 2160 { "4k".into() } else { format!("{}p", self.short_side()) }
    }

    /// Width to height in the fewest terms that give this frame, such as `9:16` also for 480x854, whose sides are rounded; else in lowest terms.
    #[must_use]
    pub fn aspect(self) -> String {
        let mut named = (2..=MOST_TERMS).flat_map(|sum| (1..sum).map(move |across| (across, sum - across)));
        if let Some((across, down)) = named.find(|(across, down)| Self::in_shape(*across, *down, self.short_side()) == self) {
            return format!("{across}:{down}");
        }
        let (mut a, mut b) = (self.width, self.height);
        while b != 0 {
            (a, b) = (b, a % b);
        }
        format!("{}:{}", self.width / a.max(1), self.height / a.max(1))
    }

    /// The frame of an aspect such as `9:16` in a resolution such as `720p` or `4k`; sides are rounded to even numbers.
    #[must_use]
    pub fn of(aspect: &str, resolution: &str) -> Option<Self> {
        let short: u32 = if resolution == "4k" { 2160 } else { resolution.strip_suffix('p')?.parse().ok()? };
        let (across, down) = aspect.split_once(':')?;
        let (across, down): (u32, u32) = (across.parse().ok()?, down.parse().ok()?);
        if across.min(down) == 0 || across.max(down) > 100 || !(16..=2160).contains(&short) {
            return None;
        }
        Some(Self::in_shape(across, down, short))
    }

    /// The frame of this shape whose shorter side is `short`; the other is rounded to an even number.
    fn in_shape(across: u32, down: u32, short: u32) -> Self {
        let long = (f64::from(short) * f64::from(across.max(down)) / f64::from(across.min(down)) / 2.0).round() as u32 * 2;
        if across < down { Self { width: short, height: long } } else { Self { width: long, height: short } }
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.width, self.height)
    }
}

impl FromStr for Size {
    type Err = SizeError;
    fn from_str(text: &str) -> Result<Self, SizeError> {
        let side = |text: &str| text.parse::<u32>().ok().filter(|side| (16..=4096).contains(side) && side % 2 == 0);
        let (width, height) = text.split_once('x').ok_or(SizeError)?;
        Ok(Self { width: side(width).ok_or(SizeError)?, height: side(height).ok_or(SizeError)? })
    }
}

impl TryFrom<String> for Size {
    type Error = SizeError;
    fn try_from(text: String) -> Result<Self, SizeError> {
        text.parse()
    }
}

impl From<Size> for String {
    fn from(size: Size) -> String {
        size.to_string()
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_even_and_bounded() {
        assert_eq!("720x1280".parse::<Size>().unwrap().to_string(), "720x1280");
        for wrong in ["", "720", "720x", "721x1280", "0x0", "720x99999", "720X1280", " 720x1280", "-720x1280"] {
            assert!(wrong.parse::<Size>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn aspect_and_resolution_name_a_frame() {
        let frame = |aspect, resolution| Size::of(aspect, resolution).map(|size| size.to_string());
        assert_eq!(frame("9:16", "720p").as_deref(), Some("720x1280"));
        assert_eq!(frame("16:9", "4k").as_deref(), Some("3840x2160"));
        assert_eq!(frame("16:9", "480p").as_deref(), Some("854x480"));
        assert_eq!(frame("1:1", "720p").as_deref(), Some("720x720"));
        for (aspect, resolution) in [("0:1", "720p"), ("9:16", "720"), ("wide", "720p"), ("9:16", "99999p")] {
            assert_eq!(frame(aspect, resolution), None, "{aspect} {resolution}");
        }
        assert_eq!(Size { width: 720, height: 1280 }.aspect(), "9:16");
        assert_eq!(Size { width: 1366, height: 768 }.aspect(), "16:9", "rounded sides keep the name of their shape");
        assert_eq!(Size { width: 1078, height: 720 }.aspect(), "539:360", "what has no name is told as it is");
    }
}
