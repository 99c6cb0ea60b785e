//! A subreddit as a source: which listing is asked, and which of its posts count.

use url::Url;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Reddit {
    /// Without `r/`.
    pub subreddit: String,
    pub listing: Listing,
    /// Posts with a lower score are left out until they reach it.
    pub least_score: i64,
    /// Posts with one of these flairs count; empty: all do. In lower case.
    pub flairs: Vec<String>,
    /// Posts with one of these in title or text count; empty: all do. In lower case.
    pub keywords: Vec<String>,
    /// Whether pinned posts count, such as threads for everybody's small questions.
    pub pinned: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Listing {
    New,
    /// The best of this time.
    Top(Period),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Period {
    Hour,
    Day,
    Week,
    Month,
    Year,
    All,
}

impl Period {
    pub const ALL: [Period; 6] = [Period::Hour, Period::Day, Period::Week, Period::Month, Period::Year, Period::All];

    pub fn word(self) -> &'static str {
        match self {
            Period::Hour => "hour",
            Period::Day => "day",
            Period::Week => "week",
            Period::Month => "month",
            Period::Year => "year",
            Period::All => "all",
        }
    }
}

impl Reddit {
    /// Everything new in a subreddit.
    pub fn of(subreddit: &str) -> Reddit {
        Reddit {
            subreddit: subreddit.to_owned(),
            listing: Listing::New,
            least_score: i64::MIN,
            flairs: Vec::new(),
            keywords: Vec::new(),
            pinned: false,
        }
    }

    /// The listing's address on the public site, whoever is asked for it: <https://www.reddit.com/dev/api#GET_new>.
    pub fn url(&self) -> Url {
        let base = format!("https://www.reddit.com/r/{}", self.subreddit);
        let text = match self.listing {
            Listing::New => format!("{base}/new.json?limit=100&raw_json=1"),
            Listing::Top(period) => format!("{base}/top.json?t={}&limit=100&raw_json=1", period.word()),
        };
        Url::parse(&text).expect("a subreddit's name has letters, digits and `_`")
    }
}

/// The feed of a listing, which says no score and no flair.
pub fn feed_of(listing: &Url) -> Url {
    let mut feed = listing.clone();
    feed.set_path(&format!("{}/.rss", listing.path().trim_end_matches(".json")));
    let query = listing.query().map(|query| query.replace("&raw_json=1", ""));
    feed.set_query(query.as_deref());
    feed
}
