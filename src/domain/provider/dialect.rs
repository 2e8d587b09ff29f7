//! How gateways that speak OpenAI's shape of video jobs spell it: under which names their answers hold what, and by which words they call a
//! state. The built-in table is `domain/dialects.json`; what a user's file adds stands before it.

use std::{collections::HashMap, sync::LazyLock};

use serde::Deserialize;
use serde_json::Value;

/// Fields and words of gateways, as a file gives them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dialect {
    /// The host that speaks so, such as `gateway.example`; without it every host.
    #[serde(default)]
    pub host: Option<String>,
    /// Where answers hold what.
    #[serde(default)]
    pub fields: Fields,
    /// What words for a state mean.
    #[serde(default)]
    pub words: Words,
}

/// Where answers hold what: JSON pointers (RFC 6901), of which the first that leads somewhere counts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Fields {
    /// The job's name.
    pub id: Vec<String>,
    /// Its state.
    pub status: Vec<String>,
    /// The share done.
    pub progress: Vec<String>,
    /// The finished clip's address.
    pub url: Vec<String>,
    /// The finished clip itself, in base64.
    pub base64: Vec<String>,
    /// Why there is no clip.
    pub reason: Vec<String>,
}

/// Words for each state. Capitals, `_`, `-` and blanks make no difference.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Words {
    /// Waits or works.
    pub working: Vec<String>,
    /// Has made the clip.
    pub done: Vec<String>,
    /// Ended without a clip.
    pub failed: Vec<String>,
    /// Was stopped by moderation.
    pub moderated: Vec<String>,
    /// Was cancelled.
    pub cancelled: Vec<String>,
    /// Is over, and its clip gone.
    pub expired: Vec<String>,
}

impl Dialect {
    /// # Errors
    /// Says which place is no JSON pointer, or which word has no letter.
    pub fn check(&self) -> Result<(), String> {
        let Fields { id, status, progress, url, base64, reason } = &self.fields;
        let mut pointers = [id, status, progress, url, base64, reason].into_iter().flatten();
        if let Some(wrong) = pointers.find(|pointer| !pointer.starts_with('/')) {
            return Err(format!("fields: {wrong:?} is no JSON pointer, such as \"/data/status\""));
        }
        let Words { working, done, failed, moderated, cancelled, expired } = &self.words;
        let mut words = [working, done, failed, moderated, cancelled, expired].into_iter().flatten();
        match words.find(|word| plain(word).is_empty()) {
            Some(wrong) => Err(format!("words: {wrong:?} has no letter or digit")),
            None => Ok(()),
        }
    }
}

/// What a word for a job's state means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobState {
    /// Waits or works.
    Working,
    /// Has made the clip.
    Done,
    /// Ended without a clip.
    Failed,
    /// Was stopped by moderation.
    Moderated,
    /// Was cancelled.
    Cancelled,
    /// Is over, and its clip gone.
    Expired,
}

static BUILT_IN: LazyLock<Vec<Dialect>> =
    LazyLock::new(|| serde_json::from_str(include_str!("../dialects.json")).unwrap_or_else(|error| unreachable!("dialects.json: {error}")));

/// What some gateways put before a word: `TASK_STATUS_SUCCEED`, `job.completed`.
const PREFIXES: [&str; 7] = ["taskstatus", "jobstate", "jobstatus", "status", "state", "task", "job"];

/// How one host spells it.
#[derive(Debug, Clone)]
pub struct Spelling {
    /// Where its answers hold what.
    pub fields: Fields,
    words: HashMap<String, JobState>,
}

impl Spelling {
    /// That of a host, by `own` entries, of which the first counts, and after them by the built-in table.
    #[must_use]
    pub fn of_host(host: Option<&str>, own: &[Dialect]) -> Self {
        let is_for = |dialect: &&Dialect| dialect.host.as_deref().is_none_or(|of| host.is_some_and(|host| host.eq_ignore_ascii_case(of)));
        let mut spelling = Self { fields: Fields::default(), words: HashMap::new() };
        for Dialect { fields, words, .. } in own.iter().filter(is_for).chain(BUILT_IN.iter()) {
            let all = &mut spelling.fields;
            for (list, more) in [
                (&mut all.id, &fields.id),
                (&mut all.status, &fields.status),
                (&mut all.progress, &fields.progress),
                (&mut all.url, &fields.url),
                (&mut all.base64, &fields.base64),
                (&mut all.reason, &fields.reason),
            ] {
                list.extend(more.iter().cloned());
            }
            for (state, words) in [
                (JobState::Working, &words.working),
                (JobState::Done, &words.done),
                (JobState::Failed, &words.failed),
                (JobState::Moderated, &words.moderated),
                (JobState::Cancelled, &words.cancelled),
                (JobState::Expired, &words.expired),
            ] {
                for word in words {
                    spelling.words.entry(plain(word)).or_insert(state);
                }
            }
        }
        spelling
    }

    /// The word for a job's state in an answer, and what it means, if that is known. `None`: the answer holds no such word.
    ///
    /// An envelope's own word counts where it tells of an end without a clip or of work; its "success" may be that of the question alone, so
    /// a word inside goes before it.
    #[must_use]
    pub fn state(&self, answer: &Value) -> Option<(String, Option<JobState>)> {
        let is_inside = |pointer: &str| pointer.matches('/').count() > 1;
        let found = |inside: bool| {
            let pointers = self.fields.status.iter().filter(move |pointer| is_inside(pointer) == inside);
            let word = pointers.filter_map(|pointer| word_of(answer.pointer(pointer)?)).next()?;
            let state = self.meaning(&word);
            Some((word, state))
        };
        let (outside, inside) = (found(false), found(true));
        match (&outside, &inside) {
            (Some((_, Some(JobState::Done))), Some(_)) | (Some((_, None)) | None, Some((_, Some(_)))) => inside,
            (None, _) => inside,
            _ => outside,
        }
    }

    fn meaning(&self, word: &str) -> Option<JobState> {
        let word = plain(word);
        let known = |word: &str| self.words.get(word).copied();
        known(&word).or_else(|| PREFIXES.iter().find_map(|prefix| known(word.strip_prefix(prefix)?)))
    }
}

/// The text that a state is told by; some gateways number them.
fn word_of(value: &Value) -> Option<String> {
    match value {
        Value::String(word) if !word.trim().is_empty() => Some(word.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A word without what makes no difference.
fn plain(word: &str) -> String {
    word.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;

    fn means(answer: Value) -> Option<JobState> {
        Spelling::of_host(None, &[]).state(&answer).and_then(|(_, state)| state)
    }

    #[test]
    fn a_state_is_known_in_every_spelling() {
        for (word, state) in [
            ("in_progress", JobState::Working),
            ("IN-QUEUE", JobState::Working),
            ("Not Start", JobState::Working),
            ("TASK_STATUS_PROCESSING", JobState::Working),
            ("Success", JobState::Done),
            ("succeed", JobState::Done),
            ("JOB_STATE_SUCCEEDED", JobState::Done),
            ("FAILURE", JobState::Failed),
            ("rejected", JobState::Failed),
            ("timed-out", JobState::Failed),
            ("content_filtered", JobState::Moderated),
            ("Canceled", JobState::Cancelled),
            ("EXPIRED", JobState::Expired),
        ] {
            assert_eq!(means(json!({ "status": word })), Some(state), "{word}");
        }
        let (word, state) = Spelling::of_host(None, &[]).state(&json!({ "status": " Marinating " })).unwrap();
        assert_eq!((word.as_str(), state), ("Marinating", None));
        assert_eq!(Spelling::of_host(None, &[]).state(&json!({ "status": null, "id": "x" })), None);
    }

    #[test]
    fn a_word_inside_goes_before_the_success_of_the_question() {
        for (answer, state) in [
            (json!({ "code": "success", "data": { "status": "IN_PROGRESS" } }), Some(JobState::Working)),
            (json!({ "status": "success", "data": { "task_status": "processing" } }), Some(JobState::Working)),
            (json!({ "status": 200, "data": { "state": "fail" } }), Some(JobState::Failed)),
            (json!({ "status": "success", "data": { "status": "marinating" } }), None),
            (json!({ "status": "failed", "data": { "status": "ok" } }), Some(JobState::Failed)),
            (json!({ "output": { "task_status": "SUCCEEDED" }, "request_id": "r" }), Some(JobState::Done)),
        ] {
            assert_eq!(means(answer.clone()), state, "{answer}");
        }
    }

    #[test]
    fn what_a_file_adds_goes_before_what_is_built_in_and_for_its_host_alone() {
        let own: Vec<Dialect> = serde_json::from_value(json!([
            { "host": "gw.example", "fields": { "status": ["/zustand"] }, "words": { "done": ["fertig"], "failed": ["ok"] } },
        ]))
        .unwrap();
        let at = |host: &str, answer: Value| Spelling::of_host(Some(host), &own).state(&answer).map(|(_, state)| state);
        assert_eq!(at("GW.example", json!({ "zustand": "Fertig", "status": "queued" })), Some(Some(JobState::Done)));
        assert_eq!(at("gw.example", json!({ "status": "OK" })), Some(Some(JobState::Failed)));
        assert_eq!(at("other.example", json!({ "zustand": "fertig" })), None);
        assert!(serde_json::from_value::<Dialect>(json!({ "word": {} })).is_err(), "a misspelt member is told");
    }
}
