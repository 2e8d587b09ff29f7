//! The inspector: what is known of the selection. Closed when nothing is selected; a sheet on a phone.

use leptos::{ev, html, prelude::*};

use super::{asset_facts::AssetFacts, model_facts::ModelFacts};
use crate::{
    domain::{NodeId, execution::NodeStatus, spend::dollars},
    graph::{
        canvas::{geometry::FAR_ZOOM, selection::Selection},
        nodes,
        param::ParamKind,
        spec::NodeSpec,
    },
    ui::{
        browser::canvas_dom,
        components::{Glyph, Icon, IconButton, OutcomeButtons, effect, handler, memo, part},
        editor::{
            Editor, NodeState,
            canvas::{field::ParamField, view::Far},
            document::edit::title,
            session::{Session, restore::Restore, run},
        },
    },
};

/// What of the selection is shown.
#[derive(Debug, Clone, PartialEq)]
enum Shown {
    Nothing,
    One(NodeId),
    Several(usize),
}

/// The inspector of the editor in context.
#[component]
pub fn Inspector() -> impl IntoView {
    let editor = expect_context::<Editor>();
    let shown = memo(move || {
        editor.selection.with(|selection| match (selection.single(), selection.nodes().len()) {
            (Some(node), _) => Shown::One(node.clone()),
            (None, 0) => Shown::Nothing,
            (None, several) => Shown::Several(several),
        })
    });
    part(move || match shown.get() {
        Shown::Nothing => ().into_any(),
        Shown::Several(count) => view! {
            <Panel title=format!("{count} nodes")>
                <p class="inspector-text">"Drag moves them together, Delete takes them away, copy and paste bring them elsewhere."</p>
            </Panel>
        }
        .into_any(),
        Shown::One(id) => editor.node(&id).map(|state| view! { <NodePanel id state/> }).into_any(),
    })
}

#[component]
fn Panel(#[prop(into)] title: String, children: Children) -> impl IntoView {
    let editor = expect_context::<Editor>();
    let panel = NodeRef::<html::Aside>::new();
    effect(move || {
        let width = panel.get().and_then(|panel| canvas_dom::size_of(&panel)).map(|size| size.width);
        editor.view.covered.set_value(width.unwrap_or_default());
    });
    on_cleanup(move || {
        let _ = editor.view.covered.try_set_value(0.0);
    });
    view! {
        <aside class="inspector" node_ref=panel aria-label="Inspector" data-own-keys="">
            <div class="inspector-head">
                <h2>{title}</h2>
                <IconButton glyph=Glyph::Close label="Close the inspector" on_press=move || editor.selection.set(Selection::default())/>
            </div>
            <div class="inspector-body">{children()}</div>
        </aside>
    }
}

#[component]
fn NodePanel(id: NodeId, state: NodeState) -> impl IntoView {
    let node_type = state.data.with_untracked(|node| node.node_type.clone());
    let spec = nodes::spec(&node_type);
    let made = spec.filter(|spec| spec.makes()).and_then(NodeSpec::gives);
    let generates = nodes::generates(&node_type);
    let has_takes = spec.is_some_and(|spec| spec.param_of(ParamKind::Take).is_some());
    let name = title(&node_type).to_owned();
    view! {
        <Panel title=name>
            {spec.map(|spec| view! { <p class="inspector-text">{spec.description}</p> })}
            <RunFacts state/>
            {has_takes.then(|| view! { <AgainButton id=id.clone()/> })}
            {spec.map(|spec| view! { <Params id=id.clone() state spec/> })}
            {generates.then(|| view! { <ModelFacts id=id.clone() state/> })}
            <AssetFacts state made/>
        </Panel>
    }
}

/// How the node fares: what is missing, or why it failed, in full.
#[component]
fn RunFacts(state: NodeState) -> impl IntoView {
    let message = memo(move || state.message());
    let is_bad = move || state.run.with(|run| run.as_ref().is_some_and(|run| run.status == NodeStatus::Failed));
    let waiting =
        memo(move || state.run.with(|run| run.as_ref().filter(|run| run.status == NodeStatus::Unknown).and_then(|run| run.job_id)));
    let detail = move || state.run.with(|run| run.as_ref().map(|run| run.message.clone()).filter(|words| !words.is_empty()));
    view! {
        {part(move || {
            message.get().map(|words| {
                view! {
                    <div class="notice" class:notice-warn=Signal::derive(move || !is_bad()) role="status">
                        <Icon glyph=Glyph::Alert/>
                        <p>{words}</p>
                    </div>
                }
            })
        })}
        {part(move || {
            // The node itself follows by the events of the run.
            waiting.get().map(|job| view! { <OutcomeButtons job on_decided=|_| ()/> })
        })}
        {part(move || detail().filter(|_| message.with(Option::is_none)).map(|words| view! { <p class="inspector-text">{words}</p> }))}
        {part(move || {
            let cost = state.run.with(|run| run.as_ref().and_then(|run| run.cost))?;
            let figure = dollars(cost.usd_micros);
            Some(view! { <p class="inspector-text">{if cost.estimated { "Cost, estimated: " } else { "Cost: " }}{figure}</p> })
        })}
    }
}

#[component]
fn AgainButton(id: NodeId) -> impl IntoView {
    let session = expect_context::<Session>();
    let restore = expect_context::<Restore>();
    view! {
        <button
            type="button"
            class="button"
            title="Makes another take of this shot; the earlier ones stay in the library"
            disabled=Signal::derive(move || session.is_running())
            on:click=handler(move |_: ev::MouseEvent| run::again(session, restore, &id))
        >
            <Icon glyph=Glyph::Again/>"Again"
        </button>
    }
}

/// The parameters: those the node itself shows stand here only while it is drawn too small for them.
#[component]
fn Params(id: NodeId, state: NodeState, spec: &'static NodeSpec) -> impl IntoView {
    let editor = expect_context::<Editor>();
    let far = use_context::<Far>().map_or_else(|| memo(move || editor.view.viewport.with(|view| view.zoom < FAR_ZOOM)), |Far(far)| far);
    part(move || {
        let here = far.get();
        let fields = spec.params.iter().filter(|param| here || !param.in_node);
        let fields = fields.map(|param| view! { <ParamField node=id.clone() state param hinted=true/> }).collect_view();
        view! { <div class="inspector-fields">{fields}</div> }
    })
}
