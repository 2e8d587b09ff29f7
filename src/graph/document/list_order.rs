//! The order of what flows into a list input, such as the clips of a stitcher.

use std::collections::HashMap;

use serde_json::Value;

use super::model::{Graph, Node};
use crate::{
    domain::NodeId,
    graph::{param::ParamKind, setting},
};

/// The nodes that feed a list input: first those its `order` names, in that order, then the others from top to bottom, left to right, by id.
#[must_use]
pub fn in_list_order(graph: &Graph, node: &Node, socket: &'static str) -> Vec<NodeId> {
    let order = setting::value_of(node, ParamKind::Nodes);
    let order = order.as_array().map(Vec::as_slice).unwrap_or_default();
    let mut named: HashMap<&str, usize> = HashMap::new();
    for (place, id) in order.iter().filter_map(Value::as_str).enumerate() {
        named.entry(id).or_insert(place);
    }
    let mut sources: Vec<_> = graph.wired_to(&node.id, socket).map(|connection| connection.from.node.clone()).collect();
    sources.sort_by(|a, b| {
        let place = |id: &NodeId| named.get(id.as_str()).copied().unwrap_or(usize::MAX);
        let position = |id: &NodeId| graph.node(id).map(|node| node.position).unwrap_or_default();
        let (left, right) = (position(a), position(b));
        place(a).cmp(&place(b)).then(left.y.total_cmp(&right.y)).then(left.x.total_cmp(&right.x)).then(a.cmp(b))
    });
    sources
}

/// The order of a list input after the node at `place` went `by` places down, or up where `by` is negative, as the value of the
/// parameter `order`; `None` where it cannot go there.
#[must_use]
pub fn moved(mut nodes: Vec<NodeId>, place: usize, by: isize) -> Option<Value> {
    let to = place.checked_add_signed(by)?;
    if place >= nodes.len() || to >= nodes.len() {
        return None;
    }
    let node = nodes.remove(place);
    nodes.insert(to, node);
    Some(nodes.iter().map(NodeId::as_str).collect())
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::graph::document::format;

    /// A stitcher of three uploads, one under the other.
    fn graph(order: Value) -> Graph {
        let upload = |id: &str, y: i32| json!({ "id": id, "type": "UploadVideo", "position": { "x": 0, "y": y }, "params": {} });
        let wire = |id: &str| json!({ "from": { "node": id, "socket": "video" }, "to": { "node": "join", "socket": "videos" } });
        let join = json!({ "id": "join", "type": "VideoStitcher", "position": { "x": 400, "y": 0 }, "params": { "order": order } });
        let definition = json!({
            "schema": 1,
            "nodes": [upload("a", 0), upload("b", 100), upload("c", 200), join],
            "connections": [wire("c"), wire("a"), wire("b")],
        });
        format::read(&definition).unwrap()
    }

    fn order(graph: &Graph) -> Vec<NodeId> {
        in_list_order(graph, graph.node(&"join".parse().unwrap()).unwrap(), "videos")
    }

    fn names(nodes: &[NodeId]) -> Vec<&str> {
        nodes.iter().map(NodeId::as_str).collect()
    }

    #[test]
    fn clips_stand_from_top_to_bottom_until_someone_orders_them() {
        assert_eq!(names(&order(&graph(json!([])))), ["a", "b", "c"]);
        assert_eq!(names(&order(&graph(json!(["c", "gone"])))), ["c", "a", "b"], "what the order leaves out comes after it");
    }

    #[test]
    fn a_clip_goes_up_and_down_and_stays_within_the_list() {
        let nodes = order(&graph(json!([])));
        let moved_up = moved(nodes.clone(), 2, -1).unwrap();
        assert_eq!(moved_up, json!(["a", "c", "b"]));
        assert_eq!(names(&order(&graph(moved_up))), ["a", "c", "b"]);
        assert_eq!(moved(nodes.clone(), 0, 2), Some(json!(["b", "c", "a"])));
        assert_eq!(moved(nodes.clone(), 0, -1), None);
        assert_eq!(moved(nodes.clone(), 2, 1), None);
        assert_eq!(moved(nodes, 3, -1), None);
    }
}
