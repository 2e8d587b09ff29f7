//! What ffprobe reports, as types: its numbers come as texts, any of them may be missing, and none of them is to be trusted.

use serde::Deserialize;

/// The whole report.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Report {
    #[serde(default)]
    pub(super) streams: Vec<Stream>,
    #[serde(default)]
    pub(super) format: Format,
}

/// The container.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Format {
    #[serde(default)]
    pub(super) format_name: String,
    pub(super) start_time: Option<String>,
    pub(super) duration: Option<String>,
    #[serde(default)]
    pub(super) tags: FormatTags,
}

/// The container's tags, as far as they matter.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct FormatTags {
    pub(super) major_brand: Option<String>,
}

/// One stream.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Stream {
    #[serde(default)]
    pub(super) index: usize,
    pub(super) codec_type: Option<String>,
    pub(super) codec_name: Option<String>,
    pub(super) profile: Option<String>,
    pub(super) level: Option<i64>,
    pub(super) codec_tag_string: Option<String>,
    pub(super) extradata_hash: Option<String>,
    pub(super) pix_fmt: Option<String>,
    pub(super) width: Option<i64>,
    pub(super) height: Option<i64>,
    pub(super) sample_aspect_ratio: Option<String>,
    pub(super) avg_frame_rate: Option<String>,
    pub(super) r_frame_rate: Option<String>,
    pub(super) time_base: Option<String>,
    pub(super) start_time: Option<String>,
    pub(super) duration: Option<String>,
    pub(super) nb_frames: Option<String>,
    pub(super) nb_read_packets: Option<String>,
    pub(super) sample_rate: Option<String>,
    pub(super) channels: Option<i64>,
    #[serde(default)]
    pub(super) tags: StreamTags,
    #[serde(default)]
    pub(super) disposition: Disposition,
    #[serde(default)]
    pub(super) side_data_list: Vec<SideData>,
}

/// A stream's tags, as far as they matter.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct StreamTags {
    /// Matroska's own length of a stream, as `00:00:01.023000000`.
    #[serde(rename = "DURATION")]
    pub(super) duration: Option<String>,
}

/// What a stream is for.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Disposition {
    #[serde(default)]
    pub(super) attached_pic: i64,
}

/// Data beside a stream; only the display matrix matters.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct SideData {
    pub(super) rotation: Option<f64>,
}

impl Report {
    /// The first stream of moving pictures: a cover picture is none.
    pub(super) fn video(&self) -> Option<&Stream> {
        self.streams.iter().find(|stream| stream.is("video") && stream.disposition.attached_pic == 0)
    }

    /// The first stream of sound.
    pub(super) fn audio(&self) -> Option<&Stream> {
        self.streams.iter().find(|stream| stream.is("audio") && stream.sample_rate().is_some())
    }

    /// Seconds from the beginning of the file to this stream's last moment.
    pub(super) fn end_of(&self, stream: &Stream) -> Option<f64> {
        let late = moment(stream.start_time.as_deref()) - self.begins_at();
        match stream.seconds() {
            Some(seconds) => Some(seconds + late.max(0.0)),
            None => clock(stream.tags.duration.as_deref()),
        }
    }

    /// When the file begins in its own time, in seconds: what tools count from.
    pub(super) fn begins_at(&self) -> f64 {
        moment(self.format.start_time.as_deref())
    }

    /// Whether the container is MP4 or MOV, the ones whose header counts the frames.
    pub(super) fn is_mov(&self) -> bool {
        self.format.format_name.split(',').any(|name| name == "mov")
    }
}

/// A moment in seconds; 0 where none is told.
fn moment(text: Option<&str>) -> f64 {
    text.and_then(|text| text.parse::<f64>().ok()).filter(|moment| moment.is_finite()).unwrap_or(0.0)
}

impl Stream {
    fn is(&self, kind: &str) -> bool {
        self.codec_type.as_deref() == Some(kind)
    }

    /// Quarter turns clockwise that a player makes, 0 to 3. Other angles are not shown by players and count as none.
    pub(super) fn quarter_turns(&self) -> u8 {
        let degrees = self.side_data_list.iter().find_map(|data| data.rotation).filter(|degrees| degrees.is_finite()).unwrap_or(0.0);
        match (-degrees).rem_euclid(360.0).round() as u32 {
            90 => 1,
            180 => 2,
            270 => 3,
            _ => 0,
        }
    }

    /// Width of a sample over its height; 1 where it is not said.
    pub(super) fn sample_aspect(&self) -> f64 {
        fraction(self.sample_aspect_ratio.as_deref(), ':').filter(|ratio| (0.1..=10.0).contains(ratio)).unwrap_or(1.0)
    }

    /// Seconds from this stream's first to its last moment.
    pub(super) fn seconds(&self) -> Option<f64> {
        seconds(self.duration.as_deref())
    }

    /// The average frame rate. AVI counts empty frames into it, there the nominal one is right.
    pub(super) fn frame_rate(&self, nominal: bool) -> Option<f64> {
        let (average, other) = (fraction(self.avg_frame_rate.as_deref(), '/'), fraction(self.r_frame_rate.as_deref(), '/'));
        let (first, second) = if nominal { (other, average) } else { (average, other) };
        // The nominal rate of a clip without a regular one is its clock's, such as 1000 or 90000.
        let sane = |rate: &f64| (0.01..=480.0).contains(rate);
        first.filter(sane).or(second.filter(sane))
    }

    pub(super) fn sample_rate(&self) -> Option<u32> {
        self.sample_rate.as_deref()?.parse().ok().filter(|rate| (1..=768_000).contains(rate))
    }

    /// Frames the header promises.
    pub(super) fn frames_promised(&self) -> Option<u64> {
        self.nb_frames.as_deref()?.parse().ok()
    }

    /// Packets that were there when counted.
    pub(super) fn packets_read(&self) -> Option<u64> {
        self.nb_read_packets.as_deref()?.parse().ok()
    }
}

/// A length in seconds that can be one.
pub(super) fn seconds(text: Option<&str>) -> Option<f64> {
    text?.parse().ok().filter(|seconds: &f64| seconds.is_finite() && *seconds > 0.0)
}

/// `00:00:01.023000000` in seconds.
fn clock(text: Option<&str>) -> Option<f64> {
    let mut parts = text?.splitn(3, ':').map(|part| part.parse::<f64>().ok());
    let (hours, minutes, last) = (parts.next()??, parts.next()??, parts.next()??);
    let total = hours * 3600.0 + minutes * 60.0 + last;
    (total.is_finite() && total > 0.0).then_some(total)
}

/// `30000/1001` or `16:15` as a number.
fn fraction(text: Option<&str>, sign: char) -> Option<f64> {
    let (above, below) = text?.split_once(sign)?;
    let (above, below): (f64, f64) = (above.parse().ok()?, below.parse().ok()?);
    let value = above / below;
    (value.is_finite() && value > 0.0).then_some(value)
}
