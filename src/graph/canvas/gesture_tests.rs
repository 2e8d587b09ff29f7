//! Tests of the gestures: every state with every input, and what a user sees of each.
#![expect(clippy::unwrap_used)]

use proptest::prelude::*;

use super::*;
use crate::graph::document::model::SocketRef;

/// Two nodes, `a` at 0,0 and `b` at 500,0; an output of `a` at 280,60 and an input of `b` at 500,60, which may be connected already.
#[derive(Clone)]
struct Stage {
    view: Viewport,
    selection: Selection,
    wired: bool,
    refusal: Option<&'static str>,
}

impl Default for Stage {
    fn default() -> Self {
        Self { view: Viewport { x: 100.0, y: 50.0, zoom: 0.5 }, selection: Selection::default(), wired: false, refusal: None }
    }
}

fn id(name: &str) -> NodeId {
    name.parse().unwrap()
}

fn out() -> End {
    End::output(SocketRef::new(id("a"), "video"))
}

fn input() -> End {
    End::input(SocketRef::new(id("b"), "video"))
}

fn link() -> Connection {
    out().connected_with(&input()).unwrap()
}

impl Scene for Stage {
    fn viewport(&self) -> Viewport {
        self.view
    }
    fn selection(&self) -> Selection {
        self.selection.clone()
    }
    fn position(&self, node: &NodeId) -> Option<Point> {
        match node.as_str() {
            "a" => Some(Point::default()),
            "b" => Some(Point::new(500.0, 0.0)),
            _ => None,
        }
    }
    fn nodes_in(&self, rect: Rect) -> Vec<NodeId> {
        let at = |name| self.position(&id(name)).map(|at| Rect { min: at, max: at });
        ["a", "b"].into_iter().filter(|name| at(name).is_some_and(|spot| rect.touches(spot))).map(id).collect()
    }
    fn wire_in(&self, end: &End) -> Option<Connection> {
        (self.wired && *end == input()).then(link)
    }
    fn snap(&self, _: &End, _: Option<&Connection>, at: Point, reach: f64) -> Option<Snap> {
        let place = Point::new(500.0, 60.0);
        (place.distance(at) <= reach).then(|| Snap { end: input(), at: place, refusal: self.refusal.map(str::to_owned) })
    }
}

impl Stage {
    fn apply(&mut self, effects: &[Effect]) {
        for effect in effects {
            match effect {
                Effect::View(view) => self.view = *view,
                Effect::Select(selection) => self.selection = selection.clone(),
                _ => {}
            }
        }
    }

    /// Runs the inputs and gives every effect, with the view and the selection kept up.
    fn run(&mut self, inputs: impl IntoIterator<Item = Input>) -> (Gesture, Vec<Effect>) {
        let mut gesture = Gesture::Idle;
        let mut all = Vec::new();
        for input in inputs {
            let (next, effects) = step(gesture, input, self);
            self.apply(&effects);
            gesture = next;
            all.extend(effects);
        }
        (gesture, all)
    }
}

fn down(target: Target, x: f64, y: f64) -> Input {
    Input::Down { pointer: 1, at: Point::new(x, y), target, adds: false, pans: false }
}

fn shift_down(target: Target, x: f64, y: f64) -> Input {
    Input::Down { pointer: 1, at: Point::new(x, y), target, adds: true, pans: false }
}

fn finger_down(x: f64, y: f64) -> Input {
    Input::Down { pointer: 2, at: Point::new(x, y), target: Target::Canvas, adds: false, pans: false }
}

fn go(x: f64, y: f64) -> Input {
    Input::Move { pointer: 1, at: Point::new(x, y) }
}

fn up(x: f64, y: f64) -> Input {
    Input::Up { pointer: 1, at: Point::new(x, y) }
}

#[test]
fn a_drag_moves_by_the_zoomed_way_and_is_one_step() {
    let mut stage = Stage::default();
    let (gesture, effects) =
        stage.run([down(Target::Node(id("a")), 110.0, 60.0), go(112.0, 61.0), go(160.0, 60.0), go(170.0, 70.0), up(170.0, 70.0)]);
    assert_eq!(gesture, Gesture::Idle);
    assert_eq!(stage.selection, Selection::of_nodes([id("a")]));
    let moved: Vec<_> = effects.iter().filter(|effect| matches!(effect, Effect::Moved(_))).collect();
    assert_eq!(moved, [&Effect::Moved(vec![(id("a"), Point::new(120.0, 20.0))])]);
    let shown = effects.iter().filter(|effect| matches!(effect, Effect::Move(_))).count();
    assert_eq!(shown, 2, "below the threshold nothing moves");
}

#[test]
fn dragging_one_of_several_selected_moves_all() {
    let mut stage = Stage { selection: Selection::of_nodes([id("a"), id("b")]), ..Stage::default() };
    let (_, effects) = stage.run([down(Target::Node(id("b")), 0.0, 0.0), go(50.0, 0.0), up(50.0, 0.0)]);
    let places = vec![(id("a"), Point::new(100.0, 0.0)), (id("b"), Point::new(600.0, 0.0))];
    assert_eq!(effects.last(), Some(&Effect::Moved(places)));
    let (_, effects) = stage.run([down(Target::Node(id("b")), 0.0, 0.0), up(1.0, 1.0)]);
    assert_eq!(effects, [Effect::Select(Selection::of_nodes([id("b")]))], "a click picks the one");
}

#[test]
fn escape_puts_everything_back() {
    let home = Stage::default();
    let mut stage = home.clone();
    let (_, effects) = stage.run([down(Target::Node(id("a")), 0.0, 0.0), go(50.0, 0.0), Input::Escape, go(90.0, 0.0), up(90.0, 0.0)]);
    assert_eq!(effects.last(), Some(&Effect::Move(vec![(id("a"), Point::default())])));
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Moved(_))));

    let mut stage = home.clone();
    stage.run([down(Target::Canvas, 0.0, 0.0), go(50.0, 0.0), Input::Escape]);
    assert_eq!(stage.view, home.view);

    let mut stage = Stage { selection: Selection::of_nodes([id("b")]), ..home };
    stage.run([shift_down(Target::Canvas, 50.0, 0.0), go(110.0, 60.0), Input::Escape]);
    assert_eq!(stage.selection, Selection::of_nodes([id("b")]));
}

#[test]
fn a_press_on_the_canvas_pans_and_a_click_clears() {
    let mut stage = Stage { selection: Selection::of_nodes([id("a")]), ..Stage::default() };
    stage.run([down(Target::Canvas, 10.0, 10.0), go(30.0, 5.0), up(30.0, 5.0)]);
    assert_eq!((stage.view.x, stage.view.y), (120.0, 45.0));
    assert!(!stage.selection.is_empty(), "a pan keeps the selection");
    stage.run([down(Target::Canvas, 10.0, 10.0), up(11.0, 10.0)]);
    assert!(stage.selection.is_empty());
}

#[test]
fn space_and_the_middle_button_pan_from_a_node_too() {
    let mut stage = Stage::default();
    let press = Input::Down { pointer: 1, at: Point::default(), target: Target::Node(id("a")), adds: false, pans: true };
    stage.run([press, go(20.0, 0.0), up(20.0, 0.0)]);
    assert_eq!(stage.view.x, 120.0);
    assert!(stage.selection.is_empty());
}

#[test]
fn two_fingers_zoom_about_their_middle_and_move_with_it() {
    let mut stage = Stage::default();
    let held = stage.view.to_plane(Point::new(150.0, 100.0));
    let second = |x, y| Input::Move { pointer: 2, at: Point::new(x, y) };
    let (gesture, _) = stage.run([down(Target::Canvas, 100.0, 100.0), finger_down(200.0, 100.0), go(110.0, 130.0), second(310.0, 130.0)]);
    assert!(matches!(gesture, Gesture::Pinching { .. }));
    assert_eq!(stage.view.zoom, 1.0);
    assert!(stage.view.to_screen(held).distance(Point::new(210.0, 130.0)) < 1e-6);
}

#[test]
fn a_second_finger_takes_a_drag_back_and_lifting_one_goes_on_panning() {
    let mut stage = Stage::default();
    let (gesture, effects) = stage.run([
        down(Target::Node(id("a")), 0.0, 0.0),
        go(40.0, 0.0),
        finger_down(100.0, 0.0),
        Input::Up { pointer: 2, at: Point::new(100.0, 0.0) },
    ]);
    assert!(effects.contains(&Effect::Move(vec![(id("a"), Point::default())])));
    assert!(matches!(gesture, Gesture::Panning { pointer: 1, moved: true, .. }));
}

#[test]
fn a_wire_jumps_24_pixels_early_and_connects() {
    let mut stage = Stage::default();
    // The input is at 350,80 on the screen.
    let (_, effects) = stage.run([down(Target::Socket(out()), 240.0, 80.0), go(320.0, 80.0), go(330.0, 80.0), up(330.0, 80.0)]);
    let tips: Vec<_> =
        effects.iter().filter_map(|effect| if let Effect::Wire(Some(wire)) = effect { Some(wire.tip()) } else { None }).collect();
    assert_eq!(tips, [Point::new(440.0, 60.0), Point::new(500.0, 60.0)]);
    assert_eq!(effects.last(), Some(&Effect::Connect { connection: link(), instead_of: None }));
}

#[test]
fn a_refused_wire_says_why() {
    let mut stage = Stage { refusal: Some("Text does not fit here."), ..Stage::default() };
    let (_, effects) = stage.run([down(Target::Socket(out()), 240.0, 80.0), go(345.0, 80.0), up(345.0, 80.0)]);
    assert_eq!(effects.last(), Some(&Effect::Refuse("Text does not fit here.".into())));
}

#[test]
fn a_wire_dropped_on_the_canvas_asks_for_a_node() {
    let mut stage = Stage::default();
    let (_, effects) = stage.run([down(Target::Socket(out()), 240.0, 80.0), go(240.0, 300.0), up(240.0, 300.0)]);
    assert_eq!(effects.last(), Some(&Effect::Offer { from: out(), at: Point::new(280.0, 500.0) }));
    let (_, effects) = stage.run([down(Target::Socket(out()), 240.0, 80.0), up(240.0, 80.0)]);
    assert_eq!(effects, [Effect::Wire(None)], "a click on a socket connects nothing");
}

#[test]
fn a_wire_pulled_off_its_input_is_disconnected_or_put_back() {
    let mut stage = Stage { wired: true, ..Stage::default() };
    let (_, effects) = stage.run([down(Target::Socket(input()), 350.0, 80.0), go(350.0, 300.0), up(350.0, 300.0)]);
    assert_eq!(effects.last(), Some(&Effect::Disconnect(link())));
    let (_, effects) = stage.run([down(Target::Socket(input()), 350.0, 80.0), go(300.0, 80.0), up(350.0, 80.0)]);
    assert_eq!(effects.last(), Some(&Effect::Wire(None)), "put back where it was");
}

#[test]
fn a_press_inside_a_node_selects_and_leaves_the_rest_to_the_field() {
    let mut stage = Stage::default();
    let (gesture, _) = stage.run([down(Target::Inside(id("b")), 0.0, 0.0)]);
    assert_eq!((gesture, stage.selection.single()), (Gesture::Idle, Some(&id("b"))));
    let (gesture, _) = stage.run([shift_down(Target::Node(id("b")), 0.0, 0.0)]);
    assert_eq!((gesture, stage.selection.is_empty()), (Gesture::Idle, true), "Shift takes it out, and then there is nothing to drag");
}

#[test]
fn shift_draws_a_rectangle_that_adds() {
    let mut stage = Stage { selection: Selection::of_nodes([id("b")]), ..Stage::default() };
    let (_, effects) = stage.run([shift_down(Target::Canvas, 50.0, 20.0), go(110.0, 60.0), up(110.0, 60.0)]);
    assert_eq!(stage.selection, Selection::of_nodes([id("a"), id("b")]));
    assert_eq!(effects.last(), Some(&Effect::Band(None)));
}

fn targets() -> impl Strategy<Value = Target> {
    prop_oneof![
        Just(Target::Canvas),
        Just(Target::Node(id("a"))),
        Just(Target::Node(id("gone"))),
        Just(Target::Inside(id("b"))),
        Just(Target::Socket(out())),
        Just(Target::Socket(input())),
        Just(Target::Connection(link())),
    ]
}

fn inputs() -> impl Strategy<Value = Input> {
    let at = || (0.0_f64..600.0, 0.0_f64..400.0).prop_map(|(x, y)| Point::new(x, y));
    prop_oneof![
        4 => (1..4, at(), targets(), any::<bool>(), any::<bool>())
            .prop_map(|(pointer, at, target, adds, pans)| Input::Down { pointer, at, target, adds, pans }),
        6 => (1..4, at()).prop_map(|(pointer, at)| Input::Move { pointer, at }),
        3 => (1..4, at()).prop_map(|(pointer, at)| Input::Up { pointer, at }),
        1 => Just(Input::Escape),
    ]
}

proptest! {
    #[test]
    fn every_state_takes_every_input(wired in any::<bool>(), inputs in proptest::collection::vec(inputs(), 0..60)) {
        let mut stage = Stage { wired, ..Stage::default() };
        let mut gesture = Gesture::Idle;
        for input in inputs {
            let was_idle = gesture == Gesture::Idle;
            let escaped = input == Input::Escape;
            let pressed = matches!(input, Input::Down { .. });
            let (next, effects) = step(gesture, input, &stage);
            if was_idle && !pressed {
                prop_assert!(effects.is_empty() && next == Gesture::Idle, "an idle hand does nothing: {effects:?}");
            }
            prop_assert!(!escaped || next == Gesture::Idle);
            let lasting = effects.iter().filter(|effect| matches!(effect, Effect::Moved(_) | Effect::Connect { .. } | Effect::Disconnect(_)));
            prop_assert!(lasting.count() <= usize::from(next == Gesture::Idle), "the document changes at the end of a gesture only");
            stage.apply(&effects);
            let view = stage.view;
            prop_assert!(view.x.is_finite() && view.y.is_finite() && view.zoom > 0.0);
            gesture = next;
        }
    }

    #[test]
    fn lifting_every_pointer_ends_every_gesture(inputs in proptest::collection::vec(inputs(), 0..40)) {
        let mut stage = Stage::default();
        let lift = (1..4).map(|pointer| Input::Up { pointer, at: Point::default() });
        let (gesture, _) = stage.run(inputs.into_iter().chain(lift));
        prop_assert_eq!(gesture, Gesture::Idle);
    }
}
