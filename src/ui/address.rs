//! Which page stands at which address, and what an address asks of its page: the same answer on the server and in the browser.
//!
//! Every page is a document of its own. A page's code is then loaded with that page, and the builder does not carry the lists.

use leptos::prelude::*;

use super::browser::page;
use crate::domain::WorkflowId;

/// The addresses of the pages, as the server's router writes them.
pub const PATHS: [&str; 5] = ["/", "/jobs", "/spend", "/workflows/new", "/workflows/{id}"];

/// A page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Page {
    /// `/`: the workflows.
    Workflows,
    /// `/jobs`: what runs and waits.
    Jobs,
    /// `/spend`: what was paid.
    Spend,
    /// `/workflows/new`: an empty builder.
    NewBuilder,
    /// `/workflows/{id}`: a stored workflow. None where that is no id.
    Builder(Option<WorkflowId>),
    /// Nothing stands there.
    Nothing,
}

impl Page {
    /// The page at the present address.
    #[must_use]
    pub fn here() -> Self {
        Self::at(&path())
    }

    fn at(path: &str) -> Self {
        match path {
            "/" => Self::Workflows,
            "/jobs" => Self::Jobs,
            "/spend" => Self::Spend,
            "/workflows/new" => Self::NewBuilder,
            path => match path.strip_prefix("/workflows/") {
                Some(id) if !id.is_empty() && !id.contains('/') => Self::Builder(id.parse().ok()),
                _ => Self::Nothing,
            },
        }
    }
}

/// The path of the present address.
#[must_use]
pub fn path() -> String {
    match use_context::<http::request::Parts>() {
        Some(request) => request.uri.path().to_owned(),
        None => page::path(),
    }
}

/// What the present address says for `name`.
#[must_use]
pub fn query(name: &str) -> Option<String> {
    let text = match use_context::<http::request::Parts>() {
        Some(request) => request.uri.query().unwrap_or_default().to_owned(),
        None => page::query(),
    };
    form_urlencoded::parse(text.as_bytes()).find_map(|(key, value)| (key == name).then(|| value.into_owned()))
}

/// `path`, asked with those of the pairs that have a value.
#[must_use]
pub fn with_query(path: &str, pairs: &[(&str, Option<&str>)]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in pairs {
        if let Some(value) = value {
            query.append_pair(name, value);
        }
    }
    let query = query.finish();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_its_page() {
        assert_eq!(Page::at("/"), Page::Workflows);
        assert_eq!(Page::at("/jobs"), Page::Jobs);
        assert_eq!(Page::at("/spend"), Page::Spend);
        assert_eq!(Page::at("/workflows/new"), Page::NewBuilder);
        let id = "0198f2c4-6f0a-7cc3-98c4-dc0c0c07398f";
        assert_eq!(Page::at(&format!("/workflows/{id}")), Page::Builder(id.parse().ok()));
        assert_ne!(Page::at(&format!("/workflows/{id}")), Page::Builder(None));
        assert_eq!(Page::at("/workflows/nonsense"), Page::Builder(None), "the builder says that there is no such workflow");
        for path in ["", "/job", "/jobs/", "/workflows", "/workflows/", "/workflows/a/b"] {
            assert_eq!(Page::at(path), Page::Nothing, "{path}");
        }
    }

    #[test]
    fn a_value_of_any_letters_fits_into_an_address() {
        assert_eq!(with_query("/", &[("status", None), ("q", None)]), "/");
        assert_eq!(with_query("/jobs", &[("status", Some("saved")), ("q", Some("雨 & fog"))]), "/jobs?status=saved&q=%E9%9B%A8+%26+fog");
    }
}
