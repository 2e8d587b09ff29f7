//! What the hand is doing on the canvas, and what follows from the next thing it does. Pure: the page reports inputs, runs [`step`] and
//! carries out the effects. Points are screen pixels from the canvas' corner unless a name says otherwise.

use super::{
    geometry::{Point, Rect, Viewport},
    selection::Selection,
    wire::{End, Snap, Wire},
};
use crate::{domain::NodeId, graph::document::model::Connection};

/// Screen pixels the pointer must travel before a press becomes a drag.
pub const THRESHOLD: f64 = 4.0;
/// Screen pixels within which a wire jumps to a socket.
pub const SNAP: f64 = 24.0;

/// What the hand is doing.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Gesture {
    /// Nothing.
    #[default]
    Idle,
    /// Moving the plane under the window.
    Panning {
        /// The pointer that does it.
        pointer: i32,
        /// Where it was pressed.
        pressed: Point,
        /// The viewport before.
        from: Viewport,
        /// Whether it has travelled far enough to be more than a click.
        moved: bool,
        /// Whether it is a click on the bare canvas if it has not.
        clears: bool,
    },
    /// Moving and zooming with two fingers.
    Pinching {
        /// The fingers, and where each was when the second came.
        fingers: [(i32, Point); 2],
        /// Where each is.
        now: [Point; 2],
        /// The viewport when the second came.
        from: Viewport,
    },
    /// Moving nodes.
    Dragging {
        /// The pointer that does it.
        pointer: i32,
        /// The node under it.
        node: NodeId,
        /// Where it was pressed.
        pressed: Point,
        /// Where on the plane it was pressed.
        grabbed: Point,
        /// The nodes that move, and where they were.
        origins: Vec<(NodeId, Point)>,
        /// Whether it has travelled far enough to be more than a click.
        moved: bool,
        /// Whether a click selects this node alone.
        picks: bool,
    },
    /// Pulling a wire out of a socket.
    Connecting {
        /// The pointer that does it.
        pointer: i32,
        /// The end that stays.
        from: End,
        /// The connection that was pulled off its input.
        loose: Option<Connection>,
        /// Where the pointer was pressed.
        pressed: Point,
        /// Whether it has travelled far enough to be more than a click.
        moved: bool,
    },
    /// Drawing a rectangle around nodes.
    Selecting {
        /// The pointer that does it.
        pointer: i32,
        /// Where on the plane it was pressed.
        corner: Point,
        /// What was selected before.
        before: Selection,
    },
}

impl Gesture {
    /// Whether it pulls something along: the plane moves for it at the window's edge.
    #[must_use]
    pub fn pulls(&self) -> bool {
        matches!(self, Self::Dragging { moved: true, .. } | Self::Connecting { moved: true, .. } | Self::Selecting { .. })
    }
}

/// What a press landed on.
#[derive(Debug, Clone, PartialEq)]
pub enum Target {
    /// The bare canvas.
    Canvas,
    /// A node, where it can be taken hold of.
    Node(NodeId),
    /// A field or a clip inside a node, which handles the press itself.
    Inside(NodeId),
    /// A socket.
    Socket(End),
    /// A connection.
    Connection(Connection),
}

/// What the pointer or the keyboard did.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// A button or finger went down.
    Down {
        /// Which pointer.
        pointer: i32,
        /// Where.
        at: Point,
        /// On what.
        target: Target,
        /// Whether it adds to the selection (Shift, Ctrl or Command held).
        adds: bool,
        /// Whether it pans whatever it landed on (middle button, or Space held).
        pans: bool,
    },
    /// A pointer moved, or the plane moved under it.
    Move {
        /// Which pointer.
        pointer: i32,
        /// Where it is.
        at: Point,
    },
    /// A button or finger came up.
    Up {
        /// Which pointer.
        pointer: i32,
        /// Where.
        at: Point,
    },
    /// Escape was pressed, or the browser took the pointer away.
    Escape,
}

/// What the page has to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Make this the selection.
    Select(Selection),
    /// Make this the viewport.
    View(Viewport),
    /// Draw these nodes at these places of the plane; the document does not change yet.
    Move(Vec<(NodeId, Point)>),
    /// Put these nodes there for good: one step of the history.
    Moved(Vec<(NodeId, Point)>),
    /// Draw this wire in the hand, or none.
    Wire(Option<Wire>),
    /// Connect, in place of another connection where one is named: one step of the history.
    Connect {
        /// The new connection.
        connection: Connection,
        /// The one it was pulled off.
        instead_of: Option<Connection>,
    },
    /// Take a connection away.
    Disconnect(Connection),
    /// Say why nothing happened.
    Refuse(String),
    /// Offer the nodes that this end can be connected with.
    Offer {
        /// The end that stays.
        from: End,
        /// Where on the plane the new node goes.
        at: Point,
    },
    /// Draw this rectangle of the plane as the selecting one, or none.
    Band(Option<Rect>),
}

/// What a gesture has to know of the page.
pub trait Scene {
    /// The viewport as it is.
    fn viewport(&self) -> Viewport;
    /// The selection as it is.
    fn selection(&self) -> Selection;
    /// Where a node is on the plane.
    fn position(&self, node: &NodeId) -> Option<Point>;
    /// The nodes that touch a rectangle of the plane.
    fn nodes_in(&self, rect: Rect) -> Vec<NodeId>;
    /// The connection that ends in an input which takes only one.
    fn wire_in(&self, end: &End) -> Option<Connection>;
    /// The nearest socket within `reach` of a place on the plane that a wire from `from` could end in; one that fits comes before
    /// one that does not. `loose` is taken as gone.
    fn snap(&self, from: &End, loose: Option<&Connection>, at: Point, reach: f64) -> Option<Snap>;
}

/// What follows from `input` while the hand is doing `gesture`.
pub fn step(gesture: Gesture, input: Input, scene: &impl Scene) -> (Gesture, Vec<Effect>) {
    match (gesture, input) {
        (gesture, Input::Escape) => (Gesture::Idle, restore(gesture)),
        (Gesture::Idle, Input::Down { pointer, at, target, adds, pans }) => begin(pointer, at, target, adds, pans, scene),
        (gesture, Input::Down { pointer, at, .. }) => second_finger(gesture, pointer, at, scene),
        (gesture, Input::Move { pointer, at }) => moved(gesture, pointer, at, scene),
        (gesture, Input::Up { pointer, at }) => released(gesture, pointer, at, scene),
    }
}

fn begin(pointer: i32, at: Point, target: Target, adds: bool, pans: bool, scene: &impl Scene) -> (Gesture, Vec<Effect>) {
    let pan = |clears| Gesture::Panning { pointer, pressed: at, from: scene.viewport(), moved: false, clears };
    if pans {
        return (pan(false), Vec::new());
    }
    match target {
        Target::Canvas if adds => {
            let corner = scene.viewport().to_plane(at);
            (Gesture::Selecting { pointer, corner, before: scene.selection() }, vec![Effect::Band(Some(Rect::between(corner, corner)))])
        }
        Target::Canvas => (pan(true), Vec::new()),
        Target::Inside(node) => (Gesture::Idle, take(&scene.selection(), &node, adds).map(Effect::Select).into_iter().collect()),
        Target::Connection(connection) => (Gesture::Idle, vec![Effect::Select(Selection::of_connection(connection))]),
        Target::Node(node) => grab(pointer, at, node, adds, scene),
        Target::Socket(end) => {
            let loose = scene.wire_in(&end);
            let from = loose.as_ref().map_or(end, |connection| End::output(connection.from.clone()));
            (Gesture::Connecting { pointer, from, loose, pressed: at, moved: false }, Vec::new())
        }
    }
}

/// The selection after a press on `node`, or `None` where it stays.
fn take(selection: &Selection, node: &NodeId, adds: bool) -> Option<Selection> {
    match (adds, selection.has(node)) {
        (true, _) => Some(selection.toggled(node)),
        (false, false) => Some(Selection::of_nodes([node.clone()])),
        (false, true) => None,
    }
}

fn grab(pointer: i32, at: Point, node: NodeId, adds: bool, scene: &impl Scene) -> (Gesture, Vec<Effect>) {
    let taken = take(&scene.selection(), &node, adds);
    let selection = taken.clone().unwrap_or_else(|| scene.selection());
    let effects = taken.map(Effect::Select).into_iter().collect();
    if !selection.has(&node) {
        return (Gesture::Idle, effects);
    }
    let origins = selection.nodes().filter_map(|id| Some((id.clone(), scene.position(id)?))).collect();
    let grabbed = scene.viewport().to_plane(at);
    (Gesture::Dragging { pointer, node, pressed: at, grabbed, origins, moved: false, picks: !adds }, effects)
}

/// What is undone when a gesture does not come to its end.
fn restore(gesture: Gesture) -> Vec<Effect> {
    match gesture {
        Gesture::Idle => Vec::new(),
        Gesture::Panning { from, moved, .. } => moved.then_some(Effect::View(from)).into_iter().collect(),
        Gesture::Pinching { from, .. } => vec![Effect::View(from)],
        Gesture::Dragging { origins, moved, .. } => moved.then_some(Effect::Move(origins)).into_iter().collect(),
        Gesture::Connecting { .. } => vec![Effect::Wire(None)],
        Gesture::Selecting { before, .. } => vec![Effect::Band(None), Effect::Select(before)],
    }
}

/// A second finger turns whatever the first one did into a pinch; a third changes nothing.
fn second_finger(gesture: Gesture, pointer: i32, at: Point, scene: &impl Scene) -> (Gesture, Vec<Effect>) {
    let (first, pressed) = match &gesture {
        Gesture::Idle | Gesture::Pinching { .. } => return (gesture, Vec::new()),
        Gesture::Selecting { pointer, corner, .. } => (*pointer, scene.viewport().to_screen(*corner)),
        Gesture::Panning { pointer, pressed, .. }
        | Gesture::Dragging { pointer, pressed, .. }
        | Gesture::Connecting { pointer, pressed, .. } => (*pointer, *pressed),
    };
    if first == pointer {
        return (gesture, Vec::new());
    }
    // A pan goes on from where it is; the rest is taken back.
    let (first_at, effects) = match gesture {
        Gesture::Panning { from, moved: true, .. } => {
            let now = scene.viewport();
            (pressed.plus(Point::new(now.x - from.x, now.y - from.y)), Vec::new())
        }
        gesture => (pressed, restore(gesture)),
    };
    let pinch = Gesture::Pinching { fingers: [(first, first_at), (pointer, at)], now: [first_at, at], from: scene.viewport() };
    (pinch, effects)
}

fn moved(gesture: Gesture, id: i32, at: Point, scene: &impl Scene) -> (Gesture, Vec<Effect>) {
    match gesture {
        Gesture::Panning { pointer, pressed, from, moved, clears } if pointer == id => {
            let moved = moved || pressed.distance(at) >= THRESHOLD;
            let effects = if moved { vec![Effect::View(from.panned(at.minus(pressed)))] } else { Vec::new() };
            (Gesture::Panning { pointer, pressed, from, moved, clears }, effects)
        }
        Gesture::Pinching { fingers, mut now, from } => {
            for (place, (finger, _)) in now.iter_mut().zip(fingers) {
                if finger == id {
                    *place = at;
                }
            }
            (Gesture::Pinching { fingers, now, from }, vec![Effect::View(pinched(from, [fingers[0].1, fingers[1].1], now))])
        }
        Gesture::Dragging { pointer, node, pressed, grabbed, origins, moved, picks } if pointer == id => {
            let moved = moved || pressed.distance(at) >= THRESHOLD;
            let effects = if moved { vec![Effect::Move(dragged(&origins, grabbed, at, scene))] } else { Vec::new() };
            (Gesture::Dragging { pointer, node, pressed, grabbed, origins, moved, picks }, effects)
        }
        Gesture::Connecting { pointer, from, loose, pressed, moved } if pointer == id => {
            let moved = moved || pressed.distance(at) >= THRESHOLD;
            let effects = if moved { vec![Effect::Wire(Some(wire(&from, loose.as_ref(), at, scene)))] } else { Vec::new() };
            (Gesture::Connecting { pointer, from, loose, pressed, moved }, effects)
        }
        Gesture::Selecting { pointer, corner, before } if pointer == id => {
            let band = Rect::between(corner, scene.viewport().to_plane(at));
            let selected = before.with_nodes(scene.nodes_in(band));
            (Gesture::Selecting { pointer, corner, before }, vec![Effect::Band(Some(band)), Effect::Select(selected)])
        }
        gesture => (gesture, Vec::new()),
    }
}

fn released(gesture: Gesture, id: i32, at: Point, scene: &impl Scene) -> (Gesture, Vec<Effect>) {
    match gesture {
        Gesture::Panning { pointer, from, pressed, moved, clears } if pointer == id => {
            let effects = match (moved, clears && !scene.selection().is_empty()) {
                (true, _) => vec![Effect::View(from.panned(at.minus(pressed)))],
                (false, true) => vec![Effect::Select(Selection::default())],
                (false, false) => Vec::new(),
            };
            (Gesture::Idle, effects)
        }
        Gesture::Pinching { fingers, now, .. } if fingers.iter().any(|(finger, _)| *finger == id) => {
            let stays = usize::from(fingers[0].0 == id);
            let (pointer, pressed) = (fingers[stays].0, now[stays]);
            (Gesture::Panning { pointer, pressed, from: scene.viewport(), moved: true, clears: false }, Vec::new())
        }
        Gesture::Dragging { pointer, node, grabbed, origins, moved, picks, .. } if pointer == id => {
            let effects = match (moved, picks) {
                (true, _) => vec![Effect::Moved(dragged(&origins, grabbed, at, scene))],
                (false, true) if origins.len() > 1 => vec![Effect::Select(Selection::of_nodes([node]))],
                (false, _) => Vec::new(),
            };
            (Gesture::Idle, effects)
        }
        Gesture::Connecting { pointer, from, loose, moved, .. } if pointer == id => {
            let mut effects = vec![Effect::Wire(None)];
            if moved {
                effects.extend(dropped(from, loose, at, scene));
            }
            (Gesture::Idle, effects)
        }
        Gesture::Selecting { pointer, .. } if pointer == id => (Gesture::Idle, vec![Effect::Band(None)]),
        gesture => (gesture, Vec::new()),
    }
}

/// The viewport after two fingers went from `before` to `now`.
fn pinched(from: Viewport, before: [Point; 2], now: [Point; 2]) -> Viewport {
    let (middle, goal) = (before[0].middle(before[1]), now[0].middle(now[1]));
    let spread = now[0].distance(now[1]) / before[0].distance(before[1]).max(1.0);
    from.zoomed_about(middle, spread).panned(goal.minus(middle))
}

/// Where dragged nodes are: whole pixels of the plane, and the same way for each.
fn dragged(origins: &[(NodeId, Point)], grabbed: Point, at: Point, scene: &impl Scene) -> Vec<(NodeId, Point)> {
    let way = scene.viewport().to_plane(at).minus(grabbed);
    let way = Point::new(way.x.round(), way.y.round());
    origins.iter().map(|(id, origin)| (id.clone(), origin.plus(way))).collect()
}

fn wire(from: &End, loose: Option<&Connection>, at: Point, scene: &impl Scene) -> Wire {
    let view = scene.viewport();
    let place = view.to_plane(at);
    let snap = scene.snap(from, loose, place, SNAP / view.zoom);
    Wire { from: from.clone(), to: place, snap }
}

fn dropped(from: End, loose: Option<Connection>, at: Point, scene: &impl Scene) -> Option<Effect> {
    let wire = wire(&from, loose.as_ref(), at, scene);
    match (wire.snap, loose) {
        (Some(Snap { refusal: Some(reason), .. }), _) => Some(Effect::Refuse(reason)),
        (Some(Snap { end, .. }), loose) => {
            let connection = from.connected_with(&end)?;
            (loose.as_ref() != Some(&connection)).then_some(Effect::Connect { connection, instead_of: loose })
        }
        (None, Some(loose)) => Some(Effect::Disconnect(loose)),
        (None, None) => Some(Effect::Offer { from, at: wire.to }),
    }
}

#[cfg(test)]
#[path = "gesture_tests.rs"]
mod tests;
