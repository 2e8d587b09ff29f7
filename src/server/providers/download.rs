//! Fetches a clip: to the file piece by piece, redirects followed by hand, and only what begins like a video is kept.

use std::path::Path;

use http::{Method, StatusCode, header};
use reqwest::{Response, Url};
use tokio::{fs::File, io::AsyncWriteExt};

use super::{
    api::{Clip, Result},
    endpoint::Endpoint,
    failures::Call,
    http as client,
};
use crate::server::error::ProviderError;

/// The most redirects that are followed.
const MOST_REDIRECTS: usize = 5;

/// The largest clip that is fetched, in bytes: far above any that is made, so that an answer without an end does not fill the disk.
const LARGEST_CLIP: u64 = 4 * 1024 * 1024 * 1024;

/// Bytes by which a video is known.
const SIGNATURE: usize = 8;

impl Endpoint {
    /// Writes the clip to `output`.
    ///
    /// The key is sent only while scheme, host and port are the base URL's, and never again after a redirect has led elsewhere.
    ///
    /// # Errors
    /// See [`download`](super::api::VideoApi::download).
    pub async fn download(&self, clip: &Clip, output: &Path) -> Result<()> {
        match clip {
            Clip::Inline(bytes) if is_video(bytes) => tokio::fs::write(output, bytes).await.map_err(|error| self.not_written(&error)),
            Clip::Inline(_) => Err(self.failures.no_clip("what its answer holds is no video")),
            Clip::At(address) => {
                let response = self.open(address).await?;
                self.save(response, output).await
            }
        }
    }

    /// The answer that has the clip, after all redirects.
    async fn open(&self, address: &str) -> Result<Response> {
        let mut url = self.base().join(address).map_err(|_| self.failures.no_clip("its address cannot be read"))?;
        let mut with_key = true;
        for _ in 0..=MOST_REDIRECTS {
            if !matches!(url.scheme(), "http" | "https") {
                return Err(self.failures.no_clip("its address is neither http nor https"));
            }
            with_key &= self.is_own(&url);
            let call = Call::Download { with_key };
            let request =
                if with_key { self.request(Method::GET, url.clone()) } else { self.request_without_key(Method::GET, url.clone()) };
            let response = request.send().await.map_err(|error| self.failures.broken(call, &client::broken(error)))?;
            if response.status() == StatusCode::OK {
                return Ok(response);
            }
            match next(&url, &response) {
                Some(next) => url = next,
                None if response.status().is_success() => return Err(self.failures.no_clip("it is not ready yet")),
                None => {
                    let answer = client::read(response).await.map_err(|broken| self.failures.broken(call, &broken))?;
                    return Err(self.failures.refused(call, &answer));
                }
            }
        }
        Err(self.failures.no_clip("its address leads from one place to the next without an end"))
    }

    async fn save(&self, mut response: Response, output: &Path) -> Result<()> {
        let call = Call::Download { with_key: false };
        let promised = response.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
        let mut file = File::create(output).await.map_err(|error| self.not_written(&error))?;
        let (mut written, mut begin) = (0_u64, Vec::with_capacity(SIGNATURE));
        loop {
            let chunk = match response.chunk().await {
                Ok(Some(chunk)) => chunk,
                Ok(None) => break,
                Err(error) => {
                    // What has come so far is looked at where no more ever comes.
                    file.flush().await.map_err(|error| self.not_written(&error))?;
                    return Err(self.failures.broken(call, &client::broken(error)));
                }
            };
            if begin.len() < SIGNATURE {
                begin.extend(chunk.iter().take(SIGNATURE - begin.len()));
                if begin.len() == SIGNATURE && !is_video(&begin) {
                    return Err(self.failures.no_clip("what is there is no video"));
                }
            }
            written += chunk.len() as u64;
            if written > LARGEST_CLIP {
                return Err(self.failures.no_clip("it is larger than any clip"));
            }
            file.write_all(&chunk).await.map_err(|error| self.not_written(&error))?;
        }
        file.flush().await.map_err(|error| self.not_written(&error))?;
        match promised {
            Some(promised) if promised != written => Err(self.failures.no_clip("it broke off")),
            _ if !is_video(&begin) => Err(self.failures.no_clip("what is there is no video")),
            _ => Ok(()),
        }
    }

    fn not_written(&self, error: &std::io::Error) -> ProviderError {
        self.failures.no_clip(&format!("the file could not be written ({error})"))
    }
}

/// Where a redirect leads.
fn next(url: &Url, response: &Response) -> Option<Url> {
    let follows = matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308);
    let place = response.headers().get(header::LOCATION)?.to_str().ok()?;
    follows.then(|| url.join(place).ok())?
}

/// Whether a file that begins so is a video: ISO BMFF (ISO/IEC 14496-12: `ftyp` is the first box) or EBML, which Matroska and WebM
/// are (RFC 8794, 11.2.1).
fn is_video(begin: &[u8]) -> bool {
    begin.get(4..SIGNATURE) == Some(b"ftyp") || begin.starts_with(&[0x1a, 0x45, 0xdf, 0xa3])
}

#[cfg(test)]
#[path = "download_tests.rs"]
mod tests;
