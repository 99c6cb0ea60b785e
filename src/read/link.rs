//! Links: absolute, http or https, and without what only counts clicks.

use url::Url;

use crate::guard::link::strip_tracking;

/// Longer links are attacks or accidents; browsers stop at about this length.
const MAX_BYTES: usize = 8 * 1024;

/// A link as a feed wrote it, made absolute and clean; None if it is no web address.
pub fn read(text: &str, base: &Url) -> Option<Url> {
    let text = text.trim();
    if text.is_empty() || text.len() > MAX_BYTES {
        return None;
    }
    let mut url = match Url::parse(text) {
        Ok(url) => url,
        Err(url::ParseError::RelativeUrlWithoutBase) if starts_like_a_host(text) => {
            Url::parse(&format!("https://{text}")).ok()?
        }
        Err(url::ParseError::RelativeUrlWithoutBase) => base.join(text).ok()?,
        Err(_) => return None,
    };
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
        return None;
    }
    // A name before the host serves only to make a link look like another's.
    url.set_username("").ok()?;
    url.set_password(None).ok()?;
    strip_tracking(&mut url);
    (url.as_str().len() <= MAX_BYTES).then_some(url)
}

/// `www.example.org/post`, which its writer meant as an address.
fn starts_like_a_host(text: &str) -> bool {
    text.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("www."))
}
