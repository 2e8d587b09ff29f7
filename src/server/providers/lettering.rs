//! Setting words for the animatic: shaping, wrapping and drawing with the one font that ships with the program.

use std::{ops::Range, sync::Arc};

use cosmic_text::{Attrs, Buffer, Family, FontSystem, Metrics, Shaping, SwashCache, Wrap, fontdb};
use image::{Rgb, RgbImage};

/// The font: Latin, Greek, Cyrillic, Chinese, Japanese and Korean. Its licence stands beside it.
static FONT: &[u8] = include_bytes!("../../../assets/fonts/wqy-microhei.ttc");

/// The face of [`FONT`] that is used.
const FAMILY: &str = "WenQuanYi Micro Hei";

/// The face with Latin forms of marks that [`FAMILY`] has only as wide as an ideograph.
const NARROW_FAMILY: &str = "WenQuanYi Micro Hei Mono";

/// Those marks, and what to take from the width that they have in [`NARROW_FAMILY`], half on either side, in thousandths of the font size.
const NARROWED: [(char, u16); 5] = [('“', 160), ('”', 160), ('‘', 387), ('’', 387), ('…', 0)];

/// Line height as a multiple of the font size: enough for ideographs, which fill their square.
const LINE_HEIGHT: f32 = 1.36;

/// Stands where text was cut.
const ELLIPSIS: char = '…';

/// A font and what was drawn with it so far.
#[derive(Debug)]
pub struct Lettering {
    fonts: FontSystem,
    glyphs: SwashCache,
}

/// Text that was shaped, wrapped and found to fit.
#[derive(Debug)]
pub struct Block {
    buffer: Buffer,
}

impl Block {
    /// Height in pixels.
    #[must_use]
    pub fn height(&self) -> f32 {
        self.buffer.layout_runs().last().map_or(0.0, |run| run.line_top + run.line_height)
    }

    /// Width of the longest line in pixels.
    #[must_use]
    pub fn width(&self) -> f32 {
        self.buffer.layout_runs().map(|run| run.line_w).fold(0.0, f32::max)
    }

    /// Size of its letters in pixels.
    #[must_use]
    pub fn font_size(&self) -> f32 {
        self.buffer.metrics().font_size
    }

    fn fits(&self, width: f32, height: f32) -> bool {
        self.height() <= height && self.width() <= width
    }
}

impl Default for Lettering {
    fn default() -> Self {
        let mut faces = fontdb::Database::new();
        faces.load_font_source(fontdb::Source::Binary(Arc::new(FONT)));
        Self { fonts: FontSystem::new_with_locale_and_db("en".into(), faces), glyphs: SwashCache::new() }
    }
}

impl Lettering {
    /// `text` without what the font cannot draw, such as emoji, so that nothing shows as a box; line breaks and spaces tidied.
    pub fn drawable(&mut self, text: &str) -> String {
        let mut text = tidy(text);
        loop {
            let missing = self.missing(&text);
            if missing.is_empty() {
                return tidy(&text);
            }
            text = self.without(&text, &missing);
        }
    }

    /// The byte ranges of `text` that come out as the font's "no such glyph".
    fn missing(&mut self, text: &str) -> Vec<Range<usize>> {
        let block = self.set(text, 16.0, None, Wrap::None);
        let starts: Vec<usize> = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        let mut ranges = Vec::new();
        for run in block.buffer.layout_runs() {
            let start = starts[run.line_i];
            ranges.extend(run.glyphs.iter().filter(|glyph| glyph.glyph_id == 0).map(|glyph| start + glyph.start..start + glyph.end));
        }
        ranges
    }

    /// Drops from each of `ranges` the characters the font lacks; all of it where that is none, so that something always goes.
    fn without(&mut self, text: &str, ranges: &[Range<usize>]) -> String {
        let face = self.fonts.db().faces().next().map(|face| face.id);
        let font = face.and_then(|face| self.fonts.get_font(face, fontdb::Weight::NORMAL));
        let has = |letter: char| font.as_ref().is_some_and(|font| font.as_swash().charmap().map(letter) != 0);
        let goes = |at: usize, letter: char| {
            ranges.iter().any(|range| range.contains(&at) && (!has(letter) || text[range.clone()].chars().all(has)))
        };
        text.char_indices().filter(|(at, letter)| !goes(*at, *letter)).map(|(_, letter)| letter).collect()
    }

    /// One line, cut with an ellipsis where it is wider than `width`.
    pub fn line(&mut self, text: &str, font_size: f32, width: f32) -> Block {
        self.fit(&text.replace('\n', " "), (width, font_size * LINE_HEIGHT), (font_size, font_size))
    }

    /// `text` wrapped as large as fits into `area` (width, height), its letters between `sizes` (least, most), all in pixels. What does not
    /// fit at the least size is cut with an ellipsis.
    pub fn fit(&mut self, text: &str, area: (f32, f32), sizes: (f32, f32)) -> Block {
        let whole_words = self.largest(text, area, sizes, Wrap::Word);
        let any = self.largest(text, area, sizes, Wrap::WordOrGlyph);
        match (whole_words, any) {
            // Smaller letters are better than a broken word, much smaller ones are not.
            (Some(whole), Some(any)) if whole.font_size() >= 0.4 * any.font_size() => whole,
            (_, Some(any)) => any,
            (_, None) => self.cut(text, area, sizes.0),
        }
    }

    /// The block with the largest whole size that fits.
    fn largest(&mut self, text: &str, (width, height): (f32, f32), sizes: (f32, f32), wrap: Wrap) -> Option<Block> {
        let mut block = self.set(text, sizes.0, Some(width), wrap);
        if !block.fits(width, height) {
            return None;
        }
        let (mut fits, mut too_large) = (sizes.0, sizes.1.floor().max(sizes.0) + 1.0);
        while too_large - fits > 1.0 {
            let size = f32::midpoint(fits, too_large).floor().max(fits + 0.5);
            self.resize(&mut block, size);
            if block.fits(width, height) { fits = size } else { too_large = size }
        }
        self.resize(&mut block, fits);
        Some(block)
    }

    /// As much of `text` as fits, then an ellipsis.
    fn cut(&mut self, text: &str, (width, height): (f32, f32), font_size: f32) -> Block {
        let whole = self.set(text, font_size, Some(width), Wrap::WordOrGlyph);
        let mut kept = end_of_what_fits(&whole, text, height);
        loop {
            let short = text[..kept].trim_end();
            let block = self.set(&format!("{short}{ELLIPSIS}"), font_size, Some(width), Wrap::WordOrGlyph);
            match short.char_indices().next_back() {
                Some((last, _)) if !block.fits(width, height) => kept = last,
                _ => return block,
            }
        }
    }

    fn set(&mut self, text: &str, font_size: f32, width: Option<f32>, wrap: Wrap) -> Block {
        let mut buffer = Buffer::new_empty(Metrics::relative(font_size, LINE_HEIGHT));
        buffer.set_wrap(wrap);
        buffer.set_size(width, None);
        buffer.set_rich_text(spans(text), &Attrs::new().family(Family::Name(FAMILY)), Shaping::Advanced, None);
        buffer.shape_until_scroll(&mut self.fonts, false);
        Block { buffer }
    }

    fn resize(&mut self, block: &mut Block, font_size: f32) {
        block.buffer.set_metrics(Metrics::relative(font_size, LINE_HEIGHT));
        block.buffer.shape_until_scroll(&mut self.fonts, false);
    }

    /// Draws `block` with its upper left corner at `at`, in pixels.
    pub fn draw(&mut self, image: &mut RgbImage, block: &Block, at: (f32, f32), colour: Rgb<u8>) {
        for run in block.buffer.layout_runs() {
            for glyph in run.glyphs {
                let left = at.0 - narrowed_by(glyph.metadata) / 2.0 * glyph.font_size;
                let glyph = glyph.physical((left, at.1 + run.line_y), 1.0);
                let base = cosmic_text::Color::rgb(colour.0[0], colour.0[1], colour.0[2]);
                self.glyphs.with_pixels(&mut self.fonts, glyph.cache_key, base, |x, y, ink| {
                    let pixel = u32::try_from(glyph.x + x).ok().zip(u32::try_from(glyph.y + y).ok());
                    if let Some(pixel) = pixel.and_then(|(x, y)| image.get_pixel_mut_checked(x, y)) {
                        blend(pixel, colour, ink.a());
                    }
                });
            }
        }
    }
}

/// The parts of `text` with their faces: among Latin letters the marks of [`NARROWED`] get Latin forms.
fn spans(text: &str) -> Vec<(&str, Attrs<'static>)> {
    let usual = Attrs::new().family(Family::Name(FAMILY));
    let mut spans = Vec::new();
    let (mut start, mut before) = (0, None);
    for (at, letter) in text.char_indices() {
        let end = at + letter.len_utf8();
        let narrowed = NARROWED.iter().find(|(mark, _)| *mark == letter).map(|(_, thousandths)| usize::from(*thousandths));
        if let Some(thousandths) = narrowed
            && ![before, text[end..].chars().next()].into_iter().flatten().any(is_ideographic)
        {
            let narrow = Attrs::new().family(Family::Name(NARROW_FAMILY)).letter_spacing(-narrowed_by(thousandths)).metadata(thousandths);
            spans.extend([(&text[start..at], usual.clone()), (&text[at..end], narrow)]);
            start = end;
        }
        before = Some(letter);
    }
    spans.push((&text[start..], usual));
    spans
}

/// The share of the font size that [`NARROWED`] gives in thousandths.
fn narrowed_by(thousandths: usize) -> f32 {
    u16::try_from(thousandths).map_or(0.0, |thousandths| f32::from(thousandths) / 1000.0)
}

/// Whether this is set in a square: Chinese characters, kana and their punctuation, but not Hangul.
fn is_ideographic(letter: char) -> bool {
    matches!(letter, '\u{2e80}'..='\u{a4cf}' | '\u{f900}'..='\u{faff}' | '\u{fe30}'..='\u{fe4f}' | '\u{ff00}'..='\u{ff60}' | '\u{20000}'..='\u{3ffff}')
        && !matches!(letter, '\u{3130}'..='\u{318f}' | '\u{a490}'..='\u{a4cf}')
}

/// The byte at which the last line that lies within `height` ends.
fn end_of_what_fits(block: &Block, text: &str, height: f32) -> usize {
    let Some(run) = block.buffer.layout_runs().take_while(|run| run.line_top + run.line_height <= height).last() else { return 0 };
    let start = match run.line_i {
        0 => 0,
        line => text.match_indices('\n').nth(line - 1).map_or(0, |(at, _)| at + 1),
    };
    start + run.glyphs.iter().map(|glyph| glyph.end).max().unwrap_or(0)
}

/// One kind of line break, nothing invisible, no runs of spaces or of empty lines.
fn tidy(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace(['\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}'], "\n").replace('\t', " ");
    let mut tidied = String::with_capacity(text.len());
    for letter in text.chars().filter(|letter| *letter == '\n' || !is_invisible(*letter)) {
        if letter == ' ' && tidied.ends_with([' ', '\n']) {
            continue;
        }
        if letter == '\n' {
            tidied.truncate(tidied.trim_end_matches(' ').len());
            if tidied.ends_with("\n\n") {
                continue;
            }
        }
        tidied.push(letter);
    }
    tidied.trim().to_owned()
}

/// Controls, joiners, marks of direction, variation selectors and tags: what is left of an emoji once its picture is gone.
fn is_invisible(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{200c}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{e0000}'..='\u{e0fff}')
}

/// Lays `ink` over `pixel` with `cover` of 255.
fn blend(pixel: &mut Rgb<u8>, ink: Rgb<u8>, cover: u8) {
    for (under, over) in pixel.0.iter_mut().zip(ink.0) {
        let mixed = u32::from(*under) * u32::from(255 - cover) + u32::from(over) * u32::from(cover);
        #[expect(clippy::cast_possible_truncation, reason = "a weighted mean of two bytes")]
        let byte = ((mixed + 127) / 255) as u8;
        *under = byte;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str =
        "„Größe“, “Don’t” ‘so’ «voilà» 'a' \"b\" 100 % C:\\x … – — Łódź naïve Ελλάδα Привет 雨夜，“慢一点”。 こんにちは、世界 한국어";

    fn shown(block: &Block) -> String {
        let lines = block.buffer.layout_runs().map(|run| match run.glyphs.iter().map(|glyph| glyph.end).max() {
            Some(end) => &run.text[run.glyphs.iter().map(|glyph| glyph.start).min().unwrap_or(0)..end],
            None => "",
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn the_font_has_every_letter_of_the_languages_we_promise() {
        let mut lettering = Lettering::default();
        assert!(lettering.missing(SAMPLE).is_empty());
        assert_eq!(lettering.drawable(SAMPLE), SAMPLE);
    }

    #[test]
    fn what_the_font_lacks_is_left_out() {
        let mut lettering = Lettering::default();
        for (text, left) in [
            ("A 🎬 bear 🐻‍❄️!", "A bear !"),
            ("🎬\r\n\tfog\u{7}\u{2028}\n\n\n  end ", "fog\n\nend"),
            ("cafe\u{301} 1️⃣ 🇩🇪", "cafe\u{301} 1"),
            ("नमस्ते سلام", ""),
        ] {
            let drawable = lettering.drawable(text);
            assert_eq!(drawable, left);
            assert!(lettering.missing(&drawable).is_empty());
        }
    }

    #[test]
    fn words_and_ideographs_wrap_within_the_width() {
        let mut lettering = Lettering::default();
        let text = format!("{SAMPLE}\n{}", "Donaudampfschifffahrtsgesellschaft".repeat(4));
        for (width, height) in [(600.0, 1000.0), (1100.0, 500.0), (150.0, 250.0)] {
            let block = lettering.fit(&text, (width, height), (9.0, 80.0));
            assert!(block.fits(width, height), "{} x {}", block.width(), block.height());
        }
        let chinese = shown(&lettering.fit(&"雨夜的台北夜市，".repeat(4), (300.0, 1000.0), (40.0, 40.0)));
        assert!(chinese.lines().count() > 3 && chinese.lines().all(|line| !line.starts_with('，')), "{chinese}");
    }

    #[test]
    fn letters_are_as_large_as_fits_and_words_stay_whole() {
        let mut lettering = Lettering::default();
        let mut size = |text: &str| lettering.fit(text, (600.0, 1000.0), (20.0, 80.0)).font_size();
        assert!((size("Fog") - 80.0).abs() < 0.1);
        let paragraph = size(&"A slow dolly shot. ".repeat(20));
        assert!((30.0..70.0).contains(&paragraph), "{paragraph}");
        let block = lettering.fit("eine Donaudampfschifffahrtsgesellschaft", (600.0, 1000.0), (20.0, 80.0));
        assert_eq!(shown(&block).lines().map(str::trim).collect::<Vec<_>>(), ["eine", "Donaudampfschifffahrtsgesellschaft"]);
    }

    #[test]
    fn what_does_not_fit_ends_in_an_ellipsis() {
        let mut lettering = Lettering::default();
        for text in ["A slow dolly shot. ".repeat(200), "雨夜的台北夜市，".repeat(200), "line\n".repeat(200)] {
            let block = lettering.fit(&text, (300.0, 300.0), (20.0, 80.0));
            assert!(block.fits(300.0, 300.0) && shown(&block).ends_with(ELLIPSIS), "{}", shown(&block));
            assert!(block.height() > 240.0, "{}", block.height());
        }
        let line = lettering.line("a title that is far too long", 20.0, 120.0);
        assert!(line.fits(120.0, 30.0) && shown(&line).ends_with(ELLIPSIS), "{}", shown(&line));
    }

    #[test]
    fn quotes_are_narrow_beside_letters_and_wide_beside_ideographs() {
        let mut lettering = Lettering::default();
        let mut width = |text: &str| lettering.line(text, 100.0, f32::MAX).width();
        assert!(width("“a”") - width("a") < 100.0);
        assert!(width("“雨”") - width("雨") > 190.0);
    }
}
