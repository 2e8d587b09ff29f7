//! Where something new is put: on nothing that is there already, near where it is wanted.

use super::geometry::{Point, Rect, Size};

/// Kept free between nodes that we place.
pub const GAP: f64 = 40.0;

/// How much farther a place above or below counts than one at the side: a graph reads from left to right.
const STEEP: f64 = 3.0;

/// On which sides of the wished place a free one is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sides {
    /// Left and right of it.
    Both,
    /// Right of it only: what follows in a graph.
    Right,
}

/// Where the upper left corner of something of `size` is put so that it lies on none of `taken`: at `wish` where that is free, else at the
/// nearest free place at its sides or, farther, above and below. A place that lies in `sight` goes before every other.
///
/// Looks at columns around the wish, in each at what lies in it: the work grows with the number of nodes times the columns that are full.
#[must_use]
pub fn free_place(taken: &[Rect], size: Size, wish: Point, sides: Sides, sight: Option<Rect>) -> Point {
    let step = size.width + GAP;
    let mut best: Option<(f64, Point)> = None;
    let mut seen: Option<(f64, Point)> = None;
    for column in 0.. {
        let aside = f64::from(column) * step;
        // What comes is farther away than what was found, and than what can be seen.
        let is_out_of_sight = sight.is_none_or(|sight| wish.x + aside > sight.max.x && wish.x - aside < sight.min.x - step);
        let is_farther = |found: Option<(f64, Point)>| found.is_some_and(|(cost, _)| aside > cost);
        if is_farther(seen) || (is_farther(best) && is_out_of_sight) {
            break;
        }
        let here = [wish.x + aside, wish.x - aside];
        for x in &here[..if sides == Sides::Both { 2 } else { 1 }] {
            for y in free_heights(taken, size, Point::new(*x, wish.y)) {
                let place = Point::new(*x, y);
                let cost = aside + STEEP * (y - wish.y).abs();
                let keep = |found: &mut Option<(f64, Point)>| {
                    if found.is_none_or(|(least, _)| cost < least) {
                        *found = Some((cost, place));
                    }
                };
                keep(&mut best);
                if sight.is_some_and(|sight| sight.holds(Rect::sized(place, size))) {
                    keep(&mut seen);
                }
            }
        }
    }
    seen.or(best).map_or(wish, |(_, place)| place)
}

/// The heights nearest to that of `at`, there, above or below, at which something of `size` with its left side there lies on none of `taken`.
fn free_heights(taken: &[Rect], size: Size, at: Point) -> Vec<f64> {
    let (left, right) = (at.x - GAP, at.x + size.width + GAP);
    // Of each that is in the way, the heights at which this would lie on it.
    let mut barred: Vec<(f64, f64)> = taken
        .iter()
        .filter(|rect| rect.min.x < right && left < rect.max.x)
        .map(|rect| (rect.min.y - size.height - GAP, rect.max.y + GAP))
        .collect();
    barred.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut joined: Vec<(f64, f64)> = Vec::new();
    for (from, to) in barred {
        match joined.last_mut() {
            Some(last) if from < last.1 => last.1 = last.1.max(to),
            _ => joined.push((from, to)),
        }
    }
    match joined.into_iter().find(|(from, to)| *from < at.y && at.y < *to) {
        Some((from, to)) => vec![from, to],
        None => vec![at.y],
    }
}

/// The places of `count` things of `size` in a block that reads in rows, and how large it is: about as wide to high as a window.
#[must_use]
pub fn block(count: usize, size: Size) -> (Vec<Point>, Size) {
    /// Width over height of a window.
    const SHAPE: f64 = 1.6;
    let (across, down) = (size.width + GAP, size.height + GAP);
    let columns = ((count as f64 * SHAPE * down / across).sqrt().ceil() as usize).clamp(1, count.max(1));
    let places = (0..count).map(|number| Point::new((number % columns) as f64 * across, (number / columns) as f64 * down)).collect();
    let rows = count.div_ceil(columns).max(1);
    (places, Size { width: columns as f64 * across - GAP, height: rows as f64 * down - GAP })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: Size = Size { width: 280.0, height: 200.0 };
    fn overlaps(rects: &[Rect]) -> usize {
        let inside = |a: &Rect, b: &Rect| a.min.x < b.max.x && b.min.x < a.max.x && a.min.y < b.max.y && b.min.y < a.max.y;
        (0..rects.len()).map(|one| rects[one + 1..].iter().filter(|other| inside(&rects[one], other)).count()).sum()
    }

    fn anywhere(taken: &[Rect], size: Size, wish: Point) -> Point {
        free_place(taken, size, wish, Sides::Both, None)
    }

    #[test]
    fn what_follows_stands_right_of_it_and_in_sight_where_there_is_room() {
        let window = Rect::sized(Point::default(), Size { width: 1120.0, height: 840.0 });
        let mut rects = vec![Rect::sized(Point::new(120.0, 300.0), SIZE)];
        for _ in 0..6 {
            let last = rects[rects.len() - 1];
            let wish = Point::new(last.max.x + GAP, last.min.y);
            let place = free_place(&rects, SIZE, wish, Sides::Right, Some(window));
            assert!(place.x >= wish.x, "{place:?}");
            rects.push(Rect::sized(place, SIZE));
        }
        assert_eq!(overlaps(&rects), 0);
        assert!(rects.iter().take(3).all(|rect| window.holds(*rect) && rect.min.y == 300.0), "{rects:?}");
    }

    #[test]
    fn a_place_in_sight_goes_before_a_nearer_one_out_of_sight() {
        let window = Rect::sized(Point::default(), Size { width: 1000.0, height: 900.0 });
        let wish = Point::new(700.0, 300.0);
        let taken = [Rect::sized(wish, SIZE)];
        let place = free_place(&taken, SIZE, wish, Sides::Both, Some(window));
        assert!(window.holds(Rect::sized(place, SIZE)) && place != anywhere(&taken, SIZE, wish), "{place:?}");
        let full: Vec<_> =
            (0..12).map(|number| Rect::sized(Point::new(f64::from(number % 4) * 300.0, f64::from(number / 4) * 250.0), SIZE)).collect();
        let outside = free_place(&full, SIZE, wish, Sides::Both, Some(window));
        assert_eq!(overlaps(&[&full[..], &[Rect::sized(outside, SIZE)]].concat()), 0);
    }

    #[test]
    fn what_is_free_is_taken_as_it_is() {
        let wish = Point::new(100.0, 100.0);
        assert_eq!(anywhere(&[], SIZE, wish), wish);
        let far = Rect::sized(Point::new(100.0, 340.0), SIZE);
        assert_eq!(anywhere(&[far], SIZE, wish), wish);
    }

    #[test]
    fn one_after_another_they_stand_side_by_side() {
        let wish = Point::new(580.0, 350.0);
        let mut rects = Vec::new();
        for _ in 0..50 {
            rects.push(Rect::sized(anywhere(&rects, SIZE, wish), SIZE));
        }
        let first: Vec<_> = rects.iter().take(3).map(|rect| (rect.min.x, rect.min.y)).collect();
        assert_eq!((first, overlaps(&rects)), (vec![(580.0, 350.0), (900.0, 350.0), (260.0, 350.0)], 0));
    }

    #[test]
    fn something_large_finds_its_way_past_a_crowd() {
        let mut crowd: Vec<_> =
            (0..200).map(|number| Rect::sized(Point::new(f64::from(number % 20) * 300.0, f64::from(number / 20) * 250.0), SIZE)).collect();
        let large = Size { width: 3200.0, height: 1740.0 };
        crowd.push(Rect::sized(anywhere(&crowd, large, Point::new(700.0, 400.0)), large));
        assert_eq!(overlaps(&crowd), 0);
    }

    #[test]
    fn a_block_reads_in_rows_and_none_lies_on_another() {
        for count in [1, 2, 3, 7, 30, 1000] {
            let (places, size) = block(count, SIZE);
            let rects: Vec<_> = places.iter().map(|place| Rect::sized(*place, SIZE)).collect();
            assert_eq!((rects.len(), overlaps(&rects)), (count, 0));
            assert_eq!(Rect::around(rects.iter().copied()).map(Rect::size), Some(size), "{count}");
            assert!(places.is_sorted_by(|a, b| (a.y, a.x) < (b.y, b.x)));
            assert!(count < 7 || (1.0..2.6).contains(&(size.width / size.height)), "{count}: {size:?}");
        }
    }
}
