//! Pages: rendered by Leptos, each with its own content security policy.

use axum::http::{HeaderName, HeaderValue, header};
use leptos::{nonce::use_nonce, prelude::*};
use leptos_axum::ResponseOptions;

use crate::{server::state::AppState, ui};

/// What pages and server functions find in their context.
pub fn context(state: &AppState) -> impl Fn() + Clone + Send + Sync + 'static {
    let state = state.clone();
    move || provide(&state)
}

/// The document around every page.
pub fn shell(state: &AppState) -> impl Fn() -> AnyView + Clone + Send + Sync + 'static {
    let (options, has_session) = (state.leptos.clone(), state.config.access_token.is_some());
    move || ui::shell(options.clone(), has_session).into_any()
}

/// Provides the server's parts, and sets the page's policy.
/// Positions in the server's HTML are `style` attributes; scripts run by nonce only.
fn provide(state: &AppState) {
    provide_context(state.clone());
    let (Some(nonce), Some(response)) = (use_nonce(), use_context::<ResponseOptions>()) else { return };
    let policy = format!(
        "default-src 'none'; script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval'; style-src 'self'; style-src-attr 'unsafe-inline'; \
         img-src 'self' blob: data:; media-src 'self' blob:; connect-src 'self'{reload}; font-src 'self'; form-action 'self'; \
         base-uri 'none'; frame-ancestors 'none'",
        reload = if std::env::var_os("LEPTOS_WATCH").is_some_and(|value| !value.is_empty()) { " ws:" } else { "" },
    );
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        response.insert_header(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
        .insert_header(HeaderName::from_static("permissions-policy"), HeaderValue::from_static("camera=(), microphone=(), geolocation=()"));
}
