//! Clean links: what only counts clicks is no part of an address.

use url::Url;

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

/// Takes out of a link what names who sent the reader; the other parameters stay byte for byte.
pub fn strip_tracking(url: &mut Url) {
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
