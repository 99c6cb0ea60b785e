//! Grounding: whether what a model wrote stands in the item. Whatever does not is refused by name; nothing is mended.
//!
//! A quote, a command, a version and an address must occur character by character (white space, quotation marks and the
//! compatibility forms of Unicode aside), from the beginning of a word to the end of one. In sentences, which a model words
//! itself, everything a reader could act on or look up must occur: numbers, identifiers, flags, paths, addresses, names
//! (words with a capital letter), and words in another script than Latin. What is not checked is whether a sentence is
//! true: that its verbs and its "not" are right only its quote can show.

use std::collections::HashSet;

use unicode_normalization::UnicodeNormalization;
use url::Url;

use crate::extraction::{Part, Quote};
use crate::guard::{prompt, text};

/// Words that begin a sentence and name nothing.
const OPENERS: &str = "a about according added adds affected after agent agents all allows also although an and another any anyone are \
    as asks at attackers authors avoid based because before both but by calls can changed changes check code default \
    details do does during each earlier eight even every everyone few finds five fixed fixes for found four from \
    gives has have how however if in instead is it it's its keep keeps later lets look maintainers make makes many \
    model models most moves must new nine no none not nothing now of old older on once one only open or other others \
    our over pass people prefer project projects put read readers release removed removes reports requires \
    researchers results run runs see set sets seven several shows since six so some start still stop such ten tests \
    than that the their them then there these they this those though three through to tools try turn two unlike \
    until update updates upgrade upgrading use users uses using version versions was we were what when where whether \
    which while who why will with without write you your";

/// Parts of words with a hyphen, or a slash, that name nothing.
const COMPOUNDS: &str = "a and anti based built by co cross day end first five four free from full high in input level line \
    long low many multi new no non of off on one only open opt or out output over per post pre range re read real right \
    running scale second self semi short side single size source step sub term the third three time to two un up use user \
    way well wide write zero";

/// A quote's bounds, in characters.
const LEAST_QUOTE: usize = 20;
const MOST_QUOTE: usize = 240;
/// So many words in a row that stand in the instructions and not in the item were copied from there.
const LEAKED_WORDS: usize = 7;

/// An item as what is written about it is held against: its words, and the addresses it names.
pub struct Ground<'a> {
    title: &'a str,
    text: &'a str,
    folded_title: Folded,
    folded_text: Folded,
    /// Title, text and source in lower case, for names.
    names: Folded,
    links: Vec<String>,
    /// Word runs of the instructions that the item does not have.
    instructions: HashSet<String>,
}

/// A text with what readers take for the same made the same, and the way back to its bytes.
struct Folded {
    characters: Vec<char>,
    /// Of each character, the bytes it came from.
    spans: Vec<(usize, usize)>,
}

impl<'a> Ground<'a> {
    /// `instructions` are the constant part of the prompt: what is copied from them was not in the item.
    pub fn new(title: &'a str, text: &'a str, source: &str, links: &[&Url], instructions: &str) -> Ground<'a> {
        let own: HashSet<String> = runs(&format!("{title} {text}")).collect();
        Ground {
            title,
            text,
            folded_title: Folded::of(title),
            folded_text: Folded::of(text),
            names: Folded::of(&format!("{title}\n{text}\n{source}").to_lowercase()),
            links: links.iter().map(|link| link.as_str().to_owned()).collect(),
            instructions: runs(instructions).filter(|run| !own.contains(run)).collect(),
        }
    }

    /// The place of a quote, with the item's own characters.
    ///
    /// # Errors
    /// What is wrong with it, in words that a model can use.
    pub fn quote(&self, quote: &str) -> Result<Quote, String> {
        let wanted = Folded::of(quote.trim());
        let length = wanted.characters.len();
        let longest = self.folded_title.characters.len().max(self.folded_text.characters.len());
        let least = LEAST_QUOTE.min(longest).max(1);
        if length < least || length > MOST_QUOTE {
            return Err(format!("it has {length} characters; copy {least} to {MOST_QUOTE} of the item's"));
        }
        let parts = [(Part::Text, self.text, &self.folded_text), (Part::Title, self.title, &self.folded_title)];
        for (part, whole, folded) in parts {
            if let Some((start, end)) = folded.find(&wanted.characters, Edge::Word) {
                return Ok(Quote { part, start, end, text: whole[start..end].to_owned() });
            }
        }
        Err("it does not stand in the item in these words; copy one stretch of it exactly".to_owned())
    }

    /// The item's own characters for a command or a version.
    ///
    /// # Errors
    /// As [`Ground::quote`].
    pub fn verbatim(&self, wanted: &str) -> Result<String, String> {
        let folded = Folded::exact(wanted.trim());
        if !folded.characters.iter().any(|letter| letter.is_alphanumeric()) {
            return Err("it is empty".to_owned());
        }
        for whole in [self.text, self.title] {
            // Across a line's end two commands would become one.
            if let Some((start, end)) = Folded::exact(whole).find(&folded.characters, Edge::Token)
                && !whole[start..end].contains('\n')
            {
                return Ok(text::one_line(&whole[start..end]));
            }
        }
        Err(format!("`{}` does not stand in the item, character by character; leave it out", shown(wanted)))
    }

    /// Whether a sentence of a model's own says nothing that could be looked up and is not in the item.
    ///
    /// # Errors
    /// As [`Ground::quote`].
    pub fn prose(&self, sentence: &str, most: usize) -> Result<(), String> {
        let length = sentence.chars().count();
        if length > most {
            return Err(format!("it has {length} characters; at most {most}"));
        }
        if !sentence.chars().any(char::is_alphabetic) {
            return Err("it says nothing".to_owned());
        }
        plain(sentence)?;
        if runs(sentence).any(|run| self.instructions.contains(&run)) {
            return Err("it repeats the instructions".to_owned());
        }
        if text::one_line(sentence) == text::one_line(self.title) {
            return Ok(());
        }
        for (number, span) in sentence.split('`').enumerate() {
            if number % 2 == 1 {
                self.verbatim(span)?;
            }
        }
        for word in words(sentence) {
            self.word(&word)?;
        }
        Ok(())
    }

    fn word(&self, word: &Word<'_>) -> Result<(), String> {
        let missing = |what: &str, remedy: &str| {
            Err(format!("{what} \"{}\" does not stand in the item; {remedy}", shown(word.text)))
        };
        if let Some(address) = address_in(word.text) {
            return match self.has_address(address) {
                true => Ok(()),
                false => missing("the address", "leave it out"),
            };
        }
        let letters = || word.text.chars();
        if letters().any(|letter| letter.is_alphabetic() && !is_latin(letter)) {
            return match self.has(word.text, Edge::Word) {
                true => Ok(()),
                false => missing("the word", "use the item's letters and English words"),
            };
        }
        if letters().any(char::is_numeric) {
            // "v2.1" may be written 2.1, and the other way round.
            let bare = word.text.strip_prefix(['v', 'V']).filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
            let found = self.has(word.text, Edge::Token) || bare.is_some_and(|bare| self.has(bare, Edge::Token));
            return if found { Ok(()) } else { missing("the number", "use only numbers that it has") };
        }
        if is_code(word.text) {
            return match self.has(word.text, Edge::Token) {
                true => Ok(()),
                false => missing("the identifier", "use only those that it has"),
            };
        }
        let is_compound = word.text.contains(['-', '/']) && !self.has(word.text, Edge::Token);
        for part in word.text.split(['-', '/', '\'']) {
            let is_name = part.chars().any(char::is_uppercase);
            let lower = part.to_lowercase();
            // A package's name looks like a compound: one that the item does not have must at least be made of its words.
            if part.is_empty() || !is_name && (!is_compound || COMPOUNDS.split_whitespace().any(|known| known == lower))
            {
                continue;
            }
            let is_plain = part.chars().skip(1).all(|letter| !letter.is_uppercase());
            let opens = word.opens && is_plain && OPENERS.split_whitespace().any(|opener| opener == lower);
            if opens
                || lower.chars().count() == 1
                || self.names.find(&Folded::of(&lower).characters, Edge::Word).is_some()
            {
                continue;
            }
            return missing("the name", "use only names that it has, and no capitals elsewhere");
        }
        Ok(())
    }

    fn has(&self, wanted: &str, edge: Edge) -> bool {
        let wanted = Folded::of(wanted).characters;
        [&self.folded_text, &self.folded_title].into_iter().any(|folded| folded.find(&wanted, edge).is_some())
    }

    /// Whether an address is one of the item's links, or stands whole in its words.
    fn has_address(&self, address: &str) -> bool {
        let is_link = self.links.iter().any(|link| link == address || link.strip_suffix('/') == Some(address));
        let wanted = Folded::exact(address).characters;
        is_link
            || [self.text, self.title]
                .into_iter()
                .any(|whole| Folded::exact(whole).find(&wanted, Edge::Address).is_some())
    }
}

/// Where a match must begin and end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Edge {
    /// Not inside a word or a number.
    Word,
    /// Not inside a version, a flag, a path or a name with dots either.
    Token,
    /// At the end of an address.
    Address,
}

impl Folded {
    /// For quotes and sentences.
    fn of(text: &str) -> Folded {
        Folded::with(text, |letter, folded| match letter {
            '“' | '”' | '„' | '‟' | '«' | '»' | '″' => folded.push('"'),
            '‘' | '’' | '‚' | '‛' | '′' => folded.push('\''),
            '‹' => folded.push('<'),
            '›' => folded.push('>'),
            letter if letter.is_ascii() => folded.push(letter),
            // Decomposed, since a composed letter may have come as two.
            letter => folded.extend(std::iter::once(letter).nfkd()),
        })
    }

    /// For what is typed or clicked: only the bracket that a prompt cannot hold is seen through.
    fn exact(text: &str) -> Folded {
        Folded::with(text, |letter, folded| folded.push(if letter == '‹' { '<' } else { letter }))
    }

    fn with(text: &str, fold: impl Fn(char, &mut Vec<char>)) -> Folded {
        let (mut characters, mut spans) = (Vec::with_capacity(text.len()), Vec::with_capacity(text.len()));
        let mut folded = Vec::new();
        for (start, letter) in text.char_indices() {
            let span = (start, start + letter.len_utf8());
            folded.clear();
            fold(letter, &mut folded);
            for one in folded.drain(..) {
                if !one.is_whitespace() {
                    characters.push(one);
                    spans.push(span);
                } else if characters.last() != Some(&' ') {
                    characters.push(' ');
                    spans.push(span);
                }
            }
        }
        Folded { characters, spans }
    }

    /// The bytes of the first place where the characters stand between edges.
    fn find(&self, wanted: &[char], edge: Edge) -> Option<(usize, usize)> {
        let (first, last) = (*wanted.first()?, *wanted.last()?);
        for start in 0..=self.characters.len().checked_sub(wanted.len())? {
            if self.characters[start] != first || self.characters[start..start + wanted.len()] != *wanted {
                continue;
            }
            let end = start + wanted.len();
            let before = &self.characters[..start];
            let after = &self.characters[end..];
            if begins(before, first, edge) && ends(after, last, edge) {
                // A letter that came as several must not be cut.
                let (from, to) = (self.spans[start], self.spans[end - 1]);
                let is_cut = start > 0 && self.spans[start - 1] == from && !self.characters[start - 1].is_whitespace()
                    || end < self.spans.len() && self.spans[end] == to;
                if !is_cut {
                    return Some((from.0, to.1));
                }
            }
        }
        None
    }
}

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_' || is_mark(letter)
}

/// An accent on the letter before it.
fn is_mark(letter: char) -> bool {
    unicode_normalization::char::is_combining_mark(letter)
}

fn begins(before: &[char], first: char, edge: Edge) -> bool {
    let Some(last) = before.last().copied() else { return true };
    let next = before.len().checked_sub(2).map(|at| before[at]);
    // "v2.1" is the version 2.1.
    let is_v = matches!(last, 'v' | 'V') && first.is_ascii_digit() && next.is_none_or(|letter| !is_word(letter));
    if is_v && edge == Edge::Token {
        return true;
    }
    if is_word(first) && is_word(last) {
        return false;
    }
    let joins = next.is_some_and(is_word);
    match edge {
        // "1.|2": the middle of a number.
        Edge::Word => !(first.is_ascii_digit() && ".,:".contains(last) && next.is_some_and(|l| l.is_ascii_digit())),
        Edge::Token => match last {
            '.' | '+' | '@' | '~' => !(joins || last == '.' && next == Some('.')),
            '-' => first != '-' && !joins && next != Some('-'),
            ',' | ':' => !(joins && first.is_ascii_digit() && next.is_some_and(|l| l.is_ascii_digit())),
            '/' | '\\' => first != '/' && first != '\\',
            '=' | '<' | '>' | '!' | '^' => !"=<>!^~".contains(first),
            _ => true,
        },
        Edge::Address => !is_word(last) && !"/.-@:%".contains(last),
    }
}

fn ends(after: &[char], last: char, edge: Edge) -> bool {
    let Some(first) = after.first().copied() else { return true };
    if is_mark(first) || is_word(last) && is_word(first) {
        return false;
    }
    let next = after.get(1).copied();
    let joins = next.is_some_and(is_word);
    match edge {
        Edge::Word => !(last.is_ascii_digit() && ".,:".contains(first) && next.is_some_and(|l| l.is_ascii_digit())),
        Edge::Token => match first {
            '.' | '-' | '+' | '@' | '~' => !joins && next != Some(first),
            ',' | ':' => !(last.is_ascii_digit() && next.is_some_and(|l| l.is_ascii_digit())),
            '=' | '<' | '>' => !"=<>!".contains(last),
            _ => true,
        },
        // What may follow an address in a sentence.
        Edge::Address => match first {
            '.' | ',' | ';' | ':' | '!' | '?' => next.is_none_or(|l| l.is_whitespace() || "\"')]>".contains(l)),
            letter => letter.is_whitespace() || "\"'()[]<>{}|`”’»".contains(letter),
        },
    }
}

/// A word of a sentence, without the marks around it.
struct Word<'a> {
    text: &'a str,
    /// It begins a sentence.
    opens: bool,
}

fn words(sentence: &str) -> Vec<Word<'_>> {
    let mut words = Vec::new();
    let mut opens = true;
    for raw in sentence.split(|letter: char| letter.is_whitespace() || "—–…\"“”„«»()[]{}‹›<>;`|".contains(letter))
    {
        let ends_sentence = raw.ends_with(['.', '!', '?', ':', '。']);
        let text = raw.trim_end_matches(['.', ',', '!', '?', ':', '\'', '’', '‘', '*', '%', '。']);
        let text = text.trim_start_matches(['\'', '’', '‘', '*', '$', '#', '~']);
        let text = text.strip_suffix("'s").or(text.strip_suffix("’s")).unwrap_or(text);
        if !text.is_empty() {
            words.push(Word { text, opens });
            opens = ends_sentence;
        } else if ends_sentence {
            opens = true;
        }
    }
    words
}

fn is_latin(letter: char) -> bool {
    // Basic Latin to Latin Extended-B, and Latin Extended Additional.
    matches!(u32::from(letter), 0..=0x24F | 0x1E00..=0x1EFF)
}

/// Something typed: it has signs of code inside, or a flag's hyphen before it.
fn is_code(word: &str) -> bool {
    if matches!(word.to_ascii_lowercase().as_str(), "e.g" | "i.e" | "etc" | "vs") {
        return false;
    }
    let inside = word.trim_matches(|letter: char| !letter.is_alphanumeric());
    word.contains(['_', '=', '@', '\\', '$', '&', '#', '^', '+', '*', '<', '>'])
        || inside.contains("::")
        || inside.contains(['.', ':'])
        || word.starts_with(['-', '/', '.', '~'])
        || word.len() > 1 && word.ends_with(['/', '-'])
}

/// The part of a word that is an address of the web.
fn address_in(word: &str) -> Option<&str> {
    let lower = word.to_ascii_lowercase();
    let at = lower.find("://").map(|at| {
        lower[..at].rfind(|letter: char| !letter.is_ascii_alphanumeric() && letter != '+').map_or(0, |place| place + 1)
    });
    let at = at.or_else(|| lower.starts_with("www.").then_some(0))?;
    word.get(at..)
}

/// Whether a text of a model's is plain words on one line: no markup, no control token, nothing hidden.
///
/// # Errors
/// What it has, in words.
pub fn plain(text: &str) -> Result<(), String> {
    if text::one_line(text) != text.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ") {
        return Err("it has a line break or hidden characters; one line of plain words".to_owned());
    }
    if prompt::neutral(text) != text {
        return Err("it has a control token or a turn's mark; plain words only".to_owned());
    }
    let lower = text.to_ascii_lowercase();
    let is_tag = |(at, _): (usize, &str)| {
        let next = lower[at + 1..].chars().next();
        next.is_some_and(|letter| letter.is_ascii_alphabetic() || "/!?".contains(letter)) && lower[at..].contains('>')
    };
    let has_markup = lower.match_indices('<').any(is_tag)
        || ["![", "](", "```", "**", "&lt;", "&gt;", "&amp;", "&#", "javascript:", "{\"", "\":"]
            .iter()
            .any(|mark| lower.contains(mark));
    if has_markup {
        return Err("it has markup; plain words only".to_owned());
    }
    Ok(())
}

/// Runs of words inside one sentence, in lower case and without their marks.
fn runs(text: &str) -> impl Iterator<Item = String> {
    let mut runs = Vec::new();
    for sentence in text.to_lowercase().split(['.', '!', '?', ':', ';', '"']) {
        let words = sentence.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
        let words: Vec<&str> = words.collect();
        runs.extend(words.windows(LEAKED_WORDS).map(|run| run.join(" ")));
    }
    runs.into_iter()
}

/// Words of a model's in a message: bounded, and on one line.
fn shown(words: &str) -> String {
    text::excerpt(words, 80)
}
