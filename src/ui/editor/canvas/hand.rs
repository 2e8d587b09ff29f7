//! The hand over the graph: the gesture that it makes, and what is drawn of that. What it does to the graph is carried out elsewhere.

use leptos::prelude::*;

use crate::{
    graph::{
        Connection,
        canvas::{
            geometry::Rect,
            gesture::{self, Effect, Gesture, Input, Scene},
            wire::{End, Wire},
        },
    },
    ui::components::set_if_new,
};

/// A wire being made, by hand or by keyboard.
#[derive(Debug, Clone, PartialEq)]
pub struct Connecting {
    /// The end that stays.
    pub from: End,
    /// The connection that was pulled off.
    pub loose: Option<Connection>,
}

/// What the hand is doing. Cheap to copy.
#[derive(Clone, Copy)]
pub struct Hand {
    /// The gesture; not reactive.
    pub(super) gesture: StoredValue<Gesture>,
    /// The pointer's last place, for the next frame; not reactive.
    pub(super) next_move: StoredValue<Option<Input>>,
    /// Whether Space is held: any press pans then.
    pub(super) space_held: StoredValue<bool>,
    /// What it is doing, in a word, for the cursor.
    pub word: RwSignal<&'static str>,
    /// The wire being made.
    pub connecting: RwSignal<Option<Connecting>>,
    /// The wire in the hand, as it is drawn.
    pub wire: RwSignal<Option<Wire>>,
    /// The selecting rectangle, on the plane.
    pub band: RwSignal<Option<Rect>>,
}

impl Hand {
    /// A hand at rest.
    #[must_use]
    pub fn new() -> Self {
        Self {
            gesture: StoredValue::new(Gesture::Idle),
            next_move: StoredValue::new(None),
            space_held: StoredValue::new(false),
            word: RwSignal::new("idle"),
            connecting: RwSignal::new(None),
            wire: RwSignal::new(None),
            band: RwSignal::new(None),
        }
    }

    /// Takes one input: the gesture goes on, and what follows from it is given, with the wire that is being made.
    pub(super) fn take(self, input: Input, scene: &impl Scene) -> Option<(Vec<Effect>, Option<Connecting>)> {
        let gesture = self.gesture.try_update_value(std::mem::take)?;
        let (next, effects) = gesture::step(gesture, input, scene);
        set_if_new(self.word, word(&next));
        let connecting = match &next {
            Gesture::Connecting { from, loose, .. } => Some(Connecting { from: from.clone(), loose: loose.clone() }),
            _ => None,
        };
        self.gesture.set_value(next);
        Some((effects, connecting))
    }
}

/// What the hand is doing, in a word.
fn word(gesture: &Gesture) -> &'static str {
    match gesture {
        Gesture::Panning { moved: true, .. } | Gesture::Pinching { .. } => "panning",
        Gesture::Dragging { moved: true, .. } => "dragging",
        Gesture::Connecting { .. } => "connecting",
        Gesture::Selecting { .. } => "selecting",
        _ => "idle",
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::{
        domain::NodeId,
        graph::{
            SocketRef,
            canvas::{
                geometry::{Point, Viewport},
                gesture::Target,
                selection::Selection,
                wire::Snap,
            },
            spec::Direction,
        },
    };

    /// A plane with nothing on it.
    struct Empty;

    impl Scene for Empty {
        fn viewport(&self) -> Viewport {
            Viewport::default()
        }

        fn selection(&self) -> Selection {
            Selection::default()
        }

        fn position(&self, _: &NodeId) -> Option<Point> {
            None
        }

        fn nodes_in(&self, _: Rect) -> Vec<NodeId> {
            Vec::new()
        }

        fn wire_in(&self, _: &End) -> Option<Connection> {
            None
        }

        fn snap(&self, _: &End, _: Option<&Connection>, _: Point, _: f64) -> Option<Snap> {
            None
        }
    }

    fn hand() -> (Owner, Hand) {
        let owner = Owner::new();
        owner.set();
        (owner, Hand::new())
    }

    fn down(target: Target) -> Input {
        Input::Down { pointer: 1, at: Point::default(), target, adds: false, pans: false }
    }

    #[test]
    fn its_word_follows_the_gesture_and_returns_to_rest() {
        let (_owner, hand) = hand();
        hand.take(down(Target::Canvas), &Empty).unwrap();
        assert_eq!(hand.word.get_untracked(), "idle", "a press is no drag yet");
        let (effects, _) = hand.take(Input::Move { pointer: 1, at: Point::new(50.0, 0.0) }, &Empty).unwrap();
        assert!(matches!(effects[..], [Effect::View(_)]), "{effects:?}");
        assert_eq!(hand.word.get_untracked(), "panning");
        hand.take(Input::Up { pointer: 1, at: Point::new(50.0, 0.0) }, &Empty).unwrap();
        assert_eq!((hand.word.get_untracked(), hand.gesture.get_value()), ("idle", Gesture::Idle));
    }

    #[test]
    fn a_wire_that_is_pulled_is_told_with_the_end_that_stays() {
        let (_owner, hand) = hand();
        let from = End { socket: SocketRef::new("a".parse().unwrap(), "video"), direction: Direction::Out };
        hand.take(down(Target::Socket(from.clone())), &Empty).unwrap();
        let (_, connecting) = hand.take(Input::Move { pointer: 1, at: Point::new(50.0, 0.0) }, &Empty).unwrap();
        assert_eq!(connecting.unwrap(), Connecting { from, loose: None });
        let (_, connecting) = hand.take(Input::Escape, &Empty).unwrap();
        assert_eq!(connecting, None);
    }
}
