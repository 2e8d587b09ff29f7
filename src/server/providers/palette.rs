//! The animatic's colours: a quiet tone taken from the prompt, so that shots differ at a glance and words stay readable.

use image::Rgb;

/// The colours of one card. `text` and `quiet` stand on `ground` with a contrast of at least 7:1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Palette {
    /// Behind everything.
    pub ground: Rgb<u8>,
    /// The part of the progress bar that is still to come.
    pub track: Rgb<u8>,
    /// The prompt.
    pub text: Rgb<u8>,
    /// Title details and the clock.
    pub quiet: Rgb<u8>,
    /// The progress bar and the mark beside the title.
    pub accent: Rgb<u8>,
}

impl Palette {
    /// The palette of a prompt whose digest starts with `tone`.
    #[must_use]
    pub fn of(tone: [u8; 2]) -> Self {
        let hue = f64::from(tone[0]) / 256.0 * 360.0;
        // A second, independent step: dark, middle or deep, so that neighbours in hue still differ.
        let (lightness, chroma) = [(0.255, 0.050), (0.29, 0.062), (0.325, 0.058)][usize::from(tone[1]) % 3];
        Self {
            ground: oklch(lightness, chroma, hue),
            track: oklch(lightness + 0.12, chroma, hue),
            text: oklch(0.97, 0.012, hue),
            quiet: oklch(0.875, 0.035, hue),
            accent: oklch(0.80, 0.115, hue + 35.0),
        }
    }
}

/// The sRGB colour of an OKLCH one: lightness 0 to 1, chroma, hue in degrees. Out of gamut is clipped.
fn oklch(lightness: f64, chroma: f64, hue: f64) -> Rgb<u8> {
    let (sin, cos) = hue.to_radians().sin_cos();
    let (a, b) = (chroma * cos, chroma * sin);
    let l = (lightness + 0.396_337_777_4 * a + 0.215_803_757_3 * b).powi(3);
    let m = (lightness - 0.105_561_345_8 * a - 0.063_854_172_8 * b).powi(3);
    let s = (lightness - 0.089_484_177_5 * a - 1.291_485_548_0 * b).powi(3);
    Rgb([
        encode(4.076_741_662_1 * l - 3.307_711_591_3 * m + 0.230_969_929_2 * s),
        encode(-1.268_438_004_6 * l + 2.609_757_401_1 * m - 0.341_319_396_5 * s),
        encode(-0.004_196_086_3 * l - 0.703_418_614_7 * m + 1.707_614_701_0 * s),
    ])
}

/// A linear channel, 0 to 1, as an sRGB byte.
fn encode(linear: f64) -> u8 {
    let linear = linear.clamp(0.0, 1.0);
    let value = if linear <= 0.003_130_8 { 12.92 * linear } else { 1.055 * linear.powf(1.0 / 2.4) - 0.055 };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 255")]
    let byte = (value * 255.0).round() as u8;
    byte
}

#[cfg(test)]
mod tests {
    use super::*;

    fn luminance(colour: Rgb<u8>) -> f64 {
        let linear = colour.0.map(|byte| {
            let value = f64::from(byte) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        });
        0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    }

    fn contrast(one: Rgb<u8>, other: Rgb<u8>) -> f64 {
        let (one, other) = (luminance(one) + 0.05, luminance(other) + 0.05);
        one.max(other) / one.min(other)
    }

    #[test]
    fn words_are_readable_in_every_tone() {
        for hue in 0..=255 {
            for step in 0..3 {
                let palette = Palette::of([hue, step]);
                for (name, colour, least) in [("text", palette.text, 7.0), ("quiet", palette.quiet, 7.0), ("accent", palette.accent, 3.0)] {
                    let ratio = contrast(colour, palette.ground);
                    assert!(ratio >= least, "{name} on tone {hue}/{step}: {ratio:.2}");
                }
            }
        }
    }
}
