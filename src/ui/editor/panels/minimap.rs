//! The map of the whole graph, and where in it the window lies.

use std::collections::BTreeMap;

use leptos::{ev, html, prelude::*};

use crate::{
    domain::NodeId,
    graph::canvas::geometry::{Point, Rect},
    ui::{
        browser::canvas_dom,
        components::{each, handler, memo, part},
        editor::state::Editor,
    },
};

/// The map's size, in CSS pixels.
const WIDTH: f64 = 168.0;
/// The map's size, in CSS pixels.
const HEIGHT: f64 = 112.0;

/// The map of the editor in context. It redraws when a gesture has ended, not while one goes on.
#[component]
pub fn Minimap() -> impl IntoView {
    let editor = expect_context::<Editor>();
    let map = NodeRef::<html::Div>::new();
    let nodes = memo(move || {
        editor.document.revision.track();
        editor.view.sizes.track();
        editor.view.window.track();
        boxes(editor)
    });
    // What the map shows: the graph with some room around it.
    let shown = memo(move || {
        let content = nodes.with(|nodes| Rect::around(nodes.iter().map(|(_, bounds)| *bounds)));
        content.map(|content| framed(content.grown(200.0)))
    });
    let view_box = Signal::derive(move || {
        shown.get().map(|shown| {
            let size = shown.size();
            format!("{:.0} {:.0} {:.0} {:.0}", shown.min.x, shown.min.y, size.width, size.height)
        })
    });
    let outlines = part(move || {
        let drawn = nodes.with(|nodes| {
            let mut drawn: BTreeMap<&'static str, String> = BTreeMap::new();
            for (category, bounds) in nodes {
                let size = bounds.size();
                let box_path = format!("M{:.0} {:.0}h{:.0}v{:.0}h{:.0}z", bounds.min.x, bounds.min.y, size.width, size.height, -size.width);
                drawn.entry(category).or_default().push_str(&box_path);
            }
            drawn
        });
        each(drawn.into_iter().map(|(category, outline)| view! { <path class="map-node" data-category=category d=outline></path> }))
    });
    let window = part(move || {
        let shows = editor.view.viewport.get().shows(editor.view.window.get());
        let size = shows.size();
        view! {
            <rect
                class="map-window"
                x=format!("{:.0}", shows.min.x)
                y=format!("{:.0}", shows.min.y)
                width=format!("{:.0}", size.width)
                height=format!("{:.0}", size.height)
            ></rect>
        }
    });
    let go = move |event: &ev::PointerEvent| {
        if let (Some(map), Some(shown)) = (map.get_untracked(), shown.get_untracked()) {
            let at = canvas_dom::place_in(&map, event);
            let size = shown.size();
            editor.look_at(Point::new(shown.min.x + at.x / WIDTH * size.width, shown.min.y + at.y / HEIGHT * size.height));
        }
    };
    let down = move |event: ev::PointerEvent| {
        if let Some(map) = map.get_untracked() {
            event.prevent_default();
            canvas_dom::capture(&map, event.pointer_id());
            go(&event);
        }
    };
    let follow = move |event: ev::PointerEvent| {
        if event.buttons() != 0 {
            go(&event);
        }
    };
    view! {
        <div class="map" class:map-empty=Signal::derive(move || shown.get().is_none()) node_ref=map aria-hidden="true" on:pointerdown=handler(down) on:pointermove=handler(follow)>
            <svg width=WIDTH.to_string() height=HEIGHT.to_string() viewBox=view_box>
                {outlines}
                {window}
            </svg>
        </div>
    }
}

/// Where every node is, with its category for the colour.
fn boxes(editor: Editor) -> Vec<(&'static str, Rect)> {
    let ids: Vec<(NodeId, &'static str)> = editor.with_graph(|graph| {
        let category =
            |node: &crate::graph::Node| crate::graph::nodes::spec(&node.node_type).map_or("unknown", |spec| spec.category.title());
        graph.nodes().iter().map(|node| (node.id.clone(), category(node))).collect()
    });
    ids.into_iter().filter_map(|(id, category)| Some((category, editor.bounds(&id)?))).collect()
}

/// The rectangle of the map's proportions around `content`.
fn framed(content: Rect) -> Rect {
    let (size, centre) = (content.size(), content.centre());
    let scale = (size.width / WIDTH).max(size.height / HEIGHT);
    let half = Point::new(WIDTH * scale / 2.0, HEIGHT * scale / 2.0);
    Rect { min: centre.minus(half), max: centre.plus(half) }
}
