//! Whether a node would still give what it gave: a number for everything its result is made of, before any clip exists.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
};

use super::{
    model::{Graph, Node},
    nodes,
    param::ParamKind,
};
use crate::domain::NodeId;

/// A number for each node: equal before and after a change if neither its own parameters nor anything it needs has changed. Where a node
/// stands counts only as far as it orders the inputs of another. Good within one session of one program, never stored.
#[must_use]
pub fn fingerprints(graph: &Graph) -> HashMap<NodeId, u64> {
    let mut feeds: HashMap<&NodeId, Vec<(&str, &Node, &str)>> = HashMap::new();
    for connection in graph.connections() {
        if let Some(from) = graph.node(&connection.from.node) {
            feeds.entry(&connection.to.node).or_default().push((&connection.to.socket, from, &connection.from.socket));
        }
    }
    for inputs in feeds.values_mut() {
        inputs.sort_by(|a, b| {
            let place = |node: &Node| (node.position.y, node.position.x);
            let (pa, pb) = (place(a.1), place(b.1));
            a.0.cmp(b.0).then(pa.0.total_cmp(&pb.0)).then(pa.1.total_cmp(&pb.1)).then(a.1.id.cmp(&b.1.id))
        });
    }
    let mut known = HashMap::with_capacity(graph.nodes().len());
    for node in graph.nodes() {
        visit(graph, node, &feeds, &mut known);
    }
    known
}

type Feeds<'a> = HashMap<&'a NodeId, Vec<(&'a str, &'a Node, &'a str)>>;

/// Depth first without recursion: a chain may be as long as the graph is large.
fn visit<'a>(graph: &'a Graph, start: &'a Node, feeds: &Feeds<'a>, known: &mut HashMap<NodeId, u64>) {
    let mut open = vec![(start, false)];
    while let Some((node, inputs_done)) = open.pop() {
        if known.contains_key(&node.id) {
            continue;
        }
        let inputs = feeds.get(&node.id).map(Vec::as_slice).unwrap_or_default();
        let waits = |input: &&(&str, &'a Node, &str)| !known.contains_key(&input.1.id);
        // A circle cannot be stored, but must not hang the page either: the second time round it counts as it is.
        if !inputs_done && inputs.iter().any(|input| waits(&input)) && open.len() <= graph.nodes().len() + graph.connections().len() {
            open.push((node, true));
            open.extend(inputs.iter().filter(waits).map(|input| (input.1, false)));
            continue;
        }
        known.insert(node.id.clone(), number(node, inputs, known));
    }
}

fn number(node: &Node, inputs: &[(&str, &Node, &str)], known: &HashMap<NodeId, u64>) -> u64 {
    let mut hasher = DefaultHasher::new();
    node.node_type.hash(&mut hasher);
    for (name, value) in &node.params {
        let counts = nodes::param(&node.node_type, name).is_none_or(|param| param.counts || param.kind == ParamKind::Nodes);
        if counts {
            (name, value).hash(&mut hasher);
        }
    }
    for (socket, from, output) in inputs {
        (socket, output, known.get(&from.id)).hash(&mut hasher);
    }
    hasher.finish()
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::graph::model::{Connection, NodeType, Position, SocketRef};

    fn id(name: &str) -> NodeId {
        name.parse().unwrap()
    }

    /// A prompt into two shots, both into a stitcher, and that into an output.
    fn graph(prompt: &str, b_at: f64, name: &str) -> Graph {
        let mut graph = Graph::new();
        let at = |x, y| Position::new(x, y);
        graph.push_node(Node::new(id("p"), NodeType::PROMPT, at(0.0, 0.0)).with_param("text", prompt)).unwrap();
        graph.push_node(Node::new(id("a"), NodeType::VEO_VIDEO, at(400.0, 0.0))).unwrap();
        graph.push_node(Node::new(id("b"), NodeType::SORA_VIDEO, at(400.0, b_at))).unwrap();
        graph.push_node(Node::new(id("s"), NodeType::VIDEO_STITCHER, at(800.0, 0.0))).unwrap();
        graph.push_node(Node::new(id("o"), NodeType::OUTPUT, at(1200.0, 0.0)).with_param("name", name)).unwrap();
        for (from, out, to, input) in
            [("p", "text", "a", "prompt"), ("a", "video", "s", "videos"), ("b", "video", "s", "videos"), ("s", "video", "o", "video")]
        {
            graph.push_connection(Connection::new(SocketRef::new(id(from), out), SocketRef::new(id(to), input)));
        }
        graph
    }

    fn changed(before: &Graph, after: &Graph) -> Vec<&'static str> {
        let (before, after) = (fingerprints(before), fingerprints(after));
        ["p", "a", "b", "s", "o"].into_iter().filter(|name| before[&id(name)] != after[&id(name)]).collect()
    }

    #[test]
    fn a_change_reaches_what_depends_on_it_and_nothing_else() {
        let base = graph("Dawn", 300.0, "Episode");
        assert!(changed(&base, &graph("Dawn", 300.0, "Episode")).is_empty());
        assert_eq!(changed(&base, &graph("Dusk", 300.0, "Episode")), ["p", "a", "s", "o"]);
    }

    #[test]
    fn moving_and_naming_change_nothing_unless_they_reorder_clips() {
        let base = graph("Dawn", 300.0, "Episode");
        assert!(changed(&base, &graph("Dawn", 500.0, "Another name")).is_empty());
        assert_eq!(changed(&base, &graph("Dawn", -300.0, "Episode")), ["s", "o"]);
    }

    #[test]
    fn a_circle_ends() {
        let mut graph = graph("Dawn", 300.0, "Episode");
        graph.push_connection(Connection::new(SocketRef::new(id("o"), "x"), SocketRef::new(id("a"), "first_frame")));
        assert_eq!(fingerprints(&graph).len(), 5);
    }
}
