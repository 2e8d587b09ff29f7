//! Copying a part of a graph and putting it in again: new ids, connections inside the part kept.

use std::collections::HashMap;

use serde_json::Value;

use super::model::{Connection, Graph, Node};
use crate::{
    domain::NodeId,
    graph::{
        canvas::{
            geometry::{Point, Rect, Size},
            layout,
            selection::Selection,
        },
        nodes,
        param::ParamKind,
    },
};

/// How far beside the original a copy lands.
pub const OFFSET: Point = Point::new(32.0, 32.0);

/// Nodes cut out of a graph, and the connections between them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Fragment {
    /// The nodes, where they were.
    pub nodes: Vec<Node>,
    /// The connections that begin and end in them.
    pub connections: Vec<Connection>,
}

impl Fragment {
    /// A copy of the selected nodes; `None` where no node is selected.
    #[must_use]
    pub fn of(graph: &Graph, selection: &Selection) -> Option<Self> {
        let nodes: Vec<_> = graph.nodes().iter().filter(|node| selection.has(&node.id)).map(|node| Node::clone(node)).collect();
        let inside = |connection: &&Connection| selection.has(&connection.from.node) && selection.has(&connection.to.node);
        let connections = graph.connections().iter().filter(inside).cloned().collect();
        (!nodes.is_empty()).then_some(Self { nodes, connections })
    }

    /// The same part under new ids, moved by `by`. `fresh` gives an id that nothing has yet, at each call another.
    #[must_use]
    pub fn renamed(&self, by: Point, mut fresh: impl FnMut() -> NodeId) -> Self {
        let names: HashMap<&NodeId, NodeId> = self.nodes.iter().map(|node| (&node.id, fresh())).collect();
        let new_name = |id: &NodeId| names.get(id).cloned();
        let nodes = self.nodes.iter().filter_map(|node| {
            let mut copy = Node { id: new_name(&node.id)?, ..node.clone() };
            copy.position.x += by.x;
            copy.position.y += by.y;
            let order = nodes::spec(&copy.node_type).and_then(|spec| spec.param_of(ParamKind::Nodes));
            if let Some(Value::Array(order)) = order.and_then(|param| copy.params.get_mut(param.name)) {
                rename_order(order, &names);
            }
            Some(copy)
        });
        let connections = self.connections.iter().filter_map(|connection| {
            let mut copy = connection.clone();
            copy.from.node = new_name(&copy.from.node)?;
            copy.to.node = new_name(&copy.to.node)?;
            Some(copy)
        });
        Self { nodes: nodes.collect(), connections: connections.collect() }
    }

    /// How far to move it so that its middle comes to `at`.
    #[must_use]
    pub fn way_to(&self, at: Point) -> Point {
        let corners = self.nodes.iter().map(|node| {
            let corner = Point::from(node.position);
            layout::bounds(corner, layout::size(node, &[], layout::Shown::default()))
        });
        let way = Rect::around(corners).map_or(Point::default(), |bounds| at.minus(bounds.centre()));
        Point::new(way.x.round(), way.y.round())
    }

    /// Where it lies, with room for what its nodes may come to show.
    #[must_use]
    pub fn bounds(&self) -> Rect {
        let graph = Graph::of_connections(&self.connections);
        let rects = self.nodes.iter().map(|node| layout::bounds(node.position.into(), layout::room(node, &layout::faces(&graph, node))));
        Rect::around(rects).unwrap_or(Rect::sized(Point::default(), Size { width: 0.0, height: 0.0 }))
    }
}

/// An order of nodes follows them to their new names; what was left behind drops out of it.
fn rename_order(order: &mut Vec<Value>, names: &HashMap<&NodeId, NodeId>) {
    *order = order
        .iter()
        .filter_map(|entry| entry.as_str()?.parse::<NodeId>().ok())
        .filter_map(|id| names.get(&id))
        .map(|name| Value::from(name.as_str()))
        .collect();
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::graph::document::model::{NodeType, Position, SocketRef};

    fn id(name: &str) -> NodeId {
        name.parse().unwrap()
    }

    fn wire(from: &str, to: &str) -> Connection {
        Connection::new(SocketRef::new(id(from), "video"), SocketRef::new(id(to), "videos"))
    }

    /// Two shots into a stitcher that orders them.
    fn graph() -> Graph {
        let mut graph = Graph::new();
        for (name, node_type, x) in
            [("a", NodeType::VEO_VIDEO, 0.0), ("b", NodeType::VEO_VIDEO, 40.0), ("s", NodeType::VIDEO_STITCHER, 400.0)]
        {
            let mut node = Node::new(id(name), node_type.clone(), Position::new(x, 10.0));
            if node_type == NodeType::VIDEO_STITCHER {
                node.params.insert("order".into(), json!(["b", "a"]));
            }
            graph.push_node(node).unwrap();
        }
        graph.push_connection(wire("a", "s"));
        graph.push_connection(wire("b", "s"));
        graph
    }

    fn counter() -> impl FnMut() -> NodeId {
        let mut next = 0;
        move || {
            next += 1;
            id(&format!("new{next}"))
        }
    }

    #[test]
    fn connections_inside_the_part_are_kept_and_the_others_are_not() {
        let part = Fragment::of(&graph(), &Selection::of_nodes([id("a"), id("s")])).unwrap();
        let copy = part.renamed(OFFSET, counter());
        assert_eq!(copy.nodes.iter().map(|node| node.id.as_str()).collect::<Vec<_>>(), ["new1", "new2"]);
        assert_eq!(copy.connections, [wire("new1", "new2")]);
        assert_eq!(copy.nodes[0].position, Position::new(32.0, 42.0));
        assert_eq!(copy.nodes[1].params["order"], json!(["new1"]), "an order follows the copies");
    }

    #[test]
    fn nothing_selected_is_nothing_copied() {
        assert_eq!(Fragment::of(&graph(), &Selection::default()), None);
        assert_eq!(Fragment::of(&graph(), &Selection::of_connection(wire("a", "s"))), None);
    }

    #[test]
    fn a_part_can_be_put_around_a_point() {
        let part = Fragment::of(&graph(), &Selection::of_nodes([id("a"), id("b")])).unwrap();
        let copy = part.renamed(part.way_to(Point::new(1000.0, 500.0)), counter());
        let again = copy.way_to(Point::new(1000.0, 500.0));
        assert!(again.x.abs() <= 1.0 && again.y.abs() <= 1.0);
    }

    #[test]
    fn a_part_lies_where_its_nodes_may_grow_to() {
        let bounds = Fragment::of(&graph(), &Selection::of_nodes([id("a"), id("s")])).unwrap().bounds();
        assert_eq!((bounds.min, bounds.max.x), (Point::new(0.0, 10.0), 400.0 + layout::WIDTH));
        assert!(bounds.size().height > layout::CLIP_MAX);
    }
}
