//! The API's description: what the handlers do not say themselves.

use std::sync::Arc;

use axum::{Extension, Json};
use utoipa::{
    Modify, OpenApi,
    openapi::{
        self, Components, RefOr, Required, Server,
        path::{Operation, Parameter, ParameterIn, PathItem},
        schema::{ObjectBuilder, Schema, Type},
        security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme},
    },
};

use super::access;
use crate::{domain::error::Problem, graph::document::schema, server::runs::jobs};

mod answers;
mod examples;

const TOKEN: &str = "access_token";
const SESSION: &str = "session";

/// The description without its paths: those come from the handlers.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Reelgraph",
        description = "Workflows of nodes that make and join clips, the library of these clips, and the runs. Errors are \
                       `application/problem+json` (RFC 9457). Times are RFC 3339 in UTC with six fractional digits, ids lower-case hyphenated \
                       UUIDs.",
        license(name = "MIT", identifier = "MIT")
    ),
    servers((url = "/", description = "This server")),
    components(schemas(Problem)),
    tags(
        (name = "workflows", description = "Graphs, their unsaved edits and the clips of their nodes"),
        (name = "executions", description = "Runs of workflows"),
        (name = "jobs", description = "Units of work and their queue"),
        (name = "assets", description = "What is stored, of every kind, and the trash"),
        (name = "videos", description = "The library of clips"),
        (name = "images", description = "Still pictures"),
        (name = "uploads", description = "Uploads that go on where they broke off (tus 1.0)"),
        (name = "spending", description = "What was paid to providers"),
        (name = "events", description = "What happens, as it happens"),
        (name = "operation", description = "Whether the server lives, what it counts, and this description"),
    ),
    modifiers(&Access, &Registries)
)]
pub struct Description;

/// Who may call: the token is optional, because a server that is reached over the loopback only needs none.
struct Access;

impl Modify for Access {
    fn modify(&self, description: &mut openapi::OpenApi) {
        let components = description.components.get_or_insert_with(Components::new);
        let token =
            HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("The value of `REELGRAPH_ACCESS_TOKEN`, where it is set"));
        components.add_security_scheme(TOKEN, SecurityScheme::Http(token.build()));
        let cookie = ApiKeyValue::with_description(
            access::COOKIE,
            "What a browser gets for showing the token at `/login`; under https its name begins with `__Host-`",
        );
        components.add_security_scheme(SESSION, SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
        let none: [&str; 0] = [];
        let either = [TOKEN, SESSION].map(|name| SecurityRequirement::new(name, none));
        description.security = Some(either.into_iter().chain([SecurityRequirement::default()]).collect());
    }
}

/// What the registries hold: what definitions are made of, and what jobs do.
struct Registries;

impl Modify for Registries {
    fn modify(&self, description: &mut openapi::OpenApi) {
        let schemas = &mut description.components.get_or_insert_with(Components::new).schemas;
        schemas.extend(schema::schemas());
        let kind = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(jobs::kinds())).description(Some("What a job does."));
        schemas.insert("JobKind".to_owned(), kind.into());
    }
}

/// Completes what the handlers say: the statuses they share, examples, and the words of parameters.
#[must_use]
pub fn completed(mut description: openapi::OpenApi) -> openapi::OpenApi {
    description.servers = Some(vec![Server::new("/")]);
    for (path, item) in &mut description.paths.paths {
        for (method, operation) in operations(item) {
            for parameter in operation.parameters.iter_mut().flatten() {
                lift_words(parameter);
                allow_empty(parameter);
            }
            answers::complete(path, method, operation);
            examples::complete(operation);
        }
    }
    description.components.get_or_insert_with(Components::new).responses.extend(answers::shared());
    description
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = (&'static str, &mut Operation)> {
    let every = [
        ("GET", &mut item.get),
        ("PUT", &mut item.put),
        ("POST", &mut item.post),
        ("DELETE", &mut item.delete),
        ("PATCH", &mut item.patch),
        ("OPTIONS", &mut item.options),
    ];
    every.into_iter().filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}

/// The words of a parameter whose schema was made by hand stand in the schema; a reader looks for them at the parameter.
fn lift_words(parameter: &mut RefOr<Parameter>) {
    if let RefOr::T(parameter) = parameter
        && let Some(RefOr::T(Schema::Object(schema))) = &mut parameter.schema
        && parameter.description.is_none()
    {
        parameter.description = schema.description.take();
    }
}

/// A field of a query without a value is as good as absent, where it may be. utoipa has no field for that word of OpenAPI.
fn allow_empty(parameter: &mut RefOr<Parameter>) {
    if let RefOr::T(parameter) = parameter
        && parameter.parameter_in == ParameterIn::Query
        && parameter.required != Required::True
    {
        parameter.extensions.get_or_insert_default().insert("allowEmptyValue".into(), true.into());
    }
}

/// This description.
#[utoipa::path(get, path = "/api/openapi.json", operation_id = "get_openapi", tag = "operation", responses(
    (status = 200, description = "The description of the API as OpenAPI 3.1", body = Object),
))]
pub async fn show(Extension(description): Extension<Arc<openapi::OpenApi>>) -> Json<Arc<openapi::OpenApi>> {
    Json(description)
}
