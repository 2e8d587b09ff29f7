//! Which answers came too late: an answer says how a run stood when it was asked for, and an event that came since knows better.

use std::collections::HashMap;

use crate::domain::{NodeId, execution::Execution};

/// The moment of a question, counted in events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Asked(u64);

/// What events told of the run that is shown, and when.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Overtaken {
    now: Asked,
    run: Asked,
    nodes: HashMap<NodeId, Asked>,
}

impl Overtaken {
    /// The moment, for a question that leaves now.
    #[must_use]
    pub fn asked(&self) -> Asked {
        self.now
    }

    /// An event told of a node.
    pub fn note_node(&mut self, id: &NodeId) {
        self.now.0 += 1;
        self.nodes.insert(id.clone(), self.now);
    }

    /// An event told of the whole run.
    pub fn note_run(&mut self, execution: &Execution) {
        self.now.0 += 1;
        self.run = self.now;
        self.nodes.extend(execution.nodes.iter().map(|node| (node.node_id.clone(), self.now)));
    }

    /// Whether an event told of the whole run since.
    #[must_use]
    pub fn run_since(&self, asked: Asked) -> bool {
        self.run > asked
    }

    /// Whether an event told of this node since.
    #[must_use]
    pub fn node_since(&self, asked: Asked, id: &NodeId) -> bool {
        self.nodes.get(id).is_some_and(|changed| *changed > asked)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_late_for_what_an_event_told_since_and_for_nothing_else() {
        let (one, other): (NodeId, NodeId) = ("one".parse().unwrap(), "other".parse().unwrap());
        let mut overtaken = Overtaken::default();
        overtaken.note_node(&one);
        let asked = overtaken.asked();
        assert!(!overtaken.node_since(asked, &one), "the answer knows what was told before");
        overtaken.note_node(&other);
        assert!(overtaken.node_since(asked, &other) && !overtaken.node_since(asked, &one));
        assert!(!overtaken.run_since(asked));
        assert!(!overtaken.node_since(overtaken.asked(), &other), "asked again, the answer is new");
    }
}
