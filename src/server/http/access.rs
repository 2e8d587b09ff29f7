//! Who may call: by Host, by Origin, and by the access token or the cookie of a browser that showed it.
//!
//! A check of Origin against Host alone passes DNS rebinding; so the Host must be one of ours first, on reads too.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use axum::{
    extract::Request,
    http::{HeaderMap, Method, header, uri::Authority},
};
use axum_extra::extract::CookieJar;
use ipnet::IpNet;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use super::{caller, throttle::Throttle};
use crate::domain::{ApiError, ErrorKind};

/// The cookie's name, and its name under https: with that prefix browsers take it from this host alone, and send it there alone.
pub const COOKIE: &str = "reelgraph_session";
/// See [`COOKIE`].
pub const HOST_COOKIE: &str = "__Host-reelgraph_session";

/// The origins under which browsers reach the server, the token, and who was wrong about it lately. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Access {
    origins: Arc<[String]>,
    key: Option<Arc<[u8; 32]>>,
    trusted: Arc<[IpNet]>,
    throttle: Arc<Throttle>,
}

/// What a caller showed for a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    /// None.
    Nothing,
    /// The access token.
    Right,
    /// Another one.
    Wrong,
    /// This was not looked at: there were too many wrong ones. After so long it may try again.
    TooOften(Duration),
}

impl Access {
    /// From the settings and the address that was bound: without given origins, the loopback names with its port.
    #[must_use]
    pub fn new(origins: &[String], token: Option<&SecretString>, trusted: &[IpNet], bound: SocketAddr) -> Self {
        let origins = if origins.is_empty() {
            ["127.0.0.1", "localhost", "[::1]"].map(|host| with_port(host, bound.port())).into()
        } else {
            origins.into()
        };
        let key = token.map(|token| Arc::new(digest(token.expose_secret().trim())));
        Self { origins, key, trusted: trusted.into(), throttle: Arc::default() }
    }

    /// The token's digest, with which sessions are kept; `None` where no token is set and everyone may call.
    pub(super) fn key(&self) -> Option<&[u8; 32]> {
        self.key.as_deref()
    }

    /// What `token` is, shown by the sender of `request`. Digests are compared, so that the time taken tells nothing of the token.
    pub(super) fn show(&self, caller: IpAddr, token: &str) -> Shown {
        let Some(key) = self.key() else { return Shown::Right };
        match self.throttle.attempt(caller, || *key == digest(token)) {
            Ok(true) => Shown::Right,
            Ok(false) => Shown::Wrong,
            Err(wait) => Shown::TooOften(wait),
        }
    }

    /// What the request shows in `Authorization`.
    pub(super) fn shown(&self, request: &Request) -> Shown {
        let value = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        match value.and_then(|value| value.trim().split_once(' ')) {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => self.show(self.caller(request), token.trim()),
            _ => Shown::Nothing,
        }
    }

    /// The address of who sent the request.
    pub(super) fn caller(&self, request: &Request) -> IpAddr {
        caller::address(&self.trusted, request)
    }

    /// Whether the sender's browser speaks HTTPS, be it to a proxy: our origins for this host say so.
    pub(super) fn is_https(&self, request: &Request) -> bool {
        let host = host(request).unwrap_or_default();
        let has = |scheme| self.origins.iter().any(|origin| serves(origin, host) && origin.starts_with(scheme));
        has("https://") && (!has("http://") || caller::came_by_https(&self.trusted, request))
    }

    /// Refuses a host name that is not ours, and a change that another site asks for.
    ///
    /// # Errors
    /// [`ErrorKind::Forbidden`].
    pub(super) fn check(&self, request: &Request) -> Result<(), ApiError> {
        let headers = request.headers();
        if !host(request).is_some_and(|host| self.origins.iter().any(|origin| serves(origin, host))) {
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
}

/// Refuses a request that names two hosts: what one program on its way goes by, another may not see.
///
/// # Errors
/// [`ErrorKind::Malformed`].
pub(super) fn one_host(request: &Request) -> Result<(), ApiError> {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let (first, second) = (hosts.next(), hosts.next());
    let is_other = |authority: &Authority| first.is_some_and(|host| !host.as_bytes().eq_ignore_ascii_case(authority.as_str().as_bytes()));
    if second.is_some() || request.uri().authority().is_some_and(is_other) {
        return Err(ApiError::new(ErrorKind::Malformed, "The request names more than one host. Send one Host, that of its address."));
    }
    Ok(())
}

/// What a browser holds for its session.
pub(super) fn held(headers: &HeaderMap) -> Option<String> {
    let cookies = CookieJar::from_headers(headers);
    cookies.get(HOST_COOKIE).or_else(|| cookies.get(COOKIE)).map(|cookie| cookie.value().to_owned())
}

/// The host that a request names.
fn host(request: &Request) -> Option<&str> {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    host.or_else(|| request.uri().authority().map(Authority::as_str))
}

/// Whether an origin is reached under `host`, which may name the port that goes without saying.
fn serves(origin: &str, host: &str) -> bool {
    let Some((scheme, authority)) = origin.split_once("://") else { return false };
    let port = if scheme == "https" { ":443" } else { ":80" };
    let host = host.to_ascii_lowercase();
    authority == host || host.strip_suffix(port) == Some(authority)
}

fn with_port(host: &str, port: u16) -> String {
    if port == 80 { format!("http://{host}") } else { format!("http://{host}:{port}") }
}

fn digest(text: &str) -> [u8; 32] {
    Sha256::digest(text).into()
}

fn forbidden(message: &str) -> ApiError {
    ApiError::new(ErrorKind::Forbidden, message)
}
