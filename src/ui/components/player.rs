//! A clip or a picture in its place: its poster at once, its bytes as they come, and then the hand on it. Hover plays a clip without sound, a
//! click with; F fills the screen, space J K L and , . move it.

use leptos::{ev, html, prelude::*, task::spawn_local};

use super::{Glyph, Icon, Reconnect, handler, on_key, part_if};
use crate::{
    domain::{AssetKind, asset::MissingAsset},
    ui::{
        browser::playback,
        media::{Media, Stage, download_url, poster_url},
        words,
    },
};

/// Shows `media` at its own aspect; nothing while there is none.
#[component]
pub fn MediaView(
    /// What is shown; a change of stage redraws this only.
    #[prop(into)]
    media: Signal<Option<Media>>,
) -> impl IntoView {
    part_if(move || {
        media.get().map(|media| {
            let id = media.asset.id.to_string();
            let ratio = format!("aspect-ratio: {:.4}", media.ratio());
            view! {
                <div class="clip" style=ratio data-clip=id>
                    {match (media.stage.clone(), media.asset.kind) {
                        (Stage::Ready { url }, AssetKind::Video) => view! { <Player media url/> }.into_any(),
                        (Stage::Ready { url }, AssetKind::Image) => view! { <Picture media url/> }.into_any(),
                        (Stage::Missing(missing), _) => view! { <Gone missing/> }.into_any(),
                        (Stage::Waiting, _) => view! { <Poster media note=String::new()/> }.into_any(),
                        (Stage::Failed { reason }, _) => view! { <Poster media note=reason/> }.into_any(),
                        (Stage::Downloading { received, total }, _) => view! { <Coming media received total/> }.into_any(),
                    }}
                </div>
            }
        })
    })
}

#[component]
fn Player(media: Media, url: String) -> impl IntoView {
    let video = NodeRef::<html::Video>::new();
    let (unplayable, set_unplayable) = signal(false);
    let frame = media.frame_seconds();
    let asset = media.asset;
    let codec = media.known.as_ref().and_then(|known| known.facts.codec.clone()).unwrap_or_else(|| "this codec".to_owned());
    let keydown = move |event: ev::KeyboardEvent| {
        let plain = !event.ctrl_key() && !event.meta_key() && !event.alt_key();
        if plain && playback::press(video, &event.key(), frame) {
            event.prevent_default();
            event.stop_propagation();
        }
    };
    let reconnect = use_context::<Reconnect>();
    let streams = !url.starts_with("blob:");
    let failed = move |_: ev::ErrorEvent| {
        spawn_local(async move {
            // What streams fails with the network too, and comes when that is back.
            match reconnect.filter(|_| streams) {
                Some(reconnect) if reconnect.was_gap().await => playback::load_again(video),
                _ => drop(set_unplayable.try_set(true)),
            }
        });
    };
    view! {
        <video
            node_ref=video
            src=url
            poster=poster_url(asset)
            aria-label=format!("{}. Space plays, F fills the screen, J K L and comma and point move it.", media.name())
            preload="metadata"
            playsinline
            tabindex="0"
            on:mouseenter=handler(move |_: ev::MouseEvent| playback::preview(video))
            on:mouseleave=handler(move |_: ev::MouseEvent| playback::end_preview(video))
            on:click=handler(move |_: ev::MouseEvent| playback::toggle(video))
            on:keydown=on_key(keydown)
            on:error=handler(failed)
            on:loadedmetadata=handler(move |_: ev::Event| set_unplayable.set(false))
        ></video>
        {part_if(move || {
            unplayable.get().then(|| {
                view! {
                    <p class="clip-note" role="status">
                        {format!("This browser cannot play {codec}. The file is whole: ")}
                        <a href=download_url(asset) download>"download it"</a>
                    </p>
                }
            })
        })}
    }
}

#[component]
fn Picture(media: Media, url: String) -> impl IntoView {
    view! { <img src=url alt=media.name().to_owned() draggable="false"/> }
}

#[component]
fn Poster(media: Media, note: String) -> impl IntoView {
    let reconnect = use_context::<Reconnect>();
    let picture = NodeRef::<html::Img>::new();
    let failed = move |_: ev::ErrorEvent| {
        spawn_local(async move {
            if let Some(reconnect) = reconnect
                && reconnect.was_gap().await
            {
                playback::load_picture_again(picture);
            }
        });
    };
    view! {
        <img node_ref=picture src=poster_url(media.asset) alt=media.name().to_owned() draggable="false" on:error=handler(failed)/>
        {(!note.is_empty()).then(|| view! { <p class="clip-note" role="status">{note}</p> })}
    }
}

#[component]
fn Coming(media: Media, received: u64, total: u64) -> impl IntoView {
    let name = format!("Bringing {}", media.name());
    let said = format!("{} of {}", words::bytes(received), words::bytes(total));
    view! {
        <Poster media note=String::new()/>
        <div class="clip-progress">
            <progress max=total.to_string() value=received.to_string() aria-label=name></progress>
            <span>{said}</span>
        </div>
    }
}

#[component]
fn Gone(missing: MissingAsset) -> impl IntoView {
    view! {
        <div class="clip-gone" role="note">
            <Icon glyph=Glyph::ClipMissing/>
            <strong>{missing.name}</strong>
            <p>{missing.reason}</p>
            <p>"Deleted " {words::date(missing.deleted_at)} ". The same file uploaded again takes its place."</p>
        </div>
    }
}
