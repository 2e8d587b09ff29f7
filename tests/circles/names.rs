//! Which files of a crate name which others: read from their tokens, so that a path in a body or in a macro counts as much as one in a
//! `use` line, and a re-export counts for the file that it leads to.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};

/// For each file the files that it names, each with the names that it takes from there.
pub type Edges = BTreeMap<String, BTreeMap<String, BTreeSet<String>>>;

/// The sources of a crate.
pub struct Sources {
    files: Vec<File>,
    by_module: HashMap<Vec<String>, usize>,
}

/// A file, below the crate's root and without its extension, such as `server/runs/advance`.
struct File {
    name: String,
    module: Vec<String>,
    tokens: Vec<String>,
    defined: HashSet<String>,
    imports: Vec<Import>,
    /// The places in `tokens` that belong to an import.
    in_imports: HashSet<usize>,
}

/// One leaf of a `use` tree.
struct Import {
    path: Vec<String>,
    /// The name it has in this file; `*` for all.
    alias: String,
    is_public: bool,
}

impl Sources {
    /// Reads files, each given by its name and text. What stands under `#[cfg(test)]` is left out: tests may look at anything.
    pub fn read(files: impl IntoIterator<Item = (String, String)>) -> Self {
        let files: Vec<File> = files.into_iter().map(|(name, text)| File::read(name, &text)).collect();
        let by_module = files.iter().enumerate().map(|(place, file)| (file.module.clone(), place)).collect();
        Self { files, by_module }
    }

    /// Who names whom.
    pub fn edges(&self) -> Edges {
        let mut edges = Edges::new();
        for file in &self.files {
            let mut note = |found: Option<(usize, String)>| {
                if let Some((other, name)) = found.filter(|(other, _)| self.files[*other].name != file.name) {
                    edges.entry(file.name.clone()).or_default().entry(self.files[other].name.clone()).or_default().insert(name);
                }
            };
            // A re-export of a file's own child is how the child is reached, and takes nothing from it unless the file uses the name itself.
            let is_door = |import: &&Import| import.is_public && self.is_below(file, &import.path) && !file.uses(&import.alias);
            for import in file.imports.iter().filter(|import| !is_door(import)) {
                note(self.absolute(file, &import.path).and_then(|path| self.resolve(&path, 0)));
            }
            for path in file.paths() {
                note(self.absolute(file, &path).and_then(|path| self.resolve(&path, 0)));
            }
            for name in file.listed().filter(|name| self.by_module.contains_key(&below(&file.module, name))) {
                note(self.resolve(&below(&file.module, name), 0).map(|(other, _)| (other, format!("{name} in a list"))));
            }
        }
        edges
    }

    fn is_below(&self, file: &File, path: &[String]) -> bool {
        self.absolute(file, path).is_some_and(|path| path.starts_with(&file.module))
    }

    /// A path from the crate's root; `None` for one that leads out of the crate.
    fn absolute(&self, file: &File, path: &[String]) -> Option<Vec<String>> {
        let ups = path.iter().take_while(|part| *part == "super").count();
        let rest = |skipped: usize| path[skipped..].iter().cloned();
        match path.first()?.as_str() {
            "crate" => Some(rest(1).collect()),
            "self" => Some(file.module.iter().cloned().chain(rest(1)).collect()),
            "super" => Some(file.module[..file.module.len().checked_sub(ups)?].iter().cloned().chain(rest(ups)).collect()),
            child => self.by_module.contains_key(&below(&file.module, child)).then(|| file.module.iter().cloned().chain(rest(0)).collect()),
        }
    }

    /// The file in which what a path names is defined, and its name there. Re-exports are followed, at most a few deep.
    fn resolve(&self, path: &[String], depth: usize) -> Option<(usize, String)> {
        let (place, rest) = (0..=path.len()).rev().find_map(|length| Some((*self.by_module.get(&path[..length])?, &path[length..])))?;
        let file = &self.files[place];
        let Some(name) = rest.first().filter(|name| *name != "*") else { return Some((place, "its name".into())) };
        if !file.defined.contains(name) && depth < 8 {
            let exported = file.imports.iter().filter(|import| import.is_public && (import.alias == *name || import.alias == "*"));
            for import in exported {
                let mut target = self.absolute(file, &import.path)?;
                if import.alias == "*" {
                    target.pop();
                    target.push(name.clone());
                }
                if let Some(found) = self.resolve(&target, depth + 1).filter(|(other, found)| self.files[*other].defined.contains(found)) {
                    return Some(found);
                }
            }
        }
        Some((place, name.clone()))
    }
}

fn below(module: &[String], name: &str) -> Vec<String> {
    module.iter().cloned().chain([name.to_owned()]).collect()
}

impl File {
    fn read(name: String, text: &str) -> Self {
        let stream: TokenStream = text.parse().unwrap_or_else(|error| panic!("{name}.rs cannot be read: {error}"));
        let mut tokens = Vec::new();
        flatten(stream, &mut tokens);
        let tokens = without_tests(&tokens);
        let path = name.strip_suffix("/mod").unwrap_or(if name == "lib" { "" } else { &name });
        let module = path.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect();
        let words = ["struct", "enum", "trait", "fn", "const", "static", "type", "union", "mod"];
        let pairs = tokens.windows(2).filter(|pair| words.contains(&pair[0].as_str()));
        let macros = tokens.windows(3).filter(|three| three[0] == "macro_rules").map(|three| three[2].clone());
        let defined = pairs.map(|pair| pair[1].clone()).chain(macros).collect();
        let (imports, in_imports) = imports(&tokens);
        Self { name, module, tokens, defined, imports, in_imports }
    }

    /// The paths of several parts that stand in bodies, signatures and macros.
    fn paths(&self) -> Vec<Vec<String>> {
        let known: HashSet<&String> = self.imports.iter().map(|import| &import.alias).collect();
        let token = |place: usize| self.tokens.get(place).map_or("", String::as_str);
        let begins = |place: usize| {
            is_word(token(place))
                && token(place + 1) == "::"
                && (place == 0 || token(place - 1) != "::")
                && !self.in_imports.contains(&place)
        };
        let mut paths = Vec::new();
        for place in (0..self.tokens.len()).filter(|place| begins(*place)) {
            let mut path = vec![self.tokens[place].clone()];
            let mut next = place + 1;
            while token(next) == "::" && is_word(token(next + 1)) {
                path.push(self.tokens[next + 1].clone());
                next += 2;
            }
            // What an import names was counted there.
            if !known.contains(&path[0]) {
                paths.push(path);
            }
        }
        paths
    }

    /// Whether a name stands in the file outside its imports, by itself or at the head of a path.
    fn uses(&self, name: &str) -> bool {
        let before = |place: usize| place.checked_sub(1).map_or("", |before| self.tokens[before].as_str());
        let at = |(place, token): (usize, &String)| {
            token == name && !self.in_imports.contains(&place) && !matches!(before(place), "::" | "." | "fn" | "mod")
        };
        self.tokens.iter().enumerate().any(at)
    }

    /// The single words inside the braces of macros, as a registry lists its modules.
    fn listed(&self) -> impl Iterator<Item = &String> {
        let mut depth: Vec<bool> = Vec::new();
        self.tokens.iter().enumerate().filter_map(move |(place, token)| {
            match token.as_str() {
                "{" | "(" | "[" => {
                    let is_macro = place >= 2 && self.tokens[place - 1] == "!" || depth.last() == Some(&true);
                    depth.push(is_macro);
                }
                "}" | ")" | "]" => drop(depth.pop()),
                _ => {}
            }
            (depth.last() == Some(&true) && is_word(token)).then_some(token)
        })
    }
}

fn is_word(token: &str) -> bool {
    token.starts_with(|letter: char| letter.is_alphabetic() || letter == '_')
}

fn flatten(stream: TokenStream, tokens: &mut Vec<String>) {
    let mut joined = false;
    for tree in stream {
        match tree {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::Parenthesis | Delimiter::None => ("(", ")"),
                };
                tokens.push(open.into());
                flatten(group.stream(), tokens);
                tokens.push(close.into());
                joined = false;
            }
            TokenTree::Punct(punct) if punct.as_char() == ':' && joined => {
                tokens.pop();
                tokens.push("::".into());
                joined = false;
            }
            TokenTree::Punct(punct) => {
                tokens.push(punct.as_char().into());
                joined = punct.as_char() == ':' && punct.spacing() == Spacing::Joint;
            }
            TokenTree::Ident(word) => {
                tokens.push(word.to_string());
                joined = false;
            }
            TokenTree::Literal(_) => {
                tokens.push("\"".into());
                joined = false;
            }
        }
    }
}

/// The tokens without the items under `#[cfg(test)]`.
fn without_tests(tokens: &[String]) -> Vec<String> {
    const GATE: [&str; 7] = ["#", "[", "cfg", "(", "test", ")", "]"];
    let mut kept = Vec::with_capacity(tokens.len());
    let mut place = 0;
    while place < tokens.len() {
        if tokens[place..].iter().take(GATE.len()).eq(GATE.iter()) {
            place += GATE.len();
            while tokens.get(place).is_some_and(|token| token == "#") {
                place = end_of_group(tokens, place + 1);
            }
            while tokens.get(place).is_some_and(|token| token != "{" && token != ";") {
                place += 1;
            }
            place = if tokens.get(place).is_some_and(|token| token == "{") { end_of_group(tokens, place) } else { place + 1 };
        } else {
            kept.push(tokens[place].clone());
            place += 1;
        }
    }
    kept
}

/// The place after the group that opens at `place`.
fn end_of_group(tokens: &[String], place: usize) -> usize {
    let mut depth = 0;
    for (at, token) in tokens.iter().enumerate().skip(place) {
        match token.as_str() {
            "{" | "(" | "[" => depth += 1,
            "}" | ")" | "]" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at + 1;
        }
    }
    tokens.len()
}

/// The leaves of all `use` trees, and the places of their tokens.
fn imports(tokens: &[String]) -> (Vec<Import>, HashSet<usize>) {
    let (mut found, mut places) = (Vec::new(), HashSet::new());
    let begins = |place: usize| tokens[place] == "use" && (place == 0 || !matches!(tokens[place - 1].as_str(), "." | "::"));
    for place in (0..tokens.len()).filter(|place| begins(*place)) {
        let end = (place..tokens.len()).find(|at| tokens[*at] == ";").unwrap_or(tokens.len());
        let is_public = place > 0 && matches!(tokens[place - 1].as_str(), "pub" | ")");
        leaves(&tokens[place + 1..end], &mut 0, &[], &mut |path, alias| found.push(Import { path, alias, is_public }));
        places.extend(place..end);
    }
    (found, places)
}

/// Reads one branch of a `use` tree.
fn leaves(tokens: &[String], at: &mut usize, prefix: &[String], found: &mut dyn FnMut(Vec<String>, String)) {
    let mut path = prefix.to_vec();
    while let Some(token) = tokens.get(*at) {
        match token.as_str() {
            "{" => {
                *at += 1;
                while tokens.get(*at).is_some_and(|token| token != "}") {
                    leaves(tokens, at, &path, found);
                    if tokens.get(*at).is_some_and(|token| token == ",") {
                        *at += 1;
                    }
                }
                *at += 1;
                return;
            }
            "," | "}" => return,
            "::" => *at += 1,
            _ => {
                path.push(token.clone());
                *at += 1;
                if tokens.get(*at).is_none_or(|token| token != "::") {
                    if path.last().is_some_and(|last| last == "self") && path.len() > 1 {
                        path.pop();
                    }
                    let mut alias = path.last().cloned().unwrap_or_default();
                    if tokens.get(*at).is_some_and(|token| token == "as") {
                        alias.clone_from(&tokens[*at + 1]);
                        *at += 2;
                    }
                    found(path, alias);
                    return;
                }
            }
        }
    }
}
