//! What a prompt asks the double to do, by tags such as `[[slow=3]]` or `[[429x2]]`.

/// The tags of one prompt.
#[derive(Debug, Clone)]
pub struct Scenario(String);

impl Scenario {
    /// The scenario that a prompt names; success where it names none.
    pub fn of(prompt: &str) -> Self {
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
