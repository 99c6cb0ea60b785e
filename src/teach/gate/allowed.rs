//! What a lesson may name: the places its evidence lies, the products that are watched, packages that somebody reviewed.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use serde::Deserialize;
use url::Url;

/// Names that were looked at before: everything else is refused, however honest it looks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Allowed {
    /// Host, and below which path.
    places: BTreeSet<(String, String)>,
    products: BTreeSet<String>,
    packages: BTreeSet<String>,
}

/// Packages by their whole name, reviewed by a person: the programs that lessons are about, and the tools every project knows.
#[derive(Deserialize)]
struct Packages {
    packages: Vec<String>,
}

static PACKAGES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let read: Packages = toml::from_str(include_str!("packages.toml")).expect("a test reads it");
    read.packages
});

impl Allowed {
    /// Evidence may lie at `places`, a host each (`code.claude.com`) or, where a host is anybody's, a host with a path
    /// (`github.com/anthropics/claude-code`): that page and those below it. A place that is no plain name of a host, an address in
    /// numbers or in another alphabet's letters, is left out. Lessons may hold since versions of `products`. The reviewed packages
    /// ship with tidings.
    pub fn new<P, S>(places: P, products: S) -> Allowed
    where
        P: IntoIterator,
        P::Item: AsRef<str>,
        S: IntoIterator,
        S::Item: AsRef<str>,
    {
        let places = places.into_iter().filter_map(|place| {
            let (host, path) = place.as_ref().split_once('/').unwrap_or((place.as_ref(), ""));
            super::evidence::is_host(host).then(|| (host.to_owned(), path.trim_end_matches('/').to_owned()))
        });
        let products =
            products.into_iter().map(|product| product.as_ref().to_owned()).filter(|product| is_product(product));
        Allowed { places: places.collect(), products: products.collect(), packages: PACKAGES.iter().cloned().collect() }
    }

    /// The same, and the package `name` besides.
    pub fn and_package(mut self, name: &str) -> Allowed {
        self.packages.insert(name.to_owned());
        self
    }

    pub(super) fn has_host(&self, host: &str) -> bool {
        self.places.iter().any(|(allowed, _)| allowed == host)
    }

    pub(super) fn has_place(&self, url: &Url) -> bool {
        let (host, path) = (url.host_str().unwrap_or_default(), url.path().trim_start_matches('/'));
        self.places.iter().any(|(allowed, below)| {
            allowed == host
                && (below.is_empty()
                    || path.strip_prefix(below.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
        })
    }

    pub(super) fn has_product(&self, product: &str) -> bool {
        self.products.contains(product)
    }

    /// Whether a package of this exact name was reviewed.
    pub(super) fn has_package(&self, name: &str) -> bool {
        self.packages.contains(name)
    }
}

/// `claude-code`, `openai-python`.
fn is_product(name: &str) -> bool {
    let byte = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=40).contains(&name.len()) && name.bytes().all(byte) && !name.starts_with('-') && !name.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reviewed_packages_are_read() {
        assert!(PACKAGES.len() > 20);
    }
}
