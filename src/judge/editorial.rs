//! The editorial: a model says in short what the week's stories are about; each sentence rests on stories, or is dropped.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::answer;
use super::grounding::Ground;
use super::model::{Model, Order, Prompt, Trouble};
use crate::edition::{Editorial, Sentence};
use crate::guard::{prompt, text};
use crate::item::short_hash;
use crate::opinion::Tokens;
use crate::story::StoryId;

const SYSTEM: &str = include_str!("prompt/editorial.md");
/// Five paragraphs of four sentences at most have about 1,600 tokens.
const MOST_TOKENS: u32 = 2_000;
/// Stories that are shown: what a digest holds.
const MOST_STORIES: usize = 40;
const MOST_PARAGRAPHS: usize = 5;
const MOST_SENTENCES: usize = 4;
const SENTENCE: usize = 300;
const MOST_CITED: usize = 4;
const TITLE: usize = 200;
const WORDS: usize = 320;
/// Words that measure nothing.
const LOUD: &str = "amazing astonishing breakthrough disastrous dramatic dramatically exciting explosive gamechanger \
    gamechanging groundbreaking huge incredible incredibly insane massive mindblowing must-read revolutionary shocking \
    stunning terrifying unbelievable unprecedented";

/// A story as the model sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    pub story: StoryId,
    pub title: String,
    pub source: String,
    /// Its claim, or its own first sentences.
    pub words: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    paragraphs: Vec<Paragraph>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Paragraph {
    sentences: Vec<Written>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    text: String,
    stories: Vec<String>,
}

/// Asks a model for the week in short; once more where nothing of its answer is left. None: nothing was.
///
/// # Errors
/// When the model gives no answer; with the tokens of an earlier one. The digest then goes without.
pub async fn write(
    model: &dyn Model,
    stories: &[Told],
    now: Timestamp,
) -> Result<(Option<Editorial>, Tokens), (Trouble, Tokens)> {
    let mut tokens = Tokens::default();
    if stories.is_empty() {
        return Ok((None, tokens));
    }
    let stories = &stories[..stories.len().min(MOST_STORIES)];
    let mut order = order(stories, now);
    for _ in 0..2 {
        let written = model.write(&order).await.map_err(|trouble| (trouble, tokens))?;
        tokens += written.tokens;
        let wrong = match read(&written.text, stories, model.name()) {
            Ok(editorial) => return Ok((Some(editorial), tokens)),
            Err(wrong) => wrong,
        };
        let again: String = written.text.chars().take(4_000).collect();
        order.corrections.push((prompt::neutral(&again), format!("Rejected: {wrong}. Write it anew.")));
    }
    Ok((None, tokens))
}

fn order(stories: &[Told], now: Timestamp) -> Order {
    let mut hasher = Sha256::new();
    hasher.update(format!("tidings nonce\0{now}").as_bytes());
    stories.iter().for_each(|told| hasher.update(format!("\0{}", told.story).as_bytes()));
    let nonce = short_hash(hasher);
    let mut user = format!("<item id={nonce}>\n");
    for told in stories {
        let line = |words: &str, most: usize| prompt::neutral(&text::excerpt(words, most));
        let (source, title, words) = (line(&told.source, 80), line(&told.title, TITLE), line(&told.words, WORDS));
        user.push_str(&format!("{}\nsource: {source}\ntitle: {title}\nwords: {words}\n\n", told.story));
    }
    user.push_str(&format!("</item {nonce}>\n\nThe week in short:"));
    let sentence = json!({
        "type": "object",
        "properties": {
            "text": { "type": "string", "minLength": 1, "maxLength": SENTENCE },
            "stories": { "type": "array", "maxItems": MOST_CITED, "items": { "type": "string" } },
        },
        "required": ["text", "stories"],
        "additionalProperties": false,
    });
    let paragraph = json!({
        "type": "object",
        "properties": { "sentences": { "type": "array", "maxItems": MOST_SENTENCES, "items": sentence } },
        "required": ["sentences"],
        "additionalProperties": false,
    });
    let schema = json!({
        "type": "object",
        "properties": { "paragraphs": { "type": "array", "maxItems": MOST_PARAGRAPHS, "items": paragraph } },
        "required": ["paragraphs"],
        "additionalProperties": false,
    });
    Order {
        prompt: Prompt { system: SYSTEM.to_owned(), user },
        corrections: Vec::new(),
        name: "editorial",
        schema: Some(schema),
        most_tokens: MOST_TOKENS,
    }
}

/// What is left of an answer when every sentence that does not rest on these stories is dropped.
///
/// # Errors
/// When nothing is: what was wrong with the first sentence, or with the form.
pub fn read(written: &str, stories: &[Told], model: &str) -> Result<Editorial, String> {
    let form: Form = answer::read(written)?;
    let mut first_wrong = None;
    let mut paragraphs = Vec::new();
    for paragraph in form.paragraphs.into_iter().take(MOST_PARAGRAPHS) {
        let mut sentences = Vec::new();
        for sentence in paragraph.sentences.into_iter().take(MOST_SENTENCES) {
            match rests(&sentence, stories) {
                Ok(sentence) => sentences.push(sentence),
                Err(wrong) => {
                    first_wrong.get_or_insert(wrong);
                }
            }
        }
        if !sentences.is_empty() {
            paragraphs.push(sentences);
        }
    }
    match paragraphs.is_empty() {
        true => Err(first_wrong.unwrap_or_else(|| "it says nothing".to_owned())),
        false => Ok(Editorial { model: text::excerpt(model, 80), paragraphs }),
    }
}

/// The sentence, if all it says is in the stories that it names.
fn rests(written: &Written, stories: &[Told]) -> Result<Sentence, String> {
    let wrong = |words: String| format!("\"{}\": {words}", text::excerpt(&written.text, 80));
    if written.stories.is_empty() {
        return Err(wrong("it names no story".to_owned()));
    }
    if written.stories.len() > MOST_CITED {
        return Err(wrong(format!("it names more than {MOST_CITED} stories")));
    }
    let mut cited: Vec<&Told> = Vec::new();
    for id in &written.stories {
        let id = id.trim().trim_matches(['[', ']']);
        let told = stories.iter().find(|told| told.story.0 == id);
        let told = told.ok_or_else(|| wrong(format!("no story is named {}", text::excerpt(id, 20))))?;
        if !cited.contains(&told) {
            cited.push(told);
        }
    }
    let sentence = written.text.trim();
    if sentence.contains("s-") && stories.iter().any(|told| sentence.contains(&told.story.0)) {
        return Err(wrong("an id stands in it; ids belong into stories".to_owned()));
    }
    let has_address = sentence.contains("://") || sentence.to_lowercase().contains("www.");
    if has_address || sentence.contains('`') {
        return Err(wrong("it has an address or a command".to_owned()));
    }
    let is_loud = |word: &str| {
        let plain: String = word.to_lowercase().chars().filter(|l| l.is_alphanumeric() || *l == '-').collect();
        LOUD.split_whitespace().any(|loud| loud == plain || loud == plain.replace('-', ""))
    };
    if sentence.contains('!') || sentence.split_whitespace().any(is_loud) {
        return Err(wrong("its words are too loud".to_owned()));
    }
    let titles = cited.iter().map(|told| text::excerpt(&told.title, TITLE)).collect::<Vec<_>>().join("\n");
    let words = cited.iter().map(|told| text::excerpt(&told.words, WORDS)).collect::<Vec<_>>().join("\n");
    let sources = cited.iter().map(|told| told.source.as_str()).collect::<Vec<_>>().join("\n");
    Ground::new(&titles, &words, &sources, &[], SYSTEM).prose(sentence, SENTENCE).map_err(wrong)?;
    Ok(Sentence { text: sentence.to_owned(), stories: cited.iter().map(|told| told.story.clone()).collect() })
}
