//! One open builder, handed to its parts by context: its document, the window over it, the hand, and what is drawn. What is drawn are
//! signals, several for each node, so that a change redraws only what it touched. Everything is owned by the page.

use std::{collections::HashMap, sync::Arc};

use leptos::prelude::*;
use serde_json::Value;

use super::{
    canvas::{canvas_view::CanvasView, hand::Hand, node_state::NodeState},
    document::Document,
};
use crate::{
    domain::{
        NodeId,
        execution::{Mode, NodeRun},
        workflow::{NodeAsset, OpenedWorkflow},
    },
    graph::{
        Change, Command, CommandError, Graph, Node,
        canvas::{
            geometry::{Point, Viewport},
            selection::Selection,
            wire::End,
        },
        document::format,
        freshness::Freshness,
        unfinished::unfinished,
    },
    ui::{components::set_if_new, media::Media},
};

/// A palette that is open: where the new node goes, and what it has to fit.
#[derive(Debug, Clone, PartialEq)]
pub struct PaletteRequest {
    /// Where on the plane the node's upper left corner goes; the middle of the window where it is `None`.
    pub at: Option<Point>,
    /// The end of a wire that waits for the node.
    pub from: Option<End>,
}

/// One open builder. Cheap to copy; found by `expect_context::<Editor>()` below the builder page.
#[derive(Clone, Copy)]
pub struct Editor {
    /// The graph with its history.
    pub document: Document,
    /// The window over it.
    pub view: CanvasView,
    /// What the hand is doing.
    pub hand: Hand,
    states: StoredValue<HashMap<NodeId, NodeState>>,
    /// Which results are out of date; not reactive.
    freshness: StoredValue<Freshness>,
    /// Whether results are being put in one after the other, to be looked at together; not reactive.
    is_opening: StoredValue<bool>,
    owner: StoredValue<Owner>,
    /// What is selected.
    pub selection: RwSignal<Selection>,
    /// The open palette.
    pub palette: RwSignal<Option<PaletteRequest>>,
    /// What the editor has to say: refusals, and what keyboard users cannot see. Read out by screen readers.
    pub status: RwSignal<String>,
    /// A node that asks for a file; whoever uploads takes the request out.
    pub file_request: RwSignal<Option<NodeId>>,
}

impl Editor {
    /// A builder that shows `graph`; `view` is where the window lay when it was last open here.
    #[must_use]
    pub fn new(graph: Graph, view: Option<Viewport>) -> Self {
        let editor = Self::opening(graph, view);
        editor.begin(view);
        editor
    }

    /// A builder that is not drawn yet, so that what its nodes show can be put in first.
    fn opening(graph: Graph, view: Option<Viewport>) -> Self {
        let editor = Self {
            document: Document::new(graph.clone()),
            view: CanvasView::new(view.is_none()),
            hand: Hand::new(),
            states: StoredValue::new(HashMap::new()),
            freshness: StoredValue::new(Freshness::default()),
            is_opening: StoredValue::new(true),
            owner: StoredValue::new(Owner::current().unwrap_or_default()),
            selection: RwSignal::new(Selection::default()),
            palette: RwSignal::new(None),
            status: RwSignal::new(String::new()),
            file_request: RwSignal::new(None),
        };
        editor.sync_states(&graph, graph.nodes().iter().map(|node| node.id.clone()));
        editor
    }

    /// Looks at all nodes and shows what is in sight: once, as each may be one of ten thousand.
    fn begin(self, view: Option<Viewport>) {
        self.is_opening.set_value(false);
        let graph = self.graph();
        self.look_again(&graph, graph.nodes().iter().map(|node| node.id.clone()));
        self.view.viewport.set(view.unwrap_or_else(|| self.fitting()));
        self.settle();
    }

    /// A builder that shows a stored workflow with the clips and the newest run it came with.
    ///
    /// # Errors
    /// What is wrong with the stored definition, in words.
    pub fn open(opened: &OpenedWorkflow, view: Option<Viewport>) -> Result<Self, String> {
        let graph = format::read(&opened.definition)
            .map_err(|errors| errors.into_iter().map(|error| error.detail).collect::<Vec<_>>().join(" "))?;
        let editor = Self::opening(graph, view);
        if let Some(execution) = &opened.execution {
            for run in &execution.nodes {
                editor.set_run(run.clone(), execution.mode);
            }
        }
        for NodeAsset { node_id, asset, known, missing } in &opened.assets {
            let media = match (known, missing) {
                (Some(known), _) => Media::waiting(Arc::new(known.clone())),
                (None, Some(missing)) => Media::missing(*asset, missing.clone()),
                (None, None) => continue,
            };
            editor.set_media(node_id, media);
        }
        editor.begin(view);
        Ok(editor)
    }

    /// Runs `read` on the document as it stands.
    pub fn with_graph<T>(self, read: impl FnOnce(&Graph) -> T) -> T {
        self.document.with(read)
    }

    /// The document as it stands; cheap.
    #[must_use]
    pub fn graph(self) -> Graph {
        self.with_graph(Graph::clone)
    }

    /// The document as it is stored and run.
    #[must_use]
    pub fn definition(self) -> Value {
        self.with_graph(format::write)
    }

    /// The signals of a node; `None` where there never was one of that id.
    #[must_use]
    pub fn node(self, id: &NodeId) -> Option<NodeState> {
        self.states.with_value(|states| states.get(id).copied())
    }

    /// Changes the document: one step of the history. False where the command was refused; the status then says why.
    pub fn dispatch(self, command: Command) -> bool {
        self.tell(self.document.apply(command))
    }

    /// Changes the document as one of several changes that belong together, as [`Document::apply_as_part`] does. False where the command was
    /// refused; the status then says why.
    pub fn dispatch_as_part(self, name: &str, command: Command) -> bool {
        self.tell(self.document.apply_as_part(name, command))
    }

    fn tell(self, applied: Result<Change, CommandError>) -> bool {
        match &applied {
            Ok(change) => self.show(change),
            Err(refusal) => self.say(refusal.to_string()),
        }
        applied.is_ok()
    }

    /// Takes the last step back.
    pub fn undo(self) {
        self.document.undo().iter().for_each(|change| self.show(change));
    }

    /// Takes the last undo back.
    pub fn redo(self) {
        self.document.redo().iter().for_each(|change| self.show(change));
    }

    /// Puts another document in place of this one, as a step that can be undone.
    pub fn replace(self, graph: Graph) {
        self.document.replace(graph).iter().for_each(|change| self.show(change));
    }

    /// Brings everything that is drawn up to the document, given what changed in it.
    fn show(self, change: &Change) {
        if change.is_empty() {
            return;
        }
        self.sync(change);
        let graph = self.graph();
        let selection = self.selection.get_untracked();
        let within = selection.within(&graph);
        if within != selection {
            self.selection.set(within);
        }
        if !(change.added.is_empty() && change.removed.is_empty() && change.connected.is_empty() && change.disconnected.is_empty()) {
            self.settle();
        }
    }

    fn sync(self, change: &Change) {
        let graph = self.graph();
        self.sync_states(&graph, change.nodes());
        self.look_again(&graph, change.nodes());
    }

    /// Brings the signals of these nodes up to the document.
    fn sync_states(self, graph: &Graph, nodes: impl IntoIterator<Item = NodeId>) {
        let owner = self.owner.get_value();
        self.states.update_value(|states| {
            for id in nodes {
                let Some(node) = graph.node(&id) else { continue };
                match states.get(&id) {
                    Some(state) => state.update(graph, node),
                    None => {
                        states.insert(id, owner.with(|| NodeState::new(graph, node)));
                    }
                }
            }
        });
    }

    /// Tells anew what is missing and what is out of date at these nodes and what depends on them.
    fn look_again(self, graph: &Graph, nodes: impl IntoIterator<Item = NodeId>) {
        let nodes: Vec<NodeId> = nodes.into_iter().collect();
        let result = |node: &Node| Some(self.node(&node.id)?.result(node));
        let looked_at = self.freshness.try_update_value(|freshness| freshness.update(graph, &nodes, result));
        for (id, out_of_date) in looked_at.unwrap_or_default() {
            if let Some(state) = self.node(&id) {
                set_if_new(state.stale, out_of_date);
                set_if_new(state.problem, unfinished(graph, &id, Mode::Draft));
            }
        }
    }

    /// Shows what a run in that mode says of a node.
    pub fn set_run(self, run: NodeRun, mode: Mode) {
        let id = run.node_id.clone();
        self.show_result(&id, |state| {
            state.mode.set_value(mode);
            set_if_new(state.run, Some(run));
        });
    }

    /// Shows a clip or a picture in a node, which may change its size.
    pub fn set_media(self, node: &NodeId, media: Media) {
        if let Some(state) = self.node(node) {
            let size = state.size_untracked();
            self.show_result(node, |state| set_if_new(state.media, Some(media)));
            if state.size_untracked() != size {
                self.view.sizes.update(|sizes| *sizes += 1);
            }
        }
    }

    /// Shows something that may make a node, and what depends on it, out of date.
    fn show_result(self, id: &NodeId, show: impl FnOnce(NodeState)) {
        let Some(state) = self.node(id) else { return };
        let graph = self.graph();
        let result = || graph.node(id).map(|node| state.result(node));
        let before = result();
        show(state);
        if !self.is_opening.get_value() && result() != before {
            self.look_again(&graph, [id.clone()]);
        }
    }

    /// Says something in the status line.
    pub fn say(self, words: impl Into<String>) {
        self.status.set(words.into());
    }
}
