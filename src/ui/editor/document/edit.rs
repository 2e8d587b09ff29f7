//! What a user does to a graph in one go: add, delete, copy, paste, duplicate, nudge, connect.

use leptos::prelude::*;

use crate::{
    domain::NodeId,
    graph::{
        Command, Connection, Fragment, Graph, Node, NodeType, SocketRef,
        canvas::{
            geometry::{Point, Size, Viewport},
            layout, placing,
            selection::Selection,
            wire::End,
        },
        document::{clipboard::OFFSET, starter},
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
    /// Adds a node as the palette was asked for it, wired if a wire waits, and selects it.
    pub fn add_node(self, spec: &NodeSpec, request: &PaletteRequest) {
        let id = self.fresh_id();
        let socket = request.from.as_ref().and_then(|from| self.with_graph(|graph| fitting_socket(graph, from, spec)));
        let mut node = Node::new(id.clone(), spec.node_type.clone(), Point::default().into());
        let faces = self.with_graph(|graph| layout::faces(graph, &node));
        let grip =
            socket.and_then(|socket| layout::face(&faces, socket.direction, socket.name)).map_or(Point::default(), layout::Face::offset);
        let corner = match request.at {
            Some(at) => at.minus(grip),
            None => {
                let size = layout::size(&node, &faces, layout::Shown::default());
                self.free_place(self.middle().minus(Point::new(size.width / 2.0, size.height / 2.0)))
            }
        };
        node.position = Point::new(corner.x.round(), corner.y.round()).into();
        let wire = request.from.as_ref().zip(socket).and_then(|(from, socket)| {
            let to = End { socket: SocketRef::new(id.clone(), socket.name), direction: socket.direction };
            from.connected_with(&to)
        });
        let mut commands = vec![Command::AddNode(node)];
        commands.extend(wire.map(|Connection { from, to, .. }| Command::Connect { from, to }));
        if self.dispatch(Command::All(commands)) {
            self.selection.set(Selection::of_nodes([id]));
            self.say(format!("{} added.", spec.title));
        }
    }

    /// Adds the first shot in the middle of the window, with its prompt selected and in sight.
    pub fn add_first_shot(self) -> bool {
        let shot = starter::first_shot(|| self.fresh_id());
        let window = self.view.viewport.get_untracked().shows(self.view.window.get_untracked());
        let mut way = shot.way_to(self.middle());
        // A phone shows one node at a time: the prompt first.
        way.x = way.x.max((window.min.x + OFFSET.x).round());
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

    /// `at`, or the next place beside it where no other node's corner is.
    fn free_place(self, at: Point) -> Point {
        let taken = |place: Point| {
            self.with_graph(|graph| graph.nodes().iter().any(|node| Point::from(node.position).distance(place) < OFFSET.x / 2.0))
        };
        let mut place = at;
        while taken(place) {
            place = place.plus(OFFSET);
        }
        place
    }

    /// The place nearest to `at` where a block of `size` lies on no node.
    pub(in crate::ui::editor) fn free_block(self, size: Size, at: Point) -> Point {
        let taken: Vec<_> = self.with_graph(|graph| graph.nodes().iter().filter_map(|node| self.bounds(&node.id)).collect());
        let place = placing::free_place(&taken, size, at);
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

    /// Copies the selected nodes. False where none is selected.
    pub fn copy(self) -> bool {
        let part = self.with_graph(|graph| Fragment::of(graph, &self.selection.get_untracked()));
        part.is_some_and(|part| {
            self.copied.set_value(Some(part));
            true
        })
    }

    /// Copies the selected nodes and deletes them.
    pub fn cut(self) {
        if self.copy() {
            self.delete_selection();
        }
    }

    /// Puts in what was copied, around the middle of the window.
    pub fn paste(self) {
        if let Some(part) = self.copied.get_value() {
            let way = part.way_to(self.middle());
            self.insert(&part, way);
        }
    }

    /// Puts a copy of the selected nodes beside them.
    pub fn duplicate(self) {
        if let Some(part) = self.with_graph(|graph| Fragment::of(graph, &self.selection.get_untracked())) {
            self.insert(&part, OFFSET);
        }
    }

    fn insert(self, part: &Fragment, by: Point) {
        let copy = part.renamed(by, || self.fresh_id());
        let ids: Vec<_> = copy.nodes.iter().map(|node| node.id.clone()).collect();
        if self.dispatch(Command::Insert(copy)) {
            self.selection.set(Selection::of_nodes(ids));
        }
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
