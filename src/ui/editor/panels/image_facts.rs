//! What is known of a node's picture.

use std::sync::Arc;

use leptos::prelude::*;

use super::clip_facts::{Rows, Section};
use crate::{
    domain::image::Image,
    ui::{
        clip::image_url,
        components::{Glyph, Icon, part},
        editor::NodeState,
        words,
    },
};

/// The facts of the picture in a node.
#[component]
pub fn ImageFacts(
    /// The node's signals.
    state: NodeState,
    /// Whether a run makes its picture.
    makes: bool,
) -> impl IntoView {
    part(move || match state.picture.get() {
        Some(image) => view! { <Facts image/> }.into_any(),
        None if makes => view! { <p class="inspector-text">"No picture yet: Run takes it."</p> }.into_any(),
        None => ().into_any(),
    })
}

#[component]
fn Facts(image: Arc<Image>) -> impl IntoView {
    let source = words::source(image.source_type, None);
    let format = match image.media_type.as_str() {
        "image/png" => "PNG",
        "image/jpeg" => "JPEG",
        "image/webp" => "WebP",
        other => other,
    };
    let facts = [
        ("Dimensions", format!("{} × {}", image.width, image.height)),
        ("Format", format.to_owned()),
        ("File size", words::bytes(u64::try_from(image.size_bytes).unwrap_or_default())),
        ("Source", source.to_owned()),
        ("Stored", words::moment(image.created_at)),
        ("SHA-256", image.file_hash.to_string()),
    ];
    let rows = facts.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    view! {
        <Section title="Image">
            <p class="clip-name">{image.name.clone()}</p>
            <Rows rows/>
            <a class="button" href=image_url(image.id) download=image.name.clone()><Icon glyph=Glyph::Download/>"Download"</a>
        </Section>
    }
}
