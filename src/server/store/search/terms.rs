//! From text to the terms of the index, by one function for what is stored and what is asked. A text is folded (NFKC, full case folding, accents
//! dropped in Latin, Greek and Cyrillic) and cut: words at whatever is no letter; what is written without blanks into overlapping pairs, so that any
//! two letters of it are found.

use caseless::Caseless;
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};
use unicode_script::{Script, UnicodeScript};

/// Scripts whose accents make no difference: elsewhere a mark is another letter (か and が) or its vowel.
const ACCENTED: [Script; 3] = [Script::Latin, Script::Greek, Script::Cyrillic];
/// Scripts that are written without blanks, or whose words run together.
const UNSPACED: [Script; 8] =
    [Script::Han, Script::Hiragana, Script::Katakana, Script::Hangul, Script::Thai, Script::Lao, Script::Khmer, Script::Myanmar];

/// A part of a text that is found as one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// A word.
    Word(String),
    /// Letters of a script without blanks.
    Run(Vec<char>),
    /// A sign that stands for itself, such as an emoji.
    Sign(char),
}

impl Piece {
    /// The terms under which it is stored: of a run each pair, then its last letter, so that each letter begins a term.
    pub fn terms(&self) -> Vec<String> {
        match self {
            Self::Word(word) => vec![word.clone()],
            Self::Sign(sign) => vec![sign.to_string()],
            Self::Run(letters) => self.pairs().into_iter().chain(letters.last().map(char::to_string)).collect(),
        }
    }

    /// The pairs of a run.
    pub fn pairs(&self) -> Vec<String> {
        match self {
            Self::Run(letters) => letters.windows(2).map(|pair| pair.iter().collect()).collect(),
            Self::Word(_) | Self::Sign(_) => Vec::new(),
        }
    }
}

/// Folds a text: what differs only in capitals, accents, width or composition becomes the same.
pub fn fold(text: &str) -> String {
    let mut is_accented = false;
    let letters = text.nfkc().default_case_fold().nfkd().filter_map(|letter| {
        if is_combining_mark(letter) {
            return (!is_accented).then_some(letter);
        }
        is_accented = ACCENTED.contains(&letter.script());
        Some(without_stroke(letter))
    });
    letters.nfc().collect()
}

/// Latin letters whose accent is a stroke, or the lack of a dot, and which have no decomposition.
fn without_stroke(letter: char) -> char {
    match letter {
        'ø' => 'o',
        'ł' => 'l',
        'đ' | 'ð' => 'd',
        'ħ' => 'h',
        'ŧ' => 't',
        'ı' => 'i',
        letter => letter,
    }
}

/// What a letter of a folded text does.
enum Class {
    Letter,
    Unspaced,
    Sign,
    /// Belongs to the letter before it.
    Mark,
    /// Joins what stands on both sides.
    Joins,
    /// Says nothing: it shapes what it stands beside.
    Nothing,
    Splits,
}

fn class(letter: char) -> Class {
    use GeneralCategory as G;
    match letter {
        '-' | '_' | '.' | '\'' | '\u{2019}' | '\u{2010}' => return Class::Joins,
        // Variants of emoji, and the box around a key.
        '\u{fe00}'..='\u{fe0f}' | '\u{1f3fb}'..='\u{1f3ff}' | '\u{20e3}' | '\u{e0020}'..='\u{e01ef}' => return Class::Nothing,
        _ => {}
    }
    let scripts = letter.script_extension();
    let is_unspaced = !scripts.is_common() && !scripts.is_inherited() && UNSPACED.iter().any(|script| scripts.contains_script(*script));
    match letter.general_category() {
        G::NonspacingMark | G::SpacingMark | G::EnclosingMark => Class::Mark,
        G::Format => Class::Nothing,
        G::OtherSymbol | G::CurrencySymbol if !letter.is_ascii() => Class::Sign,
        _ if !letter.is_alphanumeric() => Class::Splits,
        _ if is_unspaced => Class::Unspaced,
        _ => Class::Letter,
    }
}

/// The pieces of a folded text, in groups: what stands in one was written together, or joined by `-`, `_`, `.` or an apostrophe.
pub fn groups(folded: &str) -> Vec<Vec<Piece>> {
    let mut groups = vec![Vec::new()];
    let mut is_open = false;
    for letter in folded.chars() {
        let group: &mut Vec<Piece> = match groups.last_mut() {
            Some(group) => group,
            None => return groups,
        };
        match (class(letter), group.last_mut().filter(|_| is_open)) {
            (Class::Nothing, _) => {}
            (Class::Joins, _) => is_open = false,
            (Class::Splits, _) => {
                is_open = false;
                if !group.is_empty() {
                    groups.push(Vec::new());
                }
            }
            (Class::Letter | Class::Mark, Some(Piece::Word(word))) => word.push(letter),
            (Class::Unspaced | Class::Mark, Some(Piece::Run(run))) => run.push(letter),
            // A mark without a letter says nothing.
            (Class::Mark, _) => {}
            (Class::Letter, _) => {
                group.push(Piece::Word(letter.into()));
                is_open = true;
            }
            (Class::Unspaced, _) => {
                group.push(Piece::Run(vec![letter]));
                is_open = true;
            }
            (Class::Sign, _) => {
                group.push(Piece::Sign(letter));
                is_open = false;
            }
        }
    }
    groups.retain(|group| !group.is_empty());
    groups
}

/// What the index is given of a text: its terms between blanks.
pub fn indexed(text: &str) -> String {
    let terms: Vec<_> = groups(&fold(text)).iter().flatten().flat_map(Piece::terms).collect();
    terms.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_becomes_terms_between_blanks() {
        for (text, terms) in [
            ("Café Müller, Straße", "cafe muller strasse"),
            ("CAFE\u{301}", "cafe"),
            ("İSTANBUL ısparta DIYARBAKIR", "istanbul isparta diyarbakir"),
            ("Łódź Ørsted", "lodz orsted"),
            ("ΣΊΣΥΦΟΣ ёлка", "σισυφοσ елка"),
            ("が か\u{3099} カ ｶﾞ", "が が カ ガ"),
            ("雨夜追逐", "雨夜 夜追 追逐 逐"),
            ("第3集", "第 3 集"),
            ("東京タワー", "東京 京タ タワ ワー ー"),
            ("테스트", "테스 스트 트"),
            ("हिन्दी", "हिन्दी"),
            ("shot-12_final.mp4", "shot 12 final mp4"),
            ("don\u{2019}t C++ 50% #3", "don t c 50 3"),
            ("👩\u{200d}🚒 ❤\u{fe0f} 👍🏽", "👩 🚒 ❤ 👍"),
            ("ﬁn ① ２０２６ ㎞", "fin 1 2026 km"),
            ("\u{0}a\u{0}\t\u{2028}b\u{ad}c", "a bc"),
            ("?!… — «»", ""),
        ] {
            assert_eq!(indexed(text), terms, "{text}");
        }
    }

    #[test]
    fn thai_is_cut_into_pairs() {
        assert!(indexed("รถไฟ").split(' ').any(|term| term == "ไฟ"));
    }
}
