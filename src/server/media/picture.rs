//! Still pictures by their content, whatever they are called: read by the `image` crate only, under limits, one at a time.

use std::{
    fs::File,
    io::{BufReader, Cursor, Read},
    path::Path,
};

use bytes::Bytes;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Rgb, RgbImage, imageops::FilterType, metadata::Orientation};
use tokio::sync::Mutex;

use super::poster::LONG_SIDE;
use crate::{
    domain::{ErrorKind, asset_kind::IMAGE_BYTES},
    server::{Error, Result},
};

/// A picture has at most so many pixels: a small file can claim billions of them.
const MAX_PIXELS: u64 = 64_000_000;

/// Held while a picture is in memory: the largest one takes half a GiB.
static TURN: Mutex<()> = Mutex::const_new(());

/// What is known of a picture's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    /// What it is served as.
    pub media_type: &'static str,
    /// Pixels across, as displayed.
    pub width: u32,
    /// Pixels down, as displayed.
    pub height: u32,
}

/// Reads the picture at `path` to its end.
///
/// # Errors
/// [`ErrorKind::NotAnImage`], in words for the user, where it is no PNG, JPEG or WebP, damaged, cut short or too large;
/// [`Error::Io`] where the file cannot be read.
pub async fn examine(path: &Path) -> Result<Facts> {
    let path = path.to_path_buf();
    in_turn(move || {
        let Picture { format, image, orientation } = decode(&path)?;
        let media_type = media_type(format)?;
        let turned = matches!(
            orientation,
            Orientation::Rotate90 | Orientation::Rotate270 | Orientation::Rotate90FlipH | Orientation::Rotate270FlipH
        );
        let (width, height) = if turned { (image.height(), image.width()) } else { (image.width(), image.height()) };
        Ok(Facts { media_type, width, height })
    })
    .await
}

/// The picture at `path` as a PNG of exactly `size`: as large as it must be to fill it, its middle kept, nothing see-through.
///
/// # Errors
/// As for [`examine`].
pub async fn cover(path: &Path, size: (u32, u32)) -> Result<Bytes> {
    let path = path.to_path_buf();
    in_turn(move || {
        let Picture { mut image, orientation, .. } = decode(&path)?;
        image.apply_orientation(orientation);
        let filled = DynamicImage::ImageRgb8(opaque(&image)).resize_to_fill(size.0, size.1, FilterType::Lanczos3);
        let mut png = Cursor::new(Vec::new());
        filled.write_to(&mut png, ImageFormat::Png).map_err(|error| Error::Internal(format!("writing a picture: {error}")))?;
        Ok(png.into_inner().into())
    })
    .await
}

/// The picture at `path` as a JPEG as large as a clip's poster, nothing see-through. Smaller ones are not enlarged.
///
/// # Errors
/// As for [`examine`].
pub async fn poster(path: &Path) -> Result<Vec<u8>> {
    let path = path.to_path_buf();
    in_turn(move || {
        let Picture { mut image, orientation, .. } = decode(&path)?;
        image.apply_orientation(orientation);
        let is_large = image.width().max(image.height()) > LONG_SIDE;
        let small = if is_large { image.resize(LONG_SIDE, LONG_SIDE, FilterType::Triangle) } else { image };
        let mut jpeg = Cursor::new(Vec::new());
        opaque(&small).write_to(&mut jpeg, ImageFormat::Jpeg).map_err(|error| Error::Internal(format!("writing a picture: {error}")))?;
        Ok(jpeg.into_inner())
    })
    .await
}

async fn in_turn<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let _turn = TURN.lock().await;
    tokio::task::spawn_blocking(work).await.map_err(|error| Error::Internal(format!("reading a picture ended: {error}")))?
}

struct Picture {
    format: ImageFormat,
    image: DynamicImage,
    orientation: Orientation,
}

fn decode(path: &Path) -> Result<Picture> {
    let file = File::open(path).map_err(Error::io(path))?;
    let reader = ImageReader::new(BufReader::new(file)).with_guessed_format().map_err(Error::io(path))?;
    let format = reader.format().ok_or_else(not_a_picture)?;
    media_type(format)?;
    if format == ImageFormat::Jpeg && !ends(path)? {
        return Err(damaged());
    }
    let mut decoder = reader.into_decoder().map_err(|_| damaged())?;
    let (width, height) = decoder.dimensions();
    let pixels = u64::from(width) * u64::from(height);
    if pixels > MAX_PIXELS {
        let most = MAX_PIXELS / 1_000_000;
        return Err(refused(format!("This picture is too large: {width}x{height} pixels, where {most} megapixels are the most.")));
    }
    // Without a readable orientation it is shown as it is stored.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let image = DynamicImage::from_decoder(decoder).map_err(|_| damaged())?;
    Ok(Picture { format, image, orientation })
}

/// What a picture of that format is served as, if it is one that is accepted.
/// Whether a file that begins with these bytes is a picture of a format that is taken.
#[must_use]
pub fn begins_as_one(head: &[u8]) -> bool {
    image::guess_format(head).is_ok_and(|format| media_type(format).is_ok())
}

fn media_type(format: ImageFormat) -> Result<&'static str> {
    match format {
        ImageFormat::Png => Ok("image/png"),
        ImageFormat::Jpeg => Ok("image/jpeg"),
        ImageFormat::WebP => Ok("image/webp"),
        _ => Err(not_a_picture()),
    }
}

/// Whether a JPEG's picture ends: the decoder fills up in grey what a broken download left out. Markers are those of ITU-T T.81 §B.1; in
/// the coded picture, which begins at the first SOS that stands outside another segment, an 0xFF is never followed by that of EOI.
fn ends(path: &Path) -> Result<bool> {
    let mut bytes = Vec::new();
    File::open(path).map_err(Error::io(path))?.take(IMAGE_BYTES).read_to_end(&mut bytes).map_err(Error::io(path))?;
    let mut at = 2;
    while let Some([0xFF, marker, high, low]) = bytes.get(at..at + 4) {
        match marker {
            0xDA => return Ok(bytes[at..].windows(2).any(|pair| pair == [0xFF, 0xD9])),
            // A segment may be preceded by any number of fill bytes.
            0xFF => at += 1,
            _ => at += 2 + usize::from(u16::from_be_bytes([*high, *low])),
        }
    }
    Ok(false)
}

/// The picture over black where it can be seen through.
fn opaque(image: &DynamicImage) -> RgbImage {
    if !image.color().has_alpha() {
        return image.to_rgb8();
    }
    let see_through = image.to_rgba8();
    RgbImage::from_fn(image.width(), image.height(), |x, y| {
        let [red, green, blue, alpha] = see_through.get_pixel(x, y).0;
        Rgb([red, green, blue].map(|part| (u16::from(part) * u16::from(alpha) / 255) as u8))
    })
}

fn not_a_picture() -> Error {
    refused("This is not a picture that can be read. PNG, JPEG and WebP files are.")
}

fn damaged() -> Error {
    refused("This picture is damaged or cut short. Copy or download it again, whole.")
}

fn refused(sentence: impl Into<String>) -> Error {
    Error::api(ErrorKind::NotAnImage, sentence)
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use image::{Rgba, RgbaImage, codecs::jpeg::JpegEncoder};

    use super::*;

    fn written(bytes: &[u8]) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        file
    }

    fn encoded(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        image.write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    /// Red at the left, blue at the right.
    fn halves(width: u32, height: u32) -> DynamicImage {
        let colour = |x, _| if x < width / 2 { Rgb([255, 0, 0]) } else { Rgb([0, 0, 255]) };
        DynamicImage::ImageRgb8(RgbImage::from_fn(width, height, colour))
    }

    async fn refusal(bytes: &[u8]) -> String {
        match examine(written(bytes).path()).await {
            Err(Error::Api(error)) if error.kind == ErrorKind::NotAnImage => error.message,
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn pictures_are_known_by_their_content() {
        for (format, media_type) in [(ImageFormat::Png, "image/png"), (ImageFormat::Jpeg, "image/jpeg"), (ImageFormat::WebP, "image/webp")]
        {
            let facts = examine(written(&encoded(&halves(40, 30), format)).path()).await.unwrap();
            assert_eq!(facts, Facts { media_type, width: 40, height: 30 });
        }
    }

    #[tokio::test]
    async fn what_is_cut_short_is_refused_in_every_format() {
        for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP] {
            let whole = encoded(&halves(300, 200), format);
            for share in [0.3, 0.6, 0.95] {
                refusal(&whole[..(whole.len() as f64 * share) as usize]).await;
            }
        }
        assert!(refusal(b"GIF89a\x01\x00\x01\x00\x00\x00\x00;").await.contains("PNG, JPEG and WebP"));
    }

    #[tokio::test]
    async fn a_turned_picture_has_the_size_in_which_it_is_shown() {
        let mut bytes = Vec::new();
        let mut encoder = JpegEncoder::new(&mut bytes);
        // A TIFF with one entry: orientation (0x0112) is 6, a quarter turn clockwise.
        let exif = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0".to_vec();
        image::ImageEncoder::set_exif_metadata(&mut encoder, exif).unwrap();
        encoder.encode_image(&halves(40, 20)).unwrap();
        let file = written(&bytes);
        let facts = examine(file.path()).await.unwrap();
        assert_eq!((facts.width, facts.height), (20, 40));
        let shown = image::load_from_memory(&cover(file.path(), (20, 40)).await.unwrap()).unwrap().to_rgb8();
        let (top, bottom) = (shown.get_pixel(10, 5).0, shown.get_pixel(10, 35).0);
        assert!(top[0] > 200 && bottom[2] > 200, "red is on top: {top:?} {bottom:?}");
        let small = image::load_from_memory_with_format(&poster(file.path()).await.unwrap(), ImageFormat::Jpeg).unwrap();
        assert_eq!((small.width(), small.height()), (20, 40), "upright, and not enlarged");
    }

    #[tokio::test]
    async fn a_poster_is_small_and_of_the_same_shape() {
        let file = written(&encoded(&halves(2000, 500), ImageFormat::Png));
        let small = image::load_from_memory_with_format(&poster(file.path()).await.unwrap(), ImageFormat::Jpeg).unwrap();
        assert_eq!((small.width(), small.height()), (512, 128));
    }

    #[tokio::test]
    async fn a_frame_is_filled_from_the_middle_and_the_same_each_time() {
        let file = written(&encoded(&halves(400, 100), ImageFormat::Png));
        let png = cover(file.path(), (90, 160)).await.unwrap();
        assert_eq!(png, cover(file.path(), (90, 160)).await.unwrap());
        let filled = image::load_from_memory(&png).unwrap().to_rgb8();
        assert_eq!(filled.dimensions(), (90, 160));
        assert!(filled.get_pixel(5, 80).0[0] > 200 && filled.get_pixel(85, 80).0[2] > 200);
        let clear = DynamicImage::ImageRgba8(RgbaImage::from_pixel(10, 10, Rgba([255, 255, 255, 0])));
        let filled = image::load_from_memory(&cover(written(&encoded(&clear, ImageFormat::Png)).path(), (10, 10)).await.unwrap()).unwrap();
        assert_eq!(filled.to_rgb8().get_pixel(5, 5).0, [0, 0, 0]);
    }
}
