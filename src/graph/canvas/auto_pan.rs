//! Auto-pan: while something is pulled near the window's edge, the plane moves towards it.

use super::geometry::{Point, Size};

/// How near the edge the pointer has to be, in screen pixels.
const REACH: f64 = 40.0;
/// How far the plane moves in a frame at the edge and beyond it, in screen pixels.
const FASTEST: f64 = 14.0;

/// How far the plane moves in this frame, in screen pixels, for a pointer at this place of the window.
#[must_use]
pub fn step(at: Point, window: Size) -> Point {
    Point::new(along(at.x, window.width), along(at.y, window.height))
}

fn along(at: f64, length: f64) -> f64 {
    // In a small window the middle stays quiet.
    let reach = REACH.min(length / 4.0).max(1.0);
    let from_start = (reach - at).clamp(0.0, reach);
    let from_end = (at - (length - reach)).clamp(0.0, reach);
    (from_start - from_end) / reach * FASTEST
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Size = Size { width: 1000.0, height: 600.0 };

    #[test]
    fn the_middle_is_quiet_and_an_edge_pulls_the_more_the_nearer() {
        assert_eq!(step(Point::new(500.0, 300.0), WINDOW), Point::new(0.0, 0.0));
        assert_eq!(step(Point::new(40.0, 560.0), WINDOW), Point::new(0.0, 0.0));
        assert_eq!(step(Point::new(20.0, 300.0), WINDOW), Point::new(FASTEST / 2.0, 0.0));
        assert_eq!(step(Point::new(990.0, 590.0), WINDOW), Point::new(-0.75 * FASTEST, -0.75 * FASTEST));
    }

    #[test]
    fn beyond_the_window_it_is_as_fast_as_at_its_edge() {
        assert_eq!(step(Point::new(-200.0, 900.0), WINDOW), Point::new(FASTEST, -FASTEST));
    }

    #[test]
    fn a_window_without_a_size_moves_nothing_far() {
        let Point { x, y } = step(Point::new(0.0, 0.0), Size { width: 0.0, height: 0.0 });
        assert!(x.abs() <= FASTEST && y.abs() <= FASTEST);
    }
}
