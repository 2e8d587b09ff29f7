//! What of the graph an event landed on, read from the attributes of the page.

use leptos::ev;

use crate::{
    domain::NodeId,
    graph::{
        Connection, SocketRef,
        canvas::{gesture::Target, wire::End},
        spec::Direction,
    },
    ui::browser::canvas_dom,
};

/// What an event landed on.
pub(super) fn target_of(event: &ev::Event) -> Target {
    let node = canvas_dom::closest(event, "[data-node-id]").and_then(|node| node.get_attribute("data-node-id")?.parse::<NodeId>().ok());
    let Some(node) = node else {
        return canvas_dom::closest(event, "[data-connection]")
            .and_then(|path| connection_of(&|name| path.get_attribute(name)))
            .map_or(Target::Canvas, Target::Connection);
    };
    if let Some(socket) = canvas_dom::closest(event, "[data-socket]") {
        let name = socket.get_attribute("data-socket").unwrap_or_default();
        let is_input = socket.get_attribute("data-direction").as_deref() == Some(Direction::In.name());
        let direction = if is_input { Direction::In } else { Direction::Out };
        return Target::Socket(End { socket: SocketRef::new(node, name), direction });
    }
    let is_field = canvas_dom::closest(event, "input, textarea, select, label, button, video, a").is_some();
    if is_field { Target::Inside(node) } else { Target::Node(node) }
}

/// The connection that a path's attributes name.
fn connection_of(attribute: &dyn Fn(&str) -> Option<String>) -> Option<Connection> {
    let end = |node: &str, socket: &str| Some(SocketRef::new(attribute(node)?.parse().ok()?, attribute(socket)?));
    Some(Connection::new(end("data-from-node", "data-from")?, end("data-to-node", "data-to")?))
}
