//! A clip in its place: its poster at once, its bytes as they come, and then the hand on it. Hover plays without sound, a click with;
//! F fills the screen, space J K L and , . move it.

use leptos::{ev, html, prelude::*};

use super::{Glyph, Icon, handler, part_if};
use crate::{
    domain::workflow::MissingVideo,
    ui::{
        browser::playback,
        clip::{Clip, Stage, download_url, poster_url},
        words,
    },
};

/// Shows `clip` at its own aspect; nothing while there is none.
#[component]
pub fn ClipPlayer(
    /// The clip; a change of stage redraws the player only.
    #[prop(into)]
    clip: Signal<Option<Clip>>,
) -> impl IntoView {
    part_if(move || {
        clip.get().map(|clip| {
            let id = clip.video_id.to_string();
            let ratio = format!("aspect-ratio: {:.4}", clip.ratio());
            view! {
                <div class="clip" style=ratio data-clip=id>
                    {match clip.stage.clone() {
                        Stage::Ready { url } => view! { <Player clip url/> }.into_any(),
                        Stage::Missing(missing) => view! { <Gone missing/> }.into_any(),
                        Stage::Waiting => view! { <Poster clip note=String::new()/> }.into_any(),
                        Stage::Failed { reason } => view! { <Poster clip note=reason/> }.into_any(),
                        Stage::Downloading { received, total } => view! { <Coming clip received total/> }.into_any(),
                    }}
                </div>
            }
        })
    })
}

#[component]
fn Player(clip: Clip, url: String) -> impl IntoView {
    let video = NodeRef::<html::Video>::new();
    let (unplayable, set_unplayable) = signal(false);
    let frame = clip.frame_seconds();
    let id = clip.video_id;
    let codec = clip.video.as_ref().and_then(|video| video.codec.clone()).unwrap_or_else(|| "this codec".to_owned());
    let keydown = move |event: ev::KeyboardEvent| {
        let plain = !event.ctrl_key() && !event.meta_key() && !event.alt_key();
        if plain && playback::press(video, &event.key(), frame) {
            event.prevent_default();
            event.stop_propagation();
        }
    };
    view! {
        <video
            node_ref=video
            src=url
            poster=poster_url(id)
            aria-label=format!("{}. Space plays, F fills the screen, J K L and comma and point move it.", clip.name())
            preload="metadata"
            playsinline
            tabindex="0"
            on:mouseenter=handler(move |_: ev::MouseEvent| playback::preview(video))
            on:mouseleave=handler(move |_: ev::MouseEvent| playback::end_preview(video))
            on:click=handler(move |_: ev::MouseEvent| playback::toggle(video))
            on:keydown=handler(keydown)
            on:error=handler(move |_: ev::ErrorEvent| set_unplayable.set(true))
            on:loadedmetadata=handler(move |_: ev::Event| set_unplayable.set(false))
        ></video>
        {part_if(move || {
            unplayable.get().then(|| {
                view! {
                    <p class="clip-note" role="status">
                        {format!("This browser cannot play {codec}. The file is whole: ")}
                        <a href=download_url(id) download>"download it"</a>
                    </p>
                }
            })
        })}
    }
}

#[component]
fn Poster(clip: Clip, note: String) -> impl IntoView {
    view! {
        <img src=poster_url(clip.video_id) alt=clip.name().to_owned() draggable="false"/>
        {(!note.is_empty()).then(|| view! { <p class="clip-note" role="status">{note}</p> })}
    }
}

#[component]
fn Coming(clip: Clip, received: u64, total: u64) -> impl IntoView {
    let name = format!("Bringing {}", clip.name());
    let said = format!("{} of {}", words::bytes(received), words::bytes(total));
    view! {
        <Poster clip note=String::new()/>
        <div class="clip-progress">
            <progress max=total.to_string() value=received.to_string() aria-label=name></progress>
            <span>{said}</span>
        </div>
    }
}

#[component]
fn Gone(missing: MissingVideo) -> impl IntoView {
    view! {
        <div class="clip-gone" role="note">
            <Icon glyph=Glyph::ClipMissing/>
            <strong>{missing.name}</strong>
            <p>{missing.reason}</p>
            <p>"Deleted " {words::date(missing.deleted_at)} ". The same file uploaded again takes its place."</p>
        </div>
    }
}
