//! The palette: what can be added, found by a few letters.

use leptos::{ev, html, prelude::*};

use crate::{
    graph::{nodes, spec::NodeSpec},
    ui::{
        browser::canvas_dom,
        components::{Glyph, Icon, effect, handler, memo, on_key, part},
        editor::{
            document::edit,
            session::Session,
            state::{Editor, PaletteRequest},
        },
    },
};

/// About how large the palette is, in CSS pixels, to keep it inside the window.
const WIDTH: f64 = 340.0;
/// About how large the palette is, in CSS pixels, to keep it inside the window.
const HEIGHT: f64 = 480.0;

/// The palette of the editor in context, while it is asked for.
#[component]
pub fn Palette() -> impl IntoView {
    let editor = expect_context::<Editor>();
    part(move || editor.palette.get().map(|request| view! { <OpenPalette request/> }))
}

#[component]
fn OpenPalette(request: PaletteRequest) -> impl IntoView {
    let editor = expect_context::<Editor>();
    let session = expect_context::<Session>();
    let words = RwSignal::new(String::new());
    let chosen = RwSignal::new(0_usize);
    let search = NodeRef::<html::Input>::new();
    effect(move || {
        if let Some(field) = search.get() {
            canvas_dom::focus_element(&field);
        }
    });
    // Where the node will be, if there is room for the list; else at the rail.
    let place = request.at.map(|at| {
        let (at, window) = (editor.view.viewport.get_untracked().to_screen(at), editor.view.window.get_untracked());
        let within = |at: f64, most: f64| at.min(most - 12.0).max(12.0);
        format!("--at-x: {:.0}px; --at-y: {:.0}px", within(at.x, window.width - WIDTH), within(at.y, window.height - HEIGHT))
    });
    let request = StoredValue::new(request);
    let found = memo(move || {
        let words = words.get().to_lowercase();
        let fits = |spec: &&NodeSpec| {
            request.with_value(|request| match &request.from {
                Some(from) => editor.with_graph(|graph| edit::fitting_socket(graph, from, spec).is_some()),
                None => true,
            })
        };
        (0..nodes::specs().len())
            .filter(|place| fits(&nodes::specs()[*place]) && matches(nodes::specs()[*place], &words))
            .collect::<Vec<_>>()
    });
    let close = move || editor.palette.set(None);
    let add = move |place: usize| {
        close();
        request.with_value(|request| editor.add_node(nodes::specs()[place], |spec| session.living_default(spec), request));
        canvas_dom::focus_first("[data-canvas]");
        // Keys go on with the new node, once it is drawn.
        request_animation_frame(|| canvas_dom::focus_first(".node-selected"));
    };
    let press = move |event: ev::KeyboardEvent| {
        let count = found.with(Vec::len);
        match event.key().as_str() {
            "Enter" => {
                if let Some(place) = found.with(|found| found.get(chosen.get_untracked()).copied()) {
                    add(place);
                }
            }
            "Escape" => {
                close();
                canvas_dom::focus_first("[data-canvas]");
            }
            "ArrowDown" if count > 0 => chosen.update(|chosen| *chosen = (*chosen + 1) % count),
            "ArrowUp" if count > 0 => chosen.update(|chosen| *chosen = (*chosen + count - 1) % count),
            _ => return,
        }
        event.prevent_default();
        event.stop_propagation();
    };
    let entries = move || {
        let found = found.get();
        if found.is_empty() {
            return view! { <li class="palette-none" role="option" aria-disabled="true" aria-selected="false">"No node of that name."</li> }.into_any();
        }
        found
            .into_iter()
            .enumerate()
            .map(|(row, place)| {
                let spec = nodes::specs()[place];
                view! {
                    <li
                        class="palette-entry"
                        role="option"
                        id=format!("palette-{row}")
                        data-category=spec.category.title()
                        aria-selected=Signal::derive(move || (chosen.get() == row).to_string())
                        on:pointermove=handler(move |_: ev::PointerEvent| chosen.set(row))
                        on:click=handler(move |_: ev::MouseEvent| add(place))
                    >
                        <span class="palette-title">{spec.title}</span>
                        <span class="palette-words">{spec.description}</span>
                    </li>
                }
            })
            .collect_view()
            .into_any()
    };
    view! {
        <div class="palette-back" on:pointerdown=handler(move |_: ev::PointerEvent| close())></div>
        <div class="palette" role="dialog" aria-label="Add node" data-own-keys="" style=place>
            <div class="search">
                <Icon glyph=Glyph::Search/>
                <input
                    class="input"
                    type="search"
                    role="searchbox"
                    aria-label="Search nodes"
                    placeholder="Search nodes"
                    autocomplete="off"
                    aria-controls="palette-list"
                    aria-activedescendant=Signal::derive(move || format!("palette-{}", chosen.get()))
                    node_ref=search
                    on:input:target=move |event| {
                        words.set(event.target().value());
                        chosen.set(0);
                    }
                    on:keydown=on_key(press)
                />
            </div>
            <ul class="palette-list" id="palette-list" role="listbox" aria-label="Nodes">
                {entries}
            </ul>
        </div>
    }
}

/// Whether every word is in the node's name, its type's name or what it is for.
fn matches(spec: &NodeSpec, words: &str) -> bool {
    let text = format!("{} {} {}", spec.title, spec.node_type, spec.description).to_lowercase();
    words.split_whitespace().all(|word| text.contains(word))
}
