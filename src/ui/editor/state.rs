//! The state of one open builder, handed to its parts by context. The document is a plain value with its history; what is drawn are
//! signals, several for each node, so that a change redraws only what it touched. Everything is owned by the page.

use std::{collections::HashMap, sync::Arc};

use leptos::prelude::*;
use serde_json::Value;

use super::node_state::NodeState;
use crate::{
    domain::{
        NodeId,
        execution::{Mode, NodeRun},
        image::Image,
        workflow::OpenedWorkflow,
    },
    graph::{
        Change, Command, Connection, Fragment, Graph, Node, format,
        freshness::Freshness,
        geometry::{Point, Rect, Settled, Size, Viewport},
        gesture::{Gesture, Input},
        history::History,
        selection::Selection,
        unfinished::unfinished,
        wire::{End, Wire},
    },
    ui::{clip::Clip, components::set_if_new},
};

/// The server draws at most so many nodes; the browser the rest.
const FIRST_NODES: usize = 200;

/// A palette that is open: where the new node goes, and what it has to fit.
#[derive(Debug, Clone, PartialEq)]
pub struct PaletteRequest {
    /// Where on the plane the node's upper left corner goes; the middle of the window where it is `None`.
    pub at: Option<Point>,
    /// The end of a wire that waits for the node.
    pub from: Option<End>,
}

/// A wire being made, by hand or by keyboard.
#[derive(Debug, Clone, PartialEq)]
pub struct Connecting {
    /// The end that stays.
    pub from: End,
    /// The connection that was pulled off.
    pub loose: Option<Connection>,
}

/// One open builder. Cheap to copy; found by `expect_context::<Editor>()` below the builder page.
#[derive(Clone, Copy)]
pub struct Editor {
    document: StoredValue<History<Graph>>,
    states: StoredValue<HashMap<NodeId, NodeState>>,
    /// Which results are out of date; not reactive.
    freshness: StoredValue<Freshness>,
    /// Whether results are being put in one after the other, to be looked at together; not reactive.
    is_opening: StoredValue<bool>,
    owner: StoredValue<Owner>,
    typing: StoredValue<Option<String>>,
    pub(super) settled: StoredValue<Option<Settled>>,
    pub(super) mount_cap: StoredValue<usize>,
    pub(super) to_fit: StoredValue<bool>,
    /// What the hand is doing; not reactive.
    pub(super) gesture: StoredValue<Gesture>,
    /// The pointer's last place, for the next frame; not reactive.
    pub(super) next_move: StoredValue<Option<Input>>,
    /// Whether Space is held: any press pans then.
    pub(super) space_held: StoredValue<bool>,
    /// What the hand is doing, in a word, for the cursor.
    pub hand: RwSignal<&'static str>,
    /// What was copied last.
    pub(super) copied: StoredValue<Option<Fragment>>,
    /// Goes up with every change of the document: compare it to know whether something is unsaved.
    pub revision: RwSignal<u64>,
    /// Goes up when a clip makes a node larger or smaller.
    pub(super) sizes: RwSignal<u64>,
    /// Whether there is something to undo.
    pub can_undo: RwSignal<bool>,
    /// Whether there is something to redo.
    pub can_redo: RwSignal<bool>,
    /// What is selected.
    pub selection: RwSignal<Selection>,
    /// Where the window lies over the plane.
    pub viewport: RwSignal<Viewport>,
    /// The canvas' size, in CSS pixels.
    pub window: RwSignal<Size>,
    /// How much of it a panel covers at the right, in CSS pixels; not reactive.
    pub(super) covered: StoredValue<f64>,
    /// The nodes that are in the page, in document order.
    pub mounted: RwSignal<Vec<NodeId>>,
    /// The connections that are in the page.
    pub mounted_wires: RwSignal<Vec<Connection>>,
    /// The wire being made.
    pub connecting: RwSignal<Option<Connecting>>,
    /// The wire in the hand, as it is drawn.
    pub wire: RwSignal<Option<Wire>>,
    /// The selecting rectangle, on the plane.
    pub band: RwSignal<Option<Rect>>,
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
        let editor = Self {
            document: StoredValue::new(History::new(Graph::new())),
            states: StoredValue::new(HashMap::new()),
            freshness: StoredValue::new(Freshness::default()),
            is_opening: StoredValue::new(false),
            owner: StoredValue::new(Owner::current().unwrap_or_default()),
            typing: StoredValue::new(None),
            settled: StoredValue::new(None),
            mount_cap: StoredValue::new(FIRST_NODES),
            to_fit: StoredValue::new(view.is_none()),
            gesture: StoredValue::new(Gesture::Idle),
            next_move: StoredValue::new(None),
            space_held: StoredValue::new(false),
            hand: RwSignal::new("idle"),
            copied: StoredValue::new(None),
            revision: RwSignal::new(0),
            sizes: RwSignal::new(0),
            can_undo: RwSignal::new(false),
            can_redo: RwSignal::new(false),
            selection: RwSignal::new(Selection::default()),
            viewport: RwSignal::new(Viewport::default()),
            window: RwSignal::new(Size::ASSUMED_WINDOW),
            covered: StoredValue::new(0.0),
            mounted: RwSignal::new(Vec::new()),
            mounted_wires: RwSignal::new(Vec::new()),
            connecting: RwSignal::new(None),
            wire: RwSignal::new(None),
            band: RwSignal::new(None),
            palette: RwSignal::new(None),
            status: RwSignal::new(String::new()),
            file_request: RwSignal::new(None),
        };
        editor.document.set_value(History::new(graph.clone()));
        editor.sync(&Change::between(&Graph::new(), &graph));
        editor.viewport.set(view.unwrap_or_else(|| editor.fitting()));
        editor.settle();
        editor
    }

    /// A builder that shows a stored workflow with the clips and the newest run it came with.
    ///
    /// # Errors
    /// What is wrong with the stored definition, in words.
    pub fn open(opened: &OpenedWorkflow, view: Option<Viewport>) -> Result<Self, String> {
        let graph = format::read(&opened.workflow.definition)
            .map_err(|errors| errors.into_iter().map(|error| error.detail).collect::<Vec<_>>().join(" "))?;
        let editor = Self::new(graph, view);
        editor.is_opening.set_value(true);
        if let Some(execution) = &opened.execution {
            for run in &execution.nodes {
                editor.set_run(run.clone(), execution.mode);
            }
        }
        // Newest first: the first of a node is its current clip.
        for video in opened.workflow.videos.iter().rev() {
            let clip = match (&video.video, &video.missing) {
                (Some(known), _) => Clip::waiting(Arc::new(known.clone())),
                (None, Some(missing)) => Clip::missing(video.video_id, missing.clone()),
                (None, None) => continue,
            };
            editor.set_clip(&video.node_id, Some(clip));
        }
        for one in &opened.images {
            editor.set_picture(&one.node_id, Arc::new(one.image.clone()));
        }
        editor.is_opening.set_value(false);
        let graph = editor.graph();
        editor.look_again(&graph, graph.nodes().iter().map(|node| node.id.clone()));
        editor.viewport.set(view.unwrap_or_else(|| editor.fitting()));
        editor.settle();
        Ok(editor)
    }

    /// Runs `read` on the document as it stands.
    pub fn with_graph<T>(self, read: impl FnOnce(&Graph) -> T) -> T {
        self.document.with_value(|history| read(history.present()))
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
        self.end_typing();
        self.apply(command)
    }

    /// Changes the document as one of several changes that belong together, such as the letters of a word: everything under one `name` up to
    /// [`Self::end_typing`] is one step.
    pub fn dispatch_as_part(self, name: &str, command: Command) -> bool {
        if self.typing.with_value(|typing| typing.as_deref() != Some(name)) {
            self.document.update_value(History::begin);
            self.typing.set_value(Some(name.to_owned()));
        }
        self.apply(command)
    }

    /// Closes the step that [`Self::dispatch_as_part`] opened: when a field is left.
    pub fn end_typing(self) {
        if self.typing.try_update_value(Option::take).flatten().is_some() {
            self.document.update_value(|history| {
                history.commit();
            });
            self.show_history();
        }
    }

    fn apply(self, command: Command) -> bool {
        let result = self.document.try_update_value(|history| {
            let mut next = history.present().clone();
            let change = next.apply(command)?;
            if !change.is_empty() {
                history.set(next);
            }
            Ok::<_, crate::graph::CommandError>(change)
        });
        match result {
            Some(Ok(change)) => {
                self.show(&change);
                true
            }
            Some(Err(refusal)) => {
                self.say(refusal.to_string());
                false
            }
            None => false,
        }
    }

    /// Takes the last step back.
    pub fn undo(self) {
        self.travel(History::undo);
    }

    /// Takes the last undo back.
    pub fn redo(self) {
        self.travel(History::redo);
    }

    /// Puts another document in place of this one, as a step that can be undone.
    pub fn replace(self, graph: Graph) {
        self.travel(move |history| {
            history.set(graph);
            true
        });
    }

    fn travel(self, go: impl FnOnce(&mut History<Graph>) -> bool) {
        self.end_typing();
        let change = self.document.try_update_value(|history| {
            let before = history.present().clone();
            go(history).then(|| Change::between(&before, history.present()))
        });
        if let Some(Some(change)) = change {
            self.show(&change);
        }
    }

    /// Brings everything that is drawn up to the document, given what changed in it.
    fn show(self, change: &Change) {
        self.show_history();
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
        self.revision.update(|revision| *revision += 1);
    }

    fn show_history(self) {
        let (undo, redo) = self.document.with_value(|history| (history.can_undo(), history.can_redo()));
        set_if_new(self.can_undo, undo);
        set_if_new(self.can_redo, redo);
    }

    fn sync(self, change: &Change) {
        let graph = self.graph();
        let owner = self.owner.get_value();
        self.states.update_value(|states| {
            for id in change.nodes() {
                let Some(node) = graph.node(&id) else { continue };
                match states.get(&id) {
                    Some(state) => state.update(&graph, node),
                    None => {
                        states.insert(id, owner.with(|| NodeState::new(&graph, node)));
                    }
                }
            }
        });
        self.look_again(&graph, change.nodes());
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

    /// Shows a clip in a node, or none.
    pub fn set_clip(self, node: &NodeId, clip: Option<Clip>) {
        self.show_in(node, |state| set_if_new(state.clip, clip));
    }

    /// Shows a still picture in a node.
    pub fn set_picture(self, node: &NodeId, picture: Arc<Image>) {
        self.show_in(node, |state| set_if_new(state.picture, Some(picture)));
    }

    /// Shows something in a node, which may change its size.
    fn show_in(self, node: &NodeId, show: impl FnOnce(NodeState)) {
        if let Some(state) = self.node(node) {
            let size = state.size_untracked();
            self.show_result(node, show);
            if state.size_untracked() != size {
                self.sizes.update(|sizes| *sizes += 1);
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
