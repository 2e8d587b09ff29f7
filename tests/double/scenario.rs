//! What a prompt asks the double to do, by tags such as `[[slow=3]]` or `[[429x2]]`.

/// Every tag; a star stands for a number.
const TAGS: [&str; 32] = [
    "slow=*",
    "forever",
    "429x*",
    "quota",
    "create500",
    "500x*",
    "drop",
    "truncate",
    "truncate-always",
    "html",
    "garbage",
    "block",
    "block-at-submit",
    "block-text",
    "block-empty",
    "block-later",
    "fail",
    "gone",
    "expired",
    "retired",
    "redirect",
    "inline",
    "processing=*",
    "404x*",
    "late=*",
    "short=*",
    "short-always",
    "word=*",
    "refused-in-200",
    "base64",
    "pad=*",
    "dialect=*",
];

/// The tags of one prompt.
#[derive(Debug, Clone)]
pub struct Scenario(String);

impl Scenario {
    /// The scenario that a prompt names; success where it names none.
    pub fn of(prompt: &str) -> Self {
        for tag in prompt.split("[[").skip(1) {
            let name = tag.split("]]").next().unwrap_or_default();
            // A tag that nobody reads would pass for success.
            let is_known = TAGS.iter().any(|known| *known == name || known.strip_suffix('*').is_some_and(|known| name.starts_with(known)));
            assert!(is_known, "the double knows no scenario [[{name}]]");
        }
        Self(prompt.to_owned())
    }

    /// Whether the prompt has this tag.
    pub fn has(&self, tag: &str) -> bool {
        self.0.contains(&format!("[[{tag}]]"))
    }

    /// The number after a tag, as in `[[slow=3]]` or `[[429x2]]`; 0 without the tag.
    pub fn number(&self, tag: &str) -> usize {
        let Some((_, rest)) = self.0.split_once(&format!("[[{tag}")) else { return 0 };
        let digits = rest.trim_start_matches(['=', 'x']).split("]]").next().unwrap_or_default();
        digits.parse().unwrap_or(0)
    }
}
