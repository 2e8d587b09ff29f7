//! Lists over HTTP: what filters them, the fields of a page that each takes, and the way to the next page.

use axum::{
    Json,
    extract::{FromRequestParts, OriginalUri},
    http::{HeaderName, Uri, header, request::Parts},
    response::IntoResponse,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use utoipa::{
    IntoParams,
    openapi::{
        Object,
        path::{Parameter, ParameterBuilder, ParameterIn},
    },
};

use super::{
    extract::{pairs, read_pairs},
    problem::Failed,
};
use crate::domain::{
    ApiError,
    page::{Cursor, Filter, Page, PageRequest, Sort, SortError},
};

/// How many rows of a page cannot be read and are left out.
const UNREADABLE: HeaderName = HeaderName::from_static("x-unreadable-rows");

/// What a list is asked with; a wrong value or an unknown field is 422 with its name.
#[derive(Debug)]
pub struct List<F> {
    /// Which rows.
    pub filter: F,
    /// Which page of them.
    pub page: PageRequest,
    uri: Uri,
}

/// The fields that each list takes beside its filter's.
#[derive(Debug, Deserialize)]
struct PageQuery {
    limit: Option<u32>,
    cursor: Option<String>,
    sort: Option<String>,
}

impl PageQuery {
    /// Whether a field is one of these; a list in one order takes no `sort`.
    fn has<F: Filter>(field: &str) -> bool {
        matches!(field, "limit" | "cursor") || (field == "sort" && !F::SORT_KEYS.is_empty())
    }

    fn request<F: Filter>(self) -> Result<PageRequest, ApiError> {
        let limit = self.limit.unwrap_or(PageRequest::DEFAULT_LIMIT);
        if !(1..=PageRequest::MAX_LIMIT).contains(&limit) {
            return Err(ApiError::invalid("/limit", format!("limit is from 1 to {}.", PageRequest::MAX_LIMIT)));
        }
        let sort = self.sort.map_or(Ok(F::DEFAULT_SORT), |sort| {
            sort.parse().ok().filter(|sort: &Sort| F::SORT_KEYS.contains(&sort.key)).ok_or(SortError(F::SORT_KEYS))
        });
        let sort = sort.map_err(|error| ApiError::invalid("/sort", error.to_string()))?;
        Ok(PageRequest { limit, ..PageRequest::from_cursor(self.cursor.as_deref(), sort)? })
    }
}

impl<F: Filter + DeserializeOwned, S: Send + Sync> FromRequestParts<S> for List<F> {
    type Rejection = Failed;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failed> {
        let Ok(OriginalUri(uri)) = OriginalUri::from_request_parts(parts, state).await;
        let (page, filter): (Vec<_>, Vec<_>) = pairs(&uri).partition(|(field, _)| PageQuery::has::<F>(field));
        let page: PageQuery = read_pairs(page)?;
        Ok(Self { filter: read_pairs(filter)?, page: page.request::<F>()?, uri })
    }
}

impl<F> List<F> {
    /// The answer with a page's rows.
    pub fn answer<T: Serialize>(&self, page: Page<T>) -> impl IntoResponse + use<F, T> {
        let unreadable = (page.unreadable > 0).then(|| [(UNREADABLE, page.unreadable.to_string())]);
        (self.link(page.next.as_ref()), unreadable, Json(page.items))
    }

    /// The `Link` header (RFC 8288) to the next page, if there is one.
    #[must_use]
    pub fn link(&self, next: Option<&Cursor>) -> Option<[(HeaderName, String); 1]> {
        let next = next?;
        let query = self.uri.query().unwrap_or_default();
        let kept = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name != "cursor");
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(kept).append_pair("cursor", &next.to_string()).finish();
        Some([(header::LINK, format!("<{}?{query}>; rel=\"next\"", self.uri.path()))])
    }
}

impl<F: Filter + IntoParams> IntoParams for List<F> {
    fn into_params(place: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let optional = |name: &str, mut schema: Object| {
            let description = schema.description.take();
            ParameterBuilder::new().name(name).parameter_in(ParameterIn::Query).description(description).schema(Some(schema)).build()
        };
        let mut parameters = F::into_params(place);
        parameters.extend([optional("limit", PageRequest::limit_schema()), optional("cursor", Cursor::schema())]);
        if !F::SORT_KEYS.is_empty() {
            parameters.push(optional("sort", Sort::schema(F::SORT_KEYS, F::DEFAULT_SORT)));
        }
        parameters
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::domain::{job::JobFilter, spend::SpendFilter, workflow::WorkflowFilter};

    async fn list<F: Filter + DeserializeOwned>(uri: &str) -> Result<List<F>, ApiError> {
        let (mut parts, ()) = axum::http::Request::builder().uri(uri).body(()).unwrap().into_parts();
        List::from_request_parts(&mut parts, &()).await.map_err(|Failed(error)| error)
    }

    #[tokio::test]
    async fn the_next_page_keeps_the_question() {
        let old = Cursor { sort: WorkflowFilter::DEFAULT_SORT.to_string(), key: None, id: "3".into() };
        let list = list::<WorkflowFilter>(&format!("/api/workflows?q=a%26b&limit=2&cursor={old}")).await.unwrap();
        assert_eq!(list.page.cursor, Some(old));
        assert_eq!((list.filter.q.as_deref(), list.page.limit, list.page.sort), (Some("a&b"), 2, WorkflowFilter::DEFAULT_SORT));
        let cursor = Cursor { sort: list.page.sort.to_string(), key: None, id: "7".into() };
        let [(_, link)] = list.link(Some(&cursor)).unwrap();
        assert_eq!(link, format!("</api/workflows?q=a%26b&limit=2&cursor={cursor}>; rel=\"next\""));
    }

    #[tokio::test]
    async fn what_is_wrong_is_pointed_at() {
        let pointer = |list: Result<List<_>, ApiError>| list.map(|_: List<JobFilter>| ()).unwrap_err().errors[0].pointer.clone();
        for (query, wrong) in [
            ("limit=0", "/limit"),
            ("limit=many", "/limit"),
            ("cursor=7f", "/cursor"),
            ("sort=name", "/sort"),
            ("sort=rowid", "/sort"),
            ("status=lost", "/status"),
            ("page=2", "/page"),
        ] {
            assert_eq!(pointer(list(&format!("/api/jobs?{query}")).await), wrong, "{query}");
        }
        let error = list::<SpendFilter>("/api/spend?sort=created_at").await.map(|_| ()).unwrap_err();
        assert_eq!(error.errors[0].pointer, "/sort", "a list in one order");
    }
}
