//! Links: absolute, http or https, and without what only counts clicks.

use url::Url;

/// Longer links are attacks or accidents; browsers stop at about this length.
const MAX_BYTES: usize = 8 * 1024;

/// Query parameters that name who sent the reader, and never what is shown.
const TRACKING: [&str; 29] = [
    "fbclid",
    "gclid",
    "dclid",
    "gbraid",
    "wbraid",
    "msclkid",
    "yclid",
    "twclid",
    "ttclid",
    "igshid",
    "li_fat_id",
    "mc_cid",
    "mc_eid",
    "_hsenc",
    "_hsmi",
    "__hstc",
    "__hssc",
    "__hsfp",
    "hsctatracking",
    "mkt_tok",
    "vero_id",
    "oly_anon_id",
    "oly_enc_id",
    "rb_clickid",
    "s_cid",
    "wickedid",
    "ncid",
    "_ga",
    "_gl",
];

/// Parameters that are tracking only with these values.
const TRACKING_VALUES: [(&str, &[&str]); 3] =
    [("ref", &["rss", "feed", "atom"]), ("source", &["rss", "feed", "atom"]), ("from", &["rss", "feed", "atom"])];

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

fn strip_tracking(url: &mut Url) {
    let Some(query) = url.query() else {
        return;
    };
    let kept: Vec<&str> = query.split('&').filter(|parameter| !is_tracking(parameter)).collect();
    if kept.len() == query.split('&').count() {
        return;
    }
    // The other parameters stay byte for byte: some servers sign them.
    let kept = kept.join("&");
    url.set_query(Some(kept.as_str()).filter(|kept| !kept.is_empty()));
}

fn is_tracking(parameter: &str) -> bool {
    let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
    // `&amp;` that was escaped once too often leaves `amp;` before the name.
    let name = name.to_ascii_lowercase();
    let name = name.strip_prefix("amp;").unwrap_or(&name);
    name.starts_with("utm_")
        || TRACKING.contains(&name)
        || TRACKING_VALUES
            .iter()
            .any(|(key, values)| name == *key && values.iter().any(|known| value.eq_ignore_ascii_case(known)))
}
