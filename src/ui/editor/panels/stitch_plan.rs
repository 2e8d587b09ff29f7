//! What a stitch will do to each of its clips, asked of the server when clips and settings have rested, because only it has read the files.

use std::time::Duration;

use leptos::{prelude::*, task::spawn_local};
use serde_json::{Map, Value};

use crate::{
    api::executions::preview_stitch,
    domain::{NodeId, VideoId, stitch::StitchPreview},
    ui::{
        components::{effect, part},
        editor::{session::Session, state::Editor},
    },
};

/// How long clips and settings must rest before it is asked.
const REST: Duration = Duration::from_millis(400);

/// What was answered.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Answer {
    /// Nothing is asked: a clip is not there yet.
    #[default]
    None,
    /// What will be done.
    Plan(StitchPreview),
    /// Why it cannot be joined.
    Refused(String),
}

impl Answer {
    /// What happens to the clip at this place, in a line; nothing where it stays as it is.
    #[must_use]
    pub fn of_clip(&self, place: usize) -> Option<String> {
        let Self::Plan(plan) = self else { return None };
        plan.clips.get(place).filter(|changes| !changes.is_empty()).map(|changes| changes.join(" · "))
    }
}

/// The clips of the nodes in their order; `None` while one of them has none.
fn clips(editor: Editor, nodes: &[NodeId]) -> Option<Vec<VideoId>> {
    let clip = |id: &NodeId| {
        let media = editor.node(id)?.media;
        media.with(|media| media.as_ref().filter(|media| media.known.is_some()).and_then(|media| media.asset.video()))
    };
    nodes.iter().map(clip).collect::<Option<Vec<_>>>().filter(|clips| !clips.is_empty())
}

/// Keeps the answer for the clips that are wired to `stitcher`.
pub fn ask_of(stitcher: &NodeId, nodes: Memo<Vec<NodeId>>) -> RwSignal<Answer> {
    let session = expect_context::<Session>();
    let editor = session.editor;
    let answer = RwSignal::new(Answer::None);
    let stitcher = stitcher.clone();
    let asked = Memo::new(move |_| {
        editor.document.revision.track();
        let params = editor.with_graph(|graph| graph.node(&stitcher).map(|node| node.params.clone()))?;
        let params: Map<String, Value> = params.into_iter().filter(|(name, _)| name != "order").collect();
        Some((nodes.with(|nodes| clips(editor, nodes))?, params))
    });
    let timer = StoredValue::new(None::<TimeoutHandle>);
    let stop = move || {
        if let Some(handle) = timer.try_update_value(Option::take).flatten() {
            handle.clear();
        }
    };
    effect(move || {
        stop();
        match asked.get() {
            None => answer.set(Answer::None),
            Some((clips, params)) => {
                timer.set_value(set_timeout_with_handle(move || ask(session, asked, answer, clips, params), REST).ok());
            }
        }
    });
    on_cleanup(stop);
    answer
}

type Asked = Memo<Option<(Vec<VideoId>, Map<String, Value>)>>;

fn ask(session: Session, asked: Asked, answer: RwSignal<Answer>, clips: Vec<VideoId>, params: Map<String, Value>) {
    spawn_local(async move {
        // Other clips or settings that came meanwhile have asked anew.
        let is_current = || asked.try_get_untracked().flatten().is_some_and(|now| now.0 == clips && now.1 == params);
        while is_current() {
            match preview_stitch(clips.clone(), params.clone()).await {
                Err(error) if error.kind.is_passing() && session.reconnect.was_gap().await => {}
                _ if !is_current() => return,
                Ok(plan) => return drop(answer.try_set(Answer::Plan(plan))),
                Err(error) => return drop(answer.try_set(Answer::Refused(error.message))),
            }
        }
    });
}

/// The result in a line: size, rate, length, and whether anything is encoded again; or why there can be none.
#[component]
pub fn StitchSummary(
    /// What was answered.
    answer: RwSignal<Answer>,
) -> impl IntoView {
    part(move || match answer.get() {
        Answer::None => None,
        Answer::Refused(reason) => Some(view! { <p class="inspector-warning" role="status">{reason}</p> }.into_any()),
        Answer::Plan(plan) => {
            let StitchPreview { copied, width, height, fps, duration_seconds, .. } = plan;
            let way = if copied { "joined as they are, without loss" } else { "encoded as one" };
            let words = format!("{width}x{height}, {fps} frames a second, {duration_seconds:.2} s: {way}.");
            Some(view! { <p class="inspector-text" role="status">{words}</p> }.into_any())
        }
    })
}
