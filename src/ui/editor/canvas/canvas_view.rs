//! The window over the graph: where it lies, how large it is, and what is in the page. It knows no nodes.

use leptos::prelude::*;

use crate::{
    domain::NodeId,
    graph::{
        Connection,
        canvas::geometry::{Point, Rect, Settled, Size, Viewport},
    },
};

/// The server draws at most so many nodes; the browser the rest.
const FIRST_NODES: usize = 200;

/// The inspector's width, where it is no sheet; as in `style/inspector.css`.
const INSPECTOR: f64 = 320.0;
/// What the rail takes at the left.
const RAIL: f64 = 64.0;
/// Kept free between a new node and the window's edge.
const MARGIN: f64 = 16.0;

/// The window over the graph. Cheap to copy.
#[derive(Clone, Copy)]
pub struct CanvasView {
    /// Where it lies over the plane.
    pub viewport: RwSignal<Viewport>,
    /// The canvas' size, in CSS pixels.
    pub window: RwSignal<Size>,
    /// How much of it a panel covers at the right, in CSS pixels; not reactive.
    pub(in crate::ui::editor) covered: StoredValue<f64>,
    /// The nodes that are in the page, in document order.
    pub mounted: RwSignal<Vec<NodeId>>,
    /// The connections that are in the page.
    pub mounted_wires: RwSignal<Vec<Connection>>,
    /// What is mounted around where the window was; not reactive.
    pub(super) settled: StoredValue<Option<Settled>>,
    /// So many nodes are mounted at most; not reactive.
    pub(super) mount_cap: StoredValue<usize>,
    /// Whether the graph is to be fitted into the window once its real size is known.
    to_fit: StoredValue<bool>,
    /// Goes up when a clip makes a node larger or smaller.
    pub(in crate::ui::editor) sizes: RwSignal<u64>,
}

impl CanvasView {
    /// A window of the assumed size; `to_fit` tells whether the graph is to be fitted into the real one.
    #[must_use]
    pub fn new(to_fit: bool) -> Self {
        Self {
            viewport: RwSignal::new(Viewport::default()),
            window: RwSignal::new(Size::ASSUMED_WINDOW),
            covered: StoredValue::new(0.0),
            mounted: RwSignal::new(Vec::new()),
            mounted_wires: RwSignal::new(Vec::new()),
            settled: StoredValue::new(None),
            mount_cap: StoredValue::new(FIRST_NODES),
            to_fit: StoredValue::new(to_fit),
            sizes: RwSignal::new(0),
        }
    }

    /// What of the window no panel covers, from its upper left corner. A sheet over all of it, as on a phone, is looked past.
    #[must_use]
    pub fn open_window(self) -> Size {
        let (window, covered) = (self.window.get_untracked(), self.covered.get_value());
        if covered < window.width / 2.0 { Size { width: window.width - covered, ..window } } else { window }
    }

    /// The part of the window that neither the tools at the left nor the inspector covers, also where it is closed now.
    #[must_use]
    pub fn window_beside_panels(self) -> Rect {
        let window = self.window.get_untracked();
        let panel = if 2.0 * INSPECTOR < window.width { INSPECTOR } else { 0.0 };
        let (min, max) = (Point::new(RAIL, MARGIN), Point::new(window.width - panel - MARGIN, window.height - MARGIN));
        Rect::between(min, Point::new(max.x.max(min.x), max.y.max(min.y)))
    }

    /// What of the plane the window shows.
    pub(super) fn shows(self) -> Rect {
        self.viewport.get_untracked().shows(self.window.get_untracked())
    }

    /// Whether what is mounted serves what the window shows now.
    pub(super) fn is_settled(self) -> bool {
        self.settled.get_value().is_some_and(|settled| settled.serves(self.shows()))
    }

    /// Takes the canvas' real size; from then on everything in view is mounted. Gives whether the graph is to be fitted into it; else the
    /// plane's middle is held.
    pub(super) fn take_size(self, window: Size) -> bool {
        let before = self.window.get_untracked();
        self.mount_cap.set_value(usize::MAX);
        self.window.set(window);
        let first_fit = self.to_fit.try_update_value(std::mem::take).unwrap_or_default();
        if !first_fit {
            self.viewport.set(self.viewport.get_untracked().resized(before, window));
        }
        first_fit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(to_fit: bool) -> (Owner, CanvasView) {
        let owner = Owner::new();
        owner.set();
        (owner, CanvasView::new(to_fit))
    }

    #[test]
    fn the_first_real_size_is_fitted_to_and_later_ones_hold_the_middle() {
        let (_owner, view) = view(true);
        assert!(view.take_size(Size { width: 1000.0, height: 800.0 }));
        let middle = view.shows().centre();
        assert!(!view.take_size(Size { width: 600.0, height: 900.0 }));
        let after = view.shows().centre();
        assert!((middle.x - after.x).abs() < 0.01 && (middle.y - after.y).abs() < 0.01, "{middle:?} {after:?}");
        assert_eq!(view.mount_cap.get_value(), usize::MAX);
    }

    #[test]
    fn a_panel_narrows_the_open_window_unless_it_covers_most_of_it() {
        let (_owner, view) = view(false);
        view.take_size(Size { width: 1000.0, height: 800.0 });
        view.covered.set_value(300.0);
        assert_eq!(view.open_window(), Size { width: 700.0, height: 800.0 });
        view.covered.set_value(1000.0);
        assert_eq!(view.open_window(), Size { width: 1000.0, height: 800.0 });
    }

    #[test]
    fn a_small_way_needs_no_mounting() {
        let (_owner, view) = view(false);
        view.take_size(Size { width: 1000.0, height: 800.0 });
        assert!(!view.is_settled());
        view.settled.set_value(Some(Settled::around(view.shows())));
        view.viewport.update(|viewport| viewport.x += 20.0);
        assert!(view.is_settled());
        view.viewport.update(|viewport| viewport.x += 5_000.0);
        assert!(!view.is_settled());
    }
}
