//! A clip or a picture in its place: its poster at once, its bytes as they come, and then the hand on it. Hover plays a clip without sound, a
//! click with; F fills the screen, space J K L and , . move it.

use leptos::{ev, html, prelude::*, task::spawn_local};

use super::{Glyph, Icon, Reconnect, effect, handler, on_key, part_if};
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

/// Whether what an element could not load is loaded again. Cheap to copy.
#[derive(Debug, Clone, Copy)]
struct Gaps {
    reconnect: Option<Reconnect>,
    broken: StoredValue<bool>,
}

impl Gaps {
    fn of_page() -> Self {
        Self { reconnect: use_context(), broken: StoredValue::new(false) }
    }

    /// Waits for the server where it cannot be reached. What broke though it could be reached is tried once more, as that may have been the end
    /// of a gap.
    async fn is_worth_another(self) -> bool {
        let Some(reconnect) = self.reconnect else { return false };
        reconnect.was_gap().await || self.broken.try_update_value(|broken| !std::mem::replace(broken, true)) == Some(true)
    }
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
    let gaps = Gaps::of_page();
    let failed = move |_: ev::ErrorEvent| {
        spawn_local(async move {
            // What streams fails with the network, and a file of the user's own with the disk it lay on.
            if gaps.is_worth_another().await {
                playback::load_again(video, &download_url(asset));
            } else {
                let _ = set_unplayable.try_set(true);
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
    view! { <Still src=url alt=media.name().to_owned()/> }
}

#[component]
fn Poster(media: Media, note: String) -> impl IntoView {
    view! {
        <Still src=poster_url(media.asset) alt=media.name().to_owned()/>
        {(!note.is_empty()).then(|| view! { <p class="clip-note" role="status">{note}</p> })}
    }
}

/// A picture that is loaded again when the network is back.
#[component]
fn Still(src: String, alt: String) -> impl IntoView {
    let gaps = Gaps::of_page();
    let picture = NodeRef::<html::Img>::new();
    let failed = move || {
        spawn_local(async move {
            if gaps.is_worth_another().await {
                playback::load_picture_again(picture);
            }
        });
    };
    // What the server drew may have failed before anybody listened.
    effect(move || {
        if picture.get().is_some_and(|picture| picture.complete() && picture.natural_width() == 0) {
            failed();
        }
    });
    view! { <img node_ref=picture src=src alt=alt draggable="false" on:error=handler(move |_: ev::ErrorEvent| failed())/> }
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
