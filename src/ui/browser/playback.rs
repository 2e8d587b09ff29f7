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

/// Does what `key` means for a clip of frames `frame_seconds` long. Whether the key meant anything.
pub fn press(video: NodeRef<html::Video>, key: &str, frame_seconds: f64) -> bool {
    let Some(element) = video.get_untracked() else { return false };
    match key {
        " " | "Enter" => toggle(video),
        "f" | "F" => full_screen(&element),
        "j" | "J" => seek(&element, -1.0),
        "k" | "K" => pause(&element),
        "l" | "L" => faster(&element),
        "," => seek(&element, -frame_seconds),
        "." => seek(&element, frame_seconds),
        "m" | "M" => element.set_muted(!element.muted()),
        _ => return false,
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
