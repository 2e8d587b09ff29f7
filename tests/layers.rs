//! The house rules that a reader relies on, read from the sources: who may import whom, how files open, how long they are,
//! where `cfg(feature` may stand, and what the browser half must not contain.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// A room of the house, with the rooms of ours that it may import. Listed from the inside out.
const ROOMS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("graph", &["domain"]),
    ("api", &["domain", "graph", "server"]),
    ("ui", &["domain", "graph", "api"]),
    ("server/store", &["domain", "server/error", "server/config"]),
    ("server/media", &["domain", "server/error", "server/config"]),
    ("server/providers", &["domain", "server/media/ffmpeg", "server/error", "server/config"]),
    ("server/events", &["domain", "server/store", "server/error"]),
    ("server/operations", &["domain", "graph", "server/providers", "server/media", "server/store", "server/error"]),
    ("server/sessions", &["domain", "server/store", "server/error"]),
    ("server/money", &["domain", "server/store", "server/error", "server/config"]),
    (
        "server/library",
        &[
            "domain",
            "graph",
            "server/operations",
            "server/media",
            "server/store",
            "server/events",
            "server/studio",
            "server/clock",
            "server/error",
        ],
    ),
    (
        "server/runs",
        &[
            "domain",
            "graph",
            "server/library",
            "server/money",
            "server/operations",
            "server/providers",
            "server/store",
            "server/events",
            "server/studio",
            "server/error",
            "server/config",
        ],
    ),
    (
        "server/workflows",
        &["domain", "graph", "server/runs", "server/library", "server/providers", "server/store", "server/events", "server/error"],
    ),
    (
        "server/http",
        &[
            "domain",
            "graph",
            "ui",
            "server/workflows",
            "server/runs",
            "server/library",
            "server/money",
            "server/events",
            "server/sessions",
            "server/state",
            "server/log",
            "server/respond",
            "server/error",
            "server/config",
        ],
    ),
    (
        "server/workers",
        &[
            "domain",
            "graph",
            "server/runs",
            "server/library",
            "server/money",
            "server/operations",
            "server/store",
            "server/media",
            "server/providers",
            "server/events",
            "server/state",
            "server/error",
            "server/config",
        ],
    ),
];

/// The longest a file may be.
const MAX_LINES: usize = 500;

pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

pub fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

fn short(path: &Path) -> String {
    path.strip_prefix(root()).unwrap().with_extension("").to_string_lossy().replace('\\', "/")
}

/// The paths of ours that a `use` tree names, each from the crate's root: `crate::a::{b, c::d}` gives `a/b` and `a/c/d`.
fn imports(module: &str, tree: &str) -> Vec<String> {
    let mut paths = Vec::new();
    let mut stack = vec![String::new()];
    let mut word = String::new();
    for letter in tree.chars().chain([',']) {
        match letter {
            '{' => {
                let prefix = stack.last().unwrap().clone() + &std::mem::take(&mut word);
                stack.push(prefix);
            }
            '}' | ',' => {
                let leaf = std::mem::take(&mut word);
                if !leaf.trim().is_empty() {
                    paths.push(stack.last().unwrap().clone() + leaf.split(" as ").next().unwrap());
                }
                if letter == '}' && stack.len() > 1 {
                    stack.pop();
                }
            }
            _ if letter.is_whitespace() && word.is_empty() => {}
            _ => word.push(letter),
        }
    }
    let parent = |levels: usize| {
        let mut parts: Vec<&str> = module.split('/').collect();
        parts.truncate(parts.len().saturating_sub(levels));
        parts.join("/")
    };
    let resolve = |path: String| {
        let path = path.trim().replace("::", "/").replace(' ', "");
        let ups = path.matches("super/").count();
        if let Some(rest) = path.strip_prefix("crate/") {
            Some(rest.to_owned())
        } else if ups > 0 {
            Some(format!("{}/{}", parent(ups), path.replace("super/", "")))
        } else {
            None
        }
    };
    paths.into_iter().filter_map(resolve).collect()
}

/// A file's module path below `src`: `src/server/http/mod` is `server/http`… one level above what its `super` names.
fn module_of(file: &str) -> String {
    let path = file.strip_prefix("src/").unwrap();
    // `probe_tests.rs` is the module `tests` of `probe.rs`.
    let path = path.strip_suffix("/mod").unwrap_or(path);
    path.strip_suffix("_tests").map_or_else(|| path.to_owned(), |tested| format!("{tested}/tests"))
}

fn room_of(path: &str) -> Option<&'static (&'static str, &'static [&'static str])> {
    ROOMS.iter().find(|(room, _)| path == *room || path.strip_prefix(room).is_some_and(|rest| rest.starts_with('/')))
}

/// What a path under `use` lies in: the names that the rule table speaks of.
fn is_allowed(path: &str, room: &str, allowed: &[&str]) -> bool {
    let within = |place: &str| path == place || path.strip_prefix(place).is_some_and(|rest| rest.starts_with('/'));
    // `server::{Error, Result}` are re-exported from `server::error`.
    within(room)
        || allowed.iter().any(|place| within(place))
        || (room.starts_with("server/") && ["server/Error", "server/Result"].iter().any(|place| within(place)))
}

#[test]
fn every_import_keeps_the_rules() {
    let mut broken = Vec::new();
    for file in rust_files(&root().join("src")) {
        let name = short(&file);
        let Some((room, allowed)) = room_of(&module_of(&name)) else { continue };
        let text = fs::read_to_string(&file).unwrap();
        let mut module = module_of(&name);
        let mut in_tests = false;
        let mut statement: Option<(usize, String)> = None;
        for (number, line) in text.lines().enumerate() {
            if line.trim_start().starts_with("mod tests {") && !in_tests {
                in_tests = true;
                module.push_str("/tests");
            }
            let trimmed = line.trim_start();
            let begins = ["use ", "pub use ", "pub(crate) use ", "pub(super) use "].iter().find_map(|start| trimmed.strip_prefix(start));
            if let (None, Some(rest)) = (&statement, begins) {
                statement = Some((number + 1, rest.to_owned()));
            } else if let Some((_, text)) = &mut statement {
                text.push_str(trimmed);
            }
            if line.contains(';')
                && let Some((at, text)) = statement.take()
            {
                let tree = text.split(';').next().unwrap();
                for path in imports(&module, tree).into_iter().filter(|path| !is_allowed(path, room, allowed)) {
                    broken.push(format!("{name}.rs:{at}: {room} may not import {}", path.replace('/', "::")));
                }
            }
            for place in trimmed.match_indices("crate::server::").map(|(at, _)| &trimmed[at + 7..]) {
                let path: String = place.chars().take_while(|letter| letter.is_alphanumeric() || matches!(letter, ':' | '_')).collect();
                let path = path.trim_end_matches(':').replace("::", "/");
                if !trimmed.starts_with("//") && path != "server" && !is_allowed(&path, room, allowed) {
                    broken.push(format!("{name}.rs:{}: {room} may not name {}", number + 1, path.replace('/', "::")));
                }
            }
        }
    }
    assert!(broken.is_empty(), "design rules broken (ARCHITECTURE.md, \"The house\"):\n{}", broken.join("\n"));
}

#[test]
fn imports_are_read_as_rust_reads_them() {
    assert_eq!(imports("server/http/videos", "crate::{domain::{a, b::C as D}, ui::App}"), ["domain/a", "domain/b/C", "ui/App"]);
    assert_eq!(imports("server/http/videos", "super::{problem::Failed, extract}"), ["server/http/problem/Failed", "server/http/extract"]);
    assert_eq!(imports("server/http/videos", "super::super::store::Db"), ["server/store/Db"]);
    assert_eq!(imports("server/http", "std::{fmt, io}"), Vec::<String>::new());
}

#[test]
fn every_file_says_what_it_is_and_can_be_read_in_one_sitting() {
    let folders = ["src", "tests", "benches"].map(|folder| root().join(folder));
    let mut broken = Vec::new();
    for file in folders.iter().filter(|folder| folder.is_dir()).flat_map(|folder| rust_files(folder)) {
        let text = fs::read_to_string(&file).unwrap();
        let (name, lines) = (short(&file), text.lines().count());
        if !text.starts_with("//!") {
            broken.push(format!("{name}.rs does not open with a //! line"));
        }
        if lines > MAX_LINES {
            broken.push(format!("{name}.rs has {lines} lines, {MAX_LINES} are allowed"));
        }
        let speaks_of_features = text.contains("cfg(feature") || text.contains("cfg_attr(feature") || text.contains("cfg(not(feature");
        if speaks_of_features && !matches!(name.as_str(), "src/lib" | "tests/layers") {
            broken.push(format!("{name}.rs: cfg(feature stands in lib.rs only"));
        }
        if name.starts_with("src/") && !name.starts_with("src/ui/browser") && text.contains("web_sys") && !name.starts_with("src/lib") {
            broken.push(format!("{name}.rs names web_sys; only ui/browser may"));
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// Leptos writes these as they are given: foreign text has to come through `ui/escape`.
#[test]
fn what_a_view_does_not_escape_is_escaped_by_hand() {
    let mut broken = Vec::new();
    let (mut texts, mut data) = (0, 0);
    for file in rust_files(&root().join("src/ui")) {
        let (name, text) = (short(&file), fs::read_to_string(&file).unwrap());
        if name == "src/ui/escape" {
            continue;
        }
        if text.contains("inner_html") {
            data += 1;
            if !text.contains("escape::json") {
                broken.push(format!("{name}.rs writes inner_html that is not made by escape::json"));
            }
        }
        for content in text.split("</textarea>").collect::<Vec<_>>().split_last().map(|(_, fields)| fields.to_vec()).unwrap_or_default() {
            texts += 1;
            let last = content.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default();
            if !last.trim().starts_with("{escape::text(") {
                broken.push(format!("{name}.rs: a textarea's text is not given through escape::text: {}", last.trim()));
            }
        }
        if text.contains("<Title formatter") && !text.contains("escape::text_by(") {
            broken.push(format!("{name}.rs gives titles a form without escape::text_by"));
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
    assert!(texts > 0 && data > 0, "the test finds nothing any more");
}

/// The files that tell one kind of media from another, beside the entries themselves (`domain/asset_kind`). What is not listed asks the kind's
/// entry, so that a new kind does not touch it.
const TELL_KINDS_APART: &[&str] = &[
    // How its bytes are examined and pictured, and the element that shows it.
    "src/server/library/kinds",
    "src/ui/components/player",
    "src/ui/editor/panels/stitch_plan",
    // What a node type takes, gives and makes.
    "src/graph/socket_type",
    "src/graph/nodes/",
    "src/server/operations/",
    // The doors that videos and images have of their own: their ids, uploads and lists, and the first program's library.
    "src/domain/asset_ref",
    "src/server/http/images",
    "src/server/http/videos",
    "src/server/store/video_list",
    "src/server/library/uses",
    "src/server/store/adopt/",
];

#[test]
fn a_kind_of_media_is_one_entry() {
    let variants = ["AssetKind::Video", "AssetKind::Image", "SocketType::VIDEO", "SocketType::IMAGE", "asset.video()", "asset.image()"];
    let mut telling = Vec::new();
    for file in rust_files(&root().join("src")) {
        let name = short(&file);
        let text = fs::read_to_string(&file).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap();
        if !name.contains("/tests") && !name.ends_with("_tests") && variants.iter().any(|variant| code.contains(variant)) {
            telling.push(name);
        }
    }
    let unlisted: Vec<_> = telling.iter().filter(|name| !TELL_KINDS_APART.iter().any(|listed| name.starts_with(listed))).collect();
    assert!(unlisted.is_empty(), "these tell kinds of media apart; ask the kind's entry instead: {unlisted:?}");
    let unneeded: Vec<_> = TELL_KINDS_APART.iter().filter(|listed| !telling.iter().any(|name| name.starts_with(**listed))).collect();
    assert!(unneeded.is_empty(), "these no longer do: {unneeded:?}");
}

#[test]
fn the_browser_half_holds_nothing_native() {
    let output = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--offline",
            "--locked",
            "--target",
            "wasm32-unknown-unknown",
            "--no-default-features",
            "--features",
            "hydrate",
            "--edges",
            "normal",
            "--prefix",
            "none",
        ])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let tree = String::from_utf8(output.stdout).unwrap();
    for native in ["tokio ", "hyper ", "axum ", "sqlx ", "reqwest "] {
        assert!(!tree.lines().any(|line| line.starts_with(native)), "the browser half depends on {native}");
    }
}
