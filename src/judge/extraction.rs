//! Extraction: a model fills in what a story says; what is not grounded in the item is refused, and nothing of it is kept.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use url::Url;

use super::answer;
use super::grounding::Ground;
use super::model::{Model, Order, Prompt, Trouble};
use crate::extraction::{By, Extraction, Part, Quote, Severity};
use crate::guard::{prompt, text};
use crate::item::{Item, short_hash};
use crate::opinion::Tokens;
use crate::verdict::Category;

/// The constant part; it comes first, so that a server reads it once for all items.
const SYSTEM: &str = include_str!("prompt/extraction.md");
/// Characters of an item that are shown to the model, and that its answer is held against: about 1,500 tokens.
const SHOWN: usize = 6_000;
/// A form with every field full has about 600 tokens.
const MOST_TOKENS: u32 = 900;
/// Tries after the first.
const RETRIES: usize = 2;
/// Of an answer that is shown to the model again.
const MOST_REPEATED: usize = 3_000;

const TITLE: usize = 120;
const SUMMARY: usize = 400;
const CLAIM: usize = 200;
const COMMANDS: usize = 5;
const COMMAND: usize = 300;
const VERSIONS: usize = 10;
const VERSION: usize = 60;

/// An item that is to be extracted.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    pub item: &'a Item,
    pub text: &'a str,
    /// What the rules made of it: the category where no model says one.
    pub category: Category,
}

/// The form as a model fills it in.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    title: String,
    summary: String,
    claim: String,
    #[serde(deserialize_with = "Option::deserialize")]
    technique: Option<String>,
    commands: Vec<String>,
    severity: Severity,
    category: Category,
    affected_versions: Vec<String>,
    quote: String,
}

/// Asks the model for an extraction, at most three times, each time with what was wrong with the last; then, and where the
/// model writes only nonsense, the item's own title and best sentence are the extraction, and say so. With the tokens of
/// the answers that came.
///
/// # Errors
/// When the model is away, refuses, fails, or its money is spent: another time, or another model.
pub async fn extract(
    model: &dyn Model,
    asked: Asked<'_>,
    now: Timestamp,
) -> Result<(Extraction, Tokens), (Trouble, Tokens)> {
    let mut tokens = Tokens::default();
    let mut length = SHOWN;
    let mut order = order(asked, length, now);
    let mut is_shortened = false;
    while order.corrections.len() <= RETRIES {
        let written = match model.write(&order).await {
            Ok(written) => written,
            Err(Trouble::TooLong { prompt, context }) if !is_shortened && prompt > 0 => {
                is_shortened = true;
                // A little below the ratio: what is around the item does not shrink.
                length = (length as f64 * 0.8 * context as f64 / prompt as f64) as usize;
                order = self::order(asked, length, now);
                continue;
            }
            Err(Trouble::Nonsense(words)) => {
                order.corrections.push((String::new(), format!("Rejected: {words}")));
                continue;
            }
            Err(Trouble::TooLong { .. }) => break,
            Err(trouble) => return Err((trouble, tokens)),
        };
        tokens += written.tokens;
        match ground(asked, length, &written.text, model.name(), now) {
            Ok(extraction) => return Ok((extraction, tokens)),
            Err(wrong) => {
                let again: String = written.text.chars().take(MOST_REPEATED).collect();
                order
                    .corrections
                    .push((prompt::neutral(&again), format!("Rejected: {wrong}. Write the whole form anew.")));
            }
        }
    }
    Ok((sentence(asked, now), tokens))
}

/// Hash of the instructions: another prompt is another way of extracting.
pub fn prompt_hash() -> String {
    let mut hasher = Sha256::new();
    hasher.update(SYSTEM.as_bytes());
    hasher.update(schema().to_string().as_bytes());
    short_hash(hasher)
}

fn order(asked: Asked<'_>, length: usize, now: Timestamp) -> Order {
    let item = asked.item;
    // Whoever writes an item knows neither its id nor when it is read, and so can't close its quotation.
    let mut hasher = Sha256::new();
    hasher.update(format!("tidings nonce\0{}\0{}\0{now}", item.id, item.content).as_bytes());
    let nonce = short_hash(hasher);
    let date = item.at().strftime("%Y-%m-%d");
    let source = prompt::neutral(&text::one_line(&item.source)).replace('"', "'");
    let title = prompt::neutral(&text::one_line(&item.title));
    let words = prompt::neutral(shown(asked.text, length));
    let user =
        format!("<item id={nonce} source=\"{source}\" date={date}>\n{title}\n\n{words}\n</item {nonce}>\n\nThe form:");
    Order {
        prompt: Prompt { system: SYSTEM.to_owned(), user },
        corrections: Vec::new(),
        name: "extraction",
        schema: Some(schema()),
        most_tokens: MOST_TOKENS,
    }
}

/// The part of a text that the model is shown.
fn shown(text: &str, length: usize) -> &str {
    text.char_indices().nth(length).map_or(text, |(end, _)| &text[..end])
}

/// Flat, everything required, no `pattern`: what every server's grammar knows.
fn schema() -> Value {
    let words = |most: usize| json!({ "type": "string", "minLength": 1, "maxLength": most });
    let list = |most: usize, length: usize| json!({ "type": "array", "maxItems": most, "items": { "type": "string", "minLength": 1, "maxLength": length } });
    json!({
        "type": "object",
        "properties": {
            "title": words(TITLE),
            "summary": words(SUMMARY),
            "claim": words(CLAIM),
            "technique": { "type": ["string", "null"], "maxLength": CLAIM },
            "commands": list(COMMANDS, COMMAND),
            "severity": { "type": "string", "enum": ["none", "low", "medium", "high", "critical"] },
            "category": {
                "type": "string",
                "enum": ["security", "breaking", "feature", "technique", "tool", "research", "other"],
            },
            "affected_versions": list(VERSIONS, VERSION),
            "quote": { "type": "string", "minLength": 1, "maxLength": 240 },
        },
        "required": [
            "title", "summary", "claim", "technique", "commands", "severity", "category", "affected_versions", "quote",
        ],
        "additionalProperties": false,
    })
}

/// The extraction that an answer is, if all of it stands in the item.
///
/// # Errors
/// The first field that does not, and why, in words that a model can use.
pub fn ground(
    asked: Asked<'_>,
    length: usize,
    written: &str,
    model: &str,
    now: Timestamp,
) -> Result<Extraction, String> {
    let form: Form = answer::read(written)?;
    let links: Vec<&Url> = asked.item.link.iter().collect();
    let item = asked.item;
    let ground = Ground::new(&item.title, shown(asked.text, length), &item.source, &links, SYSTEM);
    let field = |name: &'static str| move |wrong: String| format!("{name}: {wrong}");
    let trimmed = |words: &str| words.trim().to_owned();
    ground.prose(form.title.trim(), TITLE).map_err(field("title"))?;
    ground.prose(form.summary.trim(), SUMMARY).map_err(field("summary"))?;
    ground.prose(form.claim.trim(), CLAIM).map_err(field("claim"))?;
    let technique = form.technique.map(|words| trimmed(&words)).filter(|words| !words.is_empty());
    if let Some(technique) = &technique {
        ground.prose(technique, CLAIM).map_err(field("technique"))?;
    }
    let listed = |name: &'static str, list: &[String], most: usize, longest: usize| {
        if list.len() > most {
            return Err(format!("{name}: {} of them; at most {most}", list.len()));
        }
        let one = |words: &String| {
            if words.chars().count() > longest {
                return Err(format!("{name}: one has more than {longest} characters"));
            }
            ground.verbatim(words).map_err(field(name))
        };
        list.iter().map(one).collect::<Result<Vec<String>, String>>()
    };
    let commands = listed("commands", &form.commands, COMMANDS, COMMAND)?;
    let affected_versions = listed("affected_versions", &form.affected_versions, VERSIONS, VERSION)?;
    if let Some(version) = affected_versions.iter().find(|version| !version.contains(|l: char| l.is_ascii_digit())) {
        return Err(format!("affected_versions: \"{version}\" is no version"));
    }
    if form.severity == Severity::Unknown {
        return Err("severity: one of none, low, medium, high, critical".to_owned());
    }
    let quote = ground.quote(&form.quote).map_err(field("quote"))?;
    Ok(Extraction {
        title: trimmed(&form.title),
        summary: trimmed(&form.summary),
        claim: trimmed(&form.claim),
        technique,
        commands,
        severity: form.severity,
        category: form.category,
        affected_versions,
        quote,
        by: By::Model(model.to_owned()),
        input: item.content.clone(),
        at: now,
    })
}

/// The extraction that needs no model: the item's own title, and its sentence that shares most with the title and speaks of
/// what a reader may have to do.
pub fn sentence(asked: Asked<'_>, now: Timestamp) -> Extraction {
    let item = asked.item;
    let quote = best_sentence(&item.title, shown(asked.text, SHOWN));
    let words = text::one_line(&quote.text);
    let title = text::excerpt(&item.title, TITLE);
    let title = if title.is_empty() { text::excerpt(&words, TITLE) } else { title };
    Extraction {
        title,
        summary: text::excerpt(&words, SUMMARY),
        claim: text::excerpt(&words, CLAIM),
        technique: None,
        commands: Vec::new(),
        severity: Severity::Unknown,
        category: asked.category,
        affected_versions: Vec::new(),
        quote,
        by: By::Sentence,
        input: item.content.clone(),
        at: now,
    }
}

/// Words for which a sentence is worth reading, besides those of the title.
const WORTH: &str = "affected attack attacker breaking bypass critical exploit fixed leak malicious must patched remote \
    removed requires secret sandbox update upgrade users vulnerability vulnerable";

/// The best sentence of a text by BM25 (Robertson and Zaragoza 2009, k1 1.2, b 0.75) against the title's words; the first one
/// among equals, and the title where the text has none.
fn best_sentence(title: &str, text: &str) -> Quote {
    const K: f64 = 1.2;
    const B: f64 = 0.75;
    let sentences: Vec<(usize, usize, Vec<String>)> = sentences(text)
        .into_iter()
        .map(|(start, end)| (start, end, terms(&text[start..end])))
        .filter(|(.., terms)| terms.len() >= 4)
        .collect();
    let mut query = terms(title);
    query.extend(WORTH.split_whitespace().map(str::to_owned));
    query.sort();
    query.dedup();
    let count = sentences.len() as f64;
    let mean = sentences.iter().map(|(.., terms)| terms.len()).sum::<usize>() as f64 / count.max(1.0);
    let score = |terms: &[String]| -> f64 {
        let weigh = |word: &String| {
            let times = terms.iter().filter(|term| *term == word).count() as f64;
            let having = sentences.iter().filter(|(.., other)| other.contains(word)).count() as f64;
            let rarity = ((count - having + 0.5) / (having + 0.5)).ln_1p();
            rarity * times * (K + 1.0) / (times + K * (1.0 - B + B * terms.len() as f64 / mean))
        };
        query.iter().map(weigh).sum()
    };
    let mut best: Option<(f64, usize, usize)> = None;
    for (start, end, terms) in &sentences {
        let score = score(terms);
        if best.is_none_or(|(most, ..)| score > most) {
            best = Some((score, *start, *end));
        }
    }
    match best {
        Some((_, start, end)) => Quote { part: Part::Text, start, end, text: text[start..end].to_owned() },
        None => Quote { part: Part::Title, start: 0, end: title.len(), text: title.to_owned() },
    }
}

/// Where the sentences of a text stand; a line's end ends one, and what is longer than a quote may be is cut at a word.
fn sentences(text: &str) -> Vec<(usize, usize)> {
    const MOST: usize = 240;
    let mut found = Vec::new();
    let mut start = 0;
    let mut push = |start: usize, end: usize| {
        let words = &text[start..end];
        let unmarked = words.trim_start_matches(|letter: char| letter.is_whitespace() || "*-•#>".contains(letter));
        let start = end - unmarked.len();
        let words = unmarked.trim_end();
        let mut end = start + words.len();
        if let Some((cut, _)) = words.char_indices().nth(MOST) {
            end = start + words[..cut].rfind(' ').unwrap_or(cut);
        }
        if start < end {
            found.push((start, end));
        }
    };
    for (at, letter) in text.char_indices() {
        let end = at + letter.len_utf8();
        let ends = match letter {
            '\n' | '。' => true,
            '.' | '!' | '?' => text[end..].starts_with(char::is_whitespace),
            _ => false,
        };
        if ends {
            push(start, end);
            start = end;
        }
    }
    push(start, text.len());
    found
}

fn terms(text: &str) -> Vec<String> {
    let words = text.split(|letter: char| !letter.is_alphanumeric()).filter(|word| word.chars().count() > 1);
    words.map(str::to_lowercase).collect()
}

/// What the model is told; for tests of the instructions themselves.
pub fn instructions() -> &'static str {
    SYSTEM
}
