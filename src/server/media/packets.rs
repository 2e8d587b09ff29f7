//! What the packets of a file say: how many each stream has, and when they are shown. Headers may lie about both; packets are what plays.
//!
//! ffprobe lists every packet. The list is folded while it is read, so that a film of hours takes no more memory than a clip.

use std::fmt;

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{self, SeqAccess, Visitor},
};

/// A recording that was cut together from several jumps in time; ffmpeg takes a jump of more than this for such a seam, in seconds.
const SEAM: f64 = 10.0;

/// More streams than any container of a clip has; what is beyond is not kept.
const MOST_STREAMS: usize = 1000;

/// The packets of one stream.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Track {
    /// Packets that are there, those that an edit list hides among them.
    pub(super) packets: u64,
    /// Packets that are shown.
    shown: u64,
    begin: f64,
    last: f64,
    end: f64,
    /// The same with every seam closed.
    joined_end: f64,
    /// Seconds that the seams so far moved the time on.
    seams: f64,
    expected: Option<f64>,
}

/// When the packets of a stream are shown, in the container's own time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Shown {
    /// When the first is shown, in seconds.
    pub(super) begin: f64,
    /// When the last is over, in seconds.
    pub(super) end: f64,
    /// How many are shown: at least one.
    pub(super) count: u64,
}

impl Track {
    /// Adds the packet that is decoded next.
    pub(super) fn add(&mut self, packet: Packet) {
        self.packets += 1;
        let decoded = packet.decoded.or(packet.shown);
        let lasts = packet.lasts.filter(|seconds| *seconds > 0.0).unwrap_or(0.0);
        if let (Some(decoded), Some(expected)) = (decoded, self.expected)
            && (decoded - expected).abs() > SEAM
        {
            self.seams += decoded - expected;
        }
        self.expected = decoded.map(|decoded| decoded + lasts).or(self.expected);
        let Some(at) = packet.shown.or(packet.decoded).filter(|_| !packet.hidden) else { return };
        if self.shown == 0 {
            (self.begin, self.last, self.end, self.joined_end) = (at, at, at, at - self.seams);
        }
        self.shown += 1;
        self.begin = self.begin.min(at);
        self.last = self.last.max(at);
        self.end = self.end.max(at + lasts);
        self.joined_end = self.joined_end.max(at - self.seams + lasts);
    }

    /// When its packets are shown; `None` where none is. `joined` closes the seams of a recording, as ffmpeg does with MPEG-TS. `frame` is how
    /// long the last one stands where the file does not say it, in seconds.
    pub(super) fn shown(&self, joined: bool, frame: Option<f64>) -> Option<Shown> {
        let (begin, count) = (self.begin, self.shown);
        let end = if joined { self.joined_end } else { self.end };
        let mean = || (count > 1).then(|| (self.last - begin) / (count - 1) as f64);
        let end = if end > self.last || joined { end } else { self.last + frame.or_else(mean).unwrap_or(0.0) };
        (count > 0).then_some(Shown { begin, end, count })
    }
}

/// When a packet is used, in seconds of the container's own time, as far as it is told.
#[derive(Debug, Clone, Copy)]
pub(super) struct Packet {
    pub(super) shown: Option<f64>,
    pub(super) decoded: Option<f64>,
    pub(super) lasts: Option<f64>,
    /// An edit list leaves it out.
    pub(super) hidden: bool,
}

/// One packet, as ffprobe lists it.
#[derive(Debug, Deserialize)]
struct Listed {
    stream_index: usize,
    #[serde(default)]
    pts_time: Seconds,
    #[serde(default)]
    dts_time: Seconds,
    #[serde(default)]
    duration_time: Seconds,
    #[serde(default)]
    flags: Flags,
}

#[derive(Debug, Clone, Copy, Default)]
struct Seconds(Option<f64>);

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let read = |text: &str| Self(text.parse().ok().filter(|seconds: &f64| seconds.is_finite()));
        deserializer.deserialize_str(Text("a time in seconds", read))
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct Flags {
    hidden: bool,
}

impl<'de> Deserialize<'de> for Flags {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Text("flags", |text: &str| Self { hidden: text.contains('D') }))
    }
}

/// Reads a text without keeping it.
struct Text<F>(&'static str, F);

impl<T, F: FnOnce(&str) -> T> Visitor<'_> for Text<F> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        Ok((self.1)(text))
    }
}

/// Folds a list of packets into the tracks, by the streams' numbers.
pub(super) fn tracks<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Track>, D::Error> {
    struct Fold;

    impl<'de> Visitor<'de> for Fold {
        type Value = Vec<Track>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list of packets")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
            let mut tracks: Vec<Track> = Vec::new();
            while let Some(packet) = list.next_element::<Listed>()? {
                let Listed { stream_index, pts_time, dts_time, duration_time, flags } = packet;
                if stream_index >= MOST_STREAMS {
                    continue;
                }
                if stream_index >= tracks.len() {
                    tracks.resize(stream_index + 1, Track::default());
                }
                tracks[stream_index].add(Packet { shown: pts_time.0, decoded: dts_time.0, lasts: duration_time.0, hidden: flags.hidden });
            }
            Ok(tracks)
        }
    }

    deserializer.deserialize_seq(Fold)
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn read(packets: &str) -> Vec<Track> {
        tracks(&mut serde_json::Deserializer::from_str(packets)).unwrap()
    }

    fn packet(stream: usize, at: f64, lasts: f64, flags: &str) -> String {
        format!(r#"{{"stream_index":{stream},"pts_time":"{at}","dts_time":"{at}","duration_time":"{lasts}","flags":"{flags}"}}"#)
    }

    #[test]
    fn what_is_hidden_is_counted_and_not_shown() {
        let list = format!("[{},{},{}]", packet(1, -0.02, 0.02, "KD"), packet(1, 0.0, 0.02, "K_"), packet(1, 0.02, 0.01, "K_"));
        let track = &read(&list)[1];
        assert_eq!(track.packets, 3);
        assert_eq!(track.shown(false, None), Some(Shown { begin: 0.0, end: 0.03, count: 2 }));
        assert_eq!(read(&list)[0].shown(false, None), None);
    }

    #[test]
    fn a_seam_is_closed_only_where_it_is_asked_for() {
        let list = format!("[{},{},{}]", packet(0, 0.0, 1.0, "K_"), packet(0, 5000.0, 1.0, "K_"), packet(0, 3.0, 1.0, "K_"));
        let track = &read(&list)[0];
        assert_eq!(track.shown(true, None).unwrap().end, 3.0);
        assert_eq!(track.shown(false, None).unwrap().end, 5001.0);
    }

    #[test]
    fn a_last_packet_without_a_length_stands_as_long_as_a_frame() {
        let list = r#"[{"stream_index":0,"pts_time":"0"},{"stream_index":0,"pts_time":"0.5"},{"stream_index":0,"pts_time":"nan"},{"stream_index":999999}]"#;
        let track = &read(list)[0];
        assert_eq!(track.packets, 3);
        assert_eq!(track.shown(false, None).unwrap().end, 1.0);
        assert_eq!(track.shown(false, Some(0.04)).unwrap().end, 0.54);
    }
}
