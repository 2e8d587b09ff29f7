//! Why there is no answer.

use std::error::Error as _;

/// Why there is no answer. Its texts name no address, so no key in one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Broken {
    /// No connection stood, so nothing was sent.
    NotReached(String),
    /// The proxy let no connection through, so nothing was sent.
    NotLetThrough(String),
    /// The request could not even be written down, so nothing was sent.
    Unsendable(String),
    /// Nothing came for too long.
    TimedOut,
    /// The connection broke; what had been sent by then nobody knows.
    Lost(String),
    /// The answer is longer than so many bytes, the most that is read of one.
    TooLong(u64),
    /// The answer is too long for memory and could not be written to the disk.
    NotSpooled(String),
}

/// What an error of the client means.
impl From<reqwest::Error> for Broken {
    fn from(error: reqwest::Error) -> Self {
        // An error's own text holds the address.
        let cause = innermost(&error);
        if error.is_connect() && is_of_tunnel(&error) {
            Self::NotLetThrough(cause)
        } else if error.is_connect() {
            Self::NotReached(cause)
        } else if error.is_builder() {
            Self::Unsendable(cause)
        } else if error.is_timeout() {
            Self::TimedOut
        } else {
            Self::Lost(cause)
        }
    }
}

/// Whether it was the way through a proxy that failed. The library keeps the type of this error to itself.
fn is_of_tunnel(error: &reqwest::Error) -> bool {
    std::iter::successors(error.source(), |cause| (*cause).source()).any(|cause| cause.to_string().starts_with("tunnel error"))
}

/// The cause of all; an error's own text holds the address.
pub(super) fn innermost(error: &reqwest::Error) -> String {
    let Some(mut cause) = error.source() else { return "no more is known".into() };
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}
