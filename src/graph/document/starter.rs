//! The first shot of a workflow: what an empty canvas offers to begin with.

use super::{
    clipboard::Fragment,
    model::{Connection, Node, NodeType, Position, SocketRef},
};
use crate::domain::NodeId;

/// How far to the right the next node of the shot stands: a node's width and room for a wire that can be seen.
const STEP: f64 = 360.0;

/// A prompt, the video node it goes into, and the output of its clip, wired. `fresh` gives an id that nothing has yet, at each call another.
#[must_use]
pub fn first_shot(mut fresh: impl FnMut() -> NodeId) -> Fragment {
    let mut column = 0.0;
    let mut next = |node_type| {
        let node = Node::new(fresh(), node_type, Position::new(column, 0.0));
        column += STEP;
        node
    };
    let (prompt, video, output) = (next(NodeType::PROMPT), next(NodeType::SORA_VIDEO), next(NodeType::OUTPUT));
    let wire = |from: &Node, output: &str, to: &Node, input: &str| {
        Connection::new(SocketRef::new(from.id.clone(), output), SocketRef::new(to.id.clone(), input))
    };
    let connections = vec![wire(&prompt, "text", &video, "prompt"), wire(&video, "video", &output, "video")];
    Fragment { nodes: vec![prompt, video, output], connections }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::{Command, Graph};

    #[test]
    fn the_first_shot_fits_an_empty_graph() {
        let mut ids = ["a", "b", "c"].into_iter().map(|id| id.parse().expect("an id"));
        let mut graph = Graph::new();
        graph.apply(Command::Insert(first_shot(|| ids.next().expect("three nodes")))).expect("a sound fragment");
        assert_eq!((graph.nodes().len(), graph.connections().len()), (3, 2));
    }
}
