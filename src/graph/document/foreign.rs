//! Documents of other tools, told apart by what only they have, so that a refusal can say whose they are. Sources: ComfyUI's workflow JSON (both
//! forms), n8n, Node-RED, InvokeAI, Langflow and Flowise as these programs export them in 2026.

use serde_json::{Map, Value};

/// The tool whose document this is; `None` where it is none that is known.
#[must_use]
pub fn tool_of(document: &Value) -> Option<&'static str> {
    match document {
        Value::Object(document) => of_object(document),
        Value::Array(entries) => is_node_red(entries).then_some("Node-RED"),
        _ => None,
    }
}

fn of_object(document: &Map<String, Value>) -> Option<&'static str> {
    let nodes: Vec<&Map<String, Value>> = list(document, "nodes").iter().filter_map(Value::as_object).collect();
    let any = |is: &dyn Fn(&Map<String, Value>) -> bool| nodes.iter().any(|node| is(node));
    let type_begins =
        |node: &Map<String, Value>, with: &str| node.get("type").and_then(Value::as_str).is_some_and(|name| name.contains(with));
    // The form for its API, by itself or as it is sent.
    let prompt = document.get("prompt").and_then(Value::as_object).unwrap_or(document);
    let is_api_form = !prompt.is_empty() && prompt.values().all(|node| node.get("class_type").is_some());
    let counts_links = document.contains_key("last_link_id") || document.contains_key("last_node_id");
    if is_api_form || counts_links || any(&|node| node.contains_key("widgets_values")) {
        Some("ComfyUI")
    } else if any(&|node| type_begins(node, "n8n-nodes") || (node.contains_key("typeVersion") && node.contains_key("parameters"))) {
        Some("n8n")
    } else if document.contains_key("exposedFields") {
        Some("InvokeAI")
    } else if document.get("data").is_some_and(|data| data.get("nodes").is_some() && data.get("edges").is_some()) {
        Some("Langflow")
    } else if any(&|node| node.get("data").is_some_and(|data| data.get("inputParams").is_some() || data.get("inputAnchors").is_some())) {
        Some("Flowise")
    } else {
        None
    }
}

fn is_node_red(entries: &[Value]) -> bool {
    let is_node = |entry: &Value| entry.get("type").is_some() && (entry.get("wires").is_some() || entry["type"] == "tab");
    !entries.is_empty() && entries.iter().all(|entry| entry.get("id").is_some()) && entries.iter().any(is_node)
}

fn list<'a>(document: &'a Map<String, Value>, name: &str) -> &'a [Value] {
    document.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn other_tools_are_known_by_their_documents_and_ours_are_nobodys() {
        for (tool, document) in [
            (Some("ComfyUI"), json!({ "3": { "class_type": "KSampler", "inputs": {} }, "4": { "class_type": "VAEDecode", "inputs": {} } })),
            (Some("ComfyUI"), json!({ "prompt": { "3": { "class_type": "KSampler" } }, "client_id": "x" })),
            (Some("ComfyUI"), json!({ "last_node_id": 1, "nodes": [{ "id": 1, "type": "KSampler" }], "links": [], "version": 0.4 })),
            (
                Some("ComfyUI"),
                json!({ "nodes": [{ "id": 1, "type": "KSampler", "widgets_values": [1] }], "links": [[1, 1, 0, 2, 0, "MODEL"]] }),
            ),
            (
                Some("n8n"),
                json!({ "name": "Mail", "nodes": [{ "name": "Cron", "type": "n8n-nodes-base.cron", "parameters": {} }], "connections": {} }),
            ),
            (Some("InvokeAI"), json!({ "name": "W", "nodes": [], "edges": [], "exposedFields": [], "meta": { "version": "3.0.0" } })),
            (Some("Langflow"), json!({ "name": "Chat", "data": { "nodes": [], "edges": [] } })),
            (Some("Flowise"), json!({ "nodes": [{ "id": "a", "data": { "inputParams": [] } }], "edges": [] })),
            (Some("Node-RED"), json!([{ "id": "t", "type": "tab" }, { "id": "n", "type": "inject", "z": "t", "wires": [[]] }])),
            (None, json!({ "nodes": [{ "id": "p", "type": "Prompt", "data": { "text": "Rain" } }], "edges": [] })),
            (None, json!({ "schema": 1, "nodes": [], "connections": [] })),
            (None, json!({})),
            (None, json!([])),
            (None, json!("nodes")),
        ] {
            assert_eq!(tool_of(&document), tool, "{document}");
        }
    }
}
