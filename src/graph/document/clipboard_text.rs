//! A part of a graph as text: what goes through the system's clipboard between tabs and workflows, and what stands in a workflow's file.

use serde_json::Value;

use super::{
    clipboard::Fragment,
    format,
    model::{Graph, Node},
};

/// A definition of these nodes.
#[must_use]
pub fn to_text(part: &Fragment) -> String {
    let mut graph = Graph::of_connections(&part.connections);
    for node in &part.nodes {
        // They come out of a graph, where no id is there twice.
        let _ = graph.push_node(node.clone());
    }
    format::write(&graph).to_string()
}

/// Reads a definition as [`to_text`] writes one, or a stored one; `None` for a text that is no document at all.
///
/// # Errors
/// Why a document cannot be put in, in words.
#[must_use]
pub fn from_text(text: &str) -> Option<Result<Fragment, String>> {
    let document: Value = serde_json::from_str(text).ok().filter(|document: &Value| document.is_object() || document.is_array())?;
    let read = format::read_sound(&document).map_err(|errors| errors.into_iter().next().map(|error| error.detail).unwrap_or_default());
    Some(read.and_then(|graph| match graph.nodes() {
        [] => Err("There are no nodes in it.".to_owned()),
        nodes => Ok(Fragment { nodes: nodes.iter().map(|node| Node::clone(node)).collect(), connections: graph.connections().to_vec() }),
    }))
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::{domain::NodeId, graph::document::starter};

    fn counter() -> impl FnMut() -> NodeId {
        let mut next = 0;
        move || {
            next += 1;
            format!("n{next}").parse().unwrap()
        }
    }

    #[test]
    fn a_part_goes_through_text_and_other_texts_are_told_from_it() {
        let part = starter::first_shot(counter());
        assert_eq!(from_text(&to_text(&part)).unwrap().unwrap(), part);
        for text in ["", "A rainy street", "12", "\"nodes\"", "{"] {
            assert!(from_text(text).is_none(), "{text}");
        }
        for (text, why) in [
            (r#"{ "3": { "class_type": "KSampler" } }"#, "ComfyUI"),
            (r#"{ "colour": "red" }"#, "no list of nodes"),
            (r#"{ "schema": 1, "nodes": [], "connections": [] }"#, "no nodes"),
            ("[1]", "object"),
        ] {
            let refused = from_text(text).unwrap().unwrap_err();
            assert!(refused.contains(why), "{text}: {refused}");
        }
    }
}
