//! The page where a browser shows the access token once and gets a cookie for it, and the way to give that back.

use axum::{
    Form,
    extract::{FromRequest, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Redirect, Response},
};
use axum_extra::extract::{
    CookieJar,
    cookie::{Cookie, SameSite},
};
use serde::Deserialize;

use super::{
    access::{self, Access, COOKIE, HOST_COOKIE, Shown},
    layers::retry_after,
    problem::Failed,
};
use crate::server::{sessions, state::AppState};

// The page stands alone: without the token no other file is served.
const PAGE: &str = include_str!("login.html");

/// What the form sends.
#[derive(Debug, Deserialize)]
struct Credentials {
    token: String,
}

/// Asks for the token.
pub async fn page() -> Response {
    respond(StatusCode::OK, "")
}

/// Checks the token, begins a session and goes on to the workflows.
pub async fn sign_in(State((access, state)): State<(Access, AppState)>, request: Request) -> Result<Response, Failed> {
    let (caller, is_https) = (access.caller(&request), access.is_https(&request));
    let Ok(Form(Credentials { token })) = Form::from_request(request, &()).await else {
        return Ok(respond(StatusCode::BAD_REQUEST, "Type the access token and sign in again."));
    };
    match access.show(caller, token.trim()) {
        Shown::Right => {}
        Shown::TooOften(wait) => {
            let problem = "Too many wrong tokens came from here. Wait a minute, then try again.";
            return Ok(([retry_after(wait)], respond(StatusCode::TOO_MANY_REQUESTS, problem)).into_response());
        }
        Shown::Wrong | Shown::Nothing => {
            let problem = "This is not the access token. It is the value of REELGRAPH_ACCESS_TOKEN on the server.";
            return Ok(([(header::WWW_AUTHENTICATE, "Bearer")], respond(StatusCode::UNAUTHORIZED, problem)).into_response());
        }
    }
    let Some(key) = access.key() else { return Ok(Redirect::to("/").into_response()) };
    let held = sessions::begin(&state.studio.db, key).await?;
    let cookie = cookie(is_https, held, time::Duration::days(sessions::DAYS));
    Ok((CookieJar::new().add(cookie), Redirect::to("/")).into_response())
}

/// Ends the browser's session, wherever its cookie was copied to, and goes on to the page that asks for the token.
pub async fn sign_out(State((access, state)): State<(Access, AppState)>, headers: HeaderMap) -> Result<Response, Failed> {
    if let (Some(key), Some(held)) = (access.key(), access::held(&headers)) {
        sessions::end(&state.studio.db, key, &held).await?;
    }
    let gone = [false, true].map(|is_https| cookie(is_https, String::new(), time::Duration::ZERO));
    let cookies = gone.into_iter().fold(CookieJar::new(), CookieJar::add);
    Ok((cookies, Redirect::to("/login")).into_response())
}

fn cookie(is_https: bool, held: String, lasts: time::Duration) -> Cookie<'static> {
    let name = if is_https { HOST_COOKIE } else { COOKIE };
    Cookie::build((name, held)).path("/").http_only(true).secure(is_https).same_site(SameSite::Lax).max_age(lasts).build()
}

/// The page with a sentence of ours: what anybody else wrote would have to be escaped first.
fn respond(status: StatusCode, problem: &'static str) -> Response {
    let mut response = (status, Html(PAGE.replace("{problem}", problem))).into_response();
    let policy = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
