//! Pains: what people report again and again, in issues and on Reddit.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use regex::Regex;
use url::Url;

use super::survey::Note;
use crate::edition::trends::{Link, Pain};
use crate::judge::product::Product;
use crate::judge::ready::normal;
use crate::judge::words::words;

/// Fewer reports are nothing that comes again and again.
const LEAST: usize = 3;
/// Told at most.
const MOST: usize = 6;
const MOST_LINKS: usize = 2;
/// Characters behind the title that are looked at: the complaint comes first, then logs in which every word stands.
const LEAD: usize = 600;

/// A complaint, how people word it, and examples of what it is and is not.
struct Complaint {
    name: &'static str,
    pattern: &'static str,
    is: &'static [&'static str],
    is_not: &'static [&'static str],
}

const COMPLAINTS: [Complaint; 12] = [
    Complaint {
        name: "rate limits and quotas",
        pattern: r"\b(?:rate[- ]limit(?:s|ed|ing)?|usage limits?|weekly limits?|hit (?:my|the|our) limits?|quota (?:exceeded|reached)|too many requests|429)\b",
        is: &["Hit my weekly limit after two prompts", "429 Too Many Requests all day"],
        is_not: &["What are the limits of alignment?", "A new quota for women on boards"],
    },
    Complaint {
        name: "outages and overload",
        pattern: r"\b(?:overloaded(?:_error)?|529|503|502|service unavailable|outage|(?:api|service|server) (?:is )?(?:down|unreachable)|internal server error)\b",
        is: &["API is down again", "529 overloaded_error since this morning"],
        is_not: &["I calmed down", "An overload of papers"],
    },
    Complaint {
        name: "crashes",
        pattern: r"\b(?:crash(?:es|ed|ing)?|segfaults?|segmentation fault|panick?(?:s|ed)|core dump(?:ed)?|out of memory|heap out of memory|oom)\b",
        is: &["Crashes on startup", "JavaScript heap out of memory after an hour"],
        is_not: &["A crash course in agents", "The market crash"],
    },
    Complaint {
        name: "hangs and slowness",
        pattern: r"\b(?:hangs?|hung (?:up|at|on|for|when|while|process|forever)|freez(?:es?|ing)|frozen|gets? stuck|stuck (?:at|on|in|for)|unresponsive|(?:very|so|extremely|too|unusably) slow|times? out|timed out|timeouts?)\b",
        is: &["Terminal freezes when I paste", "Tool call timed out after 60 seconds"],
        is_not: &["We hung a picture", "Slow science", "Layers that stay frozen while others train"],
    },
    Complaint {
        name: "worse answers than before",
        pattern: r"\b(?:dumber|nerfed|lobotomi[sz]ed|(?:quality|performance) (?:has )?(?:dropped|degraded|regress(?:ed|ion))|degraded (?:quality|performance)|got(?:ten)? (?:so much |much )?worse|regression)\b",
        is: &["Is it just me or did the model get dumber?", "Quality has degraded since Tuesday"],
        is_not: &["We got better results", "Linear regression in ten lines"],
    },
    Complaint {
        name: "lost work",
        pattern: r"\b(?:(?:deleted|overw(?:rote|ritten)|wiped|lost|erased) (?:all )?(?:my|our|the|user) (?:\w+ ){0,2}(?:files?|work|changes|repo(?:sitory)?|history|database|sessions?|conversations?|data)|data loss)\b",
        is: &["It deleted my files without asking", "Lost all my session history after the update"],
        is_not: &["We lost the bid", "Lost in the middle: long contexts"],
    },
    Complaint {
        name: "sign-in and keys",
        pattern: r"\b(?:(?:can(?:no|')t|cannot|unable to|fail(?:s|ed)? to) (?:log|sign)[- ]?in|login (?:loop|fails?|failed)|auth(?:entication)? (?:fails?|failed|errors?)|oauth (?:errors?|fails?|failed)|invalid api key|401|token (?:has )?expired)\b",
        is: &["Can't log in: OAuth error in a loop", "401 invalid api key with a fresh key"],
        is_not: &["Authentication for agents, a survey"],
    },
    Complaint {
        name: "installing and updating",
        pattern: r"\b(?:(?:install(?:ation|er)?|update|upgrade|auto-?update) (?:fails?|failed|failing|is broken|breaks?|broke)|(?:can(?:no|')t|cannot|unable to|fail(?:s|ed)? to) (?:install|update|upgrade)|(?:broken|broke) (?:after|since) (?:the )?(?:last |latest )?(?:update|upgrade))\b",
        is: &["Auto-update fails on Debian", "Everything broke after the update", "Cannot install with npm"],
        is_not: &["How to install it in five minutes"],
    },
    Complaint {
        name: "permissions that are asked or ignored",
        pattern: r"\b(?:permission (?:prompts?|denied|errors?|modes?)|(?:keeps?|always) asking (?:me )?(?:for|to)|ignor(?:es?|ed|ing) (?:my |the )?(?:permissions?|settings|deny rules?|allow ?list))\b",
        is: &["It keeps asking for permission in auto mode", "Ignores my deny rules"],
        is_not: &["With kind permission of the author"],
    },
    Complaint {
        name: "forgotten context and compaction",
        pattern: r"\b(?:(?:auto-?)?compact(?:ion|ing|s|ed)?|forgets? (?:everything|the|what|my|instructions)|ignor(?:es?|ed|ing) (?:the |my )?(?:claude\.md|agents\.md|instructions|rules)|context (?:window )?(?:is )?(?:lost|full|exceeded)|prompt is too long)\b",
        is: &["Compaction loses the plan", "Ignores CLAUDE.md after ten minutes"],
        is_not: &["Context matters in ethics"],
    },
    Complaint {
        name: "MCP servers and tool calls",
        pattern: r"\b(?:mcp (?:servers? )?(?:fails?|failed|errors?|disconnect(?:s|ed)?|not (?:connecting|working|found)|(?:won't|doesn't|does not) (?:connect|start|load))|tool (?:calls?|use) (?:fails?|failed|errors?|broken|loops?))\b",
        is: &["MCP server disconnects after sleep", "Tool call failed with no message"],
        is_not: &["A list of MCP servers"],
    },
    Complaint {
        name: "cost and token use",
        pattern: r"\b(?:burn(?:s|ed|t|ing)? (?:through )?(?:\w+ )?(?:tokens|credits|quota)|(?:token|credits?) (?:usage|use|consumption) (?:is )?(?:too high|exploded|insane|doubled)|overcharged|unexpected(?:ly)? (?:high )?(?:bill|charges?|cost)|billed (?:twice|wrongly))\b",
        is: &["It burns through tokens in plan mode", "Unexpected bill of 300 dollars"],
        is_not: &["Tokens and credits explained"],
    },
];

static PATTERNS: LazyLock<Vec<(&'static str, Regex)>> = LazyLock::new(|| {
    let pattern = |one: &Complaint| Regex::new(&format!("(?i){}", one.pattern)).expect("a valid pattern");
    COMPLAINTS.iter().map(|one| (one.name, pattern(one))).collect()
});

/// "Crash" in another sense.
static ELSEWHERE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(?:crash course|market crash|(?:linear|logistic|ridge) regression|layers? (?:that )?(?:stay )?frozen|stay frozen)\b").expect("a valid pattern")
});

/// An error by its own name, as programs print it: `OverloadedError`, `ENOSPC`, `ERR_MODULE_NOT_FOUND`.
static NAMED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?x)\b(?:
          [A-Z][a-z0-9]+(?:[A-Z][a-z0-9]*)*(?:Error|Exception)
        | E(?:CONN(?:REFUSED|RESET|ABORTED)|NO(?:ENT|SPC|MEM|TDIR|TEMPTY|TFOUND|SYS)|ACCES|PERM|EXIST|PIPE|TIMEDOUT|ADDRINUSE|BUSY|MFILE|ISDIR|HOSTUNREACH|NETUNREACH|INVAL|ROFS|XDEV|AI_AGAIN)
        | ERR_[A-Z_]{4,40}
        )\b",
    )
    .expect("a valid pattern")
});

/// The complaints of a text.
fn complaints(title: &str, text: &str) -> BTreeSet<String> {
    let lead: String = text.chars().take(LEAD).collect();
    let whole = normal(&format!("{title}\n{lead}"));
    let whole = ELSEWHERE.replace_all(&whole, " ");
    let mut found: BTreeSet<String> =
        PATTERNS.iter().filter(|(_, pattern)| pattern.is_match(&whole)).map(|(name, _)| (*name).to_owned()).collect();
    found.extend(NAMED.find_iter(&whole).map(|name| name.as_str().to_owned()));
    found
}

/// Where people report: an issue or a discussion on GitHub, a post on Reddit.
fn is_report(link: Option<&Url>) -> bool {
    let Some(link) = link else { return false };
    let host = link.host_str().unwrap_or_default();
    let is_on = |site: &str| host == site || host.ends_with(&format!(".{site}"));
    let mut parts = link.path_segments().into_iter().flatten().skip(2);
    (is_on("github.com") && matches!(parts.next(), Some("issues" | "discussions"))) || is_on("reddit.com")
}

#[derive(Debug)]
pub struct Pains {
    watch: Vec<Product>,
    /// By complaint.
    found: BTreeMap<String, Vec<Report>>,
}

#[derive(Debug)]
struct Report {
    /// How many sources tell it.
    sources: usize,
    relevance: f64,
    link: Link,
}

impl Pains {
    pub fn new(products: &[String]) -> Pains {
        Pains { watch: products.iter().map(|name| Product::named(name)).collect(), found: BTreeMap::new() }
    }

    /// One story: it counts once under each of its complaints.
    pub fn add(&mut self, notes: &[&Note]) {
        let Some(note) = notes.iter().find(|note| is_report(note.link.as_ref())) else { return };
        let sources: BTreeSet<&str> = notes.iter().map(|note| note.source.as_str()).collect();
        let product = self.product(note);
        for complaint in complaints(&note.title, &note.text) {
            let what = match &product {
                Some(product) => format!("{product}: {complaint}"),
                None => complaint,
            };
            let report = Report { sources: sources.len(), relevance: note.relevance, link: note.link() };
            self.found.entry(what).or_default().push(report);
        }
    }

    /// The watched product that the title, the topics or the first words name.
    fn product(&self, note: &Note) -> Option<String> {
        let lead: String = note.text.chars().take(LEAD).collect();
        let places = [words(&note.title), words(&note.topics.join(" | ")), words(&lead)];
        let named = places.iter().find_map(|place| self.watch.iter().find(|product| product.is_named_in(place)));
        named.map(|product| product.name.clone())
    }

    /// The complaints with the most reports.
    pub fn pains(&self) -> Vec<Pain> {
        let mut all: Vec<(&String, &Vec<Report>)> =
            self.found.iter().filter(|(_, reports)| reports.len() >= LEAST).collect();
        all.sort_by(|one, other| other.1.len().cmp(&one.1.len()).then_with(|| one.0.cmp(other.0)));
        all.into_iter().take(MOST).map(|(what, reports)| pain(what, reports)).collect()
    }
}

fn pain(what: &str, reports: &[Report]) -> Pain {
    let mut best: Vec<&Report> = reports.iter().collect();
    best.sort_by(|one, other| {
        other
            .sources
            .cmp(&one.sources)
            .then(other.relevance.total_cmp(&one.relevance))
            .then(one.link.title.cmp(&other.link.title))
    });
    let links = best.into_iter().take(MOST_LINKS).map(|report| report.link.clone()).collect();
    Pain { what: what.to_owned(), reports: reports.len() as u64, links }
}

/// Runs every complaint on its own examples; returns those it gets wrong, in words.
pub fn check_examples() -> Vec<String> {
    let mut wrong = Vec::new();
    for complaint in &COMPLAINTS {
        for (examples, wanted) in [(complaint.is, true), (complaint.is_not, false)] {
            for text in examples.iter().filter(|text| complaints(text, "").contains(complaint.name) != wanted) {
                wrong.push(format!("{}: {text:?} should be {wanted}", complaint.name));
            }
        }
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_report_in_issues_and_on_reddit() {
        for (link, wanted) in [
            ("https://github.com/owner/name/issues/12", true),
            ("https://github.com/owner/name/discussions/3", true),
            ("https://github.com/owner/name/releases/tag/v1", false),
            ("https://www.reddit.com/r/ClaudeAI/comments/1/x/", true),
            ("https://notreddit.com/r/x", false),
        ] {
            assert_eq!(is_report(Some(&Url::parse(link).unwrap())), wanted, "{link}");
        }
    }

    #[test]
    fn an_error_is_known_by_its_own_name() {
        let found = complaints("OverloadedError when saving", "write failed: ENOSPC, and an ERROR");
        assert_eq!(found.into_iter().collect::<Vec<_>>(), ["ENOSPC", "OverloadedError"]);
    }
}
