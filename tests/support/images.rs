//! Test pictures, made in memory.

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage};

/// A picture of `width` x `height` pixels; pictures of different `variant` differ in bytes.
pub fn picture(format: ImageFormat, width: u32, height: u32, variant: u8) -> Vec<u8> {
    let colour = |x: u32, y: u32| Rgb([variant, (x * 7 % 256) as u8, (y * 5 % 256) as u8]);
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::ImageRgb8(RgbImage::from_fn(width, height, colour)).write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// A small PNG, 9:16.
pub fn png(variant: u8) -> Vec<u8> {
    picture(ImageFormat::Png, 90, 160, variant)
}
