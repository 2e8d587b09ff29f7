//! The animatic: a clip of the prompt's words, made locally with ffmpeg at no cost, that stands in for the real one.

use std::path::Path;

use async_trait::async_trait;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{
    Attempt, GenerateRequest, Generated, VideoProvider,
    card::{Labels, Layout, Sheet, Words},
    palette::Palette,
};
use crate::{
    domain::{
        self, ApiError,
        provider::{self, ANIMATIC_VERSION, Provider},
    },
    server::{
        Error, Result,
        media::ffmpeg::{Arguments, Ffmpeg, Limits},
    },
};

/// Frames a second.
const FPS: u32 = 24;

/// Samples a second: a whole number of them to a frame, so that sound and picture end together.
const SAMPLE_RATE: u32 = 48_000;

/// Smallest and largest width and height, in pixels.
const SIDES: std::ops::RangeInclusive<u32> = 16..=4096;

/// Names the user data in the video stream that carries a request's fingerprint.
const FINGERPRINT_ID: &str = "7c0e5b1e-5d6c-4f0f-9a3e-2b1d4c6f8a90";

/// A pentatonic scale over two octaves, in semitones: any two shots sound well one after the other.
const SCALE: [u8; 10] = [0, 3, 5, 7, 10, 12, 15, 17, 19, 22];

/// Renders animatics.
#[derive(Debug)]
pub struct Animatic {
    ffmpeg: Ffmpeg,
}

impl Animatic {
    /// An animatic renderer that uses `ffmpeg`.
    #[must_use]
    pub fn new(ffmpeg: Ffmpeg) -> Self {
        Self { ffmpeg }
    }
}

#[async_trait]
impl VideoProvider for Animatic {
    async fn generate(
        &self,
        request: &GenerateRequest,
        output: &Path,
        Attempt { on_progress, cancel, .. }: Attempt<'_>,
    ) -> Result<Generated> {
        let shot = Shot::new(request)?;
        self.ffmpeg.available()?;
        on_progress(0.0, "Drawing the card");
        let drawing = shot.clone();
        let drawn = tokio::select! {
            drawn = tokio::task::spawn_blocking(move || drawing.draw()) => drawn,
            () = cancel.cancelled() => return Err(Error::Cancelled),
        };
        let (layout, png) = drawn.map_err(|error| Error::Internal(format!("drawing an animatic's card broke off: {error}")))??;
        let progress = |seconds: f64| on_progress(0.05 + 0.95 * (seconds / shot.seconds()).clamp(0.0, 1.0), "Rendering the animatic");
        progress(0.0);
        self.ffmpeg.run(&shot.arguments(&layout, png, output)?, Limits::render(shot.seconds()), &progress, cancel).await?;
        on_progress(1.0, "Rendered");
        Ok(Generated {
            provider: Provider::Animatic.name().into(),
            model: request.model.clone(),
            generation_params: generation_params(request),
            provider_job_id: None,
            is_cut: false,
        })
    }

    async fn withdraw(&self, _: &str) -> Result<bool> {
        Ok(false)
    }
}

/// What a request comes to.
#[derive(Debug, Clone)]
struct Shot {
    words: Words,
    palette: Palette,
    size: (u32, u32),
    frames: u32,
    /// Of the tone, in hertz.
    pitch: f64,
    /// Differs for requests that differ in anything, though they look alike.
    fingerprint: String,
}

impl Shot {
    fn new(request: &GenerateRequest) -> Result<Self> {
        let GenerateRequest { size: (width, height), seconds, .. } = *request;
        if ![width, height].iter().all(|side| side % 2 == 0 && SIDES.contains(side)) {
            let (least, most) = (SIDES.start(), SIDES.end());
            let detail = format!("An animatic's width and height are even and between {least} and {most} pixels, not {width}x{height}.");
            return Err(ApiError::invalid("/params/size", detail).into());
        }
        if !provider::animatic().makes_seconds(seconds) {
            let detail = format!("An animatic cannot last {seconds} seconds; take a length from a tenth of a second to a minute.");
            return Err(ApiError::invalid("/params/seconds", detail).into());
        }
        let digest = Sha256::digest(&request.prompt);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few thousand at most")]
        let frames = (seconds * f64::from(FPS)).round() as u32;
        Ok(Self {
            words: words(request),
            palette: Palette::of([digest[0], digest[1]]),
            size: (width, height),
            frames: frames.max(1),
            pitch: 196.0 * (f64::from(SCALE[usize::from(digest[2]) % SCALE.len()]) / 12.0).exp2(),
            fingerprint: fingerprint(request),
        })
    }

    /// The clip's exact length.
    fn seconds(&self) -> f64 {
        f64::from(self.frames) / f64::from(FPS)
    }

    /// Draws the card, as PNG.
    fn draw(&self) -> Result<(Layout, Vec<u8>)> {
        let sheet = Sheet::draw(&self.words, &self.palette, self.size, self.frames.div_ceil(FPS));
        Ok((sheet.layout, sheet.png()?))
    }

    fn arguments(&self, layout: &Layout, png: Vec<u8>, output: &Path) -> Result<Arguments> {
        Arguments::new()
            .option("-filter_complex_threads", "1")
            .option("-framerate", FPS.to_string())
            .own_bytes("png_pipe", png)
            .option("-filter_complex", format!("{};{}", self.picture(layout), self.sound()))
            .option("-map", "[picture]")
            .option("-map", "[sound]")
            .reproducible()
            .delivery_encoding()
            .option("-color_range", "tv")
            .option("-colorspace", "bt709")
            .option("-color_primaries", "bt709")
            .option("-color_trc", "bt709")
            .option("-bsf:v", format!("h264_metadata=sei_user_data={FINGERPRINT_ID}+{}", self.fingerprint))
            .mp4_output(output)
    }

    /// The card for the whole length (`fps` gives each frame its length, which `setpts` takes away since ffmpeg 7), with the progress bar's filled part and the clock's labels laid over it from frame to frame `n`.
    fn picture(&self, layout: &Layout) -> String {
        let Layout { size: (width, height), bar, filled_bar, seconds, tenths, .. } = *layout;
        let frames = self.frames;
        let still = format!(
            "[0:v]scale=in_range=pc:out_range=tv:out_color_matrix=bt709,format=yuv420p,loop=loop=-1:size=1:start=0,trim=end_frame={frames},\
             settb=1/{FPS},setpts=N,fps={FPS},split=5[a][b][c][d][e]"
        );
        let card = format!("[a]crop={width}:{height}:0:0[card]");
        let track = format!("[b]crop={}:{}:{}:{}[track]", bar.width, bar.height, bar.x, bar.y);
        let filled = format!("[c]crop={}:{}:{}:{}[filled]", filled_bar.width, filled_bar.height, filled_bar.x, filled_bar.y);
        let bar_now = format!("[track][filled]overlay=x='-W+W*(n+1)/{frames}':y=0[bar]");
        let seconds_now = format!("[d]{}[seconds]", label(&seconds, &format!("floor(n/{FPS})")));
        let tenths_now = format!("[e]{}[tenths]", label(&tenths, &format!("floor(mod(n,{FPS})*10/{FPS})")));
        let together = format!(
            "[card][bar]overlay={}:{}[f];[f][seconds]overlay={}:{}[g];[g][tenths]overlay={}:{}[picture]",
            bar.x, bar.y, seconds.shown.x, seconds.shown.y, tenths.shown.x, tenths.shown.y
        );
        [still, card, track, filled, bar_now, seconds_now, tenths_now, together].join(";")
    }

    /// A soft tone as long as the picture, to the sample, that comes and goes without a click.
    fn sound(&self) -> String {
        let (samples, seconds) = (self.frames * (SAMPLE_RATE / FPS), self.seconds());
        let (fade_in, fade_out) = ((seconds / 4.0).min(0.4), (seconds / 4.0).min(0.8));
        format!(
            "sine=frequency={:.3}:sample_rate={SAMPLE_RATE},atrim=end_sample={samples},volume=0.35,afade=t=in:d={fade_in:.3},\
             afade=t=out:st={:.3}:d={fade_out:.3},aformat=channel_layouts=stereo[sound]",
            self.pitch,
            seconds - fade_out
        )
    }
}

/// Cuts the label with the number `index`, an expression, out of the sheet.
fn label(labels: &Labels, index: &str) -> String {
    let Labels { shown, y, columns, .. } = labels;
    let (width, height) = (shown.width, shown.height);
    format!("crop={width}:{height}:'mod({index},{columns})*{width}':'{y}+floor({index}/{columns})*{height}'")
}

fn words(request: &GenerateRequest) -> Words {
    let GenerateRequest { provider, model, prompt, seconds, size: (width, height), seed, take, .. } = request;
    let title = if model.is_empty() || model == provider { provider.clone() } else { format!("{model} · {provider}") };
    let seed = seed.map(|seed| format!(" · seed {seed}")).unwrap_or_default();
    Words {
        title,
        details: format!("{} s · take {take}{seed}", (seconds * 100.0).round() / 100.0),
        prompt: prompt.clone(),
        mark: format!("{width} × {height}"),
    }
}

fn generation_params(request: &GenerateRequest) -> Value {
    let mut params = request.params.as_object().cloned().unwrap_or_default();
    let (width, height) = request.size;
    params.insert("seconds".into(), json!(request.seconds));
    params.insert("size".into(), json!(format!("{width}x{height}")));
    params.insert("seed".into(), json!(request.seed));
    params.insert("take".into(), json!(request.take));
    params.into()
}

/// SHA-256 of everything in the request, in hexadecimal digits.
fn fingerprint(request: &GenerateRequest) -> String {
    let GenerateRequest { provider, model, prompt, seconds, size, seed, take, params, first_frame, last_frame } = request;
    let mut everything = json!([ANIMATIC_VERSION, provider, model, prompt, seconds, size, seed, take, params]);
    if let Some(parts) = everything.as_array_mut() {
        for (place, picture) in [("first", first_frame), ("last", last_frame)] {
            let digest = picture.as_ref().map(|picture| domain::Sha256::new(Sha256::digest(&picture.bytes).into()).to_string());
            parts.extend(digest.map(|digest| json!([place, digest])));
        }
    }
    domain::Sha256::new(Sha256::digest(everything.to_string()).into()).to_string()
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use std::{path::PathBuf, sync::Mutex};

    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::domain::ErrorKind;

    struct Whole;

    #[async_trait]
    impl super::super::Inspect for Whole {
        async fn is_cut(&self, _: &Path) -> Result<bool> {
            Ok(false)
        }
    }

    fn request() -> GenerateRequest {
        GenerateRequest {
            provider: "animatic".into(),
            model: "animatic".into(),
            prompt: "雨夜，“慢一点”，她说。 „Größe“ 100 % 🎬".into(),
            seconds: 1.5,
            size: (180, 320),
            seed: None,
            take: 1,
            params: json!({"b": 1, "a": 2}),
            first_frame: None,
            last_frame: None,
        }
    }

    fn attempt<'a>(on_progress: &'a (dyn Fn(f64, &str) + Send + Sync), cancel: &'a CancellationToken) -> Attempt<'a> {
        Attempt { ledger: &super::super::Free, on_progress, leave_lane: &|| (), inspect: &Whole, cancel }
    }

    async fn render(request: &GenerateRequest, output: &Path) -> Result<Generated> {
        Animatic::new(Ffmpeg::locate()).generate(request, output, attempt(&|_, _| (), &CancellationToken::new())).await
    }

    async fn bytes(request: &GenerateRequest) -> Vec<u8> {
        let folder = tempfile::tempdir().unwrap();
        let output = folder.path().join("clip.mp4");
        render(request, &output).await.unwrap();
        std::fs::read(output).unwrap()
    }

    async fn streams(clip: &Path) -> Vec<Value> {
        let arguments = Arguments::new().flag("-show_streams").option("-of", "json").user_input(clip).unwrap();
        let output = Ffmpeg::locate().inspect(&arguments, Limits::INSPECT, 1 << 20, &CancellationToken::new()).await.unwrap();
        serde_json::from_slice::<Value>(&output).unwrap()["streams"].as_array().unwrap().clone()
    }

    /// Grey values, row by row, of the frame with that number.
    async fn frame(clip: &Path, number: u32) -> Vec<u8> {
        let select = format!("select=eq(n\\,{number})");
        let arguments = Arguments::new().user_input(clip).unwrap().option("-vf", select).option("-frames:v", "1");
        let arguments = arguments.option("-pix_fmt", "gray").stdout("rawvideo");
        Ffmpeg::locate().capture(&arguments, Limits::INSPECT, 1 << 24, &CancellationToken::new()).await.unwrap()
    }

    #[tokio::test]
    async fn size_length_and_sound_are_as_asked() {
        let folder = tempfile::tempdir().unwrap();
        let output: PathBuf = folder.path().join("odd name %d 'x'.mp4");
        for (size, seconds, frames) in [((180, 320), 1.5, "36"), ((320, 180), 2.0, "48"), ((240, 240), 0.1, "2"), ((16, 16), 1.01, "24")] {
            let generated = render(&GenerateRequest { size, seconds, ..request() }, &output).await.unwrap();
            assert_eq!((generated.provider.as_str(), generated.generation_params["seconds"].as_f64()), ("animatic", Some(seconds)));
            let streams = streams(&output).await;
            let [video, audio] = streams.as_slice() else { panic!("{streams:?}") };
            assert_eq!((&video["codec_name"], &video["pix_fmt"]), (&json!("h264"), &json!("yuv420p")));
            assert_eq!((&video["width"], &video["height"], &video["nb_frames"]), (&json!(size.0), &json!(size.1), &json!(frames)));
            assert_eq!((&video["avg_frame_rate"], &audio["codec_name"]), (&json!("24/1"), &json!("aac")));
            let [video, audio] = [video, audio].map(|stream| stream["duration"].as_str().unwrap().parse::<f64>().unwrap());
            assert!((video - frames.parse::<f64>().unwrap() / 24.0).abs() < 0.001 && (video - audio).abs() <= 0.02, "{video} {audio}");
        }
    }

    #[tokio::test]
    async fn equal_requests_give_equal_bytes() {
        let first = bytes(&request()).await;
        let reordered = GenerateRequest { params: json!({"a": 2, "b": 1}), ..request() };
        assert!(first == bytes(&reordered).await);
    }

    #[tokio::test]
    async fn any_difference_gives_other_bytes() {
        let long = "雨夜的台北夜市。".repeat(400);
        let requests = [
            request(),
            GenerateRequest { prompt: format!("{}!", request().prompt), ..request() },
            // Neither can be seen: the one lies in what was cut, the other has no letter in the font.
            GenerateRequest { prompt: format!("{long}甲"), ..request() },
            GenerateRequest { prompt: format!("{long}乙"), ..request() },
            GenerateRequest { prompt: request().prompt.replace('🎬', "🐻"), ..request() },
            GenerateRequest { seconds: 1.501, ..request() },
            GenerateRequest { size: (180, 322), ..request() },
            GenerateRequest { seed: Some(1), ..request() },
            GenerateRequest { take: 2, ..request() },
            GenerateRequest { model: "other".into(), ..request() },
        ];
        let mut clips = Vec::new();
        for request in requests {
            clips.push(bytes(&request).await);
        }
        let count = clips.len();
        clips.sort();
        clips.dedup();
        assert_eq!(clips.len(), count);
    }

    #[tokio::test]
    async fn the_bar_fills_and_the_clock_runs() {
        let folder = tempfile::tempdir().unwrap();
        let clip = folder.path().join("clip.mp4");
        let request = request();
        render(&request, &clip).await.unwrap();
        let (layout, _) = Shot::new(&request).unwrap().draw().unwrap();
        let (start, end) = (frame(&clip, 0).await, frame(&clip, 35).await);
        let at = |frame: &[u8], x: u32, y: u32| frame[(y * 180 + x) as usize];
        let y = layout.bar.y + layout.bar.height / 2;
        for share in [0.25, 0.5, 0.95] {
            let x = layout.bar.x + (f64::from(layout.bar.width) * share) as u32;
            assert!(at(&end, x, y) > at(&start, x, y) + 40, "the bar at {share}");
        }
        let clock = layout.tenths.shown;
        let changed = (clock.y..clock.y + clock.height)
            .flat_map(|y| (clock.x..clock.x + clock.width).map(move |x| (x, y)))
            .any(|(x, y)| at(&end, x, y).abs_diff(at(&start, x, y)) > 40);
        assert!(changed, "the clock shows the same at the start and at the end");
        assert_eq!(at(&end, layout.prompt.x, 2), at(&start, layout.prompt.x, 2), "the card itself stands still");
    }

    #[tokio::test]
    async fn progress_rises_to_one() {
        let folder = tempfile::tempdir().unwrap();
        let seen = Mutex::new(Vec::new());
        let note = |share: f64, _: &str| seen.lock().unwrap().push(share);
        let animatic = Animatic::new(Ffmpeg::locate());
        animatic.generate(&request(), &folder.path().join("clip.mp4"), attempt(&note, &CancellationToken::new())).await.unwrap();
        let seen = seen.into_inner().unwrap();
        assert!(seen.is_sorted() && seen[0] >= 0.0 && seen.last() == Some(&1.0), "{seen:?}");
    }

    #[tokio::test]
    async fn cancelling_stops_it() {
        let folder = tempfile::tempdir().unwrap();
        let cancel = CancellationToken::new();
        let note = |share: f64, _: &str| {
            if share > 0.0 {
                cancel.cancel()
            }
        };
        let long = GenerateRequest { seconds: 60.0, ..request() };
        let result = Animatic::new(Ffmpeg::locate()).generate(&long, &folder.path().join("clip.mp4"), attempt(&note, &cancel)).await;
        assert!(matches!(result, Err(Error::Cancelled)), "{result:?}");
    }

    #[tokio::test]
    async fn what_cannot_be_rendered_is_refused_in_words() {
        for bad in [
            GenerateRequest { size: (181, 320), ..request() },
            GenerateRequest { size: (180, 0), ..request() },
            GenerateRequest { size: (8192, 320), ..request() },
            GenerateRequest { seconds: 0.0, ..request() },
            GenerateRequest { seconds: f64::NAN, ..request() },
            GenerateRequest { seconds: 60.1, ..request() },
        ] {
            let result = render(&bad, Path::new("/nowhere/clip.mp4")).await;
            assert!(matches!(&result, Err(Error::Api(error)) if error.kind == ErrorKind::Invalid), "{result:?}");
        }
    }
}
