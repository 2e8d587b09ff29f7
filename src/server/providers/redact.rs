//! Takes secrets out of what a provider said, before it is kept or shown: our own key, and everything that looks like one, since
//! providers repeat keys, whole or masked, in their refusals, and sign addresses with them.

use secrecy::{ExposeSecret, SecretString};

/// Stands where a secret stood.
pub(super) const REMOVED: &str = "[removed]";

/// The most that is kept of one answer, in bytes.
pub(super) const MOST_KEPT: usize = 64 * 1024;

/// The most that is shown of a provider's reason, in characters.
const MOST_SHOWN: usize = 500;

/// How keys begin: OpenAI's, both forms of Google's, xAI's.
const PREFIXES: [&str; 4] = ["sk-", "AIza", "AQ.", "xai-"];

/// The least that follows such a beginning in a key, masked ones included.
const LEAST_AFTER_PREFIX: usize = 6;

/// How the names of query values end that let someone in.
const SECRET_NAMES: [&str; 6] = ["key", "token", "secret", "signature", "sig", "credential"];

/// The text without secrets.
#[must_use]
pub(super) fn redact(text: &str, key: &SecretString) -> String {
    let text = without_own_key(text, key.expose_secret());
    let mut clean = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(first) = rest.chars().next() {
        let length = rest.find(|letter| !is_word(letter)).unwrap_or(rest.len());
        if length == 0 {
            clean.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        }
        let word = rest[..length].trim_end_matches('.');
        let word = if word.is_empty() { &rest[..length] } else { word };
        rest = &rest[word.len()..];
        if looks_like_a_key(word) {
            clean.push_str(REMOVED);
            continue;
        }
        clean.push_str(word);
        let secret = if word.eq_ignore_ascii_case("bearer") { bearer_token(rest) } else { named_value(word, rest) };
        if let Some((gap, secret)) = secret {
            clean.push_str(&rest[..gap]);
            clean.push_str(REMOVED);
            rest = &rest[gap + secret..];
        }
    }
    clean
}

/// The beginning of an answer, for support: without secrets, at most [`MOST_KEPT`] bytes.
#[must_use]
pub(super) fn keep(body: &[u8], key: &SecretString) -> String {
    // A little more than is kept, so that a key across the border is still seen whole.
    let some = &body[..body.len().min(MOST_KEPT + 4 * 1024)];
    let text = String::from_utf8_lossy(some);
    // Of a word that was cut nobody can tell whether it is a key.
    let whole = if some.len() < body.len() { text.trim_end_matches(|letter| is_word(letter) || letter == '\u{fffd}') } else { &text };
    let mut clean = redact(whole, key);
    let end = clean.floor_char_boundary(MOST_KEPT);
    clean.truncate(end);
    clean
}

/// A provider's reason in a form fit for a sentence: one line, without secrets, at most [`MOST_SHOWN`] characters.
#[must_use]
pub(super) fn reason(text: &str, key: &SecretString) -> String {
    let line = redact(text, key).split(|letter: char| letter.is_whitespace() || letter.is_control()).filter(|word| !word.is_empty()).fold(
        String::new(),
        |mut line, word| {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
            line
        },
    );
    match line.char_indices().nth(MOST_SHOWN) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

fn without_own_key(text: &str, key: &str) -> String {
    // Shorter than any provider's key; replacing one letter everywhere would only shred the text.
    if key.len() < 4 {
        return text.to_owned();
    }
    let encoded: String = form_urlencoded::byte_serialize(key.as_bytes()).collect();
    text.replace(key, REMOVED).replace(&encoded, REMOVED)
}

fn is_word(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '*' | '.')
}

fn looks_like_a_key(word: &str) -> bool {
    // A masked key: `sk-ab******yz`, `xa***ey`.
    if word.contains("***") && word.contains(|letter: char| letter.is_ascii_alphanumeric()) {
        return true;
    }
    let starts_here = |at: usize| word[..at].chars().next_back().is_none_or(|before| !before.is_ascii_alphanumeric());
    PREFIXES
        .iter()
        .any(|prefix| word.match_indices(prefix).any(|(at, _)| starts_here(at) && word.len() - at - prefix.len() >= LEAST_AFTER_PREFIX))
}

/// Where in `rest`, which follows the word "Bearer", a token stands: its beginning and length in bytes.
fn bearer_token(rest: &str) -> Option<(usize, usize)> {
    let token = rest.trim_start_matches([' ', ':']);
    let gap = rest.len() - token.len();
    let length = token.find(|letter| !is_word(letter) && !matches!(letter, '~' | '+' | '/' | '=')).unwrap_or(token.len());
    // "Bearer authentication is needed" names no token.
    let is_token = length >= 16 || (length >= 6 && token[..length].contains(|letter: char| letter.is_ascii_digit()));
    (gap > 0 && is_token).then_some((gap, length))
}

/// Where in `rest`, which follows `name`, the value of a secret query parameter stands: its beginning and length in bytes.
fn named_value(name: &str, rest: &str) -> Option<(usize, usize)> {
    let value = rest.strip_prefix('=')?;
    let is_secret =
        |ending: &&str| name.len() >= ending.len() && name.as_bytes()[name.len() - ending.len()..].eq_ignore_ascii_case(ending.as_bytes());
    // JSON may write `&` as `\u0026`.
    let length = value.find(|letter: char| letter.is_whitespace() || "&\"'<>\\,;)}#".contains(letter)).unwrap_or(value.len());
    (length > 0 && SECRET_NAMES.iter().any(is_secret)).then_some((1, length))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clean(text: &str) -> String {
        redact(text, &"my own key/1".into())
    }

    #[test]
    fn keys_of_every_provider_are_removed_whole_or_masked() {
        for key in [
            "sk-proj-Abc_123456789xyz",
            "sk-bad***********key",
            "AIzaSyA1234567890abcdefghijklmnopqrstuvw",
            "AQ.Ab8RN6LZ0123456789",
            "xai-0123456789abcdef",
            "xa***ey",
            "my own key/1",
            "my+own+key%2F1",
        ] {
            for text in
                [format!("Incorrect API key provided: {key}. See x."), format!(r#"{{"a":"{key}"}}"#), format!("({key})"), key.into()]
            {
                let clean = clean(&text);
                assert!(!clean.contains(key) && clean.contains(REMOVED), "{text} gave {clean}");
            }
        }
        assert_eq!(clean("provided: sk-bad***********key. You"), "provided: [removed]. You");
    }

    #[test]
    fn bearer_tokens_and_query_values_are_removed() {
        assert_eq!(clean("authorization: Bearer ya29.a0_b/c=, x"), "authorization: Bearer [removed], x");
        assert_eq!(clean("https://a/b?alt=media&key=q1w2&x=1"), "https://a/b?alt=media&key=[removed]&x=1");
        assert_eq!(
            clean(r#"{"u":"https://a?X-Goog-Signature=ab12\u0026x=1"}"#),
            r#"{"u":"https://a?X-Goog-Signature=[removed]\u0026x=1"}"#
        );
        assert_eq!(clean("?access_token=abc"), "?access_token=[removed]");
    }

    #[test]
    fn other_words_stay() {
        for text in [
            "The task-based model 'sora-2' does not exist.",
            "Bearer authentication is needed",
            "a risk-assessment of 50 %… ünï **bold** 二",
            "v1_ChdTbXNIYXFyUEV0ZUttdGtQNXVqVHdRRRIXU21z",
            "monkey = 5, key: none, sk-",
        ] {
            assert_eq!(clean(text), text);
        }
    }

    #[test]
    fn what_is_kept_is_bounded_and_ends_before_a_word_that_was_cut() {
        let key: SecretString = "my own key/1".into();
        let mut body = "é ".repeat(MOST_KEPT).into_bytes();
        assert!(keep(&body, &key).len() <= MOST_KEPT);
        body.truncate(MOST_KEPT - 10);
        body.extend_from_slice(b" sk-0123456789");
        body.resize(1 << 20, b'x');
        assert!(!keep(&body, &key).contains("sk-0"));
        assert_eq!(keep(b"\xff{}", &key), "\u{fffd}{}");
    }

    #[test]
    fn a_reason_is_one_line() {
        let key: SecretString = "k".into();
        assert_eq!(reason(" Too\n\tmany \u{0}requests ", &key), "Too many requests");
        assert_eq!(reason(&"é".repeat(600), &key).chars().count(), MOST_SHOWN + 1);
    }
}
