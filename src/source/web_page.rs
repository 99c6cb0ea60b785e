//! A web page that lists items, and where its items stand in it.

use url::Url;

use super::paths::{Paths, Place, Pointer};

/// A page to be watched.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct WebPage {
    pub url: Url,
    pub layout: Layout,
}

/// Where items stand in a page: in JSON that it carries for its own scripts, or in its markup. Where both are given, the
/// markup counts when the JSON gives nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Layout {
    pub embedded: Option<Embedded>,
    // These are CSS selectors.
    /// What repeats. A heading takes what follows up to the next one; a link takes the largest element around it that leads
    /// nowhere else.
    pub item: Option<String>,
    /// Within an item; an item without it is left out. Else its first link.
    pub link: Option<String>,
    /// Within an item; else its first heading, else the words of its link.
    pub title: Option<String>,
    /// Within an item; else its first `time`, else the first date in its words.
    pub date: Option<String>,
    /// Within an item; else nothing, or what follows a heading.
    pub text: Option<String>,
}

/// JSON in the page's script elements.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Embedded {
    /// A CSS selector; else all scripts that hold JSON, and the flight payload of Next.js.
    pub script: Option<String>,
    pub paths: Paths,
}

impl Layout {
    /// What a layout looks for, as a person would name it.
    pub fn words(&self) -> String {
        let json = self.embedded.as_ref().map(|embedded| format!("JSON at `{}`", embedded.paths.items));
        let item = self.item.as_ref().map(|item| format!("`{item}`"));
        json.into_iter().chain(item).collect::<Vec<_>>().join(" or ")
    }

    /// The layout that is known for an address.
    pub fn preset_for(url: &Url) -> Option<Layout> {
        let host = url.host_str()?.trim_start_matches("www.");
        let path = url.path().trim_end_matches('/');
        let is_known = |known: &&Preset| known.host == host && known.path == path;
        PRESETS.iter().find(is_known).map(Preset::layout)
    }

    /// The layout that goes by a name.
    pub fn preset_named(name: &str) -> Option<Layout> {
        if name == "json-ld" {
            return Some(json_ld());
        }
        PRESETS.iter().find(|preset| preset.name == name).map(Preset::layout)
    }

    pub fn preset_names() -> Vec<&'static str> {
        PRESETS.iter().map(|preset| preset.name).chain(["json-ld"]).collect()
    }
}

/// What is known of a page that has no feed. Classes that a build names anew are never selected.
struct Preset {
    name: &'static str,
    /// Without `www.`.
    host: &'static str,
    path: &'static str,
    /// For pages that Next.js writes from Sanity: items carry a slug, and a tag that is the folder they lie in.
    is_sanity: bool,
    item: &'static str,
    title: &'static str,
}

const SAME: Preset = Preset { name: "", host: "", path: "", is_sanity: false, item: "", title: "" };

/// Of Anthropic's pages, `/news` and the release notes were tried on captures of May 2026. The others were written from
/// descriptions of those pages and not tried: `tidings sources test` shows whether they fit.
const PRESETS: [Preset; 11] = [
    Preset {
        name: "anthropic-news",
        host: "anthropic.com",
        path: "/news",
        is_sanity: true,
        item: "a[href^=\"/news/\"]",
        title: CARD_TITLE,
    },
    Preset {
        name: "anthropic-engineering",
        host: "anthropic.com",
        path: "/engineering",
        is_sanity: true,
        item: "a[href^=\"/engineering/\"]",
        title: CARD_TITLE,
    },
    Preset {
        name: "anthropic-research",
        host: "anthropic.com",
        path: "/research",
        is_sanity: true,
        item: "a[href^=\"/research/\"]:not([href^=\"/research/team\"])",
        title: CARD_TITLE,
    },
    Preset {
        name: "claude-blog",
        host: "claude.com",
        path: "/blog",
        item: "a[href*=\"/blog/\"]:not([href*=\"/category/\"])",
        ..SAME
    },
    Preset {
        name: "claude-release-notes",
        host: "platform.claude.com",
        path: "/docs/en/release-notes/overview",
        // Those of its menus have no anchor.
        item: "h3[id], h3:has([id])",
        ..SAME
    },
    Preset { name: "anthropic-red-team", host: "red.anthropic.com", path: "", item: "a.note[href]", ..SAME },
    Preset { name: "anthropic-alignment", host: "alignment.anthropic.com", path: "", item: "a.note[href]", ..SAME },
    Preset { name: "aisi-blog", host: "aisi.gov.uk", path: "/blog", item: "a[href*=\"/blog/\"]", ..SAME },
    Preset { name: "apollo-blog", host: "apolloresearch.ai", path: "/blog", item: "a[href*=\"/blog/\"]", ..SAME },
    Preset {
        name: "goodfire-research",
        host: "goodfire.ai",
        path: "/research",
        item: "a[href*=\"/research/\"]",
        ..SAME
    },
    Preset { name: "transluce-research", host: "transluce.org", path: "/research", item: "main a[href]", ..SAME },
];

/// Cards whose title is no heading name it so in the readable part of their class.
const CARD_TITLE: &str = "h1, h2, h3, h4, h5, h6, [class*=\"title\"]";

impl Preset {
    fn layout(&self) -> Layout {
        let given = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        Layout {
            embedded: self.is_sanity.then(|| sanity(self.path)),
            item: given(self.item),
            title: given(self.title),
            ..Layout::default()
        }
    }
}

/// Only posts of the folder that the page lists: the payload of one names some of the others.
fn sanity(folder: &str) -> Embedded {
    let paths = Paths {
        items: pointer("/**"),
        title: vec![place("/title")],
        link: vec![place(&format!("{folder}/{{/slug/current}}"))],
        date: vec![place("/publishedOn")],
        text: vec![place("/summary")],
        tags: vec![place("/subjects/*/label")],
        ..Paths::default()
    };
    Embedded { script: None, paths }
}

/// What schema.org calls an article, wherever it stands in the page's JSON-LD.
fn json_ld() -> Layout {
    let paths = Paths {
        items: pointer("/**"),
        title: vec![place("/headline"), place("/name")],
        link: vec![place("/url"), place("/mainEntityOfPage/@id"), place("/mainEntityOfPage"), place("/@id")],
        date: vec![place("/datePublished"), place("/dateCreated")],
        text: vec![place("/description")],
        author: vec![place("/author/name"), place("/author/*/name")],
        tags: vec![place("/keywords")],
        ..Paths::default()
    };
    let script = Some("script[type=\"application/ld+json\"]".to_owned());
    Layout { embedded: Some(Embedded { script, paths }), ..Layout::default() }
}

fn pointer(text: &str) -> Pointer {
    Pointer::read(text).expect("a constant pointer")
}

fn place(text: &str) -> Place {
    Place::read(text).expect("a constant place")
}
