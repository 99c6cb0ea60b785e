//! The one file that pages need: their style, inside the program.

use std::sync::LazyLock;

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

const STYLE: &str = include_str!("templates/style.css");

/// Its address changes with it, so that a browser may keep it and never shows a page in yesterday's.
pub(super) static STYLE_PATH: LazyLock<String> = LazyLock::new(|| {
    let hash: String = Sha256::digest(STYLE).iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    format!("/style-{hash}.css")
});

pub(super) async fn style() -> Response {
    let headers = [(CONTENT_TYPE, "text/css; charset=utf-8"), (CACHE_CONTROL, "public, max-age=604800, immutable")];
    (headers, STYLE).into_response()
}
