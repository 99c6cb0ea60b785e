//! A file as an answer: with its type and its tag, and 304 for a reader that has it already (RFC 9110, 13.1.2).

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

/// What the endings of our files stand for.
const TYPES: [(&str, &str); 7] = [
    ("feed.json", "application/feed+json; charset=utf-8"),
    ("alerts.json", "application/feed+json; charset=utf-8"),
    (".atom", "application/atom+xml; charset=utf-8"),
    (".png", "image/png"),
    ("json", "application/json; charset=utf-8"),
    ("md", "text/markdown; charset=utf-8"),
    ("txt", "text/plain; charset=utf-8"),
];

/// The file of this name, or of this ending, unless the one who asks has just these bytes.
pub(super) fn file(headers: &HeaderMap, name: &str, bytes: Vec<u8>) -> Response {
    let hash: String = Sha256::digest(&bytes).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    // Weak: on its way it may be compressed.
    let tag = format!("W/\"{hash}\"");
    // What is kept must be asked for anew: alerts come at any time, and a token can be withdrawn.
    let carried = [(ETAG, tag.clone()), (CACHE_CONTROL, "private, no-cache".to_owned())];
    let known = headers.get_all(IF_NONE_MATCH).iter().filter_map(|known| known.to_str().ok());
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    if known.flat_map(|known| known.split(',')).any(|known| known.trim() == "*" || opaque(known) == opaque(&tag)) {
        return (StatusCode::NOT_MODIFIED, carried).into_response();
    }
    let content = TYPES.iter().find(|(ending, _)| name.ends_with(ending));
    let content = content.map_or("application/octet-stream", |(_, content)| content);
    (carried, [(CONTENT_TYPE, content)], bytes).into_response()
}
