//! What an answer says, whoever gave it: the server, or something between it and the page. What is not the server's is never shown as it is,
//! and never taken for an answer: HTML of a proxy, the sign-in page of a network, nothing at all.

use serde::de::DeserializeOwned;

use crate::domain::{ApiError, ErrorKind, error::Problem};

/// Reads an answer of that status.
///
/// # Errors
/// What the server says went wrong; else what the status tells of whoever answered in its place.
pub fn read<T: DeserializeOwned>(status: u16, text: &str) -> Result<T, ApiError> {
    if !(200..300).contains(&status) {
        return Err(refused(status, text));
    }
    serde_json::from_str(text).map_err(|_| {
        // A network's sign-in page is given with 200 in place of what was asked for. A server of another version may be meant too.
        ApiError::new(
            ErrorKind::Unavailable,
            "The answer was not this server's, or is of another version of it. If the network wants you to sign in, do so in another tab; \
             if it stays so, reload the page.",
        )
    })
}

/// The error that an answer of that status tells.
#[must_use]
pub fn refused(status: u16, text: &str) -> ApiError {
    if let Ok(problem) = serde_json::from_str::<Problem>(text) {
        let kind = problem.r#type.rsplit(':').next().and_then(|name| serde_json::from_value(name.into()).ok());
        let mut error = ApiError::new(kind.unwrap_or(ErrorKind::Invalid), problem.detail).with_errors(problem.errors);
        error.workflows = problem.workflows;
        return error;
    }
    // Server functions answer in their own words.
    if let Ok(error) = serde_json::from_str::<ApiError>(text) {
        return error;
    }
    let (kind, message) = match status {
        413 => (
            ErrorKind::TooLarge,
            "The proxy in front of the server refused this: it is larger than it lets through. Whoever keeps the proxy can raise its limit \
             for the size of a request.",
        ),
        401 | 403 => (
            ErrorKind::Forbidden,
            "Something in front of the server refused this: a proxy, or the network. Sign in there in another tab, or ask whoever keeps it.",
        ),
        407 | 511 => (ErrorKind::Unavailable, "The network wants you to sign in before it lets anything through. Do so in another tab."),
        408 | 425 | 429 => (ErrorKind::Unavailable, "The proxy in front of the server lets nothing more through for now."),
        // A proxy speaks for a server that is away.
        500.. => (ErrorKind::Unavailable, "The server could not be reached: the proxy in front of it says that it is away."),
        _ => return ApiError::new(ErrorKind::Internal, format!("Something in front of the server refused this, with status {status}.")),
    };
    ApiError::new(kind, message)
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use super::*;

    const HTML: &str = "<html><head><title>413 Request Entity Too Large</title></head><body>nginx</body></html>";

    #[test]
    fn what_is_not_the_servers_is_never_shown() {
        for text in [HTML, "", "{}", "null", "[]", "upstream error"] {
            for status in [200, 204, 302, 304, 400, 401, 403, 404, 407, 408, 413, 414, 418, 429, 431, 500, 502, 503, 504, 511, 520] {
                let Err(error) = read::<Vec<String>>(status, text) else {
                    assert_eq!((status / 100, text), (2, "[]"));
                    continue;
                };
                assert!(!error.message.contains(['<', '{']) && error.message.ends_with('.'), "{status}: {}", error.message);
            }
        }
    }

    #[test]
    fn a_proxy_s_refusal_is_final_and_its_pause_is_not() {
        let kind = |status| refused(status, HTML).kind;
        assert_eq!(kind(413), ErrorKind::TooLarge);
        for status in [408, 429, 502, 503, 504, 511, 520] {
            assert!(kind(status).is_passing(), "{status}");
        }
        for status in [400, 403, 404, 413, 431] {
            assert!(!kind(status).is_passing(), "{status}");
        }
        assert!(read::<Vec<String>>(200, HTML).unwrap_err().kind.is_passing(), "after the sign-in it works again");
        assert!(read::<Vec<String>>(200, "").unwrap_err().kind.is_passing());
    }

    #[test]
    fn the_servers_own_words_stay_in_both_forms() {
        let error = ApiError::invalid("/name", "A name has 200 letters at most.");
        assert_eq!(refused(422, &serde_json::to_string(&error).unwrap()), error);
        assert_eq!(refused(422, &serde_json::to_string(&Problem::from(error.clone())).unwrap()), error);
        let large = ApiError::new(ErrorKind::TooLarge, "The file is larger than this server takes.");
        assert_eq!(refused(413, &serde_json::to_string(&Problem::from(large.clone())).unwrap()), large);
    }
}
