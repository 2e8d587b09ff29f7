//! Clips joined into one: what can be asked, what each clip needs, the filter graph, and the join itself.

mod colour;
pub mod conform;
mod filter_graph;
pub mod join;
pub mod params;
