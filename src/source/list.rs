//! A list in JSON at an address: what a line says itself, and the services whose lists are known.

use url::Url;

use super::{Paths, Place, Pointer};

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct List {
    /// The word that names the kind in sources.toml.
    pub kind: &'static str,
    pub url: Url,
    pub paths: Paths,
    /// Whether its ids are given once and for good.
    pub ids_are_stable: bool,
    /// Whether an answer without items is a quiet day.
    pub may_be_empty: bool,
}

impl List {
    /// Stories of Hacker News with these words and more than `points` points, newest first. The link is the story's own;
    /// the discussion stands in the text. Points and comments change all the time and are left out.
    ///
    /// Source of the format: <https://hn.algolia.com/api>.
    pub fn hacker_news(query: &str, points: u64) -> List {
        const DISCUSSION: &str = "https://news.ycombinator.com/item?id={/objectID}";
        let mut url = Url::parse("https://hn.algolia.com/api/v1/search_by_date").expect("an address");
        url.query_pairs_mut()
            .append_pair("query", query)
            .append_pair("tags", "story")
            .append_pair("numericFilters", &format!("points>{points}"))
            .append_pair("hitsPerPage", "100");
        let with_text = format!("{{/story_text}}<p>Discussion: {DISCUSSION}</p>");
        let paths = Paths {
            items: pointer("/hits"),
            id: places(&["/objectID"]),
            title: places(&["/title"]),
            link: places(&["/url", DISCUSSION]),
            date: places(&["/created_at", "/created_at_i"]),
            text: places(&[&with_text, &format!("Discussion: {DISCUSSION}")]),
            author: places(&["/author"]),
            tags: Vec::new(),
        };
        List { kind: "hacker-news", url, paths, ids_are_stable: true, may_be_empty: true }
    }

    /// The papers that Hugging Face's readers hand in each day. Votes are left out: they change all the time.
    ///
    /// Source of the format: <https://huggingface.co/docs/hub/api>.
    pub fn hugging_face_papers() -> List {
        let paths = Paths {
            items: Pointer::default(),
            id: places(&["/paper/id"]),
            title: places(&["/paper/title", "/title"]),
            link: places(&["https://huggingface.co/papers/{/paper/id}"]),
            date: places(&["/paper/submittedOnDailyAt", "/publishedAt", "/paper/publishedAt"]),
            text: places(&["/paper/summary", "/summary"]),
            author: places(&["/paper/authors/*/name"]),
            tags: Vec::new(),
        };
        let url = Url::parse("https://huggingface.co/api/daily_papers").expect("an address");
        // Nothing is handed in at some weekends.
        List { kind: "hugging-face-papers", url, paths, ids_are_stable: true, may_be_empty: true }
    }
}

fn pointer(text: &str) -> Pointer {
    Pointer::read(text).expect("a constant pointer")
}

fn places(texts: &[&str]) -> Vec<Place> {
    texts.iter().map(|text| Place::read(text).expect("a constant place")).collect()
}
