//! What an edit did to a graph, as a value that can be kept and done again: a page writes each edit into its journal as a patch, so that
//! what it costs to keep an edit does not grow with the document.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use super::{
    change::Change,
    format,
    model::{Connection, Graph, Node, Position},
};
use crate::domain::NodeId;

/// What leads from a graph to the one that an edit, an undo or another document made of it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Patch {
    /// Schema and unknown members of the document, where they changed; its nodes and connections those that are new or edited, as they are
    /// afterwards.
    put: Graph,
    /// Whether schema and unknown members changed.
    is_whole_document: bool,
    /// Nodes that stand elsewhere and are else as they were.
    moved: Vec<(NodeId, Position)>,
    /// Nodes that are gone.
    removed: Vec<NodeId>,
    /// Connections that are gone.
    disconnected: Vec<Connection>,
}

impl Patch {
    /// What led from `before` to `after`, of which `change` tells what it touched.
    #[must_use]
    pub fn between(before: &Graph, after: &Graph, change: &Change) -> Self {
        let is_whole_document = before.schema() != after.schema() || before.other() != after.other();
        let other = if is_whole_document { after.other().clone() } else { Map::new() };
        let mut put = Graph::of_document(after.schema(), other);
        for node in change.added.iter().chain(&change.edited).filter_map(|id| after.node(id)) {
            // One that was both added and edited is there already, as it is afterwards.
            let _ = put.push_node(Node::clone(node));
        }
        change.connected.iter().for_each(|connection| put.push_connection(connection.clone()));
        let place = |id: &NodeId| Some((id.clone(), after.node(id)?.position));
        let moved = change.moved.iter().filter(|id| put.node(id).is_none()).filter_map(place).collect();
        Self { put, is_whole_document, moved, removed: change.removed.clone(), disconnected: change.disconnected.clone() }
    }

    /// Whether this, done after `earlier`, leaves nothing of what `earlier` did: the next letter of a word, the next step of a nudge.
    #[must_use]
    pub fn covers(&self, earlier: &Self) -> bool {
        let only_sets = earlier.removed.is_empty() && earlier.disconnected.is_empty() && earlier.put.connections().is_empty();
        let moved: HashSet<&NodeId> = self.moved.iter().map(|(id, _)| id).collect();
        only_sets
            && !earlier.is_whole_document
            && self.removed.is_empty()
            && earlier.put.nodes().iter().all(|node| self.put.node(&node.id).is_some())
            && earlier.moved.iter().all(|(id, _)| moved.contains(id) || self.put.node(id).is_some())
    }

    /// Does it again. Where the graph is not the one it was made for, what has no place in it is left out.
    #[must_use]
    pub fn applied_to(&self, graph: &Graph) -> Graph {
        let mut next = if self.is_whole_document { graph.with_document_of(&self.put) } else { graph.clone() };
        // A node that took another type is both removed and put: it keeps its connections.
        let gone: HashSet<&NodeId> = self.removed.iter().filter(|id| self.put.node(id).is_none()).collect();
        if !self.disconnected.is_empty() || !gone.is_empty() {
            let cut: HashSet<_> = self.disconnected.iter().map(|connection| (&connection.from, &connection.to)).collect();
            next.take_connections(|connection| {
                cut.contains(&(&connection.from, &connection.to))
                    || gone.contains(&connection.from.node)
                    || gone.contains(&connection.to.node)
            });
        }
        if !gone.is_empty() {
            next.retain_nodes(|node| !gone.contains(&node.id));
        }
        for node in self.put.nodes() {
            match next.node_mut(&node.id) {
                Some(there) => *there = Node::clone(node),
                // Its id is free, or it would have been there.
                None => drop(next.push_node(Node::clone(node))),
            }
        }
        for (id, position) in &self.moved {
            if let Some(node) = next.node_mut(id) {
                node.position = *position;
            }
        }
        for connection in self.put.connections() {
            let ends_are_there = next.node(&connection.from.node).is_some() && next.node(&connection.to.node).is_some();
            if ends_are_there && next.connection(&connection.from, &connection.to).is_none() {
                next.push_connection(connection.clone());
            }
        }
        next
    }

    /// As JSON.
    #[must_use]
    pub fn write(&self) -> Value {
        let cut = Graph::of_connections(&self.disconnected);
        let moved = self.moved.iter().map(|(id, at)| json!([id, at.x, at.y])).collect::<Value>();
        json!({
            "put": format::write(&self.put),
            "whole": self.is_whole_document,
            "moved": moved,
            "removed": self.removed,
            "disconnected": format::write(&cut),
        })
    }

    /// Reads what [`Self::write`] wrote; `None` for anything else.
    #[must_use]
    pub fn read(value: &Value) -> Option<Self> {
        let moved = value.get("moved")?.as_array()?.iter().map(|entry| {
            let number = |at: usize| entry.get(at)?.as_f64();
            let position = Position::new(number(1)?, number(2)?);
            Some((entry.get(0)?.as_str()?.parse().ok()?, position)).filter(|_| position.is_on_canvas())
        });
        let removed = value.get("removed")?.as_array()?.iter().map(|id| id.as_str()?.parse().ok());
        Some(Self {
            put: format::read(value.get("put")?).ok()?,
            is_whole_document: value.get("whole")?.as_bool()?,
            moved: moved.collect::<Option<_>>()?,
            removed: removed.collect::<Option<_>>()?,
            disconnected: format::read(value.get("disconnected")?).ok()?.connections().to_vec(),
        })
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::graph::{Command, NodeType};

    fn id(name: &str) -> NodeId {
        name.parse().unwrap()
    }

    fn two_prompts() -> Graph {
        let mut graph = Graph::new();
        for (name, x) in [("p", 0.0), ("q", 400.0)] {
            graph.apply(Command::AddNode(Node::new(id(name), NodeType::PROMPT, Position::new(x, 0.0)))).unwrap();
        }
        graph
    }

    fn step(graph: &mut Graph, command: Command) -> Patch {
        let before = graph.clone();
        let change = graph.apply(command).unwrap();
        Patch::between(&before, graph, &change)
    }

    fn text(node: &str, words: &str) -> Command {
        Command::SetParam { node: id(node), name: "text".into(), value: words.into() }
    }

    fn at(node: &str, x: f64) -> Command {
        Command::MoveNodes(vec![(id(node), Position::new(x, 0.0))])
    }

    #[test]
    fn the_next_letter_covers_the_last_and_another_node_does_not() {
        let mut graph = two_prompts();
        let (first, second) = (step(&mut graph, text("p", "D")), step(&mut graph, text("p", "Da")));
        let (other, moved, farther) = (step(&mut graph, text("q", "D")), step(&mut graph, at("p", 8.0)), step(&mut graph, at("p", 16.0)));
        assert!(second.covers(&first) && farther.covers(&moved));
        assert!(!other.covers(&second) && !moved.covers(&second), "the words would be lost");
        assert!(step(&mut graph, text("p", "Dawn")).covers(&farther), "a node that is put whole stands where it is put");
        let removed = step(&mut graph, Command::RemoveNodes(vec![id("q")]));
        assert!(!step(&mut graph, text("p", "Dusk")).covers(&removed) && !removed.covers(&other));
    }

    #[test]
    fn on_another_graph_what_has_a_place_is_done() {
        let mut graph = two_prompts();
        let (words, moved) = (step(&mut graph, text("p", "Dawn")), step(&mut graph, at("q", 9.0)));
        let lonely = moved.applied_to(&words.applied_to(&Graph::new()));
        assert_eq!(lonely.nodes().len(), 1);
        assert_eq!(lonely.node(&id("p")).unwrap().text("text"), "Dawn");
    }

    #[test]
    fn what_is_no_patch_is_not_read() {
        for odd in [
            json!(null),
            json!({}),
            json!({ "put": { "nodes": [] }, "whole": false, "moved": [["p", 1e300, 0]], "removed": [], "disconnected": {} }),
        ] {
            assert_eq!(Patch::read(&odd), None, "{odd}");
        }
    }
}
