//! No circles: a file that is read leads to what it uses, and never back to where one came from. Neither do folders.

mod names;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt::Write,
    fs,
};

use names::{Edges, Sources};

use crate::layers::{root, rust_files};

/// The folder that a file counts for: a room of `server/` or `ui/` with all below it, else a top folder.
fn folder_of(file: &str) -> String {
    let parts: Vec<&str> = file.split('/').collect();
    match parts.as_slice() {
        [top @ ("server" | "ui"), room, ..] => format!("{top}/{room}"),
        [top, ..] => (*top).to_owned(),
        [] => String::new(),
    }
}

/// The groups of files of which each leads to each other one.
fn circles(edges: &Edges) -> Vec<Vec<String>> {
    // Tarjan's algorithm, with a stack of its own: https://doi.org/10.1137/0201010
    let mut found = Vec::new();
    let (mut order, mut low) = (HashMap::new(), HashMap::<&str, usize>::new());
    let mut open: Vec<&str> = Vec::new();
    for start in edges.keys() {
        let mut work: Vec<(&str, bool)> = vec![(start, false)];
        while let Some((file, is_left)) = work.pop() {
            let next = || edges.get(file).into_iter().flat_map(BTreeMap::keys).map(String::as_str);
            if is_left {
                let reached = next().filter(|other| open.contains(other)).map(|other| low[other]).min();
                let lowest = reached.map_or(low[file], |reached| reached.min(low[file]));
                low.insert(file, lowest);
                if lowest == order[file] {
                    let place = open.iter().position(|one| *one == file).unwrap();
                    let circle: Vec<String> = open.split_off(place).into_iter().map(str::to_owned).collect();
                    found.extend((circle.len() > 1).then_some(circle));
                }
            } else if !order.contains_key(file) {
                let number = order.len();
                order.insert(file, number);
                low.insert(file, number);
                open.push(file);
                work.push((file, true));
                work.extend(next().filter(|other| !order.contains_key(other)).map(|other| (other, false)));
            }
        }
    }
    found
}

/// The circles in words: who names whom, and by which names.
fn told(edges: &Edges) -> String {
    let mut words = String::new();
    for mut circle in circles(edges) {
        circle.sort();
        writeln!(words, "a circle of {}:", circle.join(", ")).unwrap();
        for file in &circle {
            for (other, names) in edges[file].iter().filter(|(other, _)| circle.contains(other)) {
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                writeln!(words, "    {file} names {other}: {}", names.join(", ")).unwrap();
            }
        }
    }
    words
}

fn between_folders(edges: &Edges) -> Edges {
    let mut folders = Edges::new();
    for (file, others) in edges {
        for (other, names) in others.iter().filter(|(other, _)| folder_of(other) != folder_of(file)) {
            let ties = names.iter().map(|name| format!("{file} → {other}::{name}"));
            let known: &mut BTreeSet<String> = folders.entry(folder_of(file)).or_default().entry(folder_of(other)).or_default();
            known.extend(ties);
        }
    }
    folders
}

#[test]
fn no_file_and_no_folder_leads_back_to_itself() {
    let source = root().join("src");
    let name = |path: &std::path::Path| path.strip_prefix(&source).unwrap().with_extension("").to_string_lossy().replace('\\', "/");
    let files = rust_files(&source).into_iter().map(|path| (name(&path), fs::read_to_string(&path).unwrap()));
    let edges = Sources::read(files).edges();
    assert!(edges.len() > 100, "only {} files name others", edges.len());
    let words = told(&edges) + &told(&between_folders(&edges));
    assert!(words.is_empty(), "{words}");
}

#[test]
fn a_circle_is_seen_however_it_is_tied() {
    let of = |files: &[(&str, &str)]| told(&Sources::read(files.iter().map(|(name, text)| ((*name).into(), (*text).into()))).edges());
    let root = ("lib", "mod a; mod b;");
    let b = ("b", "use crate::a::One; pub fn two() {}");
    for (how, a) in [
        ("an import", "use crate::b::two; pub struct One;"),
        ("a nested import", "use crate::{b::{self, two}}; pub struct One;"),
        ("a path in a body", "pub struct One; fn f() { crate::b::two() }"),
        ("super", "pub struct One; fn f() { super::b::two() }"),
        ("a macro", "pub struct One; fn f() { println!(\"{}\", crate::b::two()) }"),
    ] {
        let words = of(&[root, ("a", a), b]);
        assert!(words.contains("a names b") && words.contains("b names a: One"), "{how}: {words}");
    }
    let registry = [
        ("lib", "mod nodes;"),
        ("nodes/mod", "pub struct Spec; all! { trim, note }"),
        ("nodes/trim", "use super::Spec;"),
        ("nodes/note", ""),
    ];
    assert!(of(&registry).contains("trim in a list"));
    // Through a re-export, two files are tied by what they define.
    let exported =
        [("lib", "mod a; mod b;"), ("a/mod", "pub mod deep; pub use deep::One;"), ("a/deep", "pub struct One; use crate::b::two;"), b];
    assert!(of(&exported).contains("a/deep names b"), "{}", of(&exported));
    // A file that re-exports its child and uses it leads to it.
    let child = |body: &str| {
        of(&[
            ("lib", "mod a;"),
            ("a", &format!("mod deep; pub use deep::two; pub struct One; {body}")),
            ("a/deep", "use super::One; pub fn two() {}"),
        ])
    };
    assert!(child("fn f() { two() }").contains("a names a/deep"));
    assert_eq!(child(""), "");
    assert_eq!(of(&[root, ("a", "pub struct One; #[cfg(test)] mod tests { use crate::b::two; }"), b]), "");
}
