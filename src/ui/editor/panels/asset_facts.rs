//! What is known of what a node shows: every metadatum, how it was made, and which workflows use it.

use std::sync::Arc;

use leptos::{prelude::*, task::spawn_local};
use serde_json::Value;

use crate::{
    api::assets::asset,
    domain::{Asset, AssetKind, asset_kind::Fact, origin::Generation},
    graph::nodes,
    ui::{
        components::{Glyph, Icon, effect, memo, part},
        editor::{NodeState, session::Session, text_of},
        media::download_url,
        words,
    },
};

/// The facts of what a node shows.
#[component]
pub fn AssetFacts(
    /// The node's signals.
    state: NodeState,
    /// The kind of what a run makes of it, where one does.
    made: Option<AssetKind>,
) -> impl IntoView {
    let shown = memo(move || state.media.with(|media| media.as_ref().map(|media| media.asset)));
    let known = memo(move || state.media.with(|media| media.as_ref().and_then(|media| media.known.clone())));
    let (fresh, set_fresh) = signal(None::<Arc<Asset>>);
    let session = expect_context::<Session>();
    // It came with the page; which workflows use it may have changed since, and does with every save.
    effect(move || {
        session.etag.track();
        if let Some(shown) = shown.get() {
            spawn_local(async move {
                // What came with the page is shown where this fails.
                if let Ok(asset) = asset(shown.id).await {
                    let _ = set_fresh.try_set(Some(Arc::new(asset)));
                }
            });
        }
    });
    let newest = move || fresh.get().filter(|asset| Some(asset.reference()) == shown.get()).or_else(|| known.get());
    part(move || match (newest(), made) {
        (Some(asset), _) => view! { <Facts asset/> }.into_any(),
        (None, Some(kind)) => view! { <p class="inspector-text">{format!("No {} yet: Run makes it.", kind.spec().noun)}</p> }.into_any(),
        (None, None) => ().into_any(),
    })
}

#[component]
fn Facts(asset: Arc<Asset>) -> impl IntoView {
    let name = asset.name.clone();
    let spec = asset.kind.spec();
    let mut rows: Vec<_> = spec.facts.iter().map(|fact| (label(*fact), value(*fact, &asset))).collect();
    rows.extend([
        ("File size", Some(words::bytes(u64::try_from(asset.size_bytes).unwrap_or_default()))),
        ("Source", Some(words::source(asset.source_type, asset.made_by.as_ref()))),
        ("Stored", Some(words::moment(asset.created_at))),
        ("SHA-256", Some(asset.file_hash.to_string())),
    ]);
    let rows = rows.into_iter().map(|(name, value)| (name.to_owned(), value.unwrap_or_else(|| "Not known".to_owned()))).collect();
    let stitched = asset.stitch.as_ref().map(|stitch| {
        let mut rows = vec![("Clips".to_owned(), stitch.input_video_ids.len().to_string())];
        rows.extend(pairs(&stitch.params));
        view! { <Section title="Stitch"><Rows rows/></Section> }
    });
    let derived = asset.made_by.as_ref().map(|made_by| {
        let title = nodes::operation(&made_by.operation).map_or("Derivation", |operation| operation.noun);
        let rows = pairs(&made_by.params);
        view! { <Section title><Rows rows/></Section> }
    });
    let damaged = asset.damaged_at.map(|since| {
        format!("Damaged on the server since {}: its file is gone or altered. Upload the same file again to heal it.", words::moment(since))
    });
    let warning = damaged
        .or_else(|| asset.warning.clone())
        .map(|warning| view! { <p class="inspector-warning"><Icon glyph=Glyph::Alert/>{warning}</p> });
    let generation = asset.generation.clone().map(|generation| view! { <Made generation/> });
    let address = download_url(asset.reference());
    view! {
        <Section title=in_words(spec.noun)>
            <p class="clip-name">{name.clone()}</p>
            {warning}
            <Rows rows/>
            <a class="button" href=address download=name><Icon glyph=Glyph::Download/>"Download"</a>
        </Section>
        {stitched}
        {derived}
        {generation}
        <Uses asset/>
    }
}

/// What a fact is called.
fn label(fact: Fact) -> &'static str {
    match fact {
        Fact::Duration => "Duration",
        Fact::Resolution => "Resolution",
        Fact::Dimensions => "Dimensions",
        Fact::AspectRatio => "Aspect ratio",
        Fact::FrameRate => "Frame rate",
        Fact::Codec => "Codec",
        Fact::Sound => "Sound",
        Fact::Format => "Format",
    }
}

/// What is known of it, as people read it.
fn value(fact: Fact, asset: &Asset) -> Option<String> {
    let facts = &asset.facts;
    match fact {
        Fact::Duration => facts.duration_seconds.map(|seconds| format!("{seconds:.2} s")),
        Fact::Resolution => facts.resolution.clone(),
        Fact::Dimensions => facts.dimensions().map(|(width, height)| format!("{width} × {height}")),
        Fact::AspectRatio => facts.aspect_ratio.clone(),
        Fact::FrameRate => facts.fps.map(|fps| format!("{} fps", trimmed(fps))),
        Fact::Codec => facts.codec.clone(),
        Fact::Sound => Some(facts.audio.as_ref().map_or_else(
            || "None".to_owned(),
            |audio| format!("{}, {} Hz, {}", audio.codec, audio.sample_rate, words::count(i64::from(audio.channels), "channel")),
        )),
        Fact::Format => {
            let media_type = asset.media_type.as_deref()?;
            Some(asset.kind.format(media_type).map_or(media_type, |format| format.name).to_owned())
        }
    }
}

#[component]
fn Made(generation: Generation) -> impl IntoView {
    let took = generation.started_at.zip(generation.completed_at).map(|(from, to)| words::duration(to.seconds_since(from)));
    let facts = [
        ("Provider", generation.provider),
        ("Model", generation.model),
        ("Status", generation.status),
        ("Finished", generation.completed_at.map(words::moment)),
        ("Took", took),
        ("Provider's job", generation.provider_job_id),
    ];
    let mut rows: Vec<_> = facts.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
    rows.extend(pairs(&generation.generation_params));
    view! {
        <Section title="Generation">
            {generation.prompt.map(|prompt| view! { <p class="clip-prompt">{prompt}</p> })}
            <Rows rows/>
        </Section>
    }
}

#[component]
fn Uses(asset: Arc<Asset>) -> impl IntoView {
    let uses = asset.uses.iter().map(|place| {
        let role = place.role.name();
        view! {
            <li>
                <a href=format!("/workflows/{}", place.workflow_id)>{place.name.clone()}</a>
                <span>{format!(" as {role} of {}", place.node_type)}</span>
            </li>
        }
    });
    let uses = uses.collect_view();
    let text = asset.uses.is_empty().then(|| view! { <p class="inspector-text">"No saved workflow uses it yet."</p> });
    view! { <Section title="Used in">{text}<ul class="clip-uses">{uses}</ul></Section> }
}

/// A part of the inspector under its title.
#[component]
fn Section(#[prop(into)] title: String, children: Children) -> impl IntoView {
    view! {
        <section class="inspector-section">
            <h3>{title}</h3>
            {children()}
        </section>
    }
}

/// Names with their values.
#[component]
fn Rows(rows: Vec<(String, String)>) -> impl IntoView {
    let rows = rows.into_iter().map(|(name, value)| view! { <div><dt>{name}</dt><dd>{value}</dd></div> });
    view! { <dl class="facts">{rows.collect_view()}</dl> }
}

/// A parameter object's members, as people read them; those that are objects themselves are for machines.
fn pairs(params: &Value) -> Vec<(String, String)> {
    let members = params.as_object().into_iter().flatten();
    let members = members.filter(|(name, value)| !value.is_null() && !value.is_object() && name.as_str() != "prompt");
    members.map(|(name, value)| (in_words(name), text_of(value))).collect()
}

/// `transition_seconds` as `Transition seconds`.
fn in_words(name: &str) -> String {
    let text = name.replace('_', " ");
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// A figure with at most two digits after the point.
fn trimmed(figure: f64) -> String {
    let text = format!("{figure:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_shows_the_facts_that_it_declares() {
        let facts = crate::domain::asset::Facts {
            duration_seconds: Some(4.0),
            width: Some(720),
            height: Some(1280),
            resolution: Some("720x1280".to_owned()),
            ..Default::default()
        };
        let asset = |kind: AssetKind, media_type: &str| {
            serde_json::from_value::<Asset>(serde_json::json!({
                "id": "019ab8c5-0000-7000-8000-000000000000", "kind": kind, "name": "One", "file_hash": "0".repeat(64), "stream_hash": null,
                "size_bytes": 1, "media_type": media_type, "source_type": "uploaded", "created_at": "2026-01-31T08:30:00Z",
                "deleted_at": null, "facts": facts,
            }))
        };
        let shown = |kind: AssetKind| {
            let asset = asset(kind, kind.spec().formats[0].media_type).ok()?;
            Some(kind.spec().facts.iter().filter_map(|fact| value(*fact, &asset)).collect::<Vec<_>>())
        };
        assert_eq!(shown(AssetKind::Video), Some(["4.00 s", "720x1280", "None"].map(str::to_owned).to_vec()));
        assert_eq!(shown(AssetKind::Image), Some(["720 × 1280", "PNG"].map(str::to_owned).to_vec()));
    }

    #[test]
    fn members_are_named_in_words() {
        let params =
            serde_json::json!({ "transition_seconds": 0.5, "seed": null, "prompt": "long", "size": "720x1280", "plan": { "clips": [] } });
        let pairs = pairs(&params);
        assert!(pairs.contains(&("Transition seconds".to_owned(), "0.5".to_owned())));
        assert!(pairs.contains(&("Size".to_owned(), "720x1280".to_owned())));
        assert_eq!(pairs.len(), 2);
    }

    #[test]
    fn frame_rates_lose_their_zeros() {
        assert_eq!(trimmed(24.0), "24");
        assert_eq!(trimmed(29.97), "29.97");
    }
}
