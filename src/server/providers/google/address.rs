//! Where things are at Google: the paths of the API, the forms of a job's name, and the bytes of a file.

use reqwest::Url;

use crate::server::providers::endpoint::Endpoint;

/// The version of the API, the first segment of every path.
pub(super) const VERSION: &str = "v1beta";

/// The address of a path, given by its segments.
pub(super) fn url<'a>(endpoint: &Endpoint, path: impl IntoIterator<Item = &'a str>) -> Url {
    endpoint.url(std::iter::once(VERSION).chain(path))
}

/// Whether a job is one of Veo's, which are named `models/{model}/operations/{id}`. Omni's names have no slash.
#[must_use]
pub(super) fn is_veo(job: &str) -> bool {
    job.contains("operations/")
}

/// Where the bytes of a file are. A key in the address would be a second credential, which Google refuses.
#[must_use]
pub(super) fn media_address(uri: &str) -> String {
    let Ok(mut url) = Url::parse(uri) else { return uri.to_owned() };
    if !url.path().contains("/files/") {
        return uri.to_owned();
    }
    let mut pairs: Vec<(String, String)> = url.query_pairs().into_owned().filter(|(name, _)| name != "key").collect();
    if !pairs.iter().any(|(name, _)| name == "alt") {
        pairs.push(("alt".into(), "media".into()));
    }
    url.query_pairs_mut().clear().extend_pairs(pairs);
    url.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_of_a_file_asks_for_its_bytes_and_holds_no_key() {
        let file = "https://generativelanguage.googleapis.com/v1beta/files/abc:download";
        assert_eq!(media_address(&format!("{file}?alt=media")), format!("{file}?alt=media"));
        assert_eq!(media_address(file), format!("{file}?alt=media"));
        assert_eq!(media_address(&format!("{file}?key=secret&alt=media")), format!("{file}?alt=media"));
        for other in ["https://cdn.example/clip.mp4?sig=1", "gs://bucket/clip.mp4", "no address"] {
            assert_eq!(media_address(other), other);
        }
    }
}
