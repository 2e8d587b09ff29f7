//! Whether what a node gave is what it would give now, told by the content keys that the cache uses: what is out of date is what a run would
//! make anew.

use std::collections::HashMap;

use super::{
    document::model::{Graph, Node},
    key::content_key,
    nodes,
    plan::step_of,
    socket_type::SocketType,
    spec::{Action, NodeSpec},
};
use crate::domain::{NodeId, Sha256, execution::Mode};

/// What is known of a node's result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NodeResult {
    /// The content key of the step that gave it; `None` where it comes from no step that makes something.
    pub key: Option<Sha256>,
    /// The mode in which that step ran.
    pub mode: Mode,
    /// The hash of its file; `None` where that is not known, or not what the node names now.
    pub file: Option<Sha256>,
}

/// What flows out of a node now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flow {
    /// This file.
    File(Sha256),
    /// Nothing yet, or something that is not known.
    Unknown,
    /// Something that would be made anew.
    OutOfDate,
}

/// Which nodes of a graph are out of date, kept up as it changes.
#[derive(Debug, Clone, Default)]
pub struct Freshness {
    flows: HashMap<NodeId, Flow>,
}

impl Freshness {
    /// Looks anew at these nodes and at what depends on them, and at nothing else. Gives every node that was looked at, with whether it is out of
    /// date. `result` tells what is known of a node's result.
    pub fn update<'a>(
        &mut self,
        graph: &'a Graph,
        changed: impl IntoIterator<Item = &'a NodeId>,
        result: impl Fn(&Node) -> Option<NodeResult>,
    ) -> Vec<(NodeId, bool)> {
        let mut looked_at = Vec::new();
        for id in graph.downstream_in_order(changed) {
            let Some(node) = graph.node(&id) else {
                self.flows.remove(&id);
                continue;
            };
            let flow = self.flow(graph, node, result(node));
            self.flows.insert(id.clone(), flow);
            looked_at.push((id, flow == Flow::OutOfDate));
        }
        looked_at
    }

    fn flow(&self, graph: &Graph, node: &Node, result: Option<NodeResult>) -> Flow {
        let Some(spec) = nodes::spec(&node.node_type) else { return Flow::Unknown };
        let own = result.and_then(|result| result.file).map_or(Flow::Unknown, Flow::File);
        match spec.action {
            Action::Nothing | Action::Value { .. } => Flow::Unknown,
            Action::Given { .. } => own,
            Action::Name { .. } => self.inputs(graph, node, spec).next().unwrap_or(Flow::Unknown),
            Action::Make(_) => match result.and_then(|result| Some((result.key?, result.mode))) {
                Some((key, mode)) if self.is_out_of_date(graph, node, spec, key, mode) => Flow::OutOfDate,
                _ => own,
            },
        }
    }

    /// What flows through the connected inputs of a node.
    fn inputs<'a>(&'a self, graph: &'a Graph, node: &'a Node, spec: &'static NodeSpec) -> impl Iterator<Item = Flow> + 'a {
        let media = |socket: &str| spec.input(socket).is_some_and(|socket| socket.socket_type != SocketType::Text);
        let wires = graph.incoming(&node.id).filter(move |wire| media(&wire.to.socket));
        wires.map(|wire| self.flows.get(&wire.from.node).copied().unwrap_or(Flow::Unknown))
    }

    fn is_out_of_date(&self, graph: &Graph, node: &Node, spec: &'static NodeSpec, key: Sha256, mode: Mode) -> bool {
        if self.inputs(graph, node, spec).any(|flow| flow == Flow::OutOfDate) {
            return true;
        }
        // What flows in and is not known says nothing against the result.
        if self.inputs(graph, node, spec).any(|flow| flow == Flow::Unknown) {
            return false;
        }
        let Some(step) = step_of(graph, node, mode) else { return true };
        let file = |id: &NodeId| match self.flows.get(id) {
            Some(Flow::File(hash)) => Some(*hash),
            _ => None,
        };
        let hashes: Vec<_> = step.media_inputs().map(|input| (input.socket, input.from.iter().filter_map(file).collect())).collect();
        content_key(&step, &hashes) != key
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::graph::{Command, NodeType, Position, SocketRef};

    fn id(name: &str) -> NodeId {
        name.parse().unwrap()
    }

    fn hash(number: u8) -> Sha256 {
        Sha256::new([number; 32])
    }

    fn add(graph: &mut Graph, name: &str, node_type: NodeType, y: f64) {
        graph.apply(Command::AddNode(Node::new(id(name), node_type, Position::new(0.0, y)))).unwrap();
    }

    fn wire(graph: &mut Graph, from: (&str, &str), to: (&str, &str)) {
        let end = |(node, socket): (&str, &str)| SocketRef::new(id(node), socket);
        graph.apply(Command::Connect { from: end(from), to: end(to) }).unwrap();
    }

    fn set(graph: &mut Graph, node: &str, name: &str, value: impl Into<serde_json::Value>) {
        graph.apply(Command::SetParam { node: id(node), name: name.into(), value: value.into() }).unwrap();
    }

    /// A prompt into the shot `a`, that and the shot `b` into a stitcher, and that into an output.
    fn graph() -> Graph {
        let mut graph = Graph::new();
        add(&mut graph, "p", NodeType::PROMPT, 0.0);
        add(&mut graph, "a", NodeType::VEO_VIDEO, 0.0);
        add(&mut graph, "b", NodeType::SORA_VIDEO, 300.0);
        add(&mut graph, "s", NodeType::VIDEO_STITCHER, 0.0);
        add(&mut graph, "o", NodeType::OUTPUT, 0.0);
        set(&mut graph, "p", "text", "Dawn");
        set(&mut graph, "b", "prompt", "A door");
        for (name, value) in [("seconds", "8"), ("aspect", "9:16"), ("resolution", "720p")] {
            set(&mut graph, "a", name, value);
        }
        wire(&mut graph, ("p", "text"), ("a", "prompt"));
        wire(&mut graph, ("a", "video"), ("s", "videos"));
        wire(&mut graph, ("b", "video"), ("s", "videos"));
        wire(&mut graph, ("s", "video"), ("o", "video"));
        graph
    }

    /// What a run of the graph in that mode gives: a file for each node that makes one.
    fn ran(graph: &Graph, mode: Mode) -> HashMap<NodeId, NodeResult> {
        let mut results: HashMap<NodeId, NodeResult> = HashMap::new();
        let plan = crate::graph::plan(graph, None, mode).unwrap();
        for (number, step) in plan.steps.iter().enumerate() {
            let file = |id: &NodeId| results.get(id).and_then(|result| result.file);
            let hashes: Vec<_> = step.media_inputs().map(|input| (input.socket, input.from.iter().filter_map(file).collect())).collect();
            let key = step.makes().then(|| content_key(step, &hashes));
            let file = key.map(|_| hash(number as u8)).or_else(|| file(step.needs().first()?));
            results.insert(step.node_id.clone(), NodeResult { key, mode, file });
        }
        results
    }

    /// The nodes that are out of date after `change`, of which only `touched` are told.
    fn after(mode: Mode, touched: &[&str], change: impl FnOnce(&mut Graph)) -> Vec<String> {
        let mut graph = graph();
        let results = ran(&graph, mode);
        let known = |node: &Node| results.get(&node.id).copied();
        let mut freshness = Freshness::default();
        let every: Vec<_> = graph.nodes().iter().map(|node| node.id.clone()).collect();
        assert!(freshness.update(&graph, &every, known).iter().all(|(_, out_of_date)| !out_of_date));
        change(&mut graph);
        let touched: Vec<_> = touched.iter().map(|name| id(name)).collect();
        let mut found: Vec<_> = freshness.update(&graph, &touched, known);
        found.retain(|(_, out_of_date)| *out_of_date);
        found.into_iter().map(|(id, _)| id.to_string()).collect()
    }

    #[test]
    fn a_change_reaches_what_depends_on_it_and_nothing_else() {
        assert_eq!(after(Mode::Draft, &["p"], |graph| set(graph, "p", "text", "Dusk")), ["a", "s", "o"]);
        assert_eq!(after(Mode::Draft, &["b"], |graph| set(graph, "b", "take", 2)), ["b", "s", "o"]);
        assert!(after(Mode::Draft, &["o"], |graph| set(graph, "o", "name", "Another name")).is_empty());
    }

    #[test]
    fn what_the_cache_would_answer_is_not_out_of_date() {
        // In a rehearsal nobody is asked but the animatic.
        let swap = |graph: &mut Graph| set(graph, "a", "provider", "xai");
        assert!(after(Mode::Draft, &["a"], swap).is_empty());
        assert_eq!(after(Mode::Final, &["a"], swap), ["a", "s", "o"]);
        // A default that is written out is the same value.
        assert!(after(Mode::Draft, &["s"], |graph| set(graph, "s", "transition", "cut")).is_empty());
    }

    #[test]
    fn moving_matters_where_it_reorders_clips() {
        let to = |y| move |graph: &mut Graph| drop(graph.apply(Command::MoveNodes(vec![(id("b"), Position::new(0.0, y))])));
        assert!(after(Mode::Draft, &["b"], to(500.0)).is_empty());
        assert_eq!(after(Mode::Draft, &["b"], to(-300.0)), ["s", "o"]);
    }

    #[test]
    fn another_file_upstream_makes_the_rest_out_of_date() {
        let graph = graph();
        let mut results = ran(&graph, Mode::Draft);
        let every: Vec<_> = graph.nodes().iter().map(|node| node.id.clone()).collect();
        let mut freshness = Freshness::default();
        freshness.update(&graph, &every, |node| results.get(&node.id).copied());
        results.get_mut(&id("a")).unwrap().file = Some(hash(99));
        let found = freshness.update(&graph, [&id("a")], |node| results.get(&node.id).copied());
        assert_eq!(found, [(id("a"), false), (id("s"), true), (id("o"), true)]);
        // What is not known says nothing.
        results.get_mut(&id("a")).unwrap().file = None;
        let found = freshness.update(&graph, [&id("a")], |node| results.get(&node.id).copied());
        assert!(found.iter().all(|(_, out_of_date)| !out_of_date), "{found:?}");
    }

    #[test]
    fn an_edit_in_a_thousand_nodes_looks_at_what_depends_on_it_only() {
        let mut graph = Graph::new();
        for number in 0..333 {
            let [prompt, shot, output] = ["p", "a", "o"].map(|name| format!("{name}{number}"));
            add(&mut graph, &prompt, NodeType::PROMPT, 0.0);
            add(&mut graph, &shot, NodeType::SORA_VIDEO, 0.0);
            add(&mut graph, &output, NodeType::OUTPUT, 0.0);
            set(&mut graph, &prompt, "text", "Dawn");
            wire(&mut graph, (&prompt, "text"), (&shot, "prompt"));
            wire(&mut graph, (&shot, "video"), (&output, "video"));
        }
        let results = ran(&graph, Mode::Draft);
        let every: Vec<_> = graph.nodes().iter().map(|node| node.id.clone()).collect();
        let mut freshness = Freshness::default();
        assert_eq!(freshness.update(&graph, &every, |node| results.get(&node.id).copied()).len(), 999);
        set(&mut graph, "p7", "text", "Dusk");
        let found = freshness.update(&graph, [&id("p7")], |node| results.get(&node.id).copied());
        assert_eq!(found, [(id("p7"), false), (id("a7"), true), (id("o7"), true)]);
    }

    #[test]
    fn what_is_removed_is_forgotten() {
        let mut graph = graph();
        let results = ran(&graph, Mode::Draft);
        let every: Vec<_> = graph.nodes().iter().map(|node| node.id.clone()).collect();
        let mut freshness = Freshness::default();
        freshness.update(&graph, &every, |node| results.get(&node.id).copied());
        graph.apply(Command::RemoveNodes(vec![id("b")])).unwrap();
        let found = freshness.update(&graph, [&id("b"), &id("s")], |node| results.get(&node.id).copied());
        assert_eq!(found, [(id("s"), true), (id("o"), true)]);
        assert!(!freshness.flows.contains_key(&id("b")));
    }
}
