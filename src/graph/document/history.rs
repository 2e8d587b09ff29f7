//! Undo by snapshots: what it keeps are whole values that share their unchanged parts, so nothing has to be inverted. A transaction makes a
//! gesture of many changes one step; one that changed nothing leaves no step.

use std::collections::VecDeque;

/// How many steps can be undone.
pub const MAX_STEPS: usize = 100;

/// A value with its past and its undone future.
#[derive(Debug, Clone)]
pub struct History<T> {
    present: T,
    past: VecDeque<T>,
    future: Vec<T>,
    begun_from: Option<T>,
}

impl<T: Clone + PartialEq> History<T> {
    /// A history that begins with `present`.
    #[must_use]
    pub fn new(present: T) -> Self {
        Self { present, past: VecDeque::new(), future: Vec::new(), begun_from: None }
    }

    /// The value as it stands.
    #[must_use]
    pub fn present(&self) -> &T {
        &self.present
    }

    /// Puts `next` in place of the present value: a step of its own, or a part of the open transaction.
    pub fn set(&mut self, next: T) {
        if self.begun_from.is_some() {
            self.present = next;
        } else {
            self.begin();
            self.present = next;
            self.commit();
        }
    }

    /// Opens a transaction. One that is still open is committed first.
    pub fn begin(&mut self) {
        self.commit();
        self.begun_from = Some(self.present.clone());
    }

    /// Closes the transaction and keeps what it did as one step. True where it did something.
    pub fn commit(&mut self) -> bool {
        let Some(before) = self.begun_from.take() else { return false };
        if before == self.present {
            return false;
        }
        self.past.push_back(before);
        if self.past.len() > MAX_STEPS {
            self.past.pop_front();
        }
        self.future.clear();
        true
    }

    /// Closes the transaction and takes back what it did. True where it did something.
    pub fn cancel(&mut self) -> bool {
        let Some(before) = self.begun_from.take() else { return false };
        let changed = before != self.present;
        self.present = before;
        changed
    }

    /// Goes back a step, an open transaction being the newest. False where there is none.
    pub fn undo(&mut self) -> bool {
        self.commit();
        let Some(before) = self.past.pop_back() else { return false };
        self.future.push(std::mem::replace(&mut self.present, before));
        true
    }

    /// Takes back an undo. False where there is none.
    pub fn redo(&mut self) -> bool {
        self.commit();
        let Some(after) = self.future.pop() else { return false };
        self.past.push_back(std::mem::replace(&mut self.present, after));
        true
    }

    /// Whether a transaction is open.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.begun_from.is_some()
    }

    /// Whether [`Self::undo`] would do something.
    #[must_use]
    pub fn can_undo(&self) -> bool {
        !self.past.is_empty() || self.begun_from.as_ref().is_some_and(|before| *before != self.present)
    }

    /// Whether [`Self::redo`] would do something.
    #[must_use]
    pub fn can_redo(&self) -> bool {
        !self.future.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_drag_is_one_step() {
        let mut history = History::new(0);
        history.begin();
        for x in 1..50 {
            history.set(x);
        }
        assert!(history.commit());
        assert!(history.undo());
        assert_eq!(*history.present(), 0);
        assert!(!history.undo());
        assert!(history.redo());
        assert_eq!(*history.present(), 49);
    }

    #[test]
    fn what_changed_nothing_leaves_no_step() {
        let mut history = History::new(3);
        history.begin();
        history.set(4);
        history.set(3);
        assert!(!history.commit());
        history.set(3);
        assert!(!history.can_undo());
    }

    #[test]
    fn cancelling_restores_and_keeps_the_future() {
        let mut history = History::new(1);
        history.set(2);
        history.undo();
        history.begin();
        history.set(9);
        assert!(history.cancel());
        assert_eq!(*history.present(), 1);
        assert!(history.can_redo());
        assert!(!history.cancel());
    }

    #[test]
    fn beginning_twice_keeps_both_as_steps() {
        let mut history = History::new(1);
        history.begin();
        history.set(2);
        history.begin();
        history.set(3);
        assert!(history.undo());
        assert_eq!(*history.present(), 2);
        assert!(history.undo());
        assert_eq!(*history.present(), 1);
    }

    #[test]
    fn a_hundred_steps_are_kept() {
        let mut history = History::new(0);
        for step in 1..=150 {
            history.set(step);
        }
        let mut undone = 0;
        while history.undo() {
            undone += 1;
        }
        assert_eq!((undone, *history.present()), (MAX_STEPS, 50));
    }

    #[derive(Debug, Clone)]
    enum Act {
        Set(u8),
        Begin,
        Commit,
        Cancel,
        Undo,
        Redo,
    }

    fn acts() -> impl Strategy<Value = Vec<Act>> {
        let act = prop_oneof![
            4 => (0_u8..4).prop_map(Act::Set),
            1 => Just(Act::Begin),
            1 => Just(Act::Commit),
            1 => Just(Act::Cancel),
            2 => Just(Act::Undo),
            1 => Just(Act::Redo),
        ];
        proptest::collection::vec(act, 0..80)
    }

    proptest! {
        #[test]
        fn undoing_all_and_redoing_all_comes_back(acts in acts()) {
            let mut history = History::new(0);
            for act in acts {
                match act {
                    Act::Set(value) => history.set(value),
                    Act::Begin => history.begin(),
                    Act::Commit => { history.commit(); }
                    Act::Cancel => { history.cancel(); }
                    Act::Undo => { prop_assert_eq!(history.can_undo(), history.undo()); }
                    Act::Redo => {
                        let open_and_changed = history.is_open() && history.clone().commit();
                        prop_assert_eq!(history.can_redo() && !open_and_changed, history.redo());
                    }
                }
            }
            while history.redo() {}
            let last = *history.present();
            while history.undo() {}
            prop_assert_eq!(*history.present(), 0);
            while history.redo() {}
            prop_assert_eq!(*history.present(), last);
        }
    }
}
