//! The kinds of stored media. A kind is one entry here and one way to look into its bytes (`server::library::kinds`), beside the migration of
//! its table: everything that stores, lists, serves or shows an asset asks its entry.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A kind of stored media.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AssetKind {
    /// A clip.
    Video,
    /// A still picture.
    Image,
}

/// What there is to say of a kind, besides how its bytes are examined.
#[derive(Debug)]
pub struct KindSpec {
    /// The name, as it stands in JSON and in the database; also the kind in a word.
    pub name: &'static str,
    /// The kind as a title.
    pub title: &'static str,
    /// What people call it.
    pub noun: &'static str,
    /// One of them, with the article.
    pub one: &'static str,
    /// The same at the head of a sentence.
    pub one_at_head: &'static str,
    /// Where one is over HTTP: `ADDRESS/{id}`, with its bytes at `ADDRESS/{id}/download`. Every kind is also at `/api/assets`.
    pub address: &'static str,
    /// Where one is sent; one without a door of its own to `/api/assets/upload?kind=NAME`.
    pub upload: &'static str,
    /// Its table. All have the same columns for what every asset has.
    pub table: &'static str,
    /// The table's own columns.
    pub columns: &'static [Column],
    /// The table that tells where its assets are used and the column that names the asset there, where it is not the one of all kinds.
    pub uses: Option<(&'static str, &'static str)>,
    /// The formats that are accepted.
    pub formats: &'static [Format],
    /// The most bytes that one may have, where that is fewer than the server takes.
    pub most_bytes: Option<u64>,
    /// Whether the poster of every new one is made at once, not only when it is first asked for.
    pub poster_at_once: bool,
    /// What is shown of its bytes, in order.
    pub facts: &'static [Fact],
}

/// A format that is accepted: recognised by its content, whatever the file is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Format {
    /// What people call it.
    pub name: &'static str,
    /// What it is served as.
    pub media_type: &'static str,
    /// What the stored file's name ends in.
    pub extension: &'static str,
}

/// A column that a kind's table has of its own, for the member of [`Facts`](super::asset::Facts) of that name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is said at its member of `Facts`")]
pub enum Column {
    DurationSeconds,
    Width,
    Height,
    Resolution,
    AspectRatio,
    Codec,
    Fps,
}

impl Column {
    /// Its name in the table.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::DurationSeconds => "duration_seconds",
            Self::Width => "width",
            Self::Height => "height",
            Self::Resolution => "resolution",
            Self::AspectRatio => "aspect_ratio",
            Self::Codec => "codec",
            Self::Fps => "fps",
        }
    }
}

/// Something that is known of an asset's bytes, as it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fact {
    /// How long it lasts.
    Duration,
    /// Width and height as displayed, where they are a clip's.
    Resolution,
    /// Width and height as displayed.
    Dimensions,
    /// Width to height, reduced.
    AspectRatio,
    /// Frames a second.
    FrameRate,
    /// The codec.
    Codec,
    /// Its sound: codec, rate and channels, or that there is none.
    Sound,
    /// The [`Format`].
    Format,
}

/// A picture's file has at most so many bytes.
pub const IMAGE_BYTES: u64 = 64 << 20;

const fn format(name: &'static str, media_type: &'static str, extension: &'static str) -> Format {
    Format { name, media_type, extension }
}

static VIDEO: KindSpec = KindSpec {
    name: "video",
    title: "Video",
    noun: "clip",
    one: "a clip",
    one_at_head: "A clip",
    address: "/api/videos",
    upload: "/api/videos/upload",
    table: "videos",
    columns: &[Column::Width, Column::Height, Column::DurationSeconds, Column::Resolution, Column::AspectRatio, Column::Codec, Column::Fps],
    uses: Some(("workflow_videos", "video_id")),
    formats: &[
        format("MP4", "video/mp4", "mp4"),
        format("QuickTime", "video/quicktime", "mov"),
        format("WebM", "video/webm", "webm"),
        format("Matroska", "video/x-matroska", "mkv"),
        format("AVI", "video/x-msvideo", "avi"),
        format("MPEG-TS", "video/mp2t", "ts"),
    ],
    most_bytes: None,
    poster_at_once: true,
    facts: &[Fact::Duration, Fact::Resolution, Fact::AspectRatio, Fact::FrameRate, Fact::Codec, Fact::Sound],
};

static IMAGE: KindSpec = KindSpec {
    name: "image",
    title: "Image",
    noun: "image",
    one: "an image",
    one_at_head: "An image",
    address: "/api/images",
    upload: "/api/images/upload",
    table: "images",
    columns: &[Column::Width, Column::Height],
    uses: None,
    formats: &[format("PNG", "image/png", "png"), format("JPEG", "image/jpeg", "jpg"), format("WebP", "image/webp", "webp")],
    most_bytes: Some(IMAGE_BYTES),
    poster_at_once: false,
    facts: &[Fact::Dimensions, Fact::Format],
};

impl AssetKind {
    /// Every kind.
    pub const ALL: [Self; 2] = [Self::Video, Self::Image];

    /// Its entry.
    #[must_use]
    pub fn spec(self) -> &'static KindSpec {
        match self {
            Self::Video => &VIDEO,
            Self::Image => &IMAGE,
        }
    }

    /// The name, as it stands in JSON and in the database; also the kind in a word.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.spec().name
    }

    /// What a field for files of this kind offers, as HTML's `accept`.
    #[must_use]
    pub fn accept(self) -> String {
        let offers = self.spec().formats.iter().map(|format| format!("{},.{}", format.media_type, format.extension));
        offers.collect::<Vec<_>>().join(",")
    }

    /// The format that is served as that, if this kind has it.
    #[must_use]
    pub fn format(self, media_type: &str) -> Option<&'static Format> {
        self.spec().formats.iter().find(|format| format.media_type == media_type)
    }

    /// The kind of a file with that media type, as far as it tells: a video where it tells nothing.
    #[must_use]
    pub fn of_media_type(media_type: &str) -> Self {
        let exactly = Self::ALL.into_iter().find(|kind| kind.format(media_type).is_some());
        let roughly = || media_type.split('/').next().and_then(Self::from_name);
        exactly.or_else(roughly).unwrap_or(Self::Video)
    }

    /// The kind of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_of_the_kind_that_its_media_type_tells() {
        for kind in AssetKind::ALL {
            for format in kind.spec().formats {
                assert_eq!(AssetKind::of_media_type(format.media_type), kind, "{format:?}");
            }
        }
        assert_eq!(AssetKind::of_media_type(""), AssetKind::Video);
    }

    #[test]
    fn a_field_for_files_offers_every_format_by_type_and_by_name() {
        assert_eq!(AssetKind::Image.accept(), "image/png,.png,image/jpeg,.jpg,image/webp,.webp");
    }
}
