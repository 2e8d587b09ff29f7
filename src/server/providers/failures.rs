//! What went wrong at a provider: one table from status and body to what it means for the job, and the words for the user.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use http::StatusCode;
use secrecy::SecretString;
use serde_json::Value;

use super::{
    answer::Answer,
    api::{Created, Result},
    broken::Broken,
    fault::Fault,
    redact, wait,
};
use crate::{
    domain::provider::Provider,
    server::error::{ProviderClass, ProviderError},
};

/// What was asked when it went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Call {
    /// The paid request.
    Create,
    /// How a job stands.
    Poll,
    /// The clip, at an address that got the key or one that did not.
    Download {
        /// Whether the key was sent along.
        with_key: bool,
    },
    /// To stop.
    Cancel,
    /// Which jobs there are.
    Find,
}

/// Words one provider's failures.
#[derive(Debug, Clone)]
pub(super) struct Failures {
    provider: Provider,
    /// Taken out of everything that is said.
    key: SecretString,
    /// Where answers may tell why beside the usual places, as JSON pointers.
    reasons: Arc<[String]>,
}

impl Failures {
    /// For a provider that was given that key.
    #[must_use]
    pub fn new(provider: Provider, key: SecretString) -> Self {
        Self { provider, key, reasons: Arc::default() }
    }

    /// The same for answers that tell why at these JSON pointers, of which the first that leads somewhere counts.
    #[must_use]
    pub fn with_reasons_at(self, reasons: Vec<String>) -> Self {
        Self { reasons: reasons.into(), ..self }
    }

    /// What an answer says of an error.
    #[must_use]
    pub fn fault(&self, answer: &Value) -> Fault {
        Fault::of_answer(answer, &self.reasons)
    }

    /// The variable that holds the key.
    #[must_use]
    pub fn key_setting(&self) -> &'static str {
        self.provider.setting().unwrap_or_default()
    }

    /// The variable that holds the base URL.
    #[must_use]
    pub fn base_url_setting(&self) -> String {
        self.key_setting().replace("_API_KEY", "_BASE_URL")
    }

    /// There is no answer.
    #[must_use]
    pub fn broken(&self, call: Call, broken: &Broken) -> ProviderError {
        let (title, base_url) = (self.provider.title(), self.base_url_setting());
        let what = match broken {
            Broken::NotReached(cause) => {
                format!("{title} could not be reached ({cause}). Check the network, {base_url} and, where one is set, the proxy.")
            }
            Broken::NotLetThrough(cause) => {
                format!(
                    "{title} could not be reached: the proxy in HTTPS_PROXY let nothing through ({cause}). Check it, or name the host in NO_PROXY."
                )
            }
            Broken::Unsendable(cause) => format!("The request to {title} could not be written ({cause})."),
            Broken::TimedOut => format!("{title} did not answer in time."),
            Broken::Lost(cause) => format!("The connection to {title} broke ({cause})."),
            Broken::TooLong(longest) => format!(
                "{title} gave an answer of more than {}, the most that is read: four thirds of REELGRAPH_MAX_UPLOAD_BYTES.",
                size(*longest)
            ),
            Broken::NotSpooled(cause) => format!("The answer of {title} could not be written to the disk ({cause})."),
        };
        let class = match (call, broken) {
            (Call::Create, Broken::NotReached(_) | Broken::NotLetThrough(_)) => ProviderClass::NotReached,
            (Call::Create, Broken::Unsendable(_)) => ProviderClass::Rejected,
            (Call::Create, _) => ProviderClass::Unknown,
            _ => ProviderClass::Transient(None),
        };
        let message = match class {
            ProviderClass::NotReached => format!("{what} Nothing was sent."),
            ProviderClass::Unknown => format!("{what} {UNKNOWN}"),
            _ => what,
        };
        ProviderError { class, message: redact::redact(&message, &self.key), raw: None }
    }

    /// The answer is no success.
    #[must_use]
    pub fn refused(&self, call: Call, answer: &Answer) -> ProviderError {
        let fault = Fault::of_body(answer.beginning(), &self.reasons);
        let wait = wait::retry_after(&answer.headers, SystemTime::now()).or(fault.wait);
        let class = match call {
            Call::Create => create_class(answer, &fault, wait),
            Call::Poll | Call::Cancel | Call::Find => question_class(answer.status, &fault, wait),
            Call::Download { with_key } => download_class(answer.status, &fault, with_key, wait),
        };
        let status = answer.status.as_u16();
        let mut reason = match &fault.message {
            Some(message) => self.reason(message),
            None if fault.page => format!("HTTP {status} with a web page."),
            None if answer.status.is_redirection() => format!("HTTP {status}, which sends the request on to another address."),
            None => format!("HTTP {status}, without a reason."),
        };
        // Such answers come from servers that are no provider, or from another path of it.
        let is_elsewhere = fault.page || answer.status.is_redirection() || matches!(status, 404 | 405);
        if call == Call::Create && is_elsewhere && class == ProviderClass::Rejected {
            reason = format!("{reason} Check {}.", self.base_url_setting());
        }
        self.error(class, &self.words(class, &reason, fault.daily, status), Some(answer.beginning()))
    }

    /// The provider says that the job ended without a clip.
    #[must_use]
    pub fn ended(&self, fault: &Fault, answer: &Answer) -> ProviderError {
        let class = if fault.is_moderation() { ProviderClass::Moderated } else { ProviderClass::Failed };
        let reason = fault.message.as_deref().map_or_else(|| "It gave no reason.".into(), |message| self.reason(message));
        self.error(class, &self.words(class, &reason, false, 200), Some(answer.beginning()))
    }

    /// The provider took the job, or made the clip, and something about it keeps us from having one, in the words of `reason`.
    #[must_use]
    pub fn ended_as(&self, class: ProviderClass, reason: &str, answer: &Answer) -> ProviderError {
        self.error(class, &self.words(class, &self.reason(reason), false, 200), Some(answer.beginning()))
    }

    /// Whether an answer of success tells of an error.
    #[must_use]
    pub fn is_refusal(&self, answer: &Value) -> bool {
        Fault::of_refusal(answer, &self.reasons).is_some()
    }

    /// What `create` gives for a success.
    ///
    /// # Errors
    /// Where it tells of an error instead of a job, what that is; [`ProviderClass::Unknown`] where it tells of neither: a job may have been
    /// taken all the same.
    pub fn created(&self, answer: &Answer, job: impl FnOnce(&Value) -> Option<String>) -> Result<Created> {
        let json = answer.json().ok();
        if let Some(job) = json.as_ref().and_then(job) {
            return Ok(Created { job, raw: redact::keep(answer.beginning(), &self.key) });
        }
        if let Some(fault) = json.as_ref().and_then(|json| Fault::of_refusal(json, &self.reasons)) {
            let class = fault_class(&fault).unwrap_or(ProviderClass::Rejected);
            let reason = fault.message.as_deref().map_or_else(|| "It gave no reason.".into(), |message| self.reason(message));
            return Err(self.error(class, &self.words(class, &reason, fault.daily, 200), Some(answer.beginning())));
        }
        let said = json.as_ref().and_then(|json| self.fault(json).message).map(|message| self.reason(&message));
        let said = said.unwrap_or_else(|| "Its answer names no job.".into());
        Err(self.error(
            ProviderClass::Unknown,
            &format!("{} took the request and made no sense: {said} {UNKNOWN}", self.provider.title()),
            Some(answer.beginning()),
        ))
    }

    /// An answer to a question that makes no sense; the next one may.
    #[must_use]
    pub fn unreadable(&self, answer: &Answer, what: &str) -> ProviderError {
        let message = format!("{} gave an answer that cannot be read: {what}.", self.provider.title());
        self.error(ProviderClass::Transient(None), &message, Some(answer.beginning()))
    }

    /// There is more of a clip than is taken.
    #[must_use]
    pub fn too_large(&self, largest: u64) -> ProviderError {
        self.no_clip(&format!("it is larger than {}, which REELGRAPH_MAX_UPLOAD_BYTES allows", size(largest)))
    }

    /// What came from the clip's address is none, or not all of one.
    #[must_use]
    pub fn no_clip(&self, what: &str) -> ProviderError {
        let message = format!("The clip could not be fetched from {}: {what}.", self.provider.title());
        self.error(ProviderClass::Transient(None), &message, None)
    }

    /// The request asks for what this provider cannot do; it is not sent. `what` is a sentence.
    #[must_use]
    pub fn not_offered(&self, what: &str) -> ProviderError {
        self.error(ProviderClass::Rejected, what, None)
    }

    /// A word of the provider's that is not known, as it can be shown.
    #[must_use]
    pub fn word(&self, word: &str) -> String {
        redact::reason(word, &self.key)
    }

    fn error(&self, class: ProviderClass, message: &str, raw: Option<&[u8]>) -> ProviderError {
        let raw = raw.map(|body| redact::keep(body, &self.key)).filter(|raw| !raw.is_empty());
        ProviderError { class, message: redact::redact(message, &self.key), raw }
    }

    /// The provider's words as a sentence.
    fn reason(&self, message: &str) -> String {
        let mut reason = redact::reason(message, &self.key);
        if !reason.ends_with(['.', '!', '?', '…', '。']) {
            reason.push('.');
        }
        reason
    }

    fn words(&self, class: ProviderClass, reason: &str, daily: bool, status: u16) -> String {
        let (title, key) = (self.provider.title(), self.key_setting());
        match class {
            ProviderClass::NotReached => format!("{title} could not be reached: {reason}"),
            ProviderClass::Busy(Some(wait)) => {
                format!("{title} takes no more requests for now and asks to wait {} s: {reason}", wait.as_secs_f64().ceil())
            }
            ProviderClass::Busy(None) => format!("{title} takes no more requests for now: {reason}"),
            ProviderClass::Transient(_) => format!("{title} could not answer this time: {reason}"),
            ProviderClass::Rejected => format!("{title} refused the request: {reason}"),
            ProviderClass::Moderated => {
                format!("{title}'s moderation refused this: {reason} Change the prompt or the picture, or take another provider.")
            }
            ProviderClass::NoCredit if daily => {
                format!("The quota for today at {title} is used up: {reason} Wait for tomorrow, raise it there, or take another provider.")
            }
            ProviderClass::NoCredit => {
                format!("The account at {title} has no credit left: {reason} Add some there, or take another provider.")
            }
            ProviderClass::BadKey if status == 403 => {
                format!(
                    "{title} does not allow this with the key in {key}: {reason} Check the key's rights, or set another and restart the server."
                )
            }
            ProviderClass::BadKey => format!("{title} does not accept the key in {key}: {reason} Set a valid one and restart the server."),
            ProviderClass::ModelRetired => format!("{title} does not offer this model, or no longer: {reason} Take another model."),
            ProviderClass::Failed => format!("{title} took the job and could not make the clip: {reason}"),
            ProviderClass::NotKnown => format!("{title} does not know this: {reason}"),
            ProviderClass::Expired => format!("{title} no longer has this: {reason}"),
            ProviderClass::Unknown => format!("{title} did not say what became of the request: {reason} {UNKNOWN}"),
        }
    }
}

/// A number of bytes in the words of a sentence.
fn size(bytes: u64) -> String {
    match bytes {
        0..1_048_576 => format!("{bytes} bytes"),
        bytes => format!("{} MiB", bytes >> 20),
    }
}

/// Ends every message about an unknown outcome.
const UNKNOWN: &str = "The request may have arrived and may be paid for, so it is not sent again by itself.";

/// Of a refused paid request. Only what surely made nothing is anything but unknown.
fn create_class(answer: &Answer, fault: &Fault, wait: Option<Duration>) -> ProviderClass {
    let asks_for_no_retry = answer.headers.get("x-should-retry").is_some_and(|value| value.as_bytes() == b"false");
    match answer.status.as_u16() {
        // These repeat the request elsewhere, unlike 302 and 303, which may follow upon a success (RFC 9110, 15.4).
        301 | 307 | 308 => ProviderClass::Rejected,
        // 499 is Google's and nginx's word for a connection that closed early.
        300..=399 | 408 | 409 | 499 | 500.. => ProviderClass::Unknown,
        402 => ProviderClass::NoCredit,
        429 if fault.is_no_credit() || asks_for_no_retry => ProviderClass::NoCredit,
        429 => ProviderClass::Busy(wait),
        status => fault_class(fault).unwrap_or(match status {
            404 if fault.says_any(&["model"]) => ProviderClass::ModelRetired,
            410 => ProviderClass::ModelRetired,
            401 | 403 if !fault.page => ProviderClass::BadKey,
            _ => ProviderClass::Rejected,
        }),
    }
}

/// Of a refused paid request, by what its body says.
fn fault_class(fault: &Fault) -> Option<ProviderClass> {
    let classes = [
        (fault.is_no_credit(), ProviderClass::NoCredit),
        (fault.is_bad_key(), ProviderClass::BadKey),
        (fault.is_moderation(), ProviderClass::Moderated),
        (fault.is_retired(), ProviderClass::ModelRetired),
    ];
    classes.into_iter().find_map(|(is_so, class)| is_so.then_some(class))
}

/// Of a question that was refused: a job that is paid for is given up only where the provider itself says that it is gone.
fn question_class(status: StatusCode, fault: &Fault, wait: Option<Duration>) -> ProviderClass {
    match status.as_u16() {
        _ if fault.page => ProviderClass::Transient(wait),
        410 => ProviderClass::Expired,
        // A gateway that has just taken a job, or was started anew, may not know it for a while.
        404 => ProviderClass::NotKnown,
        400 if fault.says_any(&["invalid interaction name"]) => ProviderClass::NotKnown,
        // Seen at Google for a job that was running and paid for.
        400..=403 if fault.says_any(&["multiple authentication credentials"]) || fault.is_no_credit() => ProviderClass::Transient(wait),
        400..=403 if fault.is_bad_key() => ProviderClass::BadKey,
        400 | 403 | 422 if fault.is_moderation() => ProviderClass::Moderated,
        401 | 403 => ProviderClass::BadKey,
        _ => ProviderClass::Transient(wait),
    }
}

/// Of a clip's address.
fn download_class(status: StatusCode, fault: &Fault, with_key: bool, wait: Option<Duration>) -> ProviderClass {
    match status.as_u16() {
        404 | 410 => ProviderClass::Expired,
        // An address that is signed refuses with these once its time is over.
        401 | 403 if !with_key => ProviderClass::Expired,
        // Google's words for a file that is gone.
        403 if fault.says_any(&["may not exist"]) => ProviderClass::Expired,
        400..=403 if fault.is_bad_key() => ProviderClass::BadKey,
        401 | 403 if !fault.page => ProviderClass::BadKey,
        _ => ProviderClass::Transient(wait),
    }
}

#[cfg(test)]
#[path = "failures_tests.rs"]
mod tests;
