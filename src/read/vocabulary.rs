//! Vocabularies: the names of fields, whatever prefix a feed gives their namespace.

use std::collections::HashMap;

/// The name by which a field is known here, whatever prefix its feed uses.
pub fn canonical(name: &str, prefixes: &HashMap<&str, &'static str>) -> String {
    let (prefix, local) = name.split_once(':').unwrap_or(("", name));
    let local = local.to_ascii_lowercase();
    let known = match prefixes.get(prefix) {
        Some(known) => *known,
        // Undeclared: the prefix that everybody uses is believed.
        None => match prefix.to_ascii_lowercase().as_str() {
            "" | "rss" | "atom" | "atom10" | "a" | "a10" => "",
            "dc" => "dc",
            "dcterms" => "dcterms",
            "content" => "content",
            "media" => "media",
            "itunes" => "itunes",
            "feedburner" => "feedburner",
            "pheedo" => "pheedo",
            "xhtml" | "body" => "xhtml",
            _ => "other",
        },
    };
    match known {
        // Atom's fields mean the same in any feed; only its link is written differently.
        "" | "atom" => local,
        known => format!("{known}:{local}"),
    }
}

/// The prefix that stands for a namespace here; versions and misspellings count as one.
pub fn namespace(address: &str) -> Option<&'static str> {
    let address = address.trim().trim_end_matches(['/', '#']).to_ascii_lowercase();
    let address = address.strip_prefix("https").or(address.strip_prefix("http")).unwrap_or(&address);
    Some(match address {
        "://purl.org/rss/1.0"
        | "://my.netscape.com/rdf/simple/0.9"
        | "://channel.netscape.com/rdf/simple/0.9"
        | "://my.netscape.com/publish/formats/rss-0.91.dtd"
        | "://backend.userland.com/rss"
        | "://backend.userland.com/rss2"
        | "://blogs.law.harvard.edu/tech/rss"
        | "://purl.org/net/rss1.1" => "",
        "://www.w3.org/2005/atom" | "://purl.org/atom/ns" => "atom",
        "://purl.org/dc/elements/1.1" | "://purl.org/dc/elements/1.0" => "dc",
        "://purl.org/dc/terms" => "dcterms",
        "://purl.org/rss/1.0/modules/content" => "content",
        "://search.yahoo.com/mrss" => "media",
        "://www.itunes.com/dtds/podcast-1.0.dtd" => "itunes",
        "://rssnamespace.org/feedburner/ext/1.0" => "feedburner",
        "://www.pheedo.com/namespace/pheedo" => "pheedo",
        "://www.w3.org/1999/xhtml" => "xhtml",
        "://www.w3.org/1999/02/22-rdf-syntax-ns" => "rdf",
        _ => "other",
    })
}
