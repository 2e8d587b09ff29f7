//! How large a node is and where its sockets are, from its data alone: nothing is measured in the page, so server and browser agree and a
//! wire knows its ends before anything is drawn. `style/node.css` draws to the same figures.

use std::sync::Arc;

use super::geometry::{Point, Rect, Size};
use crate::graph::{
    document::model::{Graph, Node},
    nodes,
    param::ParamKind,
    socket_type::SocketType,
    spec::{Direction, Socket},
};

/// Every node is this wide.
pub const WIDTH: f64 = 280.0;
/// The header: title and state.
pub const HEADER: f64 = 40.0;
/// A row of sockets.
pub const SOCKET_ROW: f64 = 28.0;
/// Above and below the sockets.
pub const SOCKETS_PAD: f64 = 6.0;
/// A field of several lines, with its label.
pub const TEXT_FIELD: f64 = 124.0;
/// A text that comes from a wire: a line that tells where it is from and how it begins.
pub const WIRED_TEXT: f64 = 32.0;
/// A field of one line.
pub const LINE_FIELD: f64 = 40.0;
/// What is missing or went wrong: two lines.
pub const MESSAGE: f64 = 48.0;
/// Around the clip, left and right, and below it.
pub const CLIP_PAD: f64 = 12.0;
/// A clip is at most this high: one of 9:16 is as wide as the node allows.
pub const CLIP_MAX: f64 = 456.0;
/// The footer: duration, size, cached.
pub const FOOTER: f64 = 32.0;
/// Below the last part.
pub const FOOT_PAD: f64 = 8.0;

/// A socket as a node shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct Face {
    /// Its name in the definition.
    pub name: Arc<str>,
    /// Its name in words.
    pub label: Arc<str>,
    /// Which way it faces.
    pub direction: Direction,
    /// What flows through it.
    pub socket_type: SocketType,
    /// Whether an input takes several connections.
    pub list: bool,
    /// Its place among those of its direction, from the top.
    pub row: usize,
}

impl Face {
    /// Where its middle is, from the node's upper left corner.
    #[must_use]
    pub fn offset(&self) -> Point {
        let x = match self.direction {
            Direction::In => 0.0,
            Direction::Out => WIDTH,
        };
        Point::new(x, HEADER + SOCKETS_PAD + SOCKET_ROW * (self.row as f64 + 0.5))
    }
}

/// What a node shows besides its sockets and fields.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Shown {
    /// Width over height of its clip.
    pub clip_ratio: Option<f64>,
    /// Whether it says what is missing or what went wrong.
    pub message: bool,
    /// How many of its texts come from a wire.
    pub wired_texts: usize,
}

/// The sockets of a node, inputs first. A node of an unknown type has those that something is wired to.
#[must_use]
pub fn faces(graph: &Graph, node: &Node) -> Vec<Face> {
    let Some(spec) = nodes::spec(&node.node_type) else { return wired_faces(graph, node) };
    let side = |sockets: &'static [Socket]| {
        sockets.iter().enumerate().map(|(row, socket)| Face {
            name: socket.name.into(),
            label: socket.label.into(),
            direction: socket.direction,
            socket_type: socket.socket_type,
            list: socket.list,
            row,
        })
    };
    side(spec.inputs).chain(side(spec.outputs)).collect()
}

fn wired_faces(graph: &Graph, node: &Node) -> Vec<Face> {
    let inputs = graph.incoming(&node.id).map(|connection| (Direction::In, &connection.to.socket));
    let outputs = graph.outgoing(&node.id).map(|connection| (Direction::Out, &connection.from.socket));
    let mut faces: Vec<Face> = Vec::new();
    for (direction, name) in inputs.chain(outputs) {
        if faces.iter().any(|face| face.direction == direction && face.name == *name) {
            continue;
        }
        let row = faces.iter().filter(|face| face.direction == direction).count();
        let face = Face {
            name: name.clone(),
            label: name.clone(),
            direction,
            socket_type: SocketType::Unknown,
            list: direction == Direction::In,
            row,
        };
        faces.push(face);
    }
    faces
}

/// The socket of that name and direction.
#[must_use]
pub fn face<'a>(faces: &'a [Face], direction: Direction, name: &str) -> Option<&'a Face> {
    faces.iter().find(|face| face.direction == direction && *face.name == *name)
}

/// The size of a node with these sockets, showing this.
#[must_use]
pub fn size(node: &Node, faces: &[Face], shown: Shown) -> Size {
    let rows = faces.iter().map(|face| face.row + 1).max().unwrap_or(0);
    let sockets = if rows == 0 { 0.0 } else { 2.0 * SOCKETS_PAD + SOCKET_ROW * rows as f64 };
    let fields: f64 = nodes::spec(&node.node_type)
        .into_iter()
        .flat_map(|spec| spec.params)
        .filter(|param| param.in_node)
        .map(|param| if param.kind == ParamKind::Multiline { TEXT_FIELD } else { LINE_FIELD })
        .sum();
    let fields = fields - (TEXT_FIELD - WIRED_TEXT) * shown.wired_texts as f64;
    let message = if shown.message { MESSAGE } else { 0.0 };
    let clip = shown.clip_ratio.map_or(0.0, |ratio| clip_size(ratio).height + CLIP_PAD + FOOTER);
    Size { width: WIDTH, height: HEADER + sockets + fields + message + clip + FOOT_PAD }
}

/// How large a node may become while it works: with what is missing said, and with the tallest clip where it has one of its own.
#[must_use]
pub fn room(node: &Node, faces: &[Face]) -> Size {
    let shows = nodes::spec(&node.node_type).is_some_and(|spec| spec.gives().is_some());
    size(node, faces, Shown { clip_ratio: shows.then_some(9.0 / 16.0), message: true, wired_texts: 0 })
}

/// How many texts that a node shows come from a wire, where these of its inputs are wired.
#[must_use]
pub fn wired_texts(node: &Node, wired: &[Arc<str>]) -> usize {
    let params = nodes::spec(&node.node_type).into_iter().flat_map(|spec| spec.params);
    let shown = params.filter(|param| param.in_node && param.kind == ParamKind::Multiline);
    shown.filter(|param| param.unwired.is_some_and(|input| wired.iter().any(|name| **name == *input))).count()
}

/// How large a clip of that ratio (width over height) is drawn in a node: in its own aspect, as large as there is room.
#[must_use]
pub fn clip_size(ratio: f64) -> Size {
    let ratio = if ratio.is_finite() && ratio > 0.0 { ratio.clamp(0.1, 10.0) } else { 16.0 / 9.0 };
    let width = (WIDTH - 2.0 * CLIP_PAD).min((CLIP_MAX * ratio).floor());
    Size { width, height: (width / ratio).round() }
}

/// Where a node lies on the plane.
#[must_use]
pub fn bounds(at: Point, size: Size) -> Rect {
    Rect::sized(at, size)
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::graph::document::model::{NodeType, Position};

    fn node(node_type: NodeType) -> Node {
        Node::new("n".parse().unwrap(), node_type, Position::default())
    }

    #[test]
    fn every_known_node_is_as_high_as_its_parts() {
        let graph = Graph::new();
        for spec in nodes::specs() {
            let node = node(spec.node_type.clone());
            let faces = faces(&graph, &node);
            let bare = size(&node, &faces, Shown::default());
            assert_eq!(bare.width, WIDTH);
            let lowest = faces.iter().map(|face| face.offset().y).fold(0.0, f64::max);
            assert!(bare.height > lowest, "{}", node.node_type);
            let full = size(&node, &faces, Shown { clip_ratio: Some(9.0 / 16.0), message: true, wired_texts: 0 });
            assert_eq!(full.height - bare.height, MESSAGE + 455.0 + CLIP_PAD + FOOTER);
        }
    }

    #[test]
    fn a_prompt_that_is_wired_takes_a_line() {
        let shot = node(NodeType::SORA_VIDEO);
        let faces = faces(&Graph::new(), &shot);
        let height = |wired: &[Arc<str>]| size(&shot, &faces, Shown { wired_texts: wired_texts(&shot, wired), ..Shown::default() }).height;
        assert_eq!(height(&[]) - height(&["prompt".into()]), TEXT_FIELD - WIRED_TEXT);
        assert_eq!(height(&[]), height(&["first_frame".into()]));
    }

    #[test]
    fn inputs_are_at_the_left_edge_and_outputs_at_the_right() {
        let faces = faces(&Graph::new(), &node(NodeType::VEO_VIDEO));
        let names: Vec<_> = faces.iter().map(|face| (&*face.name, face.offset())).collect();
        assert_eq!(
            names,
            [
                ("prompt", Point::new(0.0, 60.0)),
                ("first_frame", Point::new(0.0, 88.0)),
                ("last_frame", Point::new(0.0, 116.0)),
                ("video", Point::new(280.0, 60.0)),
            ]
        );
    }

    #[test]
    fn a_clip_keeps_its_aspect_within_its_room() {
        for (ratio, width, height) in [(9.0 / 16.0, 256.0, 455.0), (16.0 / 9.0, 256.0, 144.0), (1.0, 256.0, 256.0)] {
            assert_eq!(clip_size(ratio), Size { width, height });
        }
        for odd in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e9, 1e-9] {
            let size = clip_size(odd);
            assert!(size.width >= 1.0 && size.height >= 1.0 && size.height <= CLIP_MAX, "{odd}: {size:?}");
        }
    }
}
