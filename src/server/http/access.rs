//! Who may call: by Host, by Origin, and by the access token or the cookie that stands for it.
//!
//! A check of Origin against Host alone passes DNS rebinding; so the Host must be one of ours first, on reads too.

use std::{net::SocketAddr, sync::Arc};

use axum::{
    extract::Request,
    http::{HeaderMap, Method, header},
};
use sha2::{Digest, Sha256};

use crate::domain::{ApiError, ErrorKind};

/// The cookie's name.
pub const COOKIE: &str = "reelgraph_session";

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

    /// Refuses a host name that is not ours, and a change that another site asks for.
    ///
    /// # Errors
    /// [`ErrorKind::Forbidden`].
    pub(super) fn check(&self, request: &Request) -> Result<(), ApiError> {
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

    /// Whether the caller showed the token, or the cookie for it; where none is set, everyone did.
    pub(super) fn knows(&self, headers: &HeaderMap) -> bool {
        let Some(session) = self.session() else { return true };
        let bearer =
            headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(|value| value.strip_prefix("Bearer "));
        let cookies = axum_extra::extract::CookieJar::from_headers(headers);
        bearer.is_some_and(|token| self.is_token(token))
            || cookies.get(COOKIE).is_some_and(|cookie| digest(cookie.value()) == digest(&session))
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
