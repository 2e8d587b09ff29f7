//! What a probe found of a clip, in the one form in which it is kept with the clip's row: starting ffprobe takes longer than reading a clip.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::report::Report;
use crate::{domain::asset::AudioInfo, server::Result};

/// The form in which it is kept. Raised with every change of what ffprobe is asked for, of what is made of its answer, or of how that is written:
/// what is kept in another form is none, and the clip is probed anew.
const FORM: u32 = 1;

/// Ratios that people name. A picture within half a per cent of one is called by it: 1080x1918 is 9:16 to everyone.
const NAMED_RATIOS: [(u32, u32); 13] =
    [(1, 1), (4, 3), (3, 4), (16, 9), (9, 16), (3, 2), (2, 3), (21, 9), (9, 21), (5, 4), (4, 5), (2, 1), (1, 2)];

/// What is known of a video file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Probe {
    /// How long it plays, in seconds: until the picture ends, or a sound that goes on after it. Above 0, at most a week.
    pub duration_seconds: f64,
    /// Pixels across as displayed: rotation applied, samples made square.
    pub width: u32,
    /// Pixels down as displayed.
    pub height: u32,
    /// The picture's codec, such as `h264`.
    pub codec: String,
    /// The average frame rate, rounded to a thousandth.
    pub fps: f64,
    /// The first sound track.
    pub audio: Option<AudioInfo>,
    /// The media type of the container, such as `video/mp4`, whatever the file was called.
    pub media_type: String,
    /// The container: `mp4`, `mov`, `webm`, `matroska`, `avi` or `mpegts`.
    pub container: String,
}

impl Probe {
    /// Width x height as displayed, such as `720x1280`.
    #[must_use]
    pub fn resolution(&self) -> String {
        format!("{}x{}", self.width, self.height)
    }

    /// The ratio of width to height: the usual name where one is within half a per cent, else reduced, such as `9:5`.
    #[must_use]
    pub fn aspect_ratio(&self) -> String {
        let ratio = f64::from(self.width) / f64::from(self.height);
        let near = |(w, h): &(u32, u32)| (ratio * f64::from(*h) / f64::from(*w) - 1.0).abs() < 0.005;
        let (w, h) = NAMED_RATIOS.into_iter().find(near).unwrap_or_else(|| {
            let divisor = greatest_common_divisor(self.width, self.height);
            (self.width / divisor, self.height / divisor)
        });
        format!("{w}:{h}")
    }
}

/// What a probe found of a clip.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Probed {
    /// What is shown of it.
    pub probe: Probe,
    /// What stands behind that.
    pub(super) report: Report,
}

impl Probed {
    /// The text that is kept.
    ///
    /// # Errors
    /// Where it cannot be written as JSON.
    pub fn to_stored(&self) -> Result<String> {
        let mut value = serde_json::to_value(Stored { form: FORM, found: self })?;
        leave_out_nulls(&mut value);
        Ok(value.to_string())
    }

    /// What a kept text says; `None` where it is of another form.
    #[must_use]
    pub fn from_stored(text: &str) -> Option<Self> {
        let Stored { form, found } = serde_json::from_str(text).ok()?;
        (form == FORM).then_some(found)
    }
}

fn greatest_common_divisor(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

#[derive(Debug, Serialize, Deserialize)]
struct Stored<T> {
    form: u32,
    #[serde(flatten)]
    found: T,
}

/// Most of what may be told of a stream is not.
fn leave_out_nulls(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, field| !field.is_null());
            fields.values_mut().for_each(leave_out_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(leave_out_nulls),
        _ => {}
    }
}

/// A clip to be read: its file, and what a probe of just these bytes found.
#[derive(Debug, Clone)]
pub struct Clip {
    /// Where it lies.
    pub path: PathBuf,
    /// What is known of it. Shared: a clip may come many times.
    pub probed: Arc<Probed>,
}

impl AsRef<Path> for Clip {
    fn as_ref(&self) -> &Path {
        &self.path
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::server::media::{ffmpeg::Ffmpeg, probe, sample_clips::Clips};

    #[tokio::test]
    async fn what_is_kept_reads_as_it_was_found_and_in_another_form_not_at_all() {
        let clips = Clips::new();
        clips.clip("a.mp4", "180x320", 24, 44_100);
        for (name, arguments) in [
            ("b.mp4", "-i {a.mp4} -c copy"),
            ("late.mkv", "-i {a.mp4} -itsoffset 0.517 -i {a.mp4} -map 0:v -map 1:a -c copy"),
            ("c.ts", "-i {a.mp4} -c copy -output_ts_offset 100.3"),
            ("silent.avi", "-i {a.mp4} -c:v mjpeg -an"),
        ] {
            let found = probe::probe(&Ffmpeg::locate(), &clips.make(name, arguments)).await.unwrap();
            let kept = found.to_stored().unwrap();
            assert_eq!(Probed::from_stored(&kept).as_ref(), Some(&found), "{name}: {kept}");
            assert!(kept.len() < 2_500 && !kept.contains("null"), "{name}: {kept}");
            assert_eq!(Probed::from_stored(&kept.replace(r#""form":1"#, r#""form":0"#)), None);
        }
        for text in ["", "{}", "null", r#"{"form":1}"#, r#"{"form":1,"probe":{},"report":{}}"#] {
            assert_eq!(Probed::from_stored(text), None, "{text}");
        }
    }
}
