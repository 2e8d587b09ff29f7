//! What a user does to a graph in one go: add, delete, copy, paste, duplicate, nudge, connect.

use leptos::prelude::*;
use serde_json::{Map, Value};

use crate::{
    domain::NodeId,
    graph::{
        Command, Connection, Fragment, Graph, Node, NodeType, SocketRef,
        canvas::{
            geometry::{Point, Rect, Size, Viewport},
            layout,
            placing::{self, Sides},
            selection::Selection,
            wire::End,
        },
        document::{auto_wire, clipboard::OFFSET, clipboard_text, starter},
        nodes,
        socket_type::can_connect,
        spec::{Direction, NodeSpec, Socket},
    },
    ui::{
        components::set_if_new,
        editor::{
            canvas::node_state::NodeState,
            state::{Editor, PaletteRequest},
        },
    },
};

/// The socket of a node type that a wire from `from` fits, the first one; `None` where none does.
#[must_use]
pub fn fitting_socket(graph: &Graph, from: &End, spec: &NodeSpec) -> Option<&'static Socket> {
    let (given, _) = nodes::socket(graph.node(&from.socket.node)?, from.direction, &from.socket)?;
    match from.direction {
        Direction::Out => spec.inputs.iter().find(|socket| can_connect(given, socket.socket_type).is_ok()),
        Direction::In => spec.outputs.iter().find(|socket| can_connect(socket.socket_type, given).is_ok()),
    }
}

impl Editor {
    /// Adds a node as the palette was asked for it, with the parameters it begins with, wired if a wire waits or leaves no choice, and selects
    /// it. Without a place it stands right of what is selected, else near the middle; on no other node, and in sight.
    pub fn add_node(self, spec: &NodeSpec, params: impl FnOnce(&NodeSpec) -> Map<String, Value>, request: &PaletteRequest) {
        let id = self.fresh_id();
        let socket = request.from.as_ref().and_then(|from| self.with_graph(|graph| fitting_socket(graph, from, spec)));
        let mut node = Node::new(id.clone(), spec.node_type.clone(), Point::default().into());
        node.params = params(spec);
        let faces = self.with_graph(|graph| layout::faces(graph, &node));
        let grip =
            socket.and_then(|socket| layout::face(&faces, socket.direction, socket.name)).map_or(Point::default(), layout::Face::offset);
        let selected: Vec<NodeId> = self.selection.with_untracked(|selection| selection.nodes().cloned().collect());
        let (place, size) = match request.at {
            Some(at) => {
                let size = layout::size(&node, &faces, layout::Shown::default());
                let taken = self.all_bounds(|id| self.bounds(id));
                (placing::free_place(&taken, size, at.minus(grip), Sides::Both, None), size)
            }
            None => {
                let size = layout::room(&node, &faces);
                (self.place_after(&selected, size), size)
            }
        };
        let place = Point::new(place.x.round(), place.y.round());
        node.position = place.into();
        let waiting = request.from.as_ref().zip(socket).and_then(|(from, socket)| {
            let to = End { socket: SocketRef::new(id.clone(), socket.name), direction: socket.direction };
            from.connected_with(&to)
        });
        let add = Command::AddNode(node);
        let wires = match (waiting, request.at) {
            (Some(wire), _) => vec![wire],
            (None, Some(_)) => Vec::new(),
            (None, None) => {
                let mut with_node = self.graph();
                // Refused here, it is refused below and said.
                let _ = with_node.apply(add.clone());
                auto_wire::fitting_wires(&with_node, &selected, &id)
            }
        };
        let connect = wires.into_iter().map(|Connection { from, to, .. }| Command::Connect { from, to });
        if self.dispatch(Command::All(std::iter::once(add).chain(connect).collect())) {
            self.selection.set(Selection::of_nodes([id]));
            self.say(format!("{} added.", spec.title));
            self.reveal(Rect::sized(place, size));
        }
    }

    /// Where something of `size` is put that follows these nodes, or nothing: on no node and no room that one will need, in sight where there is
    /// a place.
    fn place_after(self, selected: &[NodeId], size: Size) -> Point {
        let sight = self.sight();
        let grown = |id: &NodeId| {
            let bounds = self.bounds(id)?;
            let room = self.with_graph(|graph| graph.node(id).map(|node| layout::room(node, &layout::faces(graph, node))))?;
            let (width, height) = (bounds.size().width.max(room.width), bounds.size().height.max(room.height));
            Some(Rect::sized(bounds.min, Size { width, height }))
        };
        let taken = self.all_bounds(grown);
        match Rect::around(selected.iter().filter_map(|id| self.bounds(id))) {
            Some(bounds) => {
                let wish = Point::new(bounds.max.x + placing::GAP, bounds.min.y);
                placing::free_place(&taken, size, wish, Sides::Right, Some(sight))
            }
            // The first of a row that goes to the right.
            None if taken.is_empty() => Point::new(sight.min.x + placing::GAP, sight.centre().y - size.height / 2.0),
            None => {
                let wish = sight.centre().minus(Point::new(size.width / 2.0, size.height / 2.0));
                placing::free_place(&taken, size, wish, Sides::Both, Some(sight))
            }
        }
    }

    fn all_bounds(self, bounds: impl Fn(&NodeId) -> Option<Rect>) -> Vec<Rect> {
        self.graph().nodes().iter().filter_map(|node| bounds(&node.id)).collect()
    }

    /// What of the plane is seen beside the tools and the inspector that opens with a selection.
    fn sight(self) -> Rect {
        self.view.viewport.get_untracked().shows_within(self.view.window_beside_panels())
    }

    /// Moves the window no farther than it takes to see `rect`.
    fn reveal(self, rect: Rect) {
        let way = self.sight().way_to_hold(rect);
        if way != Point::default() {
            let view = self.view.viewport.get_untracked();
            self.look(view.panned(Point::new(-way.x * view.zoom, -way.y * view.zoom)));
        }
    }

    /// Adds the first shot in the middle of what is seen, with its prompt selected and in sight.
    pub fn add_first_shot(self, params: impl Fn(&NodeSpec) -> Map<String, Value>) -> bool {
        let mut shot = starter::first_shot(|| self.fresh_id());
        for node in &mut shot.nodes {
            node.params.extend(nodes::spec(&node.node_type).map(&params).unwrap_or_default());
        }
        let sight = self.sight();
        let mut way = shot.way_to(sight.centre());
        // A phone shows one node at a time: the prompt first.
        way.x = way.x.max((sight.min.x + OFFSET.x).round());
        let shot = shot.renamed(way, || self.fresh_id());
        let prompt = shot.nodes.first().map(|node| node.id.clone());
        let added = self.dispatch(Command::Insert(shot));
        if added {
            self.selection.set(Selection::of_nodes(prompt));
            self.say("A prompt, a video node and an output added.");
        }
        added
    }

    /// The point of the plane in the middle of the window.
    #[must_use]
    pub fn middle(self) -> Point {
        self.view.viewport.get_untracked().shows(self.view.window.get_untracked()).centre()
    }

    /// The place nearest to `at` where a block of `size` lies on no node.
    pub(in crate::ui::editor) fn free_block(self, size: Size, at: Point) -> Point {
        let taken = self.all_bounds(|id| self.bounds(id));
        let place = placing::free_place(&taken, size, at, Sides::Both, None);
        Point::new(place.x.round(), place.y.round())
    }

    fn fresh_id(self) -> NodeId {
        loop {
            let id = uuid::Uuid::new_v4().simple().to_string().parse::<NodeId>();
            // 32 digits are always a node's id.
            if let Ok(id) = id
                && self.with_graph(|graph| graph.node(&id).is_none())
            {
                return id;
            }
        }
    }

    /// Deletes what is selected.
    pub fn delete_selection(self) {
        let selection = self.selection.get_untracked();
        if let Some(Connection { from, to, .. }) = selection.connection().cloned() {
            self.dispatch(Command::Disconnect { from, to });
        } else if !selection.is_empty() {
            let count = selection.nodes().len();
            if self.dispatch(Command::RemoveNodes(selection.nodes().cloned().collect())) {
                self.say(if count == 1 { "1 node deleted.".to_owned() } else { format!("{count} nodes deleted.") });
            }
        }
    }

    /// The selected nodes as text for the system's clipboard; `None` where none is selected.
    #[must_use]
    pub fn copied(self) -> Option<String> {
        self.with_graph(|graph| Fragment::of(graph, &self.selection.get_untracked())).map(|part| clipboard_text::to_text(&part))
    }

    /// Puts in the nodes that a text from the system's clipboard holds, in the middle of the window.
    pub fn paste(self, text: &str) {
        match clipboard_text::from_text(text) {
            None => self.say("The clipboard holds no nodes."),
            Some(Err(reason)) => self.say(format!("Nothing was pasted. {reason}")),
            Some(Ok(part)) => {
                let size = part.bounds().size();
                self.insert(&part, self.middle().minus(Point::new(size.width / 2.0, size.height / 2.0)));
            }
        }
    }

    /// Puts a copy of the selected nodes beside them.
    pub fn duplicate(self) {
        if let Some(part) = self.with_graph(|graph| Fragment::of(graph, &self.selection.get_untracked())) {
            let bounds = part.bounds();
            self.insert(&part, Point::new(bounds.max.x + placing::GAP, bounds.min.y));
        }
    }

    /// Puts a part in with its upper left corner at `wish`, or where it lies on no node, and in sight. False where it was refused; the status
    /// then says why.
    pub(in crate::ui::editor) fn insert(self, part: &Fragment, wish: Point) -> bool {
        let bounds = part.bounds();
        let corner = self.free_block(bounds.size(), wish);
        let copy = part.renamed(corner.minus(bounds.min), || self.fresh_id());
        let ids: Vec<_> = copy.nodes.iter().map(|node| node.id.clone()).collect();
        let count = ids.len();
        let is_in = self.dispatch(Command::Insert(copy));
        if is_in {
            self.selection.set(Selection::of_nodes(ids));
            self.say(if count == 1 { "1 node added.".to_owned() } else { format!("{count} nodes added.") });
            self.reveal(Rect::sized(corner, bounds.size()));
        }
        is_in
    }

    /// Selects every node.
    pub fn select_all(self) {
        self.selection.set(self.with_graph(Selection::all));
    }

    /// Moves the selected nodes by a little.
    pub fn nudge(self, by: Point) {
        let selection = self.selection.get_untracked();
        let places: Vec<_> = self.with_graph(|graph| {
            let moved = |id: &NodeId| Some((id.clone(), Point::from(graph.node(id)?.position).plus(by).into()));
            selection.nodes().filter_map(moved).collect()
        });
        if !places.is_empty() {
            self.dispatch_as_part("nudge", Command::MoveNodes(places));
        }
    }

    /// Connects two ends, in place of `loose` where one was pulled off.
    pub fn connect(self, connection: Connection, loose: Option<Connection>) -> bool {
        let mut commands: Vec<_> = loose.into_iter().map(|Connection { from, to, .. }| Command::Disconnect { from, to }).collect();
        commands.push(Command::Connect { from: connection.from, to: connection.to });
        self.dispatch(Command::All(commands))
    }

    /// Why a wire from `from` may not end in `to`, with `loose` taken as gone; `None` where it may.
    #[must_use]
    pub fn refusal(self, from: &End, loose: Option<&Connection>, to: &End) -> Option<String> {
        let Some(connection) = from.connected_with(to) else {
            let (this, other) = if from.direction == Direction::Out { ("output", "input") } else { ("input", "output") };
            return Some(format!("An {this} is connected with an {other}."));
        };
        if loose.is_some_and(|loose| loose.joins(&connection.from, &connection.to)) {
            return None;
        }
        self.with_graph(|graph| {
            let mut without = graph.clone();
            if let Some(Connection { from, to, .. }) = loose.cloned() {
                // A connection that is gone already need not be taken away.
                let _ = without.apply(Command::Disconnect { from, to });
            }
            without.may_connect(&connection.from, &connection.to).err().map(|error| error.to_string())
        })
    }

    /// The mounted sockets that the wire being made may end in.
    #[must_use]
    pub fn fitting_ends(self) -> Vec<End> {
        let Some(wire) = self.hand.connecting.get_untracked() else { return Vec::new() };
        let mounted = self.view.mounted.get_untracked();
        let ends = mounted.into_iter().flat_map(|id| {
            let faces = self.node(&id).map(|state| state.faces.get_untracked()).unwrap_or_default();
            let end = move |face: &layout::Face| End { socket: SocketRef::new(id.clone(), face.name.clone()), direction: face.direction };
            faces.iter().map(end).collect::<Vec<_>>()
        });
        ends.filter(|end| self.refusal(&wire.from, wire.loose.as_ref(), end).is_none()).collect()
    }

    /// Shows the whole graph.
    pub fn fit(self) {
        self.look(self.fitting());
    }

    /// Zooms about the middle of the window.
    pub fn zoom_by(self, factor: f64) {
        let window = self.view.window.get_untracked();
        let middle = Point::new(window.width / 2.0, window.height / 2.0);
        self.look(self.view.viewport.get_untracked().zoomed_about(middle, factor));
    }

    /// Moves the window so that `at` is in its middle.
    pub fn look_at(self, at: Point) {
        let (view, window) = (self.view.viewport.get_untracked(), self.view.window.get_untracked());
        let middle = Point::new(window.width / 2.0, window.height / 2.0);
        let way = middle.minus(view.to_screen(at));
        self.look(Viewport { x: view.x + way.x, y: view.y + way.y, ..view });
    }

    /// The signals of the node that is wired to an input, the first one.
    #[must_use]
    pub fn source_of(self, node: &NodeId, input: &str) -> Option<NodeState> {
        let from = self.with_graph(|graph| graph.wired_to(node, input).next().map(|wire| wire.from.node.clone()))?;
        self.node(&from)
    }

    /// A node's title in words.
    #[must_use]
    pub fn title_of(self, node: &NodeId) -> String {
        self.with_graph(|graph| graph.node(node).map_or_else(String::new, |node| title(&node.node_type)))
    }

    /// Draws nodes at places the document does not know yet.
    pub(in crate::ui::editor) fn show_at(self, places: &[(NodeId, Point)]) {
        for (id, at) in places {
            if let Some(state) = self.node(id) {
                set_if_new(state.position, *at);
            }
        }
    }
}

/// A node type in words.
#[must_use]
pub fn title(node_type: &NodeType) -> String {
    nodes::spec(node_type).map_or_else(|| node_type.name().to_owned(), |spec| spec.title.to_owned())
}
