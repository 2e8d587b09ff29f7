//! Moving a `<video>` by hand: hover, click, full screen, and the keys of a cutting room.

use leptos::{html, prelude::*};
use wasm_bindgen_futures::JsFuture;
use web_sys::HtmlVideoElement;

/// The fastest that repeated L plays.
const FASTEST: f64 = 4.0;

/// Plays without sound, for as long as the pointer rests on the clip.
pub fn preview(video: NodeRef<html::Video>) {
    if let Some(video) = video.get_untracked()
        && video.paused()
    {
        video.set_muted(true);
        play(&video);
    }
}

/// Ends a preview; a clip that plays with sound goes on.
pub fn end_preview(video: NodeRef<html::Video>) {
    if let Some(video) = video.get_untracked()
        && video.muted()
    {
        pause(&video);
    }
}

/// Plays with sound, or pauses what plays with sound.
pub fn toggle(video: NodeRef<html::Video>) {
    if let Some(video) = video.get_untracked() {
        if video.paused() || video.muted() {
            video.set_muted(false);
            play(&video);
        } else {
            pause(&video);
        }
    }
}

/// Loads a clip from the server, and goes on where it stood. Nothing happens where it is no longer shown.
pub fn load_again(video: NodeRef<html::Video>, address: &str) {
    if let Some(video) = video.try_get_untracked().flatten() {
        let (stood, plays) = (video.current_time(), !video.paused());
        // Loads it anew also where it is the same.
        video.set_src(address);
        // Before the metadata are there it says where to begin (HTML standard, default playback start position).
        video.set_current_time(stood);
        if plays {
            play(&video);
        }
    }
}

/// Loads a picture's address anew. Nothing happens where it is no longer shown.
pub fn load_picture_again(picture: NodeRef<html::Img>) {
    if let Some(picture) = picture.try_get_untracked().flatten() {
        picture.set_src(&picture.src());
    }
}

/// What a key asks of a clip.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Transport {
    Toggle,
    FullScreen,
    /// Seconds on, or back.
    Seek(f64),
    /// Frames on, or back.
    Step(f64),
    Pause,
    Faster,
    Mute,
}

impl Transport {
    /// What `key`, as the browser names it, asks for.
    #[must_use]
    pub fn of(key: &str) -> Option<Self> {
        Some(match key.to_ascii_lowercase().as_str() {
            " " | "enter" => Self::Toggle,
            "f" => Self::FullScreen,
            "j" => Self::Seek(-1.0),
            "k" => Self::Pause,
            "l" => Self::Faster,
            "," => Self::Step(-1.0),
            "." => Self::Step(1.0),
            "m" => Self::Mute,
            _ => return None,
        })
    }
}

/// Does what `key` means for a clip of frames `frame_seconds` long. Whether the key meant anything.
pub fn press(video: NodeRef<html::Video>, key: &str, frame_seconds: f64) -> bool {
    let (Some(element), Some(asked)) = (video.get_untracked(), Transport::of(key)) else { return false };
    match asked {
        Transport::Toggle => toggle(video),
        Transport::FullScreen => full_screen(&element),
        Transport::Seek(seconds) => seek(&element, seconds),
        Transport::Step(frames) => seek(&element, frames * frame_seconds),
        Transport::Pause => pause(&element),
        Transport::Faster => faster(&element),
        Transport::Mute => element.set_muted(!element.muted()),
    }
    true
}

fn play(video: &HtmlVideoElement) {
    if let Ok(started) = video.play() {
        // A browser may refuse to start with sound before the first click; the clip then just stays still.
        leptos::task::spawn_local(async move {
            let _ = JsFuture::from(started).await;
        });
    }
}

fn pause(video: &HtmlVideoElement) {
    video.set_playback_rate(1.0);
    // Pausing cannot fail; the binding only allows for it.
    let _ = video.pause();
}

fn faster(video: &HtmlVideoElement) {
    if video.paused() {
        video.set_muted(false);
        play(video);
    } else {
        video.set_playback_rate((video.playback_rate() * 2.0).min(FASTEST));
    }
}

fn seek(video: &HtmlVideoElement, seconds: f64) {
    pause(video);
    let end = if video.duration().is_finite() { video.duration() } else { f64::MAX };
    video.set_current_time((video.current_time() + seconds).clamp(0.0, end));
}

fn full_screen(video: &HtmlVideoElement) {
    let document = leptos::prelude::document();
    if document.fullscreen_element().is_some() {
        document.exit_fullscreen();
    } else {
        // Refused where the page may not take the screen; the clip then stays in its place.
        let _ = video.request_fullscreen();
    }
}
