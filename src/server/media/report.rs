//! What ffprobe reports, as types: its numbers come as texts, any of them may be missing, and none of them is to be trusted.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::packets::{self, Track};

/// What ffprobe is asked for that headers tell. The hash of a codec's own data only has to differ where the data does.
pub(super) const HEADERS: &str = "format=format_name,start_time,duration:format_tags=major_brand:stream=index,id,codec_type,codec_name,profile,level,codec_tag_string,extradata_hash,pix_fmt,width,height,\
     sample_aspect_ratio,avg_frame_rate,r_frame_rate,time_base,start_time,duration,duration_ts,nb_frames,sample_rate,channels,field_order,\
     color_range,color_space,color_primaries,color_transfer:stream_disposition=attached_pic:stream_side_data=rotation";

/// What it is asked for that only the whole file tells.
pub(super) const PACKETS: &str = "packet=stream_index,pts_time,dts_time,duration_time,flags";

/// The whole report, as ffprobe writes it.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Written {
    #[serde(default, deserialize_with = "packets::tracks")]
    packets: Vec<Track>,
    #[serde(default)]
    streams: Vec<Stream>,
    #[serde(default)]
    format: Format,
}

/// The whole report, its packets folded, as it is kept.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Report {
    /// The packets of each stream, by its number.
    tracks: Vec<Track>,
    pub(super) streams: Vec<Stream>,
    pub(super) format: Format,
}

impl From<Written> for Report {
    fn from(Written { packets, streams, format }: Written) -> Self {
        let streams = streams.into_iter().map(|stream| Stream { id: None, ..stream }).collect();
        Self { tracks: packets, streams, format }
    }
}

impl Written {
    /// Of a report without packets: with those that the container's tables tell, by the number of the track. `None` where a stream that is played has
    /// no table.
    pub(super) fn with_tables(self, tables: &BTreeMap<u32, Track>) -> Option<Report> {
        let numbers: Vec<_> = self.streams.iter().map(|stream| (stream.index, stream.number())).collect();
        let mut report = Report::from(self);
        for index in report.played_streams() {
            let number = numbers.iter().find(|(other, _)| *other == index)?.1?;
            if index >= report.tracks.len() {
                report.tracks.resize(index + 1, Track::default());
            }
            report.tracks[index] = tables.get(&number)?.clone();
        }
        Some(report)
    }
}

/// The container.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Format {
    #[serde(default)]
    pub(super) format_name: String,
    start_time: Option<String>,
    duration: Option<String>,
    #[serde(default)]
    pub(super) tags: FormatTags,
}

/// The container's tags, as far as they matter.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct FormatTags {
    pub(super) major_brand: Option<String>,
}

/// One stream.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Stream {
    #[serde(default)]
    pub(super) index: usize,
    /// The number of the track in the container, such as `0x1`: what finds its tables, and nothing else.
    #[serde(skip_serializing)]
    pub(super) id: Option<String>,
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
    pub(super) duration: Option<String>,
    pub(super) duration_ts: Option<u64>,
    pub(super) nb_frames: Option<String>,
    pub(super) field_order: Option<String>,
    pub(super) color_range: Option<String>,
    pub(super) color_space: Option<String>,
    pub(super) color_primaries: Option<String>,
    pub(super) color_transfer: Option<String>,
    pub(super) sample_rate: Option<String>,
    pub(super) channels: Option<i64>,
    #[serde(default)]
    pub(super) disposition: Disposition,
    #[serde(default)]
    pub(super) side_data_list: Vec<SideData>,
}

/// What a stream is for.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Disposition {
    #[serde(default)]
    pub(super) attached_pic: i64,
}

/// Data beside a stream; only the display matrix matters.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
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

    /// The numbers of the streams that are played: the pictures in their order, then the sounds.
    pub(super) fn played_streams(&self) -> Vec<usize> {
        let pictures = self.streams.iter().filter(|stream| stream.is("video") && stream.disposition.attached_pic == 0);
        pictures.chain(self.streams.iter().filter(|stream| stream.is("audio"))).map(|stream| stream.index).collect()
    }

    /// The packets of a stream; `None` where it has none.
    pub(super) fn track(&self, stream: &Stream) -> Option<&Track> {
        self.tracks.get(stream.index)
    }

    /// Packets of a stream that are there.
    pub(super) fn packets(&self, stream: Option<&Stream>) -> u64 {
        stream.and_then(|stream| self.track(stream)).map_or(0, |track| track.packets)
    }

    /// When the container begins in its own time, in seconds: what ffmpeg counts from.
    pub(super) fn container_begins(&self) -> f64 {
        moment(self.format.start_time.as_deref())
    }

    /// How long the header says that the container and the stream last, in seconds. Tools that join by copying go by both.
    pub(super) fn header_lengths(&self, stream: &Stream) -> [Option<f64>; 2] {
        [self.format.duration.as_deref(), stream.duration.as_deref()].map(seconds)
    }

    /// Whether an MP4 or MOV holds fewer packets than its header promises. What cannot be counted in packets lacks none: the header counts the
    /// samples of uncompressed and companded sound, each a tick of the stream's clock long, and a packet holds many of them.
    pub(super) fn lacks_packets(&self) -> bool {
        let played = self.video().into_iter().chain(self.audio());
        self.is_mov()
            && played.into_iter().any(|stream| {
                let promised = stream.nb_frames.as_deref().and_then(|number| number.parse::<u64>().ok()).unwrap_or(0);
                let ticks = stream.duration_ts.unwrap_or(0);
                let in_packets = stream.is("video") || promised < ticks / 2;
                in_packets && promised > self.packets(Some(stream))
            })
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

    /// The number of its track in an MP4 or MOV.
    fn number(&self) -> Option<u32> {
        u32::from_str_radix(self.id.as_deref()?.strip_prefix("0x")?, 16).ok()
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

    /// The average frame rate. AVI counts empty frames into it, there the nominal one is right.
    pub(super) fn frame_rate(&self, nominal: bool) -> Option<f64> {
        let (average, other) = (fraction(self.avg_frame_rate.as_deref(), '/'), fraction(self.r_frame_rate.as_deref(), '/'));
        let (first, second) = if nominal { (other, average) } else { (average, other) };
        // The nominal rate of a clip without a regular one is its clock's, such as 1000 or 90000.
        let sane = |rate: &f64| (0.004..=1000.0).contains(rate);
        first.filter(sane).or(second.filter(sane))
    }

    pub(super) fn sample_rate(&self) -> Option<u32> {
        self.sample_rate.as_deref()?.parse().ok().filter(|rate| (1..=768_000).contains(rate))
    }
}

/// A length in seconds that can be one.
fn seconds(text: Option<&str>) -> Option<f64> {
    text?.parse().ok().filter(|seconds: &f64| seconds.is_finite() && *seconds > 0.0)
}

/// `30000/1001` or `16:15` as a number.
fn fraction(text: Option<&str>, sign: char) -> Option<f64> {
    let (above, below) = text?.split_once(sign)?;
    let (above, below): (f64, f64) = (above.parse().ok()?, below.parse().ok()?);
    let value = above / below;
    (value.is_finite() && value > 0.0).then_some(value)
}
