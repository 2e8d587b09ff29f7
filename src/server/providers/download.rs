//! Fetches a clip: to the file piece by piece, redirects followed by hand, and only what begins like a video is kept.

use std::path::Path;

use http::{Method, StatusCode, header};
use reqwest::{Response, Url};
use tokio::{fs::File, io::AsyncWriteExt};

use super::{
    api::{Clip, Result},
    endpoint::Endpoint,
    failures::Call,
    inline::{Inline, NotTaken, SIGNATURE, is_video},
};
use crate::server::error::ProviderError;

/// The most redirects that are followed.
const MOST_REDIRECTS: usize = 5;

impl Endpoint {
    /// Writes the clip to `output`.
    ///
    /// The key is sent only while scheme, host and port are the base URL's, and never again after a redirect has led elsewhere.
    ///
    /// # Errors
    /// See [`download`](super::api::VideoApi::download).
    pub async fn download(&self, clip: &Clip, output: &Path) -> Result<()> {
        match clip {
            Clip::Inline(clip) => self.take(clip, output).await,
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
            let response = request.send().await.map_err(|error| self.failures.broken(call, &error.into()))?;
            if response.status() == StatusCode::OK {
                return Ok(response);
            }
            match next(&url, &response) {
                Some(next) => url = next,
                None if response.status().is_success() => return Err(self.failures.no_clip("it is not ready yet")),
                None => {
                    let answer = self.read(call, response).await?;
                    return Err(self.failures.refused(call, &answer));
                }
            }
        }
        Err(self.failures.no_clip("its address leads from one place to the next without an end"))
    }

    async fn save(&self, mut response: Response, output: &Path) -> Result<()> {
        let call = Call::Download { with_key: false };
        let largest = self.largest_clip();
        let promised = response.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
        if promised.is_some_and(|promised| promised > largest) {
            return Err(self.failures.too_large(largest));
        }
        let (mut written, mut head, mut file) = (0_u64, Vec::new(), None);
        loop {
            let chunk = match response.chunk().await {
                Ok(Some(chunk)) => chunk,
                Ok(None) => break,
                Err(error) => {
                    // What has come so far is looked at where no more ever comes.
                    self.flush(file).await?;
                    return Err(self.failures.broken(call, &error.into()));
                }
            };
            written += chunk.len() as u64;
            if written > largest {
                drop(file);
                return Err(self.given_up(output, self.failures.too_large(largest)).await);
            }
            match &mut file {
                Some(file) => file.write_all(&chunk).await.map_err(|error| self.not_written(&error))?,
                None => {
                    head.extend_from_slice(&chunk);
                    if head.len() >= SIGNATURE {
                        file = Some(self.begin(&head, output).await?);
                    }
                }
            }
        }
        if file.is_none() {
            return Err(self.failures.no_clip("what is there is no video"));
        }
        self.flush(file).await?;
        match promised {
            Some(promised) if promised != written => Err(self.failures.no_clip("it broke off")),
            _ => Ok(()),
        }
    }

    /// Begins the file, if what it begins with is a video's: else what came before of the clip, if anything, stays.
    async fn begin(&self, head: &[u8], output: &Path) -> Result<File> {
        if !is_video(head) {
            return Err(self.failures.no_clip("what is there is no video"));
        }
        let mut file = File::create(output).await.map_err(|error| self.not_written(&error))?;
        file.write_all(head).await.map_err(|error| self.not_written(&error))?;
        Ok(file)
    }

    async fn flush(&self, file: Option<File>) -> Result<()> {
        let Some(mut file) = file else { return Ok(()) };
        file.flush().await.map_err(|error| self.not_written(&error))
    }

    /// Takes the clip out of the answer that it stands in.
    async fn take(&self, clip: &Inline, output: &Path) -> Result<()> {
        let (clip, to, largest) = (clip.clone(), output.to_path_buf(), self.largest_clip());
        let taken = tokio::task::spawn_blocking(move || clip.save(&to, largest)).await;
        match taken.unwrap_or_else(|error| Err(NotTaken::NotWritten(std::io::Error::other(error)))) {
            Ok(()) => Ok(()),
            Err(NotTaken::NotBase64) => Err(self.failures.no_clip("what its answer holds is no base64, or breaks off")),
            Err(NotTaken::NotVideo) => Err(self.failures.no_clip("what its answer holds is no video")),
            Err(NotTaken::TooLarge) => Err(self.given_up(output, self.failures.too_large(largest)).await),
            Err(NotTaken::NotWritten(error)) => Err(self.not_written(&error)),
        }
    }

    /// What came has no end, so it is no piece of a clip, and takes up the disk.
    async fn given_up(&self, output: &Path, why: ProviderError) -> ProviderError {
        match tokio::fs::remove_file(output).await {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => self.not_written(&error),
            _ => why,
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

#[cfg(test)]
#[path = "download_tests.rs"]
mod tests;
