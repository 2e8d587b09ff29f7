//! What a provider's error says, whatever its form: OpenAI's and Google's objects, Google's array, xAI's two texts, a list of
//! errors, plain text, a web page.

use std::time::Duration;

use serde_json::Value;

use super::{fields, wait};

/// Codes that mean moderation. Google's: <https://ai.google.dev/gemini-api/docs/api-errors>; the first four are others'.
const MODERATION: [&str; 15] = [
    "moderation_blocked",
    "content_policy_violation",
    "content_filter",
    "safety_check",
    "safety",
    "recitation",
    "language",
    "prohibited_content",
    "spii",
    "blocklist",
    "content_blocked",
    "image_safety",
    "image_prohibited_content",
    "image_recitation",
    "image_other",
];

/// Words that only moderation uses.
const MODERATION_WORDS: [&str; 8] = [
    "request blocked due to",
    "content moderation",
    "moderation system",
    "safety system",
    "content policy",
    "usage policies",
    "usage guidelines",
    "responsible ai",
];

/// Codes that mean that waiting does not help, money or another day does.
const NO_CREDIT: [&str; 9] = [
    "insufficient_quota",
    "insufficient_user_quota",
    "insufficient_credits",
    "insufficient_balance",
    "credit_balance_exhausted",
    "billing_hard_limit_reached",
    "billing_not_active",
    "payment_required",
    "quota_exceeded",
];

/// Words that mean the same; xAI says them with 403 and 429.
const NO_CREDIT_WORDS: [&str; 6] =
    ["any credits", "out of credits", "available credits", "spending limit", "credit balance", "insufficient credit"];

const BAD_KEY: [&str; 5] = ["invalid_api_key", "api_key_invalid", "authentication", "authentication_error", "unauthenticated"];

const BAD_KEY_WORDS: [&str; 4] = ["api key not valid", "api key expired", "incorrect api key", "invalid api key"];

const RETIRED_WORDS: [&str; 5] = ["no longer available", "does not exist", "has been retired", "has been shut down", "has been deprecated"];

/// An error as a provider tells it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Fault {
    /// Every code, type, status and reason it gives, in small letters.
    codes: Vec<String>,
    /// Its own words, as they came: secrets may stand in them.
    pub message: Option<String>,
    /// The wait that stands in the body.
    pub wait: Option<Duration>,
    /// Whether a limit for the whole day was hit.
    pub daily: bool,
    /// Whether this is a web page: whoever answered, it was not the provider's API.
    pub page: bool,
}

impl Fault {
    /// What the body of a refusal says; see [`Fault::of_answer`].
    #[must_use]
    pub fn of_body(body: &[u8], reasons: &[String]) -> Self {
        let text = String::from_utf8_lossy(body);
        let text = text.trim_start_matches('\u{feff}').trim();
        if let Ok(value) = serde_json::from_str::<Value>(text) {
            return Self::of_answer(&value, reasons);
        }
        match text {
            "" => Self::default(),
            _ if text.starts_with('<') => Self { page: true, ..Self::default() },
            _ => Self { message: Some(text.to_owned()), ..Self::default() },
        }
    }

    /// What a whole answer says of an error: `{"error": …}`, `[{"error": …}]`, `{"errors": […]}`, `{"message": …}`, `{"detail": …}`. The words
    /// at the first of the JSON pointers `reasons` that leads to some go before these; the codes of all of them count.
    #[must_use]
    pub fn of_answer(answer: &Value, reasons: &[String]) -> Self {
        let answer = answer.get(0).unwrap_or(answer);
        let within = ["error", "errors", "detail"].iter().find_map(|name| answer.get(*name).filter(|within| !within.is_null()));
        let mut fault = within.map_or_else(|| Self::of_error(answer), Self::of_error);
        // xAI's form has the code beside the error.
        if within.is_some() {
            fault.add_codes(answer);
        }
        for pointer in reasons {
            // Codes stand in the error itself, or beside the words about it.
            fault.codes_at(answer, pointer);
            fault.codes_at(answer, pointer.rsplit_once('/').map_or("", |(around, _)| around));
        }
        fault.message = reasons.iter().find_map(|pointer| fields::text(answer, pointer)).map(str::to_owned).or(fault.message);
        fault
    }

    /// The same where something else tells that moderation spoke.
    #[must_use]
    pub fn by_moderation(mut self) -> Self {
        self.codes.push("moderation_blocked".into());
        self
    }

    /// What an answer of success says of an error, where it says of one: an error that is not empty, a `success` that is none, or words or a
    /// code that are known to mean a refusal. A code that nobody knows may stand for anything, a job that was taken among it.
    #[must_use]
    pub fn of_refusal(answer: &Value, reasons: &[String]) -> Option<Self> {
        let answer = answer.get(0).unwrap_or(answer);
        let is_something = |value: &Value| match value {
            Value::Null | Value::Bool(false) => false,
            Value::String(text) => !text.trim().is_empty(),
            Value::Array(list) => !list.is_empty(),
            Value::Object(members) => !members.is_empty(),
            Value::Number(number) => number.as_i64() != Some(0),
            Value::Bool(true) => true,
        };
        let fault = Self::of_answer(answer, reasons);
        let is_known = fault.is_no_credit() || fault.is_bad_key() || fault.is_moderation() || fault.is_retired();
        let inside = reasons.iter().filter(|pointer| pointer.split('/').any(|token| token == "error"));
        let places = ["/error", "/errors"].into_iter().chain(inside.map(String::as_str));
        let is_told = places.filter_map(|place| answer.pointer(place)).any(is_something);
        (is_known || is_told || answer.get("success") == Some(&Value::Bool(false))).then_some(fault)
    }

    /// What an error itself says: an object, a text, or a list of which the first counts.
    #[must_use]
    pub fn of_error(error: &Value) -> Self {
        let error = error.get(0).unwrap_or(error);
        let mut fault = Self::default();
        fault.message = match error {
            Value::String(text) => Some(text.clone()),
            error => ["message", "msg", "detail", "error"].iter().find_map(|name| Some(error.get(*name)?.as_str()?.to_owned())),
        };
        fault.message = fault.message.filter(|message| !message.trim().is_empty());
        fault.add_codes(error);
        if let Some(details) = error.get("details") {
            fault.wait = wait::retry_info(details);
            for detail in details.as_array().into_iter().flatten() {
                fault.codes.extend(detail.get("reason").and_then(Value::as_str).map(str::to_ascii_lowercase));
                let violations = detail.get("violations").and_then(Value::as_array).into_iter().flatten();
                fault.daily |= violations.filter_map(|violation| violation.get("quotaId")?.as_str()).any(|quota| quota.contains("PerDay"));
            }
        }
        fault.daily |= fault.has("quota_exceeded");
        fault
    }

    fn codes_at(&mut self, answer: &Value, pointer: &str) {
        if let Some(error) = answer.pointer(pointer).filter(|_| !pointer.is_empty()) {
            self.add_codes(error);
        }
    }

    fn add_codes(&mut self, error: &Value) {
        let codes = ["code", "type", "status"].iter().filter_map(|name| error.get(*name)?.as_str());
        self.codes.extend(codes.map(str::to_ascii_lowercase));
    }

    fn has(&self, code: &str) -> bool {
        self.codes.iter().any(|own| own == code)
    }

    fn has_any(&self, codes: &[&str]) -> bool {
        codes.iter().any(|code| self.has(code))
    }

    /// Whether its words contain one of these, which are in small letters.
    #[must_use]
    pub fn says_any(&self, words: &[&str]) -> bool {
        let message = self.message.as_deref().unwrap_or_default().to_lowercase();
        words.iter().any(|word| message.contains(word))
    }

    /// Whether moderation speaks.
    #[must_use]
    pub fn is_moderation(&self) -> bool {
        self.has_any(&MODERATION) || self.says_any(&MODERATION_WORDS) || self.message.as_deref().is_some_and(is_blocked_by_policy)
    }

    /// Whether the account is out of money, or out of a quota that does not come back by waiting.
    #[must_use]
    pub fn is_no_credit(&self) -> bool {
        self.daily || self.has_any(&NO_CREDIT) || self.says_any(&NO_CREDIT_WORDS)
    }

    /// Whether the key is not accepted.
    #[must_use]
    pub fn is_bad_key(&self) -> bool {
        self.has_any(&BAD_KEY) || self.says_any(&BAD_KEY_WORDS)
    }

    /// Whether the model is not offered, or no longer.
    #[must_use]
    pub fn is_retired(&self) -> bool {
        self.has("model_not_found") || (self.says_any(&["model"]) && self.says_any(&RETIRED_WORDS))
    }
}

/// Whether a sentence has the word "blocked" and after it one of "safety", "policy", "policies".
fn is_blocked_by_policy(message: &str) -> bool {
    message.to_lowercase().split('.').any(|sentence| {
        let mut words = sentence.split(|letter: char| !letter.is_alphanumeric());
        words.any(|word| word == "blocked") && words.any(|word| matches!(word, "safety" | "policy" | "policies"))
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn fault(body: &str) -> Fault {
        Fault::of_body(body.as_bytes(), &[])
    }

    #[test]
    fn the_message_is_found_in_every_form() {
        for body in [
            r#"{"error":{"message":"No.","type":"t","param":null,"code":null}}"#,
            r#"[{"error":{"code":400,"message":"No.","status":"INVALID_ARGUMENT","details":[]}}]"#,
            r#"{"error":"No."}"#,
            r#"{"code":"Client specified an invalid argument","error":"No."}"#,
            r#"{"errors":[{"code":"api_error","message":"No."}]}"#,
            r#"{"detail":"No."}"#,
            r#"{"detail":[{"loc":["body","seconds"],"msg":"No."}]}"#,
            r#"{"message":"No."}"#,
            "\u{feff} No.\n",
        ] {
            assert_eq!(fault(body).message.unwrap(), "No.", "{body}");
        }
        for body in ["", "{}", "[]", "null", r#"{"error":null}"#, r#"{"error":{"message":" "}}"#] {
            assert_eq!(fault(body).message, None, "{body}");
        }
        let page = fault("<!doctype html><title>502</title>");
        assert!(page.page && page.message.is_none());
    }

    #[test]
    fn what_it_means_is_told_by_code_or_by_words() {
        for body in [
            r#"{"error":{"code":"invalid_request","message":"Request blocked due to safety policy."}}"#,
            r#"{"errors":[{"code":"prohibited_content","message":"x"}]}"#,
            r#"{"error":{"code":"moderation_blocked","message":"Your request was blocked by our moderation system."}}"#,
            r#"{"error":"The prompt was blocked under our policies"}"#,
        ] {
            assert!(fault(body).is_moderation(), "{body}");
        }
        for body in
            [r#"{"error":"The road is blocked. Safety first."}"#, r#"{"error":"policy: not blocked"}"#, r#"{"error":"unblocked safety"}"#]
        {
            assert!(!fault(body).is_moderation(), "{body}");
        }
        let invalid = r#"[{"error":{"code":400,"message":"x","details":[{"reason":"API_KEY_INVALID"}]}}]"#;
        assert!(fault(invalid).is_bad_key());
        assert!(!fault(r#"{"error":"Multiple authentication credentials received."}"#).is_bad_key());
        assert!(fault(r#"{"error":"This model models/veo-3.1 is no longer available."}"#).is_retired());
        assert!(!fault(r#"{"error":"The prompt names a model"}"#).is_retired());
    }

    #[test]
    fn a_success_that_tells_of_an_error_is_a_refusal() {
        let refusal = |body: &str| Fault::of_refusal(&serde_json::from_str(body).unwrap(), &[]);
        for body in [
            r#"{"error":{"message":"Insufficient credits","code":"insufficient_quota"}}"#,
            r#"{"success":false,"message":"insufficient credits"}"#,
            r#"{"code":"insufficient_quota","message":"No."}"#,
            r#"{"code":402,"msg":"out of credits","data":null}"#,
            r#"[{"error":{"message":"Out of credits."}}]"#,
        ] {
            assert!(refusal(body).is_some_and(|fault| fault.is_no_credit()), "{body}");
        }
        for body in [
            "{}",
            r#"{"message":"Queued."}"#,
            r#"{"code":0,"message":"SUCCEED"}"#,
            r#"{"code":"success","message":"","data":{}}"#,
            r#"{"status":"submitted","message":"Submitted."}"#,
            r#"{"error":null,"errors":[],"status":"queued"}"#,
            r#"{"error":0,"code":10000,"message":"accepted"}"#,
            r#"{"code":"A0000","message":"taken"}"#,
        ] {
            assert_eq!(refusal(body), None, "{body}");
        }
    }

    #[test]
    fn a_limit_a_minute_is_told_from_a_limit_a_day() {
        let limited = |quota: &str| {
            fault(&format!(
                r#"{{"error":{{"code":429,"message":"You exceeded your current quota","status":"RESOURCE_EXHAUSTED","details":[
                {{"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[{{"quotaId":"{quota}"}}]}},
                {{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"34s"}}]}}}}"#
            ))
        };
        let minute = limited("GenerateRequestsPerMinutePerProjectPerModel");
        assert!(!minute.is_no_credit() && minute.wait == Some(Duration::from_secs(34)));
        assert!(limited("GenerateRequestsPerDayPerProjectPerModel").is_no_credit());
        assert!(fault(r#"{"error":{"code":"quota_exceeded","message":"x"}}"#).daily);
    }
}
