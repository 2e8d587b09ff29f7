//! What an open builder is about besides its graph: which workflow, what of it the server has, and the run that is shown.

pub mod left_behind;
pub mod live;
mod offer;
pub mod overtaken;
pub mod restore;
pub mod run;
pub mod upload;

use std::collections::{BTreeMap, HashSet};

use leptos::prelude::*;
use serde_json::{Map, Value};

use self::{offer::Offer, overtaken::Overtaken};
use super::Editor;
use crate::{
    domain::{
        ExecutionId, NodeId, WorkflowId,
        execution::{Execution, Mode},
        job::Status,
        provider::{Model, Provider},
        workflow::{BuilderSettings, DraftSlot, OpenedWorkflow, WorkflowStatus},
    },
    graph::{Graph, nodes, setting, spec::NodeSpec},
    ui::components::{Reconnect, Toasts},
};

/// The name of a workflow nobody has named yet.
pub const UNNAMED: &str = "Untitled workflow";

/// What the server has of the workflow's name, description and graph.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Stored {
    /// The name.
    pub name: String,
    /// The description.
    pub description: String,
    /// The editor's revision whose graph is stored.
    pub revision: u64,
}

/// How saving stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Saving {
    /// Nothing is on its way.
    Idle,
    /// The server is being told.
    Busy,
}

/// One open workflow. Cheap to copy; found by `expect_context::<Session>()` below the builder page.
#[derive(Clone, Copy)]
pub struct Session {
    /// The graph.
    pub editor: Editor,
    /// Where messages are said.
    pub toasts: Toasts,
    /// What asks again where the server cannot be reached.
    pub reconnect: Reconnect,
    /// The workflow; `None` until the first edit of a new one.
    pub id: RwSignal<Option<WorkflowId>>,
    /// Its name, as it is edited.
    pub name: RwSignal<String>,
    /// What it is about, as it is edited.
    pub description: RwSignal<String>,
    /// Whether it was ever saved.
    pub status: RwSignal<WorkflowStatus>,
    /// The revision on the server, for `If-Match`.
    pub etag: RwSignal<Option<String>>,
    /// What the server has.
    pub stored: RwSignal<Stored>,
    /// The editor's revision up to which the server has the graph, in the draft slot or in the workflow itself.
    pub kept: RwSignal<u64>,
    /// How saving stands.
    pub saving: RwSignal<Saving>,
    /// Whether someone else has saved in the meantime, and the user has to say what now.
    pub conflict: RwSignal<bool>,
    /// Unsaved edits of an earlier visit, until the user has said what to do with them.
    pub offered: RwSignal<Option<Offer>>,
    /// Rehearsal or the real thing.
    pub mode: RwSignal<Mode>,
    /// What final mode lacks, in words, while the user is told.
    pub lacking: RwSignal<Option<String>>,
    /// The run that is shown, with its status.
    pub run: RwSignal<Option<(ExecutionId, Status)>>,
    /// The mode of that run; not reactive.
    pub(super) run_mode: StoredValue<Mode>,
    /// Whether a run of everything was asked for and the server has not answered; not reactive.
    pub(super) starting: StoredValue<bool>,
    /// The message that said why nothing was started, until something is.
    pub(super) refusal: StoredValue<Option<u64>>,
    /// Nodes of that run of which nothing more will be heard; not reactive.
    pub(super) finished: StoredValue<HashSet<NodeId>>,
    /// What events told of that run; not reactive.
    pub(super) overtaken: StoredValue<Overtaken>,
    /// The slot with unsaved edits that the workflow came with.
    pub(super) slot: StoredValue<Option<DraftSlot>>,
    /// The graph as the server had it in the workflow itself.
    pub(super) opened_with: StoredValue<Graph>,
    /// The id under which a new workflow is stored, once one was chosen.
    own_id: StoredValue<Option<WorkflowId>>,
    /// Whether unsaved edits are being kept; not reactive.
    pub(super) keeping: StoredValue<bool>,
    /// The event after which the stream is followed; from now where it is `None`.
    pub(super) event_id: Option<i64>,
    settings: StoredValue<BuilderSettings>,
}

impl Session {
    /// A session over `editor`, for the workflow that was opened or a new one; put into context.
    pub fn provide(editor: Editor, opened: Option<&OpenedWorkflow>, settings: BuilderSettings) -> Self {
        let name = opened.map_or_else(|| UNNAMED.to_owned(), |opened| opened.name.clone());
        let description = opened.and_then(|opened| opened.description.clone()).unwrap_or_default();
        let run = opened.and_then(|opened| opened.execution.as_ref()).map(|execution| (execution.id, execution.status));
        let slot = opened.and_then(|opened| opened.draft.clone());
        let revision = editor.document.revision.get_untracked();
        let session = Self {
            editor,
            toasts: expect_context(),
            reconnect: expect_context(),
            id: RwSignal::new(opened.map(|opened| opened.id)),
            name: RwSignal::new(name.clone()),
            description: RwSignal::new(description.clone()),
            status: RwSignal::new(opened.map(|opened| opened.status).unwrap_or_default()),
            etag: RwSignal::new(opened.map(|opened| opened.etag.clone())),
            stored: RwSignal::new(Stored { name, description, revision }),
            kept: RwSignal::new(revision),
            saving: RwSignal::new(Saving::Idle),
            conflict: RwSignal::new(false),
            offered: RwSignal::new(None),
            mode: RwSignal::new(Mode::Draft),
            lacking: RwSignal::new(None),
            run: RwSignal::new(run),
            run_mode: StoredValue::new(opened.and_then(|opened| opened.execution.as_ref()).map_or(Mode::Draft, |execution| execution.mode)),
            starting: StoredValue::new(false),
            refusal: StoredValue::new(None),
            finished: StoredValue::new(HashSet::new()),
            overtaken: StoredValue::default(),
            slot: StoredValue::new(slot),
            opened_with: StoredValue::new(editor.graph()),
            own_id: StoredValue::new(opened.map(|opened| opened.id)),
            keeping: StoredValue::new(false),
            event_id: opened.map(|opened| opened.event_id),
            settings: StoredValue::new(settings),
        };
        if let Some(execution) = opened.and_then(|opened| opened.execution.as_ref()) {
            session.remember_finished(execution);
        }
        provide_context(session);
        session
    }

    /// Whether there are edits the server's version of the workflow lacks. Reactive.
    #[must_use]
    pub fn is_unsaved(self) -> bool {
        let here = Stored { name: self.name.get(), description: self.description.get(), revision: self.editor.document.revision.get() };
        self.stored.with(|stored| *stored != here)
    }

    /// Whether there are edits that the server has nowhere. Reactive.
    #[must_use]
    pub fn is_lacking(self) -> bool {
        let is_new = self.id.with(Option::is_none);
        self.is_unsaved() && (is_new || self.editor.document.revision.get() > self.kept.get())
    }

    /// [`Self::is_lacking`], now; false where the page is gone.
    #[must_use]
    pub fn is_lacking_now(self) -> bool {
        self.saving.try_get_untracked().is_some() && untrack(|| self.is_lacking())
    }

    /// The workflow's id, also before the server has it. Browser only.
    #[must_use]
    pub fn own_id(self) -> WorkflowId {
        let chosen = self.own_id.try_update_value(|id| *id.get_or_insert_with(WorkflowId::generate));
        chosen.unwrap_or_else(WorkflowId::generate)
    }

    /// Goes on under the id that an earlier page had chosen for its new workflow.
    pub(super) fn take_id(self, id: WorkflowId) {
        self.own_id.set_value(Some(id));
    }

    /// Name, description and revision as they are now.
    #[must_use]
    pub fn present(self) -> Stored {
        Stored {
            name: self.name.get_untracked(),
            description: self.description.get_untracked(),
            revision: self.editor.document.revision.get_untracked(),
        }
    }

    /// Whether a run is going on. Reactive.
    #[must_use]
    pub fn is_running(self) -> bool {
        self.run.with(|run| run.is_some_and(|(_, status)| matches!(status, Status::Queued | Status::Running)))
    }

    /// What the providers of the graph's nodes lack for final mode, as `(provider, variable)`.
    #[must_use]
    pub fn missing_for_final(self) -> BTreeMap<String, String> {
        let used: HashSet<&str> = self.editor.with_graph(|graph| {
            let generating = graph.nodes().iter().filter(|node| nodes::generates(&node.node_type));
            generating.filter_map(|node| setting::chosen_provider(node)).map(|provider| provider.name()).collect()
        });
        let mut missing = self.settings.with_value(|settings| settings.missing_settings.clone());
        missing.retain(|provider, _| used.contains(provider.as_str()));
        missing
    }

    /// The variable that a provider lacks.
    #[must_use]
    pub fn missing_setting(self, provider: Provider) -> Option<String> {
        self.settings.with_value(|settings| settings.missing_setting(provider).cloned())
    }

    /// Whether a model is retired, for this server and on the day the page was made.
    #[must_use]
    pub fn is_retired(self, model: &Model) -> bool {
        self.settings.with_value(|settings| settings.is_retired(model))
    }

    /// The parameters with which a new node begins.
    #[must_use]
    pub fn living_default(self, spec: &NodeSpec) -> Map<String, Value> {
        self.settings.with_value(|settings| setting::living_default(spec, settings))
    }

    pub(super) fn remember_finished(self, execution: &Execution) {
        let nodes = execution.nodes.iter().filter(|node| node.status.is_finished()).map(|node| node.node_id.clone());
        self.finished.set_value(nodes.collect());
    }
}
