//! The page where a browser shows the access token once and gets a cookie for it.

use axum::{
    Form,
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Redirect, Response},
};
use axum_extra::extract::{
    CookieJar,
    cookie::{Cookie, SameSite},
};
use serde::Deserialize;

use super::access::{Access, COOKIE};

// The page stands alone: without the token no other file is served.
const PAGE: &str = include_str!("login.html");

/// What the form sends.
#[derive(Debug, Deserialize)]
pub struct Credentials {
    token: String,
}

/// Asks for the token.
pub async fn page() -> Response {
    respond(StatusCode::OK, "")
}

/// Checks the token, sets the cookie and goes on to the workflows.
pub async fn sign_in(State(access): State<Access>, cookies: CookieJar, Form(credentials): Form<Credentials>) -> Response {
    if !access.is_token(credentials.token.trim()) {
        return respond(StatusCode::UNAUTHORIZED, "This is not the access token. It is the value of REELGRAPH_ACCESS_TOKEN on the server.");
    }
    let session = access.session().unwrap_or_default();
    let cookie = Cookie::build((COOKIE, session)).path("/").http_only(true).same_site(SameSite::Strict).permanent();
    (cookies.add(cookie), Redirect::to("/")).into_response()
}

fn respond(status: StatusCode, problem: &str) -> Response {
    let mut response = (status, Html(PAGE.replace("{problem}", problem))).into_response();
    let policy = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    response
}
