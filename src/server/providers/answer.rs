//! A provider's answer: the beginning of every one is held in memory, and one that is longer than that goes on into a file.

use std::{io, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use reqwest::Response;
use serde_json::Value;
use tokio::{
    io::AsyncWriteExt,
    time::{Instant, timeout_at},
};

use super::{
    body::Body,
    broken::Broken,
    inline::Inline,
    outline::NoOutline,
    spool::{IN_MEMORY, Spool},
};

/// The most that is read of a refusal, in bytes.
pub(super) const LARGEST_REFUSAL: usize = 128 * 1024;

/// How long the part of an answer may take that is spooled.
const SPOOLING: Duration = Duration::from_mins(30);

/// A whole answer.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body; of a refusal at least its beginning.
    pub body: Body,
}

impl Answer {
    /// Reads an answer, of which the part that is held in memory has to come `until` then.
    ///
    /// # Errors
    /// Where a success broke off, is longer than any that is read, or could not be spooled.
    pub async fn read(mut response: Response, until: Instant, spool: &Spool) -> Result<Self, Broken> {
        let status = response.status();
        let headers = std::mem::take(response.headers_mut());
        let refused = !status.is_success();
        let mut body = Vec::new();
        loop {
            let piece = timeout_at(until, response.chunk()).await;
            match piece.map_err(|_| Broken::TimedOut).and_then(|piece| Ok(piece?)) {
                Ok(Some(piece)) => body.extend_from_slice(&piece),
                Ok(None) => break,
                Err(_) if refused => break,
                Err(error) => return Err(error),
            }
            if refused && body.len() >= LARGEST_REFUSAL {
                break;
            }
            if body.len() as u64 > IN_MEMORY {
                return Ok(Self { status, headers, body: spooled(body, response, spool).await? });
            }
        }
        Ok(Self { status, headers, body: Body::Held(body.into()) })
    }

    /// The body as JSON; see [`Body::json`].
    ///
    /// # Errors
    /// Where it is none.
    pub fn json(&self) -> Result<Value, NoOutline> {
        self.body.json()
    }

    /// The beginning of the body, at the least of what is read of a refusal.
    #[must_use]
    pub fn beginning(&self) -> &[u8] {
        self.body.beginning()
    }

    /// The clip that stands in the answer at a JSON pointer, where `text`, the beginning of what stands there, may be one's.
    #[must_use]
    pub fn clip(&self, text: &str, pointer: String) -> Option<Inline> {
        Inline::found(&self.body, text, pointer)
    }
}

/// Spools what has come of a body and the rest of it.
async fn spooled(begun: Vec<u8>, mut response: Response, spool: &Spool) -> Result<Body, Broken> {
    let until = Instant::now() + SPOOLING;
    let longest = spool.longest_answer();
    let folder = spool.clone();
    let (file, path) = blocking(move || Ok(folder.file()?.into_parts())).await?;
    let mut file = tokio::fs::File::from_std(file);
    let beginning = Bytes::copy_from_slice(&begun[..LARGEST_REFUSAL]);
    let mut length = begun.len() as u64;
    file.write_all(&begun).await.map_err(not_spooled)?;
    drop(begun);
    while let Some(piece) = timeout_at(until, response.chunk()).await.map_err(|_| Broken::TimedOut)?? {
        length += piece.len() as u64;
        if length > longest {
            return Err(Broken::TooLong(longest));
        }
        file.write_all(&piece).await.map_err(not_spooled)?;
    }
    file.flush().await.map_err(not_spooled)?;
    blocking(move || Body::spooled(path, beginning)).await
}

fn not_spooled(error: io::Error) -> Broken {
    Broken::NotSpooled(error.to_string())
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> Result<T, Broken> {
    tokio::task::spawn_blocking(work).await.map_err(|error| Broken::NotSpooled(error.to_string()))?.map_err(not_spooled)
}

#[cfg(test)]
#[path = "answer_tests.rs"]
mod tests;
