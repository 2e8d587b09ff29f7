//! The wires that a new node gets by itself: those that leave no choice.

use super::model::{Connection, Graph, SocketRef};
use crate::{
    domain::NodeId,
    graph::{
        nodes,
        socket_type::can_connect,
        spec::{Direction, Socket},
    },
};

/// The wires from the `selected` nodes to the node `new`, or from it to the one that is selected, where exactly one pair of sockets fits; from
/// several, where each has one such pair and all go into one list. An input that is taken is left alone.
#[must_use]
pub fn fitting_wires(graph: &Graph, selected: &[NodeId], new: &NodeId) -> Vec<Connection> {
    let fitting: Vec<Vec<Connection>> = selected.iter().map(|from| pairs(graph, from, new)).collect();
    if fitting.iter().any(|pairs| pairs.len() > 1) {
        return Vec::new();
    }
    let into: Vec<Connection> = fitting.into_iter().flatten().collect();
    let is_one_list = || {
        let first = into.first().map(|wire| &wire.to);
        let is_list = first.and_then(|to| graph.socket_at(Direction::In, to).ok()).is_some_and(|(_, list)| list);
        is_list && into.iter().all(|wire| Some(&wire.to) == first)
    };
    match (into.len(), selected) {
        (0, [only]) => Some(pairs(graph, new, only)).filter(|pairs| pairs.len() == 1).unwrap_or_default(),
        (1, _) => into,
        _ if is_one_list() => into,
        _ => Vec::new(),
    }
}

/// The connections that can be made from one node to another.
fn pairs(graph: &Graph, from: &NodeId, to: &NodeId) -> Vec<Connection> {
    let sockets = |id: &NodeId, direction: Direction| -> &'static [Socket] {
        let spec = graph.node(id).and_then(|node| nodes::spec(&node.node_type));
        spec.map_or(&[], |spec| if direction == Direction::In { spec.inputs } else { spec.outputs })
    };
    let is_free = |input: &Socket| input.list || graph.wired_to(to, input.name).next().is_none();
    let inputs = || sockets(to, Direction::In).iter().filter(|input| is_free(input));
    let outputs = sockets(from, Direction::Out).iter();
    let fits = outputs.flat_map(|output| inputs().map(move |input| (output, input)));
    let wires = fits
        .filter(|(output, input)| can_connect(output.socket_type, input.socket_type).is_ok())
        .map(|(output, input)| Connection::new(SocketRef::new(from.clone(), output.name), SocketRef::new(to.clone(), input.name)));
    wires.filter(|wire| graph.may_connect(&wire.from, &wire.to).is_ok()).collect()
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::graph::{Command, Node, NodeType, Position};

    fn id(name: &str) -> NodeId {
        name.parse().unwrap()
    }

    fn graph(nodes: &[(&str, NodeType)]) -> Graph {
        let mut graph = Graph::new();
        for (name, node_type) in nodes {
            graph.apply(Command::AddNode(Node::new(id(name), node_type.clone(), Position::default()))).unwrap();
        }
        graph
    }

    fn wired(graph: &Graph, selected: &[&str], new: &str) -> Vec<String> {
        let selected: Vec<_> = selected.iter().map(|name| id(name)).collect();
        let name = |end: &SocketRef| format!("{}.{}", end.node, end.socket);
        fitting_wires(graph, &selected, &id(new)).iter().map(|wire| format!("{} {}", name(&wire.from), name(&wire.to))).collect()
    }

    #[test]
    fn one_pair_is_wired_and_a_choice_is_left() {
        let all = graph(&[
            ("p", NodeType::PROMPT),
            ("s", NodeType::SORA_VIDEO),
            ("v", NodeType::VEO_VIDEO),
            ("o", NodeType::OUTPUT),
            ("i", NodeType::UPLOAD_IMAGE),
            ("n", NodeType::NOTE),
        ]);
        assert_eq!(wired(&all, &["p"], "s"), ["p.text s.prompt"]);
        assert_eq!(wired(&all, &["s"], "o"), ["s.video o.video"]);
        assert_eq!(wired(&all, &["s"], "p"), ["p.text s.prompt"], "what is added feeds what is selected");
        assert!(wired(&all, &["i"], "v").is_empty(), "first or last frame: the user's choice");
        assert!(wired(&all, &["n"], "s").is_empty() && wired(&all, &[], "s").is_empty());
    }

    #[test]
    fn what_is_taken_stays_and_several_go_into_one_list() {
        let mut all = graph(&[
            ("p", NodeType::PROMPT),
            ("q", NodeType::PROMPT),
            ("s", NodeType::SORA_VIDEO),
            ("v", NodeType::VEO_VIDEO),
            ("j", NodeType::VIDEO_STITCHER),
            ("o", NodeType::OUTPUT),
        ]);
        all.apply(Command::Connect { from: SocketRef::new(id("p"), "text"), to: SocketRef::new(id("s"), "prompt") }).unwrap();
        assert!(wired(&all, &["s"], "q").is_empty(), "the shot has its prompt");
        assert_eq!(wired(&all, &["s", "v"], "j"), ["s.video j.videos", "v.video j.videos"]);
        assert!(wired(&all, &["s", "v"], "o").is_empty(), "an output takes one clip");
        assert_eq!(wired(&all, &["p", "s"], "o"), ["s.video o.video"]);
    }
}
