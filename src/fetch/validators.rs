//! Validators: what an answer gives to be asked conditionally, and how it is sent back (RFC 9110, 13.1).

use reqwest::header::{ETAG, HeaderMap, HeaderName, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED};
use url::Url;

use super::freshness::freshness;
use crate::page::Mark;

/// Longest validator kept, in bytes. Real ones have fewer than 100; a longer one is cargo we would carry at every request.
const LONGEST_VALIDATOR: usize = 1024;

/// The headers that make a request conditional, or none if the mark belongs to another address than the one asked.
pub(super) fn validators(mark: &Mark, url: &Url, source: &Url) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let origin = mark.url.as_ref().unwrap_or(source);
    if origin[..url::Position::AfterQuery] != url[..url::Position::AfterQuery] {
        return headers;
    }
    for (name, value) in [(IF_NONE_MATCH, &mark.etag), (IF_MODIFIED_SINCE, &mark.last_modified)] {
        if let Some(value) = value.as_ref().and_then(|text| HeaderValue::from_bytes(text.as_bytes()).ok()) {
            headers.insert(name, value);
        }
    }
    headers
}

/// The validators of an answer.
pub(super) fn mark(url: &Url, headers: &HeaderMap) -> Mark {
    let validator = |name: HeaderName| {
        let bytes = headers.get(name)?.as_bytes();
        let text = str::from_utf8(bytes).ok()?;
        (!text.is_empty() && text.len() <= LONGEST_VALIDATOR).then(|| text.to_owned())
    };
    let (etag, last_modified) = (validator(ETAG), validator(LAST_MODIFIED));
    let url = (etag.is_some() || last_modified.is_some()).then(|| url.clone());
    let fresh_seconds = freshness(|name| headers.get(name)?.to_str().ok());
    Mark { url, etag, last_modified, fresh_seconds, ..Mark::default() }
}
