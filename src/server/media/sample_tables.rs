//! When the packets of an MP4 or MOV are shown, as the tables in its header tell it (ISO 14496-12, 8.6 and 8.7): ffprobe reads a whole file for that.
//!
//! Only what is plain is read here: tables that agree with each other, and an edit list that plays one part at its own speed. Of a track that is told
//! of in another way nothing is said, and ffprobe lists its packets.

use std::{collections::BTreeMap, fs::File, io, iter, ops::Range, os::unix::fs::FileExt, path::Path};

use mp4_atom::{Atom, Co64, Ctts, DecodeMaybe, Elst, FourCC, Header, Mdhd, Mvhd, Stco, Stsc, Stsz, StszSamples, Stts, Tkhd};

use super::{
    extent::Extent,
    packets::{Packet, Track},
};

/// The longest header that is read, in bytes: that of ten hours.
const LONGEST: u64 = 16 * 1024 * 1024;

/// The most packets of a track that are counted here.
const MOST_PACKETS: u32 = 4_000_000;

/// The tracks of picture and sound of a file, by their numbers; `None` where one of them is not plain. Blocks on the disk for one reading of the
/// header.
///
/// # Errors
/// Where the file cannot be read.
pub(super) fn tracks(path: &Path, extent: Extent) -> io::Result<Option<BTreeMap<u32, Track>>> {
    let Some((begin, end)) = extent.header.filter(|(begin, end)| end - begin <= LONGEST) else { return Ok(None) };
    let mut header = vec![0; (end - begin) as usize];
    File::open(path)?.read_exact_at(&mut header, begin)?;
    Ok(read(&header, extent.size))
}

/// The tracks that a `moov` tells of, in a file of so many bytes.
fn read(header: &[u8], file_bytes: u64) -> Option<BTreeMap<u32, Track>> {
    let movie_ticks = table::<Mvhd>(header)?.timescale;
    // Fragments tell of more packets.
    let is_all = optional(header, b"mvex")?.is_none();
    let mut tracks = BTreeMap::new();
    for (_, body) in boxes(header).filter(|(name, _)| is_all && *name == FourCC::new(b"trak")) {
        let media = only(body, b"mdia")?;
        let is_sound = match only(media, b"hdlr")?.get(8..12)? {
            b"soun" => true,
            b"vide" => false,
            _ => continue,
        };
        if tracks.insert(table::<Tkhd>(body)?.track_id, track(body, media, is_sound, movie_ticks, file_bytes)?).is_some() {
            return None;
        }
    }
    Some(tracks)
}

fn track(body: &[u8], media: &[u8], is_sound: bool, movie_ticks: u32, file_bytes: u64) -> Option<Track> {
    let ticks = f64::from(Some(table::<Mdhd>(media)?.timescale).filter(|ticks| *ticks > 0)?);
    let samples = Samples::of(only(only(media, b"minf")?, b"stbl")?)?;
    let part = match optional(body, b"edts")? {
        None => None,
        Some(edits) => Some(Part::of(&table(edits)?, ticks, f64::from(movie_ticks))?),
    };
    // A packet of sound is heard from where the part begins within it.
    let is_in = |part: &Part, sample: &Sample| {
        let ends = if is_sound { sample.shown + sample.lasts - 1 } else { sample.shown };
        sample.shown < part.shown.end && ends >= part.shown.start
    };
    let is_shown = |sample: &Sample| part.as_ref().is_none_or(|part| is_in(part, sample));
    let first = samples.iter().filter(is_shown).map(|sample| sample.shown).min()?;
    let begins = part.as_ref().map_or(0, |part| first.max(part.shown.start) - part.delay);
    let heard = |sample: &Sample| part.as_ref().filter(|_| is_sound).map_or(i64::MAX, |part| part.shown.end - sample.shown);
    let seconds = |of_it: i64| Some(of_it as f64 / ticks);
    let mut track = Track::default();
    for sample in samples.iter() {
        track.add(Packet {
            shown: seconds(sample.shown - begins),
            decoded: seconds(sample.decoded - begins),
            lasts: seconds(sample.lasts.min(heard(&sample))),
            hidden: !is_shown(&sample),
        });
    }
    track.packets = samples.whole(file_bytes)?;
    Some(track)
}

/// What of a track is played, in its own ticks.
struct Part {
    /// The moments that are shown.
    shown: Range<i64>,
    /// How long nothing is shown before it.
    delay: i64,
}

impl Part {
    /// By an edit list (8.6.6), whose lengths are in ticks of the movie: pauses, and then one part at its own speed.
    fn of(list: &Elst, ticks: f64, movie_ticks: f64) -> Option<Self> {
        let (part, pauses) = list.entries.split_last()?;
        let in_ticks =
            |length: u64| Some(length as f64 * ticks / movie_ticks).filter(|ticks| *ticks < 1e15).map(|ticks| ticks.round() as i64);
        let is_plain = part.media_rate == 1.into() && pauses.iter().all(|pause| pause.media_time.is_none());
        let begin = i64::try_from(part.media_time?).ok()?;
        let length = in_ticks(part.segment_duration).filter(|length| *length > 0 && is_plain)?;
        let paused = pauses.iter().try_fold(0_u64, |sum, pause| sum.checked_add(pause.segment_duration))?;
        Some(Self { shown: begin..begin.checked_add(length)?, delay: in_ticks(paused)? })
    }
}

/// One sample, in ticks of its track.
struct Sample {
    decoded: i64,
    shown: i64,
    lasts: i64,
}

/// The tables of a track's samples, which agree about their number.
struct Samples {
    lengths: Stts,
    delays: Option<Ctts>,
    sizes: StszSamples,
    count: u32,
    chunks: Vec<u64>,
    in_chunks: Stsc,
}

impl Samples {
    fn of(body: &[u8]) -> Option<Self> {
        let lengths = table::<Stts>(body)?;
        let delays = match optional(body, b"ctts")? {
            None => None,
            Some(body) => Some(Ctts::decode_body(&mut &*body).ok()?),
        };
        let sizes = table::<Stsz>(body)?.samples;
        let chunks = match (optional(body, b"stco")?, optional(body, b"co64")?) {
            (Some(body), None) => Stco::decode_body(&mut &*body).ok()?.entries.into_iter().map(u64::from).collect(),
            (None, Some(body)) => Co64::decode_body(&mut &*body).ok()?.entries,
            _ => return None,
        };
        let count = match &sizes {
            StszSamples::Identical { count, .. } => *count,
            StszSamples::Different { sizes } if sizes.contains(&0) => return None,
            StszSamples::Different { sizes } => u32::try_from(sizes.len()).ok()?,
        };
        let has_all = |counts: &mut dyn Iterator<Item = u32>| counts.map(u64::from).sum::<u64>() == u64::from(count);
        let has_lengths = has_all(&mut lengths.entries.iter().map(|run| run.sample_count));
        let has_delays = delays.iter().all(|delays| has_all(&mut delays.entries.iter().map(|run| run.sample_count)));
        // A tick each: samples of plain sound, many of which are a packet.
        let is_plain_sound = lengths.entries.iter().all(|run| run.sample_delta <= 1);
        // Negative ones, and those that others take for negative.
        let is_sane = lengths.entries.iter().all(|run| i32::try_from(run.sample_delta).is_ok())
            && delays.iter().flat_map(|delays| &delays.entries).all(|run| i32::try_from(run.sample_offset).is_ok_and(|delay| delay >= 0));
        let is_plain = has_lengths && has_delays && !is_plain_sound && is_sane && count <= MOST_PACKETS;
        let in_chunks = table(body).filter(|_| is_plain)?;
        Some(Self { lengths, delays, sizes, count, chunks, in_chunks })
    }

    /// In the order in which they are decoded.
    fn iter(&self) -> impl Iterator<Item = Sample> {
        let runs = self.lengths.entries.iter();
        let mut lengths = runs.flat_map(|run| iter::repeat_n(i64::from(run.sample_delta), run.sample_count as usize));
        let runs = self.delays.iter().flat_map(|delays| &delays.entries);
        let mut delays = runs.flat_map(|run| iter::repeat_n(run.sample_offset, run.sample_count as usize));
        let mut decoded = 0;
        iter::from_fn(move || {
            let lasts = lengths.next()?;
            let sample = Sample { decoded, shown: decoded + delays.next().unwrap_or(0), lasts };
            decoded += lasts;
            Some(sample)
        })
    }

    /// How many lie in the file as a whole; `None` where the chunks do not hold just these.
    fn whole(&self, file_bytes: u64) -> Option<u64> {
        let mut sizes = (0..self.count as usize).map(|number| match &self.sizes {
            StszSamples::Identical { size, .. } => *size,
            StszSamples::Different { sizes } => sizes[number],
        });
        let mut runs = self.in_chunks.entries.iter().peekable();
        let (mut whole, mut taken, mut in_chunk) = (0, 0, 0);
        for (number, begin) in (1..).zip(&self.chunks) {
            while let Some(run) = runs.next_if(|run| run.first_chunk <= number) {
                in_chunk = run.samples_per_chunk;
            }
            let mut at = *begin;
            for _ in 0..in_chunk {
                at = at.checked_add(u64::from(sizes.next()?))?;
                whole += u64::from(at <= file_bytes);
                taken += 1;
            }
        }
        (taken == self.count).then_some(whole)
    }
}

/// The boxes in a box. They end with one that is not there as a whole.
fn boxes(mut body: &[u8]) -> impl Iterator<Item = (FourCC, &[u8])> {
    iter::from_fn(move || {
        let header = Header::decode_maybe(&mut body).ok()??;
        let found;
        (found, body) = body.split_at_checked(header.size.unwrap_or(body.len()))?;
        Some((header.kind, found))
    })
}

/// A box that may be there once: `None` where it is there more often.
fn optional<'a>(body: &'a [u8], name: &[u8; 4]) -> Option<Option<&'a [u8]>> {
    let mut found = boxes(body).filter(|(other, _)| *other == FourCC::new(name));
    let first = found.next();
    found.next().is_none().then_some(first.map(|(_, body)| body))
}

/// A box that is there once.
fn only<'a>(body: &'a [u8], name: &[u8; 4]) -> Option<&'a [u8]> {
    optional(body, name)?
}

/// What a box says that is there once.
fn table<T: Atom>(body: &[u8]) -> Option<T> {
    T::decode_body(&mut only(body, &T::KIND.into())?).ok()
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use super::{super::sample_clips::Clips, *};

    fn known(path: &Path) -> Option<BTreeMap<u32, Track>> {
        tracks(path, Extent::of(path).unwrap()).unwrap()
    }

    /// The bytes of a file with a number of 32 bits of it changed: the one so many bytes after the name of a box.
    fn changed(path: &Path, name: &[u8; 4], after: usize, number: u32) -> Vec<u8> {
        let mut bytes = std::fs::read(path).unwrap();
        let at = bytes.windows(4).position(|window| window == name).unwrap() + 4 + after;
        bytes[at..at + 4].copy_from_slice(&number.to_be_bytes());
        bytes
    }

    #[test]
    fn packets_that_are_not_in_the_file_are_not_counted() {
        let clips = Clips::new();
        let whole = clips.silent("a.mp4", "64x64", 24);
        assert_eq!(known(&whole).unwrap()[&1].packets, 24);
        // The box of the media says "to the end of the file", and the file is cut.
        let at = std::fs::read(&whole).unwrap().windows(4).position(|window| window == b"mdat").unwrap();
        let mut bytes = std::fs::read(&whole).unwrap();
        bytes[at - 4..at].fill(0);
        let cut = clips.cut(&clips.write("open.mp4", &bytes), 0.9, "cut.mp4");
        assert!((1..24).contains(&known(&cut).unwrap()[&1].packets));
        let far = clips.write("far.mp4", &changed(&whole, b"stco", 8, u32::MAX));
        assert_eq!(known(&far).unwrap()[&1].packets, 0);
    }

    #[test]
    fn of_tables_that_do_not_agree_nothing_is_told() {
        let clips = Clips::new();
        let whole = clips.clip("a.mp4", "64x64", 24, 48_000);
        assert!(known(&whole).is_some());
        for (name, after, number) in [
            (b"stts", 4, u32::MAX),
            (b"stts", 8, 25),
            (b"stts", 12, u32::MAX),
            (b"stsz", 8, 23),
            (b"stsz", 8, u32::MAX),
            (b"stsz", 12, 0),
            (b"stsc", 12, 7),
            (b"stco", 4, 0),
            (b"mdhd", 12, 0),
            (b"elst", 8, 0),
            (b"elst", 16, 1 << 17),
            (b"mvhd", 12, 0),
            (b"trak", 0, 4),
        ] {
            let lies = clips.write("lies.mp4", &changed(&whole, name, after, number));
            assert_eq!(known(&lies), None, "{} at {after}", String::from_utf8_lossy(name));
        }
        // Every packet of equal size, and more than the file could hold.
        let mut many = changed(&whole, b"stsz", 4, 1);
        let at = many.windows(4).position(|window| window == b"stsz").unwrap() + 12;
        many[at..at + 4].copy_from_slice(&u32::MAX.to_be_bytes());
        assert_eq!(known(&clips.write("many.mp4", &many)), None);
    }

    #[test]
    fn whatever_a_header_holds_reading_it_ends() {
        let clips = Clips::new();
        let bytes = std::fs::read(clips.make("b.mp4", "-f lavfi -i testsrc2=s=64x64:d=1 -f lavfi -i sine=d=1 -c:v libx264 -bf 2 -c:a aac"))
            .unwrap();
        let at = bytes.windows(4).position(|window| window == b"moov").unwrap() + 4;
        let header = &bytes[at..];
        let mut random = 0x9e37_79b9_7f4a_7c15_u64;
        for _ in 0..5000 {
            let mut lies = header.to_vec();
            for _ in 0..3 {
                random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let place = (random >> 33) as usize % lies.len();
                lies[place] = [0, 1, 0x7F, 0x80, 0xFF, (random >> 20) as u8][(random >> 29) as usize % 6];
            }
            let counted = read(&lies, bytes.len() as u64).into_iter().flatten();
            assert!(counted.map(|(_, track)| track.packets).sum::<u64>() < 1000);
            read(&lies[..(random >> 33) as usize % lies.len()], bytes.len() as u64);
        }
    }
}
