//! The gate: what every request must be before a page is written, and what every answer carries.

use std::sync::Arc;

use axum::extract::{Extension, Request, State};
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use url::Url;

use super::page::Trouble;
use super::visitor::{Peer, host_of};
use super::{Site, asset, monitor, thumbs};

/// Of an address with its query: a question of a page of text is no question.
const LONGEST_ADDRESS: usize = 8 * 1024;

/// What a browser may do with our pages: show their own style and pictures, and send their forms back here. No script, ever.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; \
                      frame-ancestors 'none'";

tokio::task_local! {
    /// What became of the thumb that a person just gave: whichever page comes next says so.
    pub(super) static SAID: Option<&'static str>;
}

/// Lets a request in that is meant for these pages, comes from them if it changes anything, and is asked by somebody who may.
pub(super) async fn pass(
    State(site): State<Arc<Site>>,
    Extension(peer): Extension<Peer>,
    mut request: Request,
    next: Next,
) -> Response {
    if request.uri().to_string().len() > LONGEST_ADDRESS {
        return Trouble::new(StatusCode::URI_TOO_LONG, "This address is too long", "Ask with fewer words.")
            .into_response();
    }
    let Some(host) = host(&request).filter(|host| site.access.is_ours(host)) else {
        return Trouble::new(
            StatusCode::MISDIRECTED_REQUEST,
            "These pages do not go by that name",
            "Whoever looks after them adds the name to `hosts` of [web] in tidings.toml.",
        )
        .into_response();
    };
    let path = request.uri().path();
    // The way out of a list is a secret of its own, and whoever reads one's mail may click it for one (RFC 8058).
    let is_leaving = path.starts_with("/u/");
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if changes && !is_leaving && !is_from_here(request.headers(), &host) {
        return Trouble::new(
            StatusCode::FORBIDDEN,
            "Another page asked for this",
            "Open the page here, and press its button yourself.",
        )
        .into_response();
    }
    match site.access.visitor(peer, request.headers()) {
        Some(visitor) => request.extensions_mut().insert(visitor),
        None if is_leaving || path == *asset::STYLE_PATH || path == monitor::HEALTH => None,
        None => return stranger(&site),
    };
    let said = request.uri().query().and_then(thumbs::said);
    SAID.scope(said, next.run(request)).await
}

fn stranger(site: &Site) -> Response {
    let remedy = match site.access.has_token() {
        true => "The password is the token of [web]; the user's name may be anything.",
        false => "They are shown to the user whose home it is, on this machine; [web] in tidings.toml lets others in.",
    };
    let mut response = Trouble::new(StatusCode::UNAUTHORIZED, "Who asks?", remedy).into_response();
    if site.access.has_token() {
        for scheme in ["Basic realm=\"tidings\", charset=\"UTF-8\"", "Bearer realm=\"tidings\""] {
            response.headers_mut().append(header::WWW_AUTHENTICATE, HeaderValue::from_static(scheme));
        }
    }
    response
}

/// The name by which a request asks: the one header `Host`, or the address if it is whole (RFC 9112, 3.2).
fn host(request: &Request) -> Option<String> {
    if let Some(authority) = request.uri().authority() {
        return Some(authority.as_str().to_owned());
    }
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else { return None };
    host.to_str().ok().map(str::to_owned)
}

/// Whether a request that changes something was sent by one of our pages. Browsers say so by themselves; what is no browser says
/// nothing, and has no other page open.
fn is_from_here(headers: &HeaderMap, host: &str) -> bool {
    let text = |name: HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    match text(HeaderName::from_static("sec-fetch-site")) {
        Some("same-origin" | "none") => return true,
        Some(_) => return false,
        None => {}
    }
    let Some(origin) = text(header::ORIGIN) else { return true };
    let Ok(origin) = Url::parse(origin) else { return false };
    let port = host.rsplit_once(':').and_then(|(_, port)| port.parse().ok()).or(match origin.scheme() {
        "https" => Some(443),
        _ => Some(80),
    });
    host_of(host).is_some_and(|host| origin.host().is_some_and(|asks| asks.to_owned() == host))
        && origin.port_or_known_default() == port
}

/// What every answer carries, those of troubles too.
pub(super) async fn dress(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // With `no-referrer` browsers would hide from us that a form is our own.
        (header::REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    // What people wrote to their agents does not lie about in caches.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("private, no-store"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_of_another_page_changes_nothing() {
        let asks = |host: &str, named: &[(&'static str, &'static str)]| {
            let headers =
                named.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
            is_from_here(&headers.collect(), host)
        };
        assert!(asks("localhost:8410", &[]));
        assert!(asks("localhost:8410", &[("origin", "http://localhost:8410")]));
        assert!(asks("tidings.example", &[("origin", "https://tidings.example")]));
        assert!(asks("localhost:8410", &[("sec-fetch-site", "same-origin"), ("origin", "null")]));
        for other in
            ["http://evil.example", "http://localhost:8411", "https://localhost", "null", "http://localhost.evil:8410"]
        {
            assert!(!asks("localhost:8410", &[("origin", other)]), "{other}");
        }
        for site in ["cross-site", "same-site", ""] {
            assert!(
                !asks("localhost:8410", &[("sec-fetch-site", site), ("origin", "http://localhost:8410")]),
                "{site}"
            );
        }
    }
}
