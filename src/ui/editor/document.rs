//! The document of an open builder: the graph with its history, and what the page knows of that. It knows nothing of what is drawn.

pub mod edit;
pub mod journal;
pub mod save;

use leptos::prelude::*;

use self::journal::Journal;
use crate::{
    graph::{
        Change, Command, CommandError, Graph,
        document::{history::History, patch::Patch},
    },
    ui::components::set_if_new,
};

/// The graph with its history. Cheap to copy.
#[derive(Clone, Copy)]
pub struct Document {
    history: StoredValue<History<Graph>>,
    /// Under which name changes are gathered into one step, while they are.
    typing: StoredValue<Option<String>>,
    /// Goes up with every change: compare it to know whether something is unsaved.
    pub revision: RwSignal<u64>,
    /// Whether there is something to undo.
    pub can_undo: RwSignal<bool>,
    /// Whether there is something to redo.
    pub can_redo: RwSignal<bool>,
    /// What keeps each change until the server has it.
    pub journal: Journal,
}

impl Document {
    /// A document of that graph, with no history yet.
    #[must_use]
    pub fn new(graph: Graph) -> Self {
        Self {
            history: StoredValue::new(History::new(graph)),
            typing: StoredValue::new(None),
            revision: RwSignal::new(0),
            can_undo: RwSignal::new(false),
            can_redo: RwSignal::new(false),
            journal: Journal::new(),
        }
    }

    /// Runs `read` on the graph as it stands.
    pub fn with<T>(self, read: impl FnOnce(&Graph) -> T) -> T {
        self.history.with_value(|history| read(history.present()))
    }

    /// Changes the graph as one step of the history. Gives what changed.
    ///
    /// # Errors
    /// Why the command was refused; nothing changed then.
    pub fn apply(self, command: Command) -> Result<Change, CommandError> {
        self.end_typing();
        self.apply_within(command)
    }

    /// Changes the graph as one of several changes that belong together, such as the letters of a word: everything under one `name` up to
    /// [`Self::end_typing`] is one step.
    ///
    /// # Errors
    /// As for [`Self::apply`].
    pub fn apply_as_part(self, name: &str, command: Command) -> Result<Change, CommandError> {
        if self.typing.with_value(|typing| typing.as_deref() != Some(name)) {
            self.history.update_value(History::begin);
            self.typing.set_value(Some(name.to_owned()));
        }
        self.apply_within(command)
    }

    /// Closes the step that [`Self::apply_as_part`] opened: when a field is left.
    pub fn end_typing(self) {
        if self.typing.try_update_value(Option::take).flatten().is_some() {
            self.history.update_value(|history| {
                history.commit();
            });
            self.show_history();
        }
    }

    fn apply_within(self, command: Command) -> Result<Change, CommandError> {
        let applied = self.history.try_update_value(|history| {
            let before = history.present().clone();
            let mut next = before.clone();
            let change = next.apply(command)?;
            if !change.is_empty() {
                history.set(next);
            }
            Ok::<_, CommandError>((before, change))
        });
        // Where the page is gone, nothing changes any more.
        let Some(applied) = applied else { return Ok(Change::default()) };
        let (before, change) = applied?;
        self.changed(&before, &change);
        Ok(change)
    }

    /// Takes the last step back. Gives what changed; `None` where there is none.
    pub fn undo(self) -> Option<Change> {
        self.travel(History::undo)
    }

    /// Takes the last undo back. Gives what changed; `None` where there is none.
    pub fn redo(self) -> Option<Change> {
        self.travel(History::redo)
    }

    /// Puts another graph in place of this one, as a step that can be undone.
    pub fn replace(self, graph: Graph) -> Option<Change> {
        self.travel(move |history| {
            history.set(graph);
            true
        })
    }

    fn travel(self, go: impl FnOnce(&mut History<Graph>) -> bool) -> Option<Change> {
        self.end_typing();
        let change = self.history.try_update_value(|history| {
            let before = history.present().clone();
            go(history).then(|| {
                let change = Change::between(&before, history.present());
                (before, change)
            })
        });
        let (before, change) = change.flatten()?;
        self.changed(&before, &change);
        Some(change)
    }

    fn changed(self, before: &Graph, change: &Change) {
        self.show_history();
        if change.is_empty() {
            return;
        }
        // The edit is kept before anything hears of it.
        if self.journal.is_awake() {
            self.journal.add(self.revision.get_untracked() + 1, self.with(|after| Patch::between(before, after, change)));
        }
        self.revision.update(|revision| *revision += 1);
    }

    fn show_history(self) {
        let (undo, redo) = self.history.with_value(|history| (history.can_undo(), history.can_redo()));
        set_if_new(self.can_undo, undo);
        set_if_new(self.can_redo, redo);
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::{
        domain::NodeId,
        graph::{Node, NodeType, Position},
    };

    fn id() -> NodeId {
        "p".parse().unwrap()
    }

    fn document() -> (Owner, Document) {
        let owner = Owner::new();
        owner.set();
        let document = Document::new(Graph::new());
        document.apply(Command::AddNode(Node::new(id(), NodeType::PROMPT, Position::default()))).unwrap();
        (owner, document)
    }

    fn text(document: Document) -> String {
        document.with(|graph| graph.node(&id()).map(|node| node.text("text").to_owned()).unwrap_or_default())
    }

    fn write(words: &str) -> Command {
        Command::SetParam { node: id(), name: "text".into(), value: words.into() }
    }

    #[test]
    fn what_is_typed_in_one_go_is_one_step() {
        let (_owner, document) = document();
        for words in ["D", "Da", "Dawn"] {
            document.apply_as_part("p text", write(words)).unwrap();
        }
        document.end_typing();
        document.apply(write("Dusk")).unwrap();
        assert_eq!(document.revision.get_untracked(), 5);
        document.undo().unwrap();
        assert_eq!(text(document), "Dawn");
        document.undo().unwrap();
        assert_eq!(text(document), "");
        document.redo().unwrap();
        assert_eq!(text(document), "Dawn");
        assert!(document.can_undo.get_untracked() && document.can_redo.get_untracked());
    }

    #[test]
    fn what_changes_nothing_or_is_refused_leaves_no_trace() {
        let (_owner, document) = document();
        document.apply(write("Dawn")).unwrap();
        let revision = document.revision.get_untracked();
        assert!(document.apply(write("Dawn")).unwrap().is_empty());
        let nobody = Command::SetParam { node: "nobody".parse().unwrap(), name: "text".into(), value: "Dusk".into() };
        assert!(document.apply(nobody).is_err());
        assert_eq!(document.revision.get_untracked(), revision);
        document.undo().unwrap();
        assert_eq!(text(document), "");
        document.undo().unwrap();
        assert!(document.undo().is_none(), "there is nothing before the beginning");
    }

    #[test]
    fn another_graph_can_be_undone() {
        let (_owner, document) = document();
        let change = document.replace(Graph::new()).unwrap();
        assert_eq!(change.removed, [id()]);
        document.undo().unwrap();
        assert!(document.with(|graph| graph.node(&id()).is_some()));
    }
}
