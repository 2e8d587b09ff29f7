//! What is drawn of one node: a signal for each thing that changes by itself.

use std::sync::Arc;

use leptos::prelude::*;

use crate::{
    domain::execution::{Mode, NodeRun, NodeStatus},
    graph::{
        Graph, Node,
        canvas::{
            geometry::{Point, Size},
            layout::{self, Face, Shown},
        },
        freshness::NodeResult,
        nodes,
        spec::Direction,
    },
    ui::{components::set_if_new, media::Media},
};

/// A node's signals. Cheap to copy; they live as long as the page, also while the node is deleted and can come back.
#[derive(Clone, Copy)]
pub struct NodeState {
    /// Its parameters and its type. Where it stands is in `position`, the one of this value may be old.
    pub data: RwSignal<Arc<Node>>,
    /// Where it stands, while it is dragged too.
    pub position: RwSignal<Point>,
    /// Its sockets.
    pub faces: RwSignal<Arc<Vec<Face>>>,
    /// The names of its inputs that something is wired to.
    pub wired: RwSignal<Vec<Arc<str>>>,
    /// How it fares in the newest run.
    pub run: RwSignal<Option<NodeRun>>,
    /// What it shows: its clip or its picture.
    pub media: RwSignal<Option<Media>>,
    /// What is missing before it can run.
    pub problem: RwSignal<Option<String>>,
    /// The mode of the run that `run` tells of; not reactive.
    pub(in crate::ui::editor) mode: StoredValue<Mode>,
    /// Whether its clip was made before something it depends on changed.
    pub stale: RwSignal<bool>,
}

/// How a node stands, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// Nothing was done yet.
    Idle,
    /// Something is missing.
    Unfinished,
    /// Done before something it depends on changed.
    Stale,
    /// As the run says.
    Run(NodeStatus),
}

impl Look {
    /// The word, as it stands in `data-node-status`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Unfinished => "unfinished",
            Self::Stale => "stale",
            Self::Run(status) => status.name(),
        }
    }
}

impl NodeState {
    pub(in crate::ui::editor) fn new(graph: &Graph, node: &Arc<Node>) -> Self {
        Self {
            data: RwSignal::new(node.clone()),
            position: RwSignal::new(node.position.into()),
            faces: RwSignal::new(Arc::new(layout::faces(graph, node))),
            wired: RwSignal::new(wired(graph, node)),
            run: RwSignal::new(None),
            media: RwSignal::new(None),
            problem: RwSignal::new(None),
            mode: StoredValue::new(Mode::Draft),
            stale: RwSignal::new(false),
        }
    }

    /// Brings the signals up to the document.
    pub(in crate::ui::editor) fn update(self, graph: &Graph, node: &Arc<Node>) {
        set_if_new(self.position, node.position.into());
        set_if_new(self.wired, wired(graph, node));
        let edited = |old: &Arc<Node>| old.params != node.params || old.node_type != node.node_type || old.other != node.other;
        if self.data.with_untracked(edited) {
            self.data.set(node.clone());
        }
        if !nodes::is_known(&node.node_type) || self.faces.with_untracked(|faces| faces.is_empty()) {
            set_if_new(self.faces, Arc::new(layout::faces(graph, node)));
        }
    }

    /// What is known of its result, for `node` as the document has it now.
    pub(in crate::ui::editor) fn result(self, node: &Node) -> NodeResult {
        let shown = self.media.with_untracked(|media| {
            let known = media.as_ref()?.known.as_ref()?;
            Some((known.reference(), known.file_hash))
        });
        let made = self.run.with_untracked(|run| {
            let run = run.as_ref().filter(|run| run.status == NodeStatus::Succeeded)?;
            Some((run.key, run.asset()))
        });
        let (key, made) = made.unwrap_or_default();
        // While another file is on its way, the one that is shown is not what the node gives.
        let gives = nodes::given(node).or(made);
        let file = shown.filter(|(asset, _)| gives.is_none_or(|gives| gives == *asset)).map(|(_, hash)| hash);
        NodeResult { key, mode: self.mode.get_value(), file }
    }

    /// How it stands. Reactive.
    #[must_use]
    pub fn look(self) -> Look {
        let run = self.run.with(|run| run.as_ref().map(|run| run.status));
        let has_result = self.media.with(Option::is_some);
        match run {
            Some(status) if !status.is_finished() => Look::Run(status),
            _ if self.problem.with(Option::is_some) => Look::Unfinished,
            Some(NodeStatus::Succeeded) if self.stale.get() => Look::Stale,
            Some(status) => Look::Run(status),
            None if has_result && self.data.with(|node| nodes::spec(&node.node_type).is_none_or(|spec| spec.given().is_none())) => {
                Look::Run(NodeStatus::Succeeded)
            }
            None => Look::Idle,
        }
    }

    /// What the node has to say about itself: what is missing, or why it failed. Reactive.
    #[must_use]
    pub fn message(self) -> Option<String> {
        match self.look() {
            Look::Unfinished => self.problem.get(),
            Look::Run(NodeStatus::Failed | NodeStatus::Unknown | NodeStatus::Skipped) => self.run.with(|run| {
                let run = run.as_ref()?;
                Some(run.error.as_ref().map_or_else(|| run.message.clone(), |error| error.message.clone()))
                    .filter(|words| !words.is_empty())
            }),
            _ => None,
        }
    }

    /// What it shows besides sockets and fields. Reactive.
    #[must_use]
    pub fn shown(self) -> Shown {
        let wired_texts = self.data.with(|node| self.wired.with(|wired| layout::wired_texts(node, wired)));
        Shown { clip_ratio: self.media.with(|media| media.as_ref().map(Media::ratio)), message: self.message().is_some(), wired_texts }
    }

    /// Its size. Reactive.
    #[must_use]
    pub fn size(self) -> Size {
        let shown = self.shown();
        self.data.with(|node| self.faces.with(|faces| layout::size(node, faces, shown)))
    }

    pub(in crate::ui::editor) fn size_untracked(self) -> Size {
        untrack(|| self.size())
    }

    /// Where a socket is on the plane. Reactive.
    #[must_use]
    pub fn socket_at(self, direction: Direction, name: &str) -> Option<Point> {
        let offset = self.faces.with(|faces| layout::face(faces, direction, name).map(Face::offset))?;
        Some(self.position.get().plus(offset))
    }
}

fn wired(graph: &Graph, node: &Node) -> Vec<Arc<str>> {
    graph.incoming(&node.id).map(|connection| connection.to.socket.clone()).collect()
}
