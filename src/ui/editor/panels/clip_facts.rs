//! What is known of a node's clip: every metadatum, how it was made, and which workflows use it.

use std::sync::Arc;

use leptos::{prelude::*, task::spawn_local};
use serde_json::Value;

use crate::{
    api::videos::video,
    domain::{origin::Generation, video::Video},
    graph::nodes,
    ui::{
        clip::download_url,
        components::{Glyph, Icon, effect, memo, part},
        editor::{NodeState, session::Session, text_of},
        words,
    },
};

/// The facts of the clip in a node.
#[component]
pub fn ClipFacts(
    /// The node's signals.
    state: NodeState,
    /// Whether a run makes its clip.
    makes: bool,
) -> impl IntoView {
    let id = memo(move || state.clip.with(|clip| clip.as_ref().map(|clip| clip.video_id)));
    let known = memo(move || state.clip.with(|clip| clip.as_ref().and_then(|clip| clip.video.clone())));
    let (fresh, set_fresh) = signal(None::<Arc<Video>>);
    let session = expect_context::<Session>();
    // The clip came with the page; which workflows use it may have changed since, and does with every save.
    effect(move || {
        session.etag.track();
        if let Some(id) = id.get() {
            spawn_local(async move {
                // What came with the page is shown where this fails.
                if let Ok(video) = video(id).await {
                    let _ = set_fresh.try_set(Some(Arc::new(video)));
                }
            });
        }
    });
    let shown = move || fresh.get().filter(|video| Some(video.id) == id.get()).or_else(|| known.get());
    part(move || match shown() {
        Some(video) => view! { <Facts video/> }.into_any(),
        None if makes => view! { <p class="inspector-text">"No clip yet: Run makes it."</p> }.into_any(),
        None => ().into_any(),
    })
}

#[component]
fn Facts(video: Arc<Video>) -> impl IntoView {
    let metadata = video.metadata.clone();
    let sound = match &metadata.audio {
        Some(audio) => format!("{}, {} Hz, {}", audio.codec, audio.sample_rate, words::count(i64::from(audio.channels), "channel")),
        None => "None".to_owned(),
    };
    let source = words::source(video.source_type, metadata.made_by.as_ref());
    let name = video.name.clone();
    let id = video.id;
    let generation = video.generation.clone();
    let facts = [
        ("Duration", video.duration_seconds.map(|seconds| format!("{seconds:.2} s"))),
        ("Resolution", video.resolution.clone()),
        ("Aspect ratio", video.aspect_ratio.clone()),
        ("Frame rate", video.fps.map(|fps| format!("{} fps", trimmed(fps)))),
        ("Codec", video.codec.clone()),
        ("Sound", Some(sound)),
        ("File size", Some(words::bytes(u64::try_from(video.size_bytes).unwrap_or_default()))),
        ("Source", Some(source)),
        ("Stored", Some(words::moment(video.created_at))),
        ("SHA-256", Some(video.file_hash.to_string())),
    ];
    let stitched = metadata.stitch.as_ref().map(|stitch| {
        let mut rows = vec![("Clips".to_owned(), stitch.input_video_ids.len().to_string())];
        rows.extend(pairs(&stitch.params));
        view! { <Section title="Stitch"><Rows rows/></Section> }
    });
    let derived = metadata.made_by.as_ref().map(|made_by| {
        let title = nodes::operation(&made_by.operation).map_or("Derivation", |operation| operation.noun);
        let rows = pairs(&made_by.params);
        view! { <Section title><Rows rows/></Section> }
    });
    let rows = facts.into_iter().map(|(name, value)| (name.to_owned(), value.unwrap_or_else(|| "Not known".to_owned()))).collect();
    view! {
        <Section title="Clip">
            <p class="clip-name">{name.clone()}</p>
            {metadata.warning.clone().map(|warning| view! { <p class="inspector-warning"><Icon glyph=Glyph::Alert/>{warning}</p> })}
            <Rows rows/>
            <a class="button" href=download_url(id) download=name.clone()><Icon glyph=Glyph::Download/>"Download"</a>
        </Section>
        {stitched}
        {derived}
        {generation.map(|generation| view! { <Made generation/> })}
        <Uses video/>
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
fn Uses(video: Arc<Video>) -> impl IntoView {
    let uses = video.workflows.iter().map(|place| {
        let role = place.role.name();
        view! {
            <li>
                <a href=format!("/workflows/{}", place.workflow_id)>{place.name.clone()}</a>
                <span>{format!(" as {role} of {}", place.node_type)}</span>
            </li>
        }
    });
    let uses = uses.collect_view();
    let text = video.workflows.is_empty().then(|| view! { <p class="inspector-text">"No saved workflow uses it yet."</p> });
    view! { <Section title="Used in">{text}<ul class="clip-uses">{uses}</ul></Section> }
}

/// A part of the inspector under its title.
#[component]
pub(super) fn Section(title: &'static str, children: Children) -> impl IntoView {
    view! {
        <section class="inspector-section">
            <h3>{title}</h3>
            {children()}
        </section>
    }
}

/// Names with their values.
#[component]
pub(super) fn Rows(rows: Vec<(String, String)>) -> impl IntoView {
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
