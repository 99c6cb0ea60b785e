//! Sites: whose words an item's are, by the registered domain of its page.

use url::Url;

use super::address;

/// Where many people have pages under one domain, and the first part of the path says whose: one owner, one site.
const SHARED: [&str; 7] =
    ["github.com", "gitlab.com", "codeberg.org", "medium.com", "huggingface.co", "youtube.com", "bitbucket.org"];

/// They carry others' words: where they link to a page, that page's domain counts.
const CARRIERS: [&str; 12] = [
    "ycombinator.com",
    "reddit.com",
    "x.com",
    "lobste.rs",
    "bsky.app",
    "slashdot.org",
    "threads.net",
    "linkedin.com",
    "facebook.com",
    "t.co",
    "mastodon.social",
    "techmeme.com",
];

/// The same service under other names.
const MIRRORS: [(&str, &str); 7] = [
    ("twitter.com", "x.com"),
    ("xcancel.com", "x.com"),
    ("nitter.net", "x.com"),
    ("redd.it", "reddit.com"),
    ("youtu.be", "youtube.com"),
    ("fxtwitter.com", "x.com"),
    ("vxtwitter.com", "x.com"),
];

/// The registered domain of a page (`blog.example.co.uk` gives `example.co.uk`), by the Public Suffix List with its private
/// part, so that each `*.github.io`, `*.blogspot.com` and `*.substack.com` is a site of its own; `github.com/owner` and its
/// like likewise. An address that is a number stays as it is. Empty without a host.
pub fn of(link: &Url) -> String {
    let Some(host) = link.host_str() else { return String::new() };
    let host = host.trim_end_matches('.');
    if link.domain().is_none() {
        return host.to_owned();
    }
    // Substack is not in the list, and each of its letters has its own writer.
    if let Some(owner) = host.strip_suffix(".substack.com") {
        return format!("{}.substack.com", owner.rsplit('.').next().unwrap_or(owner));
    }
    let domain = psl::domain_str(host).unwrap_or(host);
    let domain = MIRRORS.iter().find(|(other, _)| *other == domain).map_or(domain, |(_, name)| name);
    if SHARED.contains(&domain)
        && let Some(owner) = link.path_segments().and_then(|mut parts| parts.next()).filter(|owner| !owner.is_empty())
    {
        return format!("{domain}/{}", owner.trim_start_matches('@').to_lowercase());
    }
    domain.to_owned()
}

/// Whether a site only carries others' words.
pub fn is_carrier(site: &str) -> bool {
    CARRIERS.contains(&site)
}

/// The page whose words an item tells: its link, or where that is a mere carrier the first page elsewhere that its text
/// links to.
pub fn page(link: Option<&Url>, text: &str) -> Option<Url> {
    let link = link?;
    if is_carrier(&of(link))
        && let Some(page) = address::links(text).find(|page| !is_carrier(&of(page)))
    {
        return Some(page);
    }
    Some(link.clone())
}
