//! The plane a graph lies on: points, rectangles, the viewport over it, and the curve of a connection. Screen lengths are CSS pixels
//! from the canvas' top left corner; plane lengths are CSS pixels at zoom 1.

use serde::{Deserialize, Serialize};

use crate::graph::document::model::Position;

/// Below this zoom a node is drawn as a plain box.
pub const FAR_ZOOM: f64 = 0.4;
/// The smallest zoom that the hand goes to: about 1,500 nodes on a screen.
pub const MIN_ZOOM: f64 = 0.05;
/// The smallest zoom at all, at which a phone shows the whole canvas. Fitting goes there where nodes stand that far apart.
pub const FIT_ZOOM: f64 = 0.000_1;
/// The largest zoom.
pub const MAX_ZOOM: f64 = 3.0;
/// Screen pixels kept free around a graph that is fitted into the window.
pub const FIT_MARGIN: f64 = 64.0;

/// A point, or the way from one to another.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// To the right.
    pub x: f64,
    /// Down.
    pub y: f64,
}

impl Point {
    /// The point at `x`, `y`.
    #[must_use]
    pub const fn new(x: f64, y: f64) -> Self {
        Self { x, y }
    }

    /// This point moved by `by`.
    #[must_use]
    pub fn plus(self, by: Self) -> Self {
        Self::new(self.x + by.x, self.y + by.y)
    }

    /// The way from `from` to this point.
    #[must_use]
    pub fn minus(self, from: Self) -> Self {
        Self::new(self.x - from.x, self.y - from.y)
    }

    /// The way to `other` in a straight line.
    #[must_use]
    pub fn distance(self, other: Self) -> f64 {
        (self.x - other.x).hypot(self.y - other.y)
    }

    /// The point in the middle between this one and `other`.
    #[must_use]
    pub fn middle(self, other: Self) -> Self {
        Self::new(self.x.midpoint(other.x), self.y.midpoint(other.y))
    }
}

impl From<Position> for Point {
    fn from(at: Position) -> Self {
        Self::new(at.x, at.y)
    }
}

impl From<Point> for Position {
    fn from(at: Point) -> Self {
        Self::new(at.x, at.y)
    }
}

/// Width and height.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Size {
    /// Across.
    pub width: f64,
    /// Down.
    pub height: f64,
}

impl Size {
    /// The window the server draws for, as it cannot know the real one.
    pub const ASSUMED_WINDOW: Self = Self { width: 1440.0, height: 900.0 };
}

/// A rectangle with its sides along the axes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rect {
    /// The corner with the smaller coordinates.
    pub min: Point,
    /// The corner with the larger coordinates.
    pub max: Point,
}

impl Rect {
    /// The rectangle of `size` whose top left corner is `at`.
    #[must_use]
    pub fn sized(at: Point, size: Size) -> Self {
        Self { min: at, max: Point::new(at.x + size.width, at.y + size.height) }
    }

    /// The rectangle between two opposite corners, whichever they are.
    #[must_use]
    pub fn between(a: Point, b: Point) -> Self {
        Self { min: Point::new(a.x.min(b.x), a.y.min(b.y)), max: Point::new(a.x.max(b.x), a.y.max(b.y)) }
    }

    /// The smallest rectangle around all of `rects`, or `None` where there are none.
    pub fn around(rects: impl IntoIterator<Item = Self>) -> Option<Self> {
        rects.into_iter().reduce(|a, b| Self {
            min: Point::new(a.min.x.min(b.min.x), a.min.y.min(b.min.y)),
            max: Point::new(a.max.x.max(b.max.x), a.max.y.max(b.max.y)),
        })
    }

    /// Its width and height.
    #[must_use]
    pub fn size(self) -> Size {
        Size { width: self.max.x - self.min.x, height: self.max.y - self.min.y }
    }

    /// The point in its middle.
    #[must_use]
    pub fn centre(self) -> Point {
        self.min.middle(self.max)
    }

    /// The same rectangle with `by` more on every side.
    #[must_use]
    pub fn grown(self, by: f64) -> Self {
        Self { min: Point::new(self.min.x - by, self.min.y - by), max: Point::new(self.max.x + by, self.max.y + by) }
    }

    /// Whether the two share a point.
    #[must_use]
    pub fn touches(self, other: Self) -> bool {
        self.min.x <= other.max.x && other.min.x <= self.max.x && self.min.y <= other.max.y && other.min.y <= self.max.y
    }

    /// The shortest way on which this one comes to hold `other`; its upper left corner where it is too small.
    #[must_use]
    pub fn way_to_hold(self, other: Self) -> Point {
        let way = |min: f64, max: f64, low: f64, high: f64| {
            let beyond = (high - max).max(0.0);
            (low - min).min(beyond)
        };
        Point::new(way(self.min.x, self.max.x, other.min.x, other.max.x), way(self.min.y, self.max.y, other.min.y, other.max.y))
    }

    /// Whether all of `other` lies in this one.
    #[must_use]
    pub fn holds(self, other: Self) -> bool {
        self.min.x <= other.min.x && other.max.x <= self.max.x && self.min.y <= other.min.y && other.max.y <= self.max.y
    }
}

/// Where the window lies over the plane: a point `p` of it is drawn at `p * zoom + (x, y)`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Viewport {
    /// Screen position of the plane's origin.
    pub x: f64,
    /// Screen position of the plane's origin.
    pub y: f64,
    /// Screen pixels for one of the plane.
    pub zoom: f64,
}

impl Default for Viewport {
    fn default() -> Self {
        Self { x: 0.0, y: 0.0, zoom: 1.0 }
    }
}

impl Viewport {
    /// The point of the plane that is drawn at `screen`.
    #[must_use]
    pub fn to_plane(self, screen: Point) -> Point {
        Point::new((screen.x - self.x) / self.zoom, (screen.y - self.y) / self.zoom)
    }

    /// Where a point of the plane is drawn.
    #[must_use]
    pub fn to_screen(self, plane: Point) -> Point {
        Point::new(plane.x * self.zoom + self.x, plane.y * self.zoom + self.y)
    }

    /// The plane moved by `by` screen pixels.
    #[must_use]
    pub fn panned(self, by: Point) -> Self {
        Self { x: self.x + by.x, y: self.y + by.y, ..self }
    }

    /// Zoomed by `factor` with the plane's point under `screen` held in place. The zoom stays within its limits.
    #[must_use]
    pub fn zoomed_about(self, screen: Point, factor: f64) -> Self {
        let zoom = (self.zoom * factor).clamp(MIN_ZOOM.min(self.zoom), MAX_ZOOM);
        let held = self.to_plane(screen);
        Self { x: screen.x - held.x * zoom, y: screen.y - held.y * zoom, zoom }
    }

    /// The part of the plane that a window of `window` shows.
    #[must_use]
    pub fn shows(self, window: Size) -> Rect {
        Rect { min: self.to_plane(Point::default()), max: self.to_plane(Point::new(window.width, window.height)) }
    }

    /// The part of the plane that a part of the window shows.
    #[must_use]
    pub fn shows_within(self, part: Rect) -> Rect {
        Rect { min: self.to_plane(part.min), max: self.to_plane(part.max) }
    }

    /// The viewport that centres `content` in `window`, whole and at most at zoom 1.
    #[must_use]
    pub fn fitting(content: Rect, window: Size) -> Self {
        let size = content.size();
        let free = |length: f64| (length - 2.0 * FIT_MARGIN).max(length / 2.0);
        let zoom = (free(window.width) / size.width.max(1.0)).min(free(window.height) / size.height.max(1.0)).clamp(FIT_ZOOM, 1.0);
        let centre = content.centre();
        Self { x: window.width / 2.0 - centre.x * zoom, y: window.height / 2.0 - centre.y * zoom, zoom }
    }

    /// The same plane point in the middle of the window after its size changed.
    #[must_use]
    pub fn resized(self, from: Size, to: Size) -> Self {
        self.panned(Point::new((to.width - from.width) / 2.0, (to.height - from.height) / 2.0))
    }

    /// As it stands in the cookie `view`: `x,y,zoom`, the place in tenths of a pixel, the zoom in ten-thousandths. Whole numbers, because
    /// reading others takes a table of ten kilobytes that the page would carry for this alone.
    #[must_use]
    pub fn to_cookie(self) -> String {
        format!("{:.0},{:.0},{:.0}", self.x * 10.0, self.y * 10.0, self.zoom * 10_000.0)
    }

    /// Reads a cookie's value; anything a browser could not have been given is `None`.
    #[must_use]
    pub fn from_cookie(text: &str) -> Option<Self> {
        let mut numbers = text.split(',').map(|part| part.parse::<i32>().ok().map(f64::from).filter(|number| number.abs() < 1e8));
        let (x, y, zoom) = (numbers.next()?? / 10.0, numbers.next()?? / 10.0, numbers.next()?? / 10_000.0);
        (numbers.next().is_none() && (FIT_ZOOM..=MAX_ZOOM).contains(&zoom)).then_some(Self { x, y, zoom })
    }
}

/// What of the plane is worth having in the page, given what the window shows: kept until the window leaves it, so that a pan
/// seldom mounts anything.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settled(Rect);

impl Settled {
    /// The mounted part around what is shown: a quarter of a window more on every side, so that mounting runs ahead of the hand.
    #[must_use]
    pub fn around(shown: Rect) -> Self {
        let size = shown.size();
        Self(shown.grown(size.width.max(size.height) / 4.0))
    }

    /// The mounted part.
    #[must_use]
    pub fn rect(self) -> Rect {
        self.0
    }

    /// Whether it still serves a window that shows `shown`: nothing of that is missing, and not far more than it is mounted.
    #[must_use]
    pub fn serves(self, shown: Rect) -> bool {
        self.0.holds(shown) && self.0.size().width <= 3.0 * shown.size().width.max(shown.size().height)
    }
}

/// The SVG path of a connection from an output at `from` to an input at `to`: it leaves to the right and arrives from the left.
#[must_use]
pub fn wire_path(from: Point, to: Point) -> String {
    let bend = wire_bend(from, to);
    format!("M{:.1} {:.1}C{:.1} {:.1} {:.1} {:.1} {:.1} {:.1}", from.x, from.y, from.x + bend, from.y, to.x - bend, to.y, to.x, to.y)
}

/// A rectangle that the whole curve of a connection lies in.
#[must_use]
pub fn wire_bounds(from: Point, to: Point) -> Rect {
    let bend = wire_bend(from, to);
    Rect { min: Point::new(from.x.min(to.x - bend), from.y.min(to.y)), max: Point::new(to.x.max(from.x + bend), from.y.max(to.y)) }
}

/// How far a curve's handles stick out: half the way, more when it has to turn back, never so little that it looks like a kink.
fn wire_bend(from: Point, to: Point) -> f64 {
    let across = to.x - from.x;
    if across >= 0.0 { (across / 2.0).clamp(40.0, 240.0) } else { (40.0 - across / 3.0).min(240.0) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn points() -> impl Strategy<Value = Point> {
        (-5000.0..5000.0, -5000.0..5000.0).prop_map(|(x, y)| Point::new(x, y))
    }

    fn viewports() -> impl Strategy<Value = Viewport> {
        (points(), MIN_ZOOM..MAX_ZOOM).prop_map(|(at, zoom)| Viewport { x: at.x, y: at.y, zoom })
    }

    fn near(a: Point, b: Point) -> bool {
        a.distance(b) < 1e-3
    }

    proptest! {
        #[test]
        fn a_point_comes_back_from_the_screen(view in viewports(), point in points()) {
            prop_assert!(near(view.to_plane(view.to_screen(point)), point));
        }

        #[test]
        fn the_point_under_the_pointer_stays_while_zooming(view in viewports(), at in points(), factor in 0.01_f64..100.0) {
            let zoomed = view.zoomed_about(at, factor);
            prop_assert!(near(zoomed.to_screen(view.to_plane(at)), at));
            prop_assert!((MIN_ZOOM..=MAX_ZOOM).contains(&zoomed.zoom));
        }

        #[test]
        fn a_fitted_graph_is_shown_whole_unless_it_is_larger_than_the_smallest_zoom_can_hold(
            at in points(), width in 1.0_f64..7000.0, height in 1.0_f64..5000.0, across in 300.0_f64..2000.0, down in 300.0_f64..2000.0,
        ) {
            let content = Rect::sized(at, Size { width, height });
            let window = Size { width: across, height: down };
            let view = Viewport::fitting(content, window);
            prop_assert!(view.zoom <= 1.0);
            prop_assert!(near(view.to_screen(content.centre()), Point::new(across / 2.0, down / 2.0)));
            prop_assert!(view.shows(window).grown(1e-6).holds(content));
        }

        #[test]
        fn a_cookie_keeps_the_view_to_a_tenth_of_a_pixel(view in viewports()) {
            let read = Viewport::from_cookie(&view.to_cookie());
            prop_assert!(read.is_none_or(|read| (read.x - view.x).abs() < 0.06 && (read.zoom - view.zoom).abs() < 1e-4));
            prop_assert!(read.is_some() || view.zoom < MIN_ZOOM + 1e-4);
        }

        #[test]
        fn a_curve_stays_in_its_bounds(from in points(), to in points(), t in 0.0_f64..1.0) {
            let bend = wire_bend(from, to);
            let curve = |a: f64, b: f64, c: f64, d: f64| {
                let s = 1.0 - t;
                s * s * s * a + 3.0 * s * s * t * b + 3.0 * s * t * t * c + t * t * t * d
            };
            let at = Point::new(curve(from.x, from.x + bend, to.x - bend, to.x), curve(from.y, from.y, to.y, to.y));
            let spot = Rect::between(at, at);
            prop_assert!(wire_bounds(from, to).grown(1e-6).holds(spot));
        }

        #[test]
        fn what_settles_serves_the_window_it_settled_for(view in viewports(), by in points()) {
            let window = Size::ASSUMED_WINDOW;
            let settled = Settled::around(view.shows(window));
            prop_assert!(settled.serves(view.shows(window)));
            let moved = view.panned(by).shows(window);
            prop_assert_eq!(settled.serves(moved), settled.rect().holds(moved));
        }
    }

    #[test]
    fn nodes_at_the_ends_of_the_canvas_are_fitted_into_any_window() {
        let far = Rect { min: Point::new(-1e6, -1e6), max: Point::new(1e6 + 280.0, 1e6 + 500.0) };
        for window in [Size { width: 390.0, height: 844.0 }, Size::ASSUMED_WINDOW] {
            let view = Viewport::fitting(far, window);
            assert!(view.shows(window).touches(Rect::sized(far.min, Size { width: 280.0, height: 200.0 })), "{view:?}");
            let closer = view.zoomed_about(Point::new(100.0, 100.0), 4.0);
            assert!(
                closer.zoom > view.zoom && view.zoomed_about(Point::default(), 0.5).zoom == view.zoom,
                "the hand goes back in, and no farther out"
            );
        }
    }

    #[test]
    fn a_settled_part_is_left_by_panning_away_and_by_zooming_in() {
        let (view, window) = (Viewport::default(), Size::ASSUMED_WINDOW);
        let settled = Settled::around(view.shows(window));
        assert!(settled.serves(view.panned(Point::new(-300.0, 200.0)).shows(window)));
        assert!(!settled.serves(view.panned(Point::new(-800.0, 0.0)).shows(window)));
        assert!(!settled.serves(view.zoomed_about(Point::new(700.0, 400.0), 3.0).shows(window)));
    }

    #[test]
    fn a_cookie_from_elsewhere_is_not_believed() {
        for text in ["", "1,2", "1,2,3,4", "a,b,c", "1,2,0", "1,2,990000", "NaN,0,10000", "1e99,0,10000", "10.5,-3,0.5"] {
            assert_eq!(Viewport::from_cookie(text), None, "{text}");
        }
        assert_eq!(Viewport::from_cookie("105,-30,5000"), Some(Viewport { x: 10.5, y: -3.0, zoom: 0.5 }));
    }

    #[test]
    fn a_window_moves_no_farther_than_it_must() {
        let window = Rect::sized(Point::default(), Size { width: 1000.0, height: 800.0 });
        let way = |x: f64, y: f64, width: f64| window.way_to_hold(Rect::sized(Point::new(x, y), Size { width, height: 200.0 }));
        assert_eq!(way(100.0, 100.0, 280.0), Point::default());
        assert_eq!(way(900.0, -50.0, 280.0), Point::new(180.0, -50.0));
        assert_eq!(way(900.0, 700.0, 2000.0), Point::new(900.0, 100.0), "what is larger is shown from its corner");
    }

    #[test]
    fn nothing_has_no_bounds() {
        assert_eq!(Rect::around([]), None);
        let rects = [Point::new(5.0, -1.0), Point::new(-2.0, 3.0)].map(|at| Rect::sized(at, Size { width: 1.0, height: 1.0 }));
        assert_eq!(Rect::around(rects), Some(Rect { min: Point::new(-2.0, -1.0), max: Point::new(6.0, 4.0) }));
    }
}
