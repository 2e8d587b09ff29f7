//! How long a provider asks to be left alone: the headers and the bodies that say so.

use std::time::{Duration, SystemTime};

use http::HeaderMap;
use serde_json::Value;

/// The longest wait that is believed.
const LONGEST: Duration = Duration::from_hours(24);

/// The wait that an answer's headers ask for: `retry-after-ms`, else `Retry-After` in seconds or as an HTTP date (RFC 9110, 10.2.3).
#[must_use]
pub(super) fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    millis(headers, "retry-after-ms").or_else(|| {
        let text = text(headers, "retry-after")?;
        text.parse().ok().and_then(seconds).or_else(|| {
            let moment = httpdate::parse_http_date(text).ok()?;
            // A moment that has passed asks for no wait.
            Some(moment.duration_since(now).unwrap_or_default().min(LONGEST))
        })
    })
}

/// When to ask again for a job that is not done: `openai-poll-after-ms`, else as [`retry_after`].
#[must_use]
pub(super) fn poll_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    millis(headers, "openai-poll-after-ms").or_else(|| retry_after(headers, now))
}

/// The wait in the `details` of a Google error: `{"@type": "…google.rpc.RetryInfo", "retryDelay": "34s"}`.
#[must_use]
pub(super) fn retry_info(details: &Value) -> Option<Duration> {
    let delay = details.as_array()?.iter().find_map(|detail| detail.get("retryDelay")?.as_str())?;
    seconds(delay.strip_suffix('s')?.parse().ok()?)
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    Some(headers.get(name)?.to_str().ok()?.trim())
}

fn millis(headers: &HeaderMap, name: &str) -> Option<Duration> {
    seconds(text(headers, name)?.parse::<f64>().ok()? / 1000.0)
}

fn seconds(seconds: f64) -> Option<Duration> {
    (seconds >= 0.0).then(|| Duration::from_secs_f64(seconds.min(LONGEST.as_secs_f64())))
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (http::HeaderName::from_static(name), value.parse().unwrap())).collect()
    }

    #[test]
    fn every_form_of_a_wait_is_read() {
        let now = httpdate::parse_http_date("Sun, 22 Nov 2026 10:00:00 GMT").unwrap();
        let wait = |pairs: &[_]| retry_after(&headers(pairs), now).map(|wait| wait.as_millis());
        assert_eq!(wait(&[("retry-after", "6")]), Some(6000));
        assert_eq!(wait(&[("retry-after", "6"), ("retry-after-ms", "250")]), Some(250));
        assert_eq!(wait(&[("retry-after", "Sun, 22 Nov 2026 10:01:30 GMT")]), Some(90_000));
        assert_eq!(wait(&[("retry-after", "Sun, 22 Nov 2026 09:00:00 GMT")]), Some(0));
        assert_eq!(wait(&[("retry-after", "1e300")]), Some(LONGEST.as_millis()));
        for nonsense in ["-1", "NaN", "soon", ""] {
            assert_eq!(wait(&[("retry-after", nonsense)]), None, "{nonsense}");
        }
    }

    #[test]
    fn the_hint_for_the_next_question_and_googles_delay_are_read() {
        assert_eq!(poll_after(&headers(&[("openai-poll-after-ms", "2000")]), SystemTime::now()), Some(Duration::from_secs(2)));
        assert_eq!(poll_after(&headers(&[]), SystemTime::now()), None);
        let details = json!([{ "@type": "type.googleapis.com/google.rpc.QuotaFailure" }, { "retryDelay": "34.5s" }]);
        assert_eq!(retry_info(&details), Some(Duration::from_millis(34_500)));
        assert_eq!(retry_info(&json!([{ "retryDelay": 34 }])), None);
    }
}
