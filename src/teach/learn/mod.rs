//! Learn: from what is told of one happening, the sentences that change how people work, each with what bears it out.
//!
//! Without a model a claim is a sentence of an official source, word for word: only white space is folded, typographic marks
//! are written as ASCII has them, and code stands between backticks. A model's claim passes the same gate, and only with a
//! quote that stands in the item. Nothing here reads a file or a clock, and nothing is decided for good: what is learnt may
//! still be refused by the gate, and is merged by a person.

mod sentences;
mod code;
mod worth;
mod product;
mod advice;
mod near;
mod going;
mod recheck;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use regex::Regex;
use sha2::{Digest, Sha256};

pub use going::{ForeignLine, Going, Recalled, goings, recalled};
pub use near::{Gist, nearest};
pub use product::{product_names, signature};
pub use recheck::recheck;

use sentences::{Sentence, fold, plain, sentences};

use crate::extraction::{By, Extraction};
use crate::guard::text;
use crate::item::{Item, ItemId};
use crate::lesson::{
    Advice, DAYS_TO_LIVE, Evidence, Kind, LONGEST_CLAIM, LONGEST_TITLE, Lesson, LessonId, MOST_EVIDENCE, Seen, Since,
    State,
};
use crate::source::Trust;
use crate::story::Story;
use crate::verdict::Category;

/// Lessons of one happening: a changelog that changed more than that is read by itself.
const MOST: usize = 3;
/// Reasons that are kept of what became no lesson.
const MOST_PASSED: usize = 12;
/// Characters of a sentence that is named in such a reason.
const SHOWN: usize = 100;

/// One item that tells a story, whole.
#[derive(Debug, Clone, Copy)]
pub struct Telling<'a> {
    pub item: &'a Item,
    pub text: &'a str,
    pub extraction: Option<&'a Extraction>,
}

/// What is known already, which nothing repeats.
#[derive(Clone, Copy)]
pub struct Known<'a> {
    /// Products that the lab watches, by name.
    pub watched: &'a [String],
    /// The skill's own words, as the repository has them.
    pub skill: Option<&'a str>,
    /// Lessons that hold, or wait to be proposed.
    pub lessons: &'a [&'a Lesson],
    /// Lessons that a person said no to, as they were then.
    pub declined: &'a [&'a Lesson],
    /// What may enter a skill at all; Err says why not, and another sentence is tried.
    pub gate: &'a dyn Fn(&Lesson) -> Result<(), String>,
}

/// What came of one story.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Learnt {
    /// New, the weightiest first; at most three.
    pub found: Vec<Finding>,
    /// Said again by another page: what bears a known lesson out.
    pub again: Vec<(LessonId, Finding)>,
    /// What became no lesson, and why.
    pub passed: Vec<Passed>,
}

/// A lesson that has no id yet.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    pub kind: Kind,
    pub claim: String,
    pub use_when: String,
    pub advice: Option<Advice>,
    pub since: Option<Since>,
    pub evidence: Vec<Evidence>,
    /// The quoted spans, in the order of the evidence: what its hashes are made of.
    pub spans: Vec<String>,
    pub seen: Seen,
    /// The items it was found in.
    pub items: Vec<ItemId>,
    /// Orders findings; says nothing by itself.
    pub weight: i32,
    /// Why it is one.
    pub why: String,
}

impl Finding {
    /// The lesson under its id, from this day on.
    pub fn lesson(&self, id: LessonId, today: Date) -> Lesson {
        Lesson {
            id,
            kind: self.kind,
            claim: self.claim.clone(),
            use_when: self.use_when.clone(),
            advice: self.advice.clone(),
            since: self.since.clone(),
            evidence: self.evidence.clone(),
            seen: self.seen,
            state: State::Active,
            added: today,
            expires: today.saturating_add(DAYS_TO_LIVE.days()),
        }
    }

    fn merge(&mut self, other: Finding) {
        for (evidence, span) in other.evidence.into_iter().zip(other.spans) {
            let is_known = self.evidence.iter().any(|known| known.url == evidence.url);
            if !is_known && self.evidence.len() < MOST_EVIDENCE {
                self.evidence.push(evidence);
                self.spans.push(span);
            }
        }
        for item in other.items {
            if !self.items.contains(&item) {
                self.items.push(item);
            }
        }
        self.weight = self.weight.max(other.weight);
        self.advice = self.advice.take().or(other.advice);
        self.since = self.since.take().or(other.since);
    }
}

/// What became no lesson.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passed {
    pub item: ItemId,
    /// The sentence, cut for showing; empty where the whole item was passed over.
    pub words: String,
    pub why: String,
}

static ADVISORY: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\b(?:CVE-\d{4}-\d{4,}|GHSA(?:-[a-z0-9]{4}){3}|RUSTSEC-\d{4}-\d{4})\b").expect("a valid pattern")
});

/// What is to be learnt of a story. `tellings` are its members' items, as far as they can be read; who counts as a voice is
/// read from the story.
pub fn learn(story: &Story, tellings: &[Telling], known: Known, today: Date) -> Learnt {
    let mut learnt = Learnt::default();
    let seen = voices(story);
    let mut findings: Vec<Finding> = Vec::new();
    let mut faults: BTreeMap<String, Vec<Finding>> = BTreeMap::new();
    for telling in tellings {
        let mut passed: Vec<(String, String)> = Vec::new();
        let official = telling.item.trust == Trust::Official;
        if telling.item.link.is_none() {
            passed.push((String::new(), "it has no address that could bear it out".to_owned()));
        } else if official {
            let found = sentences(&telling.item.title, telling.text);
            let mut own: Vec<Finding> = Vec::new();
            for sentence in &found {
                match from_sentence(sentence, telling, known.watched, seen) {
                    Ok(finding) => own.push(finding),
                    Err(why) => passed.push((sentence.words.clone(), why)),
                }
            }
            let (of_faults, others): (Vec<Finding>, Vec<Finding>) = own.into_iter().partition(|finding| {
                is_advisory(telling.item) || (finding.kind == Kind::Security && ADVISORY.is_match(&finding.claim))
            });
            for finding in of_faults {
                faults.entry(fault(&finding.claim, telling)).or_default().push(finding);
            }
            findings.extend(others);
        }
        match telling.extraction.map(|extraction| from_extraction(extraction, telling, known.watched, seen)) {
            Some(Ok(finding)) => findings.push(finding),
            Some(Err(why)) if !official => passed.push((String::new(), why)),
            None if !official => {
                passed.push((String::new(), "no official source, and no model has read it".to_owned()))
            }
            _ => {}
        }
        let passed = passed.into_iter().map(|(words, why)| Passed {
            item: telling.item.id.clone(),
            words: text::excerpt(&words, SHOWN),
            why,
        });
        learnt.passed.extend(passed);
    }
    // One fault, one lesson: the sentence that says most of it, borne out by the pages that tell it too.
    for mut told in faults.into_values() {
        told.sort_by_key(|finding| std::cmp::Reverse(finding.weight));
        findings.extend(told.into_iter().reduce(|mut most, other| {
            most.merge(other);
            most
        }));
    }
    findings.sort_by_key(|finding| std::cmp::Reverse((finding.seen.is_enough(), finding.weight)));
    let mut kept: Vec<Finding> = Vec::new();
    for finding in findings {
        let gist = Gist::of(&finding.claim);
        if let Some(same) =
            kept.iter_mut().find(|other| other.claim == finding.claim || gist.is_near(&Gist::of(&other.claim)))
        {
            same.merge(finding);
            continue;
        }
        if let Some(lesson) = known.lessons.iter().find(|lesson| is_same(lesson, &finding)) {
            learnt.again.push((lesson.id.clone(), finding));
            continue;
        }
        let passed = |finding: &Finding, why| Passed {
            item: finding.items[0].clone(),
            words: text::excerpt(&finding.claim, SHOWN),
            why,
        };
        match entered(&finding, &known, today) {
            Err(why) => learnt.passed.push(passed(&finding, why)),
            Ok(finding) if kept.len() < MOST => kept.push(finding),
            Ok(finding) => {
                learnt.passed.push(passed(&finding, format!("{MOST} weightier ones of the same story")));
            }
        }
    }
    // What nearly became one tells most: those that were refused last stand first.
    learnt.passed.reverse();
    learnt.passed.truncate(MOST_PASSED);
    learnt.found = kept;
    learnt
}

/// How many independent voices tell a story: official sources, and sites of others that are none of theirs.
pub fn voices(story: &Story) -> Seen {
    let official = story.members.iter().filter(|member| member.trust == Trust::Official);
    let sources: BTreeSet<&str> = official.clone().map(|member| member.source.as_str()).collect();
    let theirs: BTreeSet<&str> = official.map(|member| member.site.as_str()).collect();
    let others: BTreeSet<&str> = story
        .members
        .iter()
        .filter(|member| {
            member.trust != Trust::Official && !member.site.is_empty() && !theirs.contains(member.site.as_str())
        })
        .map(|member| member.site.as_str())
        .collect();
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    Seen { official: count(sources.len()), others: count(others.len()), sessions: 0 }
}

fn is_advisory(item: &Item) -> bool {
    ADVISORY.is_match(&item.title) || item.link.as_ref().is_some_and(|link| link.path().contains("/advisories/"))
}

/// Which fault a claim is about: the number it names, else that in its item's title, address or text, else the item itself.
fn fault(claim: &str, telling: &Telling) -> String {
    let address = telling.item.link.as_ref().map_or("", |link| link.as_str());
    let number = [claim, &telling.item.title, address, telling.text].into_iter().find_map(|text| ADVISORY.find(text));
    number.map_or_else(|| telling.item.id.0.clone(), |found| found.as_str().to_owned())
}

/// A title behind the number of its advisory.
fn unnumbered(title: &str) -> &str {
    let rest = ADVISORY.find(title).filter(|found| found.start() == 0).map_or(title, |found| &title[found.end()..]);
    rest.trim_start_matches([':', ' ', '-'])
}

/// A lesson that is one sentence of an official source.
fn from_sentence(sentence: &Sentence, telling: &Telling, watched: &[String], seen: Seen) -> Result<Finding, String> {
    let item = telling.item;
    let is_advisory = is_advisory(item);
    let worth = worth::worth(sentence, is_advisory).map_err(str::to_owned)?;
    let is_title = sentence.heading == "title";
    // An advisory is called `CVE-2026-12345: …`; the number stands in its address.
    let words = if is_title && is_advisory { unnumbered(&sentence.words) } else { &sentence.words };
    let claim = claim(words)?;
    let product = product::product(&item.title, &item.topics, watched);
    let since = product.as_ref().and_then(|product| product::since(product, &claim, telling.text, is_advisory));
    if is_title && is_advisory && since.is_none() {
        return Err("the title of an advisory says no version".to_owned());
    }
    Ok(Finding {
        kind: worth.kind,
        use_when: product::use_when(worth.kind, product.as_ref(), since.as_ref(), &claim),
        advice: advice::advice(sentence),
        since,
        evidence: vec![evidence(item, words).ok_or("it has no address that could bear it out")?],
        spans: vec![fold(words)],
        seen,
        items: vec![item.id.clone()],
        weight: worth.weight,
        why: worth.why.to_owned(),
        claim,
    })
}

/// A lesson in a model's words, with a quote that stands in the item.
fn from_extraction(
    extraction: &Extraction,
    telling: &Telling,
    watched: &[String],
    seen: Seen,
) -> Result<Finding, String> {
    let item = telling.item;
    if !matches!(extraction.by, By::Model(_)) {
        return Err("no model has read it".to_owned());
    }
    if extraction.input != item.content {
        return Err("its words have changed since a model read them".to_owned());
    }
    let quote = fold(&extraction.quote.text);
    if quote.is_empty() || !fold(&format!("{}\n{}", item.title, telling.text)).contains(&quote) {
        return Err("the quote does not stand in it".to_owned());
    }
    let kind = match extraction.category {
        Category::Security => Kind::Security,
        Category::Breaking => Kind::Deprecation,
        Category::Technique => Kind::Practice,
        Category::Feature => Kind::Technique,
        Category::Tool | Category::Research | Category::Other => {
            return Err("a model reads no technique, advice, fault or change in it".to_owned());
        }
    };
    if kind == Kind::Technique && extraction.commands.is_empty() && extraction.technique.is_none() {
        return Err("a model reads nothing to do in it".to_owned());
    }
    let said = Sentence { words: extraction.claim.clone(), is_point: false, heading: String::new(), code: None };
    if sentences("", &said.words).len() > 2 {
        return Err("a model's claim is more than one sentence".to_owned());
    }
    let claim = claim(&said.words)?;
    let product = product::product(&item.title, &item.topics, watched);
    let since = product.as_ref().and_then(|product| product::since(product, &claim, telling.text, is_advisory(item)));
    let commands = extraction.commands.iter().map(|command| format!("`{command}`")).collect::<Vec<_>>().join(" ");
    let commanded = Sentence { words: commands, is_point: true, heading: String::new(), code: None };
    Ok(Finding {
        kind,
        use_when: product::use_when(kind, product.as_ref(), since.as_ref(), &claim),
        advice: advice::advice(&commanded),
        since,
        evidence: vec![evidence(item, &quote).ok_or("it has no address that could bear it out")?],
        spans: vec![quote],
        seen,
        items: vec![item.id.clone()],
        weight: worth::LEAST,
        why: "a model read it so".to_owned(),
        claim,
    })
}

/// A sentence as a claim: its own words, typographic marks in ASCII, code between backticks.
fn claim(words: &str) -> Result<String, String> {
    let plain = plain(&fold(words));
    let marked = code::mark(&plain).ok_or("its marks of code don't close")?;
    // Where the marks of ours are what is too much, the words go without.
    let claim = if marked.chars().count() > LONGEST_CLAIM { plain } else { marked };
    let length = claim.chars().count();
    if length > LONGEST_CLAIM {
        return Err(format!("it has {length} characters, and a sentence is never cut"));
    }
    if !claim.chars().all(|letter| letter.is_ascii() && !letter.is_ascii_control()) {
        return Err("it has characters that no skill gets".to_owned());
    }
    if claim.contains("](") || claim.contains("://") || claim.contains("www.") {
        return Err("it holds a link".to_owned());
    }
    Ok(claim)
}

fn evidence(item: &Item, span: &str) -> Option<Evidence> {
    let url = item.link.clone()?;
    let title = title(item).unwrap_or_else(|| url.host_str().unwrap_or("a page").to_owned());
    Some(Evidence { url, title, date: item.at().to_zoned(TimeZone::UTC).date(), quote: hash(span) })
}

/// An item's title as a link may show it: ASCII without marks; None where it has other characters, for a title is only a name.
fn title(item: &Item) -> Option<String> {
    let title = plain(&item.title).replace('`', "");
    let title = plain(&text::excerpt(&title, LONGEST_TITLE)).trim_end_matches("...").trim().to_owned();
    let is_plain = |letter: char| matches!(letter, ' '..='~') && !"<>[]{}\\|*~^$@#_".contains(letter);
    (title.len() > 3 && title.chars().all(is_plain) && !title.contains("//")).then_some(title)
}

/// SHA-256 of a quoted span, white space folded: 64 hexadecimal digits.
pub fn hash(span: &str) -> String {
    Sha256::digest(fold(span).as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether a finding says what a lesson says: of one product, near in words.
fn is_same(lesson: &Lesson, finding: &Finding) -> bool {
    let product = |since: &Option<Since>| since.as_ref().map(|since| since.product.clone());
    let (one, other) = (product(&lesson.since), product(&finding.since));
    let one_product = one.is_none() || other.is_none() || one == other;
    one_product && (lesson.claim == finding.claim || Gist::of(&lesson.claim).is_near(&Gist::of(&finding.claim)))
}

/// The finding in the form in which it may be proposed: as it is, else without its advice, else without marks of code.
///
/// # Errors
/// Why it is not new, or may not enter a skill at all.
fn entered(finding: &Finding, known: &Known, today: Date) -> Result<Finding, String> {
    let lesson = |finding: &Finding| finding.lesson(LessonId::new(today, 1), today);
    let forms = forms(finding);
    for declined in known.declined {
        let content = declined.content();
        if forms.iter().any(|form| lesson(form).content() == content) {
            return Err(format!("{} says the same, and was declined", declined.id));
        }
        // Its own page with other words may come back; the same said elsewhere may not.
        let is_own = declined.evidence.iter().any(|known| finding.evidence.iter().any(|own| own.url == known.url));
        if !is_own && is_same(declined, finding) {
            return Err(format!("near to {}, which was declined", declined.id));
        }
    }
    if let Some(line) = known.skill.and_then(|skill| repeats(&finding.claim, skill)) {
        return Err(format!("the skill says so already: {}", text::excerpt(line, SHOWN)));
    }
    if !finding.seen.is_enough() {
        // It stays in the digest anyway.
        return Ok(finding.clone());
    }
    let mut refusal = None;
    for form in forms {
        match (known.gate)(&lesson(&form)) {
            Ok(()) => return Ok(form),
            Err(why) => refusal = refusal.or(Some(why)),
        }
    }
    Err(format!("the gate refuses it: {}", refusal.unwrap_or_default()))
}

/// The forms of one finding that say the same, the fullest first. Without marks of code not a letter is another.
fn forms(finding: &Finding) -> Vec<Finding> {
    let mut forms = vec![finding.clone()];
    if finding.advice.is_some() {
        forms.push(Finding { advice: None, ..finding.clone() });
    }
    if finding.claim.contains('`') {
        let claim = finding.claim.replace('`', "");
        let unmarked: Vec<Finding> =
            forms.iter().map(|form| Finding { claim: claim.clone(), ..form.clone() }).collect();
        forms.extend(unmarked);
    }
    forms
}

/// The line of a skill that says a claim already.
pub fn repeats<'a>(claim: &str, skill: &'a str) -> Option<&'a str> {
    let lines = skill.lines().map(|line| line.trim().trim_start_matches(['-', '*', '+', '#', '>']).trim());
    nearest(&plain(claim), lines.filter(|line| line.len() > 12))
}

/// A lesson with one more page that bears it out, renewed from this day on. The claim stays; at most four pages.
pub fn renewed(lesson: &Lesson, spans: &[String], finding: &Finding, today: Date) -> (Lesson, Vec<String>) {
    let (mut lesson, mut spans) = (lesson.clone(), spans.to_vec());
    let mut is_new = false;
    for (evidence, span) in finding.evidence.iter().zip(&finding.spans) {
        if lesson.evidence.iter().any(|known| known.url == evidence.url) {
            continue;
        }
        is_new = true;
        if lesson.evidence.len() < MOST_EVIDENCE {
            lesson.evidence.push(evidence.clone());
            spans.push(span.clone());
        }
    }
    lesson.seen.official = lesson.seen.official.max(finding.seen.official);
    lesson.seen.others = lesson.seen.others.max(finding.seen.others);
    if is_new {
        lesson.expires = lesson.expires.max(today.saturating_add(DAYS_TO_LIVE.days()));
    }
    (lesson, spans)
}
