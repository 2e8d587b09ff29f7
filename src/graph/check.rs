//! Whether a graph is sound: what makes a save fail, and what must hold after every command.

use std::collections::{HashMap, HashSet};

use super::{
    document::{
        command::{MAX_CONNECTIONS, MAX_NODES},
        connect::ConnectError,
        model::{Connection, Graph, Node, SCHEMA, SocketRef},
    },
    nodes,
    socket_type::{SocketType, can_connect},
    spec::Direction,
};
use crate::domain::{FieldError, NodeId, limits::CANVAS};

/// What makes the graph unsound, each by node and by JSON pointer into the definition: dangling connections, types that do not fit, a second
/// connection into a single input, the same connection twice, circles. What is merely unfinished is none of these.
#[must_use]
pub fn problems(graph: &Graph) -> Vec<FieldError> {
    let mut problems: Vec<_> = graph.nodes().iter().enumerate().filter_map(|(place, node)| off_canvas(place, node)).collect();
    let mut joined = HashSet::new();
    let mut fed = HashSet::new();
    for (place, connection) in graph.connections().iter().enumerate() {
        let pointer = format!("/connections/{place}");
        let from = end(graph, Direction::Out, &connection.from, format!("{pointer}/from"), &mut problems);
        let to = end(graph, Direction::In, &connection.to, format!("{pointer}/to"), &mut problems);
        let at_input = |kind, pointer: String, detail: String| problem(&connection.to.node, kind, pointer, detail);
        if !joined.insert((&connection.from, &connection.to)) {
            problems.push(at_input("duplicate_connection", pointer.clone(), "This connection is there twice.".into()));
        } else if to.is_some_and(|(_, list)| !list) && !fed.insert(&connection.to) {
            let detail =
                format!("The input “{}” of “{}” takes one connection, and has one already.", connection.to.socket, connection.to.node);
            problems.push(at_input("second_connection", format!("{pointer}/to"), detail));
        }
        if let (Some((given, _)), Some((taken, _))) = (from, to)
            && let Err(reason) = can_connect(given, taken)
        {
            problems.push(at_input("type_mismatch", pointer, reason.to_string()));
        }
    }
    problems.extend(circles(graph).into_iter().map(|circle| circle_problem(graph, &circle)));
    problems
}

/// A node that stands too far out, as older versions allowed: it is read, so that it can be moved back.
fn off_canvas(place: usize, node: &Node) -> Option<FieldError> {
    if node.position.is_on_canvas() {
        return None;
    }
    let detail = format!("“{}” stands outside of the canvas: its x and y are from {:.0} to {CANVAS:.0}.", node.id, -CANVAS);
    Some(problem(&node.id, "invalid", format!("/nodes/{place}/position"), detail))
}

/// Type and arity of one end of a connection; says so where it hangs in the air.
fn end(graph: &Graph, direction: Direction, at: &SocketRef, pointer: String, problems: &mut Vec<FieldError>) -> Option<(SocketType, bool)> {
    match graph.socket_at(direction, at) {
        Ok(socket) => Some(socket),
        // A newer version may know sockets that this one does not.
        Err(ConnectError::NoSocket { .. }) if graph.schema() > SCHEMA => Some((SocketType::Unknown, true)),
        Err(error) => {
            let member = if matches!(error, ConnectError::NoNode(_)) { "node" } else { "socket" };
            problems.push(problem(&at.node, "dangling_connection", format!("{pointer}/{member}"), error.to_string()));
            None
        }
    }
}

fn circle_problem(graph: &Graph, circle: &[NodeId]) -> FieldError {
    let first = &circle[0];
    let way = circle.iter().chain([first]).map(NodeId::as_str).collect::<Vec<_>>().join(" → ");
    let place = graph.place_of(first).unwrap_or_default();
    problem(
        first,
        "cycle",
        format!("/nodes/{place}"),
        format!("These nodes feed each other in a circle: {way}. Take one of the connections away."),
    )
}

fn problem(node: &NodeId, kind: &str, pointer: String, detail: String) -> FieldError {
    FieldError { pointer, node_id: Some(node.clone()), kind: kind.into(), detail }
}

/// The circles of a graph, no node in two of them; each begins at its first node in document order.
fn circles(graph: &Graph) -> Vec<Vec<NodeId>> {
    let mut next: HashMap<&NodeId, Vec<&NodeId>> = HashMap::new();
    let there = |connection: &&Connection| graph.node(&connection.from.node).and(graph.node(&connection.to.node)).is_some();
    for Connection { from, to, .. } in graph.connections().iter().filter(there) {
        next.entry(&from.node).or_default().push(&to.node);
    }
    let mut circles = Vec::new();
    let mut done: HashSet<&NodeId> = HashSet::new();
    for start in graph.nodes() {
        // The way from `start` to where the search stands, with the number of neighbours tried at each node of it.
        let mut way: Vec<(&NodeId, usize)> = vec![(&start.id, 0)];
        let mut on_way: HashSet<&NodeId> = HashSet::from([&start.id]);
        while let Some((node, tried)) = way.last_mut() {
            let neighbour = next.get(*node).and_then(|neighbours| neighbours.get(*tried)).copied();
            *tried += 1;
            match neighbour {
                neighbour if neighbour.is_none() || done.contains(*node) => {
                    done.insert(*node);
                    on_way.remove(*node);
                    way.pop();
                }
                Some(neighbour) if on_way.contains(neighbour) => {
                    let begin = way.iter().position(|(node, _)| *node == neighbour).unwrap_or_default();
                    let circle: Vec<&NodeId> = way.drain(begin..).map(|(node, _)| node).collect();
                    done.extend(circle.iter().copied());
                    on_way.retain(|node| !circle.contains(node));
                    circles.push(from_first(graph, circle));
                }
                Some(neighbour) if !done.contains(neighbour) => {
                    on_way.insert(neighbour);
                    way.push((neighbour, 0));
                }
                _ => {}
            }
        }
    }
    circles
}

fn from_first(graph: &Graph, mut circle: Vec<&NodeId>) -> Vec<NodeId> {
    let first = (0..circle.len()).min_by_key(|place| graph.place_of(circle[*place])).unwrap_or_default();
    circle.rotate_left(first);
    circle.into_iter().cloned().collect()
}

/// Everything about the graph that must hold after every command and does not, in words.
#[must_use]
pub fn invariants(graph: &Graph) -> Vec<String> {
    let mut violations: Vec<String> =
        problems(graph).into_iter().map(|problem| format!("{}: {}", problem.pointer, problem.detail)).collect();
    for (place, node) in graph.nodes().iter().enumerate() {
        if graph.place_of(&node.id) != Some(place) {
            violations.push(format!("“{}” is not found at its place {place}, or its id is there twice", node.id));
        }
        for (name, value) in &node.params {
            let wrong = nodes::param(&node.node_type, name).and_then(|param| param.kind_error(value));
            violations.extend(wrong.map(|reason| format!("“{}”: {reason}", node.id)));
        }
    }
    if graph.nodes().len() > MAX_NODES || graph.connections().len() > MAX_CONNECTIONS {
        violations.push("the graph is too large".into());
    }
    violations
}
