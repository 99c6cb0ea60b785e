//! What GitHub means when it says no, and what a person can do about it.

use jiff::{SignedDuration, Timestamp};
use url::Url;

use crate::fetch::limits::Limit;
use crate::fetch::shown;
use crate::fetch::status::{add, named, wait_until};
use crate::item::{Fault, FaultKind};

/// "If you exceed a secondary rate limit … wait for at least one minute before retrying" (REST API: Rate limits).
const UNNAMED_WAIT: SignedDuration = SignedDuration::from_mins(1);

/// How a token is made that can do nothing but be counted.
const NEW_TOKEN: &str = "make a fine-grained one at https://github.com/settings/personal-access-tokens/new (public \
     repositories, no permissions) and put it where token_env or token_file of [github] in tidings.toml says";

/// A limit that was reached.
pub(super) struct Limited {
    pub(super) until: Timestamp,
    /// Its own count is used up; otherwise all requests together came too fast.
    pub(super) is_count: bool,
}

impl Limited {
    pub(super) fn why(&self, has_token: bool) -> String {
        match (self.is_count, has_token) {
            (true, true) => "GitHub's count of requests for this token is used up".to_owned(),
            (true, false) => "GitHub's count of requests without a token is used up (60 an hour; 5,000 with one, see \
                 [github] in the README)"
                .to_owned(),
            (false, _) => "GitHub asked us to go slower (its secondary rate limit)".to_owned(),
        }
    }
}

/// Whether a 403 or 429 is about a limit, by the order in "REST API: Rate limits": `Retry-After`, else a count that is used
/// up, else what the words say.
pub(super) fn limited<'h>(
    status: u16,
    header: impl Fn(&str) -> Option<&'h str>,
    said: &str,
    now: Timestamp,
) -> Option<Limited> {
    if !matches!(status, 403 | 429) {
        return None;
    }
    if let Some(until) = header("retry-after").and_then(|text| wait_until(text, now)) {
        return Some(Limited { until, is_count: false });
    }
    let limit = Limit::read(header, now);
    if let (true, Some(until)) = (limit.is_used_up, limit.reset) {
        return Some(Limited { until, is_count: true });
    }
    let said = said.to_lowercase();
    let is_slower = status == 429 || said.contains("rate limit") || said.contains("abuse detection");
    is_slower.then(|| Limited { until: add(now, UNNAMED_WAIT), is_count: false })
}

/// A no that is about the request itself. `said` are GitHub's own words.
pub(super) fn refusal(status: u16, said: &str, url: &Url, has_token: bool) -> Fault {
    let advice = match (status, has_token) {
        (401, true) => format!("the token of [github] in tidings.toml is no good or has ended; {NEW_TOKEN}"),
        (401, false) => format!("it wants a token; {NEW_TOKEN}"),
        (404, true) => {
            "look for the name on the site: it is misspelt, gone, or private and not this token's to see".to_owned()
        }
        (404, false) => "look for the name on the site: it is misspelt, gone, or private; a private one needs a token \
             that may read it"
            .to_owned(),
        (409, _) => "the repository is empty".to_owned(),
        (422, _) => match searched(url) {
            Some(words) => format!("mend the search `{words}` in sources.toml"),
            None => "mend the source's line in sources.toml".to_owned(),
        },
        (451, _) => "it may not be shown for legal reasons".to_owned(),
        (500..=599, _) => "the trouble is on its side, and the next run asks again".to_owned(),
        _ => "see what a browser gets on the site, and mend the source in sources.toml".to_owned(),
    };
    let said = if said.is_empty() { String::new() } else { format!(" (\u{201c}{said}\u{201d})") };
    let message = format!("asking {}: it answered {}{said}; {advice}", shown(url), named(status));
    Fault::new(FaultKind::Status, message)
}

/// The request is left out, because GitHub refused the token a moment ago and said what it had to say.
pub(super) fn refused_before(url: &Url) -> Fault {
    let message = format!("not asking {}: GitHub refused the token of [github] in this run", shown(url));
    Fault::new(FaultKind::Status, message)
}

/// tidings.toml names a token's place, and it is not there. To ask without would be slow, and nobody would know why.
pub(super) fn missing_token(why: &str) -> Fault {
    let message =
        format!("not asking GitHub: the token of [github] in tidings.toml: {why}; {NEW_TOKEN}, or take it out");
    Fault::new(FaultKind::Status, message)
}

/// The words of a search.
fn searched(url: &Url) -> Option<String> {
    url.query_pairs().find(|(key, _)| key == "q").map(|(_, words)| words.into_owned())
}
