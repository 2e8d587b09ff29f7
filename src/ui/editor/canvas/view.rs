//! Looking at the graph: what the window is moved to, and which nodes and wires are near enough to be in the page.

use std::collections::HashSet;

use leptos::prelude::*;

use crate::{
    domain::NodeId,
    graph::{
        Connection, SocketRef,
        canvas::{
            geometry::{Point, Rect, Settled, Size, Viewport, wire_bounds},
            layout,
            wire::End,
        },
        spec::Direction,
    },
    ui::{components::set_if_new, editor::state::Editor},
};

/// Whether nodes are so small that they are drawn as boxes.
#[derive(Clone, Copy)]
pub struct Far(pub Memo<bool>);

impl Editor {
    /// Where a node is drawn and how large, as its signals have it.
    #[must_use]
    pub fn bounds(self, id: &NodeId) -> Option<Rect> {
        let state = self.node(id)?;
        Some(layout::bounds(state.position.get_untracked(), state.size_untracked()))
    }

    /// Where a socket is on the plane; follows the node while it is tracked.
    #[must_use]
    pub fn socket_at(self, end: &End) -> Option<Point> {
        self.node(&end.socket.node)?.socket_at(end.direction, &end.socket.socket)
    }

    /// The viewport that shows the whole graph.
    #[must_use]
    pub fn fitting(self) -> Viewport {
        let ids = self.with_graph(|graph| graph.nodes().iter().map(|node| node.id.clone()).collect::<Vec<_>>());
        let window = self.view.open_window();
        let middle = Viewport { x: window.width / 2.0, y: window.height / 2.0, zoom: 1.0 };
        Rect::around(ids.iter().filter_map(|id| self.bounds(id))).map_or(middle, |bounds| Viewport::fitting(bounds, window))
    }

    /// Moves the window, and mounts what it comes near.
    pub fn look(self, view: Viewport) {
        set_if_new(self.view.viewport, view);
        if !self.view.is_settled() {
            self.settle();
        }
    }

    /// Takes the canvas' real size. The plane's middle is held, but where the view was fitted to the assumed window it is fitted to the real one.
    pub fn resize(self, window: Size) {
        if self.view.take_size(window) {
            self.view.viewport.set(self.fitting());
        }
        self.settle();
    }

    /// Mounts the nodes and wires around what the window shows, and unmounts the rest.
    pub fn settle(self) {
        let settled = Settled::around(self.view.shows());
        self.view.settled.set_value(Some(settled));
        let near = settled.rect();
        let graph = self.graph();
        let ids = graph.nodes().iter().map(|node| &node.id);
        let cap = self.view.mount_cap.get_value();
        let nodes: Vec<_> = ids.filter(|id| self.bounds(id).is_some_and(|bounds| bounds.touches(near))).take(cap).cloned().collect();
        // A page that leaves nodes out leaves their wires out too.
        let drawn: Option<HashSet<&NodeId>> = (nodes.len() == cap).then(|| nodes.iter().collect());
        let is_drawn = |node: &NodeId| drawn.as_ref().is_none_or(|drawn| drawn.contains(node));
        let in_reach = |connection: &&Connection| {
            let ends = (self.end_at(Direction::Out, &connection.from), self.end_at(Direction::In, &connection.to));
            let near = matches!(ends, (Some(from), Some(to)) if wire_bounds(from, to).touches(near));
            near && is_drawn(&connection.from.node) && is_drawn(&connection.to.node)
        };
        let wires = graph.connections().iter().filter(in_reach).cloned().collect();
        set_if_new(self.view.mounted_wires, wires);
        set_if_new(self.view.mounted, nodes);
    }

    fn end_at(self, direction: Direction, socket: &SocketRef) -> Option<Point> {
        untrack(|| self.node(&socket.node)?.socket_at(direction, &socket.socket))
    }
}
