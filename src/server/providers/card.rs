//! The animatic's picture: the prompt, what it is a shot of, and below the frame the pieces that ffmpeg moves over it.

use image::{ExtendedColorType, ImageEncoder, Rgb, RgbImage, codecs::png};

use super::{
    lettering::{Block, Lettering},
    palette::Palette,
};
use crate::server::{Error, Result};

/// What a card says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// Who would make the shot: model and provider.
    pub title: String,
    /// Length, take and seed.
    pub details: String,
    /// What is to be seen.
    pub prompt: String,
    /// What this picture is, at the lower right.
    pub mark: String,
}

/// A part of the picture, in pixels; all even, because a video's colours have half its resolution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Area {
    /// Left edge.
    pub x: u32,
    /// Upper edge.
    pub y: u32,
    /// Width.
    pub width: u32,
    /// Height.
    pub height: u32,
}

/// Labels of one size, side by side from the sheet's left edge, then on the next row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Labels {
    /// Where the card shows one of them.
    pub shown: Area,
    /// The upper edge of the first row in the sheet.
    pub y: u32,
    /// Labels in a row.
    pub columns: u32,
    /// How many there are.
    pub count: u32,
}

impl Labels {
    fn rows(&self) -> u32 {
        self.count.div_ceil(self.columns)
    }
}

/// Where things are on the sheet: the card, and below it the filled progress bar and the clock's labels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Layout {
    /// The card's width and height.
    pub size: (u32, u32),
    /// The whole sheet's.
    pub sheet: (u32, u32),
    /// What stays free on all four sides.
    pub margin: u32,
    /// Where the prompt may stand.
    pub prompt: Area,
    /// The progress bar, empty.
    pub bar: Area,
    /// The progress bar, filled.
    pub filled_bar: Area,
    /// Minutes and seconds.
    pub seconds: Labels,
    /// Tenths of a second.
    pub tenths: Labels,
    text_size: f32,
}

/// The card's drawing, and where its parts are.
#[derive(Debug)]
pub struct Sheet {
    /// Where what is.
    pub layout: Layout,
    /// The drawing.
    pub image: RgbImage,
}

impl Sheet {
    /// Draws the card of `words` in `size` for a clip of `seconds` begun seconds.
    #[must_use]
    pub fn draw(words: &Words, palette: &Palette, size: (u32, u32), seconds: u32) -> Self {
        let mut lettering = Lettering::default();
        let layout = Layout::new(size, seconds, &mut lettering);
        let image = RgbImage::from_pixel(layout.sheet.0, layout.sheet.1, palette.ground);
        let mut pen = Pen { lettering, layout, palette: *palette, image };
        pen.head(words);
        pen.prompt(&words.prompt);
        pen.foot(&words.mark);
        pen.moving_parts();
        Self { layout, image: pen.image }
    }

    /// The drawing as PNG.
    ///
    /// # Errors
    /// [`Error::Internal`] where the encoder refuses, which it has no reason to.
    pub fn png(&self) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let encoder = png::PngEncoder::new_with_quality(&mut bytes, png::CompressionType::Fast, png::FilterType::Sub);
        let (width, height) = self.image.dimensions();
        let written = encoder.write_image(self.image.as_raw(), width, height, ExtendedColorType::Rgb8);
        written.map_err(|error| Error::Internal(format!("an animatic's card could not be written as PNG: {error}")))?;
        Ok(bytes)
    }
}

impl Layout {
    fn new(size: (u32, u32), seconds: u32, lettering: &mut Lettering) -> Self {
        let (width, height) = size;
        let short = pixels(width.min(height));
        let margin = even(short * 0.078);
        let text_size = (short * 0.034).max(9.0);
        let line = even(text_size * 1.4);
        let bar = Area {
            x: margin,
            y: height - margin - even(short * 0.008).max(2),
            width: width - 2 * margin,
            height: even(short * 0.008).max(2),
        };
        let clock = bar.y.saturating_sub(even(text_size * 0.4) + line);
        let widest = clock_label(seconds);
        let [seconds_width, tenths_width] =
            [widest.as_str(), ".0"].map(|label| even(lettering.line(label, text_size, f32::MAX).width().ceil()));
        let sheet_width = width.max(10 * tenths_width);
        let seconds = Labels {
            shown: Area { x: margin, y: clock, width: seconds_width, height: line },
            y: height + bar.height,
            columns: sheet_width / seconds_width,
            count: seconds,
        };
        let tenths = Labels {
            shown: Area { x: margin + seconds_width, y: clock, width: tenths_width, height: line },
            y: seconds.y + seconds.rows() * line,
            columns: 10,
            count: 10,
        };
        let prompt_y = margin + 2 * line + even(text_size * 1.4);
        let prompt_height = clock.saturating_sub(prompt_y + even(text_size * 1.2));
        Self {
            size,
            sheet: (sheet_width, tenths.y + line),
            margin,
            prompt: Area { y: prompt_y, height: prompt_height, ..bar },
            bar,
            filled_bar: Area { x: 0, y: height, ..bar },
            seconds,
            tenths,
            text_size,
        }
    }
}

/// What draws one card.
struct Pen {
    lettering: Lettering,
    layout: Layout,
    palette: Palette,
    image: RgbImage,
}

impl Pen {
    fn head(&mut self, words: &Words) {
        let Layout { margin, text_size, prompt: Area { width, .. }, .. } = self.layout;
        for (row, text, colour) in [(0, &words.title, self.palette.text), (1, &words.details, self.palette.quiet)] {
            let text = self.lettering.drawable(text);
            let block = self.lettering.line(&text, text_size, pixels(width));
            self.write(&block, (margin, margin + row * even(text_size * 1.4)), colour);
        }
    }

    fn prompt(&mut self, prompt: &str) {
        let area = self.layout.prompt;
        let short = pixels(self.layout.size.0.min(self.layout.size.1));
        let sizes = ((short * 0.028).max(9.0).floor(), (short * 0.115).floor());
        let (mut text, mut colour) = (self.lettering.drawable(prompt), self.palette.text);
        if text.is_empty() && !prompt.trim().is_empty() {
            (text, colour) = ("The font of this card has none of the prompt’s characters.".into(), self.palette.quiet);
        }
        let block = self.lettering.fit(&text, (pixels(area.width), pixels(area.height)), sizes);
        // A short prompt stands a little above the middle.
        let above = (pixels(area.height) - block.height()).max(0.0) * 0.36;
        self.write(&block, (area.x, area.y + even(above)), colour);
    }

    fn foot(&mut self, mark: &str) {
        let Layout { bar, seconds, tenths, text_size, .. } = self.layout;
        let left = tenths.shown.x + tenths.shown.width + even(text_size);
        let right = bar.x + bar.width;
        let block = self.lettering.line(mark, text_size, pixels(right.saturating_sub(left)));
        let x = right.saturating_sub(even(block.width().ceil()));
        self.write(&block, (x, seconds.shown.y), self.palette.quiet);
        self.fill(bar, self.palette.track);
    }

    /// What lies below the card: ffmpeg shows it piece by piece.
    fn moving_parts(&mut self) {
        self.fill(self.layout.filled_bar, self.palette.accent);
        let Layout { seconds, tenths, .. } = self.layout;
        self.labels(seconds, clock_label);
        self.labels(tenths, |tenth| format!(".{tenth}"));
    }

    fn labels(&mut self, labels: Labels, text: impl Fn(u32) -> String) {
        for label in 0..labels.count {
            let block = self.lettering.line(&text(label), self.layout.text_size, f32::MAX);
            let (x, y) = (label % labels.columns * labels.shown.width, labels.y + label / labels.columns * labels.shown.height);
            self.write(&block, (x, y), self.palette.quiet);
        }
    }

    fn write(&mut self, block: &Block, at: (u32, u32), colour: Rgb<u8>) {
        self.lettering.draw(&mut self.image, block, (pixels(at.0), pixels(at.1)), colour);
    }

    fn fill(&mut self, area: Area, colour: Rgb<u8>) {
        for y in area.y..area.y + area.height {
            for x in area.x..area.x + area.width {
                self.image.put_pixel(x, y, colour);
            }
        }
    }
}

/// Minutes and seconds, such as `0:07`.
fn clock_label(seconds: u32) -> String {
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

/// The nearest even number of pixels.
fn even(pixels: f32) -> u32 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "pixels of a picture, never negative")]
    let halves = (pixels / 2.0).round() as u32;
    halves * 2
}

#[expect(clippy::cast_precision_loss, reason = "pixels of a picture, far below 2^24")]
fn pixels(count: u32) -> f32 {
    count as f32
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use super::*;

    const TONE: [u8; 2] = [40, 1];

    fn words(prompt: &str) -> Words {
        Words {
            title: "veo-3.1-fast-generate-preview · google · draft".into(),
            details: "8 s · take 12 · seed 9223372036854775807 ".repeat(3),
            prompt: prompt.into(),
            mark: "720 × 1280".into(),
        }
    }

    fn sheet(prompt: &str, size: (u32, u32)) -> Sheet {
        Sheet::draw(&words(prompt), &Palette::of(TONE), size, 8)
    }

    /// Whether anything is drawn in the part of the card that `inside` picks.
    fn inked(sheet: &Sheet, inside: impl Fn(u32, u32) -> bool) -> bool {
        let (width, height) = sheet.layout.size;
        let ground = Palette::of(TONE).ground;
        sheet.image.enumerate_pixels().any(|(x, y, pixel)| x < width && y < height && inside(x, y) && *pixel != ground)
    }

    fn within(area: Area) -> impl Fn(u32, u32) -> bool {
        move |x, y| (area.x..area.x + area.width).contains(&x) && (area.y..area.y + area.height).contains(&y)
    }

    #[test]
    fn words_stay_inside_the_margins() {
        let long = "“Größe”, 雨夜的台北夜市。 ".repeat(120);
        for size in [(360, 640), (640, 360), (540, 540), (180, 320)] {
            for prompt in ["Fog", &long, &"x".repeat(3000), "a\n\nb\n\nc"] {
                let sheet = sheet(prompt, size);
                let margin = sheet.layout.margin;
                let outside = |x, y| x < margin || y < margin || x >= size.0 - margin || y >= size.1 - margin;
                assert!(!inked(&sheet, outside), "{size:?} {prompt:.20}");
                assert!(inked(&sheet, within(sheet.layout.prompt)), "{size:?} {prompt:.20}");
            }
        }
    }

    #[test]
    fn the_same_words_give_the_same_bytes() {
        let png = |prompt| sheet(prompt, (180, 320)).png().unwrap();
        assert_eq!(png("雨夜"), png("雨夜"));
        assert_ne!(png("雨夜"), png("雪夜"));
    }

    #[test]
    fn a_prompt_without_a_drawable_letter_is_said_to_be_one() {
        let area = sheet("", (720, 1280)).layout.prompt;
        assert!(!inked(&sheet(" \n ", (720, 1280)), within(area)));
        assert!(inked(&sheet("🎬🐻", (720, 1280)), within(area)));
    }

    #[test]
    fn every_part_lies_on_the_sheet() {
        for size in [(16, 16), (4096, 16), (16, 4096), (640, 360)] {
            for seconds in [1, 8, 60] {
                let Layout { sheet, bar, filled_bar, seconds, tenths, .. } =
                    Sheet::draw(&words("Fog"), &Palette::of(TONE), size, seconds).layout;
                let last_row = |labels: Labels| Area {
                    x: 0,
                    y: labels.y,
                    width: labels.columns * labels.shown.width,
                    height: labels.rows() * labels.shown.height,
                };
                for part in [bar, filled_bar, seconds.shown, tenths.shown, last_row(seconds), last_row(tenths)] {
                    assert!(part.x + part.width <= sheet.0 && part.y + part.height <= sheet.1, "{size:?} {part:?} {sheet:?}");
                    assert!([part.x, part.y, part.width, part.height].iter().all(|side| side % 2 == 0), "{size:?} {part:?}");
                }
            }
        }
    }
}
