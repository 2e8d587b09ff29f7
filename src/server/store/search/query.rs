//! What is typed into a search, as an expression of the index: words, "phrases" and -without. Whatever is typed is one.

use super::{
    Subject,
    terms::{Piece, fold, groups},
};

/// Terms that a search goes by at most; what is typed beyond them narrows it no further.
const MOST_TERMS: usize = 128;

/// What a search asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Query {
    /// Nothing was typed: every row.
    Everything,
    /// What was typed has no word in it, and nothing is found by it.
    Nothing,
    /// An expression of the index (FTS5's, which is made of our terms alone).
    Match(String),
}

/// A word or a phrase of a search.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Typed {
    text: String,
    is_phrase: bool,
    /// The phrase has its closing mark: its last word is whole.
    is_closed: bool,
    is_excluded: bool,
}

impl Query {
    /// Reads what was typed to find rows of `subject`.
    pub fn read(typed: &str, subject: Subject) -> Self {
        let folded = fold(typed);
        if folded.trim().is_empty() {
            return Self::Everything;
        }
        let (mut wanted, mut excluded, mut room) = (Vec::new(), Vec::new(), MOST_TERMS);
        for part in parts(&folded) {
            let list = if part.is_excluded { &mut excluded } else { &mut wanted };
            let groups = groups(&part.text);
            let groups = if part.is_phrase { vec![groups.concat()] } else { groups };
            list.extend(groups.iter().filter_map(|group| phrase(group, !part.is_closed, &mut room)));
        }
        if wanted.is_empty() && excluded.is_empty() {
            return Self::Nothing;
        }
        let mut expression = format!("kind : \"{}\"", subject.token());
        if !wanted.is_empty() {
            expression = format!("{expression} AND {{name text}} : ({})", wanted.join(" AND "));
        }
        if !excluded.is_empty() {
            expression = format!("({expression}) NOT {{name text}} : ({})", excluded.join(" OR "));
        }
        Self::Match(expression)
    }
}

/// Cuts a folded text at blanks outside of quotation marks. A phrase that has no end goes on to that of the text.
fn parts(folded: &str) -> Vec<Typed> {
    let mut parts = Vec::new();
    let mut rest = folded;
    loop {
        rest = rest.trim_start();
        if rest.is_empty() {
            return parts;
        }
        let bare = rest.trim_start_matches('-');
        let is_excluded = bare.len() < rest.len();
        let (text, is_phrase, is_closed);
        if let Some(quoted) = bare.strip_prefix(is_quote) {
            let end = quoted.find(is_quote);
            text = &quoted[..end.unwrap_or(quoted.len())];
            (is_phrase, is_closed) = (true, end.is_some());
            rest = quoted[text.len()..].strip_prefix(is_quote).unwrap_or_default();
        } else {
            let end = bare.find(|letter: char| letter.is_whitespace() || is_quote(letter)).unwrap_or(bare.len());
            text = &bare[..end];
            (is_phrase, is_closed) = (false, false);
            rest = &bare[end..];
        }
        parts.push(Typed { text: text.to_owned(), is_phrase, is_closed, is_excluded });
    }
}

fn is_quote(letter: char) -> bool {
    matches!(letter, '"' | '\u{201c}' | '\u{201d}' | '\u{201e}' | '\u{ab}' | '\u{bb}')
}

/// The pieces as a phrase of FTS5, the last of which may go on where that is open.
fn phrase(pieces: &[Piece], is_open: bool, room: &mut usize) -> Option<String> {
    let (last, before) = pieces.split_last()?;
    let mut terms: Vec<_> = before.iter().flat_map(Piece::terms).collect();
    // A run may go on in the text, so that its last letter is no term of it there; a letter alone begins one.
    let ends_in_letter = match last {
        Piece::Run(letters) if letters.len() > 1 => {
            terms.extend(last.pairs());
            false
        }
        last => {
            terms.extend(last.terms());
            matches!(last, Piece::Run(_)) || (is_open && matches!(last, Piece::Word(_)))
        }
    };
    let is_cut = terms.len() > *room;
    terms.truncate(*room);
    *room -= terms.len();
    let prefix = if ends_in_letter && !is_cut { " *" } else { "" };
    (!terms.is_empty()).then(|| format!("\"{}\"{prefix}", terms.join(" ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::AssetKind;

    const VIDEO: Subject = Subject::Asset(AssetKind::Video);

    #[test]
    fn words_phrases_and_what_is_left_out() {
        for (typed, expression) in [
            ("Rain", "kind : \"video\" AND {name text} : (\"rain\" *)"),
            ("rain night", "kind : \"video\" AND {name text} : (\"rain\" * AND \"night\" *)"),
            ("\"night rain\"", "kind : \"video\" AND {name text} : (\"night rain\")"),
            ("\"night ra", "kind : \"video\" AND {name text} : (\"night ra\" *)"),
            ("shot-12_fi", "kind : \"video\" AND {name text} : (\"shot 12 fi\" *)"),
            ("rain -wet", "(kind : \"video\" AND {name text} : (\"rain\" *)) NOT {name text} : (\"wet\" *)"),
            ("-\"a b\" -c", "(kind : \"video\") NOT {name text} : (\"a b\" OR \"c\" *)"),
            ("雨夜追", "kind : \"video\" AND {name text} : (\"雨夜 夜追\")"),
            ("雨", "kind : \"video\" AND {name text} : (\"雨\" *)"),
            ("夜第3集", "kind : \"video\" AND {name text} : (\"夜第 第 3 集\" *)"),
            ("16:9", "kind : \"video\" AND {name text} : (\"16\" * AND \"9\" *)"),
        ] {
            assert_eq!(Query::read(typed, VIDEO), Query::Match(expression.into()), "{typed}");
        }
        for nothing in ["\"", "-", "…!?", "\"\"", "*", "--"] {
            assert_eq!(Query::read(nothing, VIDEO), Query::Nothing, "{nothing}");
        }
        for everything in ["", " \t", "\u{3000}"] {
            assert_eq!(Query::read(everything, VIDEO), Query::Everything);
        }
    }
}
