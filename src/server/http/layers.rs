//! Who may call, and what every answer carries: the Host, Origin and token checks of the contract, and the inert defaults.
//!
//! A check of Origin against Host alone passes DNS rebinding; so the Host must be one of ours first, on reads too.

use std::{net::SocketAddr, sync::Arc};

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, header},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use sha2::{Digest, Sha256};

use super::problem::Failed;
use crate::domain::{ApiError, ErrorKind};

/// What answers that are no pages carry: nothing in them may run or load anything.
pub const INERT_POLICY: &str = "default-src 'none'; sandbox";

/// The origins under which browsers reach the server, and the token.
#[derive(Debug, Clone)]
pub struct Access {
    origins: Arc<[String]>,
    token: Option<Arc<[u8; 32]>>,
}

impl Access {
    /// From the settings and the address that was bound: without given origins, the loopback names with its port.
    #[must_use]
    pub fn new(origins: &[String], token: Option<&str>, bound: SocketAddr) -> Self {
        let origins = if origins.is_empty() {
            ["127.0.0.1", "localhost", "[::1]"].map(|host| with_port(host, bound.port())).into()
        } else {
            origins.into()
        };
        Self { origins, token: token.map(|token| Arc::new(digest(token))) }
    }

    /// Whether `token` is the access token. Digests are compared, so that the time taken tells nothing of the token.
    #[must_use]
    pub fn is_token(&self, token: &str) -> bool {
        self.token.as_deref().is_none_or(|expected| *expected == digest(token))
    }

    /// What the cookie holds for whoever showed the token: it proves the token without containing it.
    #[must_use]
    pub fn session(&self) -> Option<String> {
        self.token.as_deref().map(session_of)
    }

    fn serves(&self, host: &str) -> bool {
        let host = host.to_ascii_lowercase();
        self.origins.iter().any(|origin| origin.split_once("://").is_some_and(|(_, authority)| authority == host))
    }

    fn check(&self, request: &Request) -> Result<(), ApiError> {
        let headers = request.headers();
        let host =
            headers.get(header::HOST).and_then(|host| host.to_str().ok()).or_else(|| request.uri().authority().map(|host| host.as_str()));
        if !host.is_some_and(|host| self.serves(host)) {
            return Err(forbidden("This server is not reached under that host name; set REELGRAPH_PUBLIC_ORIGIN if it should be."));
        }
        if matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS) {
            return Ok(());
        }
        if let Some(origin) = headers.get(header::ORIGIN) {
            let ours = origin.to_str().is_ok_and(|origin| self.origins.iter().any(|our| our == origin));
            if !ours {
                return Err(forbidden("Another site may not change anything here."));
            }
        }
        if let Some(site) = headers.get("sec-fetch-site")
            && site != "same-origin"
            && site != "none"
        {
            return Err(forbidden("Another site may not change anything here."));
        }
        Ok(())
    }

    fn knows(&self, headers: &HeaderMap) -> bool {
        let Some(session) = self.session() else { return true };
        let bearer =
            headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(|value| value.strip_prefix("Bearer "));
        let cookies = axum_extra::extract::CookieJar::from_headers(headers);
        bearer.is_some_and(|token| self.is_token(token))
            || cookies.get(super::login::COOKIE).is_some_and(|cookie| digest(cookie.value()) == digest(&session))
    }
}

fn with_port(host: &str, port: u16) -> String {
    if port == 80 { format!("http://{host}") } else { format!("http://{host}:{port}") }
}

fn digest(text: &str) -> [u8; 32] {
    Sha256::digest(text).into()
}

fn session_of(token: &[u8; 32]) -> String {
    let digest = Sha256::new().chain_update(b"reelgraph session").chain_update(token).finalize();
    crate::domain::Sha256::new(digest.into()).to_string()
}

fn forbidden(message: &str) -> ApiError {
    ApiError::new(ErrorKind::Forbidden, message)
}

/// Refuses foreign hosts, other sites' changes and callers without the token.
pub async fn guard(State(access): State<Access>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    // Monitors ask by whatever name they have; the answers tell nothing that a page could use.
    if !matches!(path, "/healthz" | "/readyz")
        && let Err(error) = access.check(&request)
    {
        return Failed(error).into_response();
    }
    if !matches!(path, "/healthz" | "/login") && !access.knows(request.headers()) {
        let is_page = request.method() == Method::GET
            && !path.starts_with("/api/")
            && request
                .headers()
                .get(header::ACCEPT)
                .and_then(|accept| accept.to_str().ok())
                .is_some_and(|accept| accept.contains("text/html"));
        if is_page {
            return Redirect::to("/login").into_response();
        }
        let error = ApiError::new(ErrorKind::Unauthorized, "Show the access token: Authorization: Bearer, or sign in at /login.");
        return ([(header::WWW_AUTHENTICATE, "Bearer")], Failed(error)).into_response();
    }
    next.run(request).await
}

/// What every answer carries. A page has set its own policy already.
pub async fn harden(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(INERT_POLICY));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("same-origin"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    response
}
