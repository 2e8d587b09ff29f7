//! The API's description: what the handlers do not say themselves.

use utoipa::{
    OpenApi,
    openapi::{self, Content, Ref, RefOr, Response, path::Operation},
};

use crate::domain::error::Problem;

const JSON: &str = "application/json";
const PROBLEM_JSON: &str = "application/problem+json";

/// The description without its paths: those come from the handlers.
#[derive(OpenApi)]
#[openapi(
    info(title = "Reelgraph", description = "Workflows, videos and executions. Errors are application/problem+json (RFC 9457)."),
    components(schemas(Problem))
)]
pub struct Description;

/// Gives problems their media type, and adds to every operation that any other answer is one: a refused origin, a missing token, an error
/// of the server.
#[must_use]
pub fn with_problems(mut description: openapi::OpenApi) -> openapi::OpenApi {
    for item in description.paths.paths.values_mut() {
        let operations = [&mut item.get, &mut item.put, &mut item.post, &mut item.delete, &mut item.patch, &mut item.head];
        operations.into_iter().flatten().for_each(describe);
    }
    description
}

fn describe(operation: &mut Operation) {
    let problem = RefOr::T(Content::new(Some(RefOr::Ref(Ref::from_schema_name("Problem")))));
    for response in operation.responses.responses.values_mut() {
        if let RefOr::T(response) = response
            && response.content.get(JSON) == Some(&problem)
        {
            response.content.clear();
            response.content.insert(PROBLEM_JSON.into(), problem.clone());
        }
    }
    let mut other = Response::new("Any other problem");
    other.content.insert(PROBLEM_JSON.into(), problem);
    operation.responses.responses.entry("default".into()).or_insert(RefOr::T(other));
}
