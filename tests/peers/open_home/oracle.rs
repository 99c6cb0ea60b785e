//! Random questions, answered by the index and by a scan of every kept text with the documented tokenizer.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fs;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result};
use tidings::keep::index::code_words;
use tidings::keep::index::turns::{Chronicle, Wanted};
use tidings::keep::sessions::{session_lines, turns_at};

/// Of so many hits each is compared by its place, of more than that their number in each session: a hit is shown with its text.
const MOST_COMPARED: usize = 3_000;

/// Longer words are in no index.
const MOST_WORD_BYTES: usize = 60;

/// One part of a question: its words in a row, as parts of identifiers.
struct Asked {
    row: Vec<String>,
    not: bool,
}

struct Question {
    typed: String,
    parts: Vec<Asked>,
    /// Transcript, line and part of every text that fits, by session.
    fits: BTreeMap<String, BTreeSet<(String, u64, u32)>>,
}

/// Asks so many questions; returns how many differ.
pub fn compare(home: &Path, seed: u64, count: usize) -> Result<usize> {
    let state = home.join("state");
    let mut generations = Vec::new();
    for entry in fs::read_dir(state.join("archive/sessions"))? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if let Some(generation) = name.strip_suffix(".zst") {
            generations.push((generation.to_owned(), entry.metadata()?.len()));
        }
    }
    generations.sort();
    let dice = &mut Dice(seed);
    let mut questions = Vec::new();
    while questions.len() < count {
        let mut picks = Vec::new();
        for _ in 0..2 {
            let (generation, length) = &generations[dice.roll(generations.len())];
            let turns = turns_at(&state, generation, 0, *length)?;
            picks.push(turns[dice.roll(turns.len())].turn.text.clone());
        }
        questions.extend(question(dice, &picks));
    }
    let started = Instant::now();
    let vocabulary: HashSet<String> =
        questions.iter().flat_map(|question| question.parts.iter().flat_map(|part| part.row.iter().cloned())).collect();
    let (mut turns, mut bytes) = (0, 0);
    let sessions: HashMap<String, String> =
        session_lines(home)?.into_iter().map(|line| (line.id.to_string(), line.session.to_string())).collect();
    for (generation, length) in &generations {
        let transcript = generation.rsplit_once('.').map_or("", |(transcript, _)| transcript);
        let session = &sessions[transcript];
        for kept in turns_at(&state, generation, 0, *length)? {
            let mut places: HashMap<String, BTreeSet<usize>> = HashMap::new();
            for (at, word) in code_words(&kept.turn.text) {
                if vocabulary.contains(&word) {
                    places.entry(word).or_default().insert(at);
                }
            }
            for question in &mut questions {
                if question.parts.iter().all(|part| stands(&part.row, &places) != part.not) {
                    let place = (transcript.to_owned(), kept.turn.line, kept.turn.part);
                    question.fits.entry(session.clone()).or_default().insert(place);
                }
            }
            turns += 1;
            bytes += kept.turn.text.len();
        }
    }
    println!(
        "scanned {turns} turns, {:.1} MB of text, in {:.0} s",
        bytes as f64 / 1e6,
        started.elapsed().as_secs_f64()
    );
    let chronicle = Chronicle::open(home)?.context("there is no index of turns")?;
    let (mut differ, mut none, mut most, mut by_place) = (0, 0, 0, 0);
    for question in &questions {
        let total = question.fits.values().map(BTreeSet::len).sum();
        let hits = if total <= MOST_COMPARED { usize::MAX } else { 1 };
        let wanted = Wanted { words: question.typed.clone(), sessions: usize::MAX, hits, ..Wanted::default() };
        let found = chronicle.search(&wanted)?;
        let counts: BTreeMap<&String, usize> =
            found.sessions.iter().map(|session| (&session.session, session.count)).collect();
        let wanted_counts: BTreeMap<&String, usize> =
            question.fits.iter().map(|(session, places)| (session, places.len())).collect();
        let hits: Vec<_> = found.sessions.iter().flat_map(|session| &session.hits).collect();
        let places: BTreeSet<_> = hits.iter().map(|hit| (hit.transcript.clone(), hit.line, hit.part)).collect();
        let fits: BTreeSet<_> = question.fits.values().flatten().cloned().collect();
        let is_by_place = total <= MOST_COMPARED;
        by_place += usize::from(is_by_place);
        none += usize::from(total == 0);
        most = most.max(total);
        let is_same_places = !is_by_place || (places == fits && hits.len() == places.len());
        if found.total != total || counts != wanted_counts || !is_same_places {
            differ += 1;
            let more = places.difference(&fits).next().filter(|_| is_by_place);
            let fewer = fits.difference(&places).next().filter(|_| is_by_place);
            println!(
                "differs: {}: the index {}, the scan {total}; only there {more:?}, only here {fewer:?}",
                question.typed, found.total
            );
        }
    }
    println!(
        "{} questions, {differ} differ; {by_place} compared turn by turn, the others by their number in each session; {none} find \
         nothing, the largest finds {most} turns",
        questions.len()
    );
    Ok(differ)
}

/// Whether the words stand in a row.
fn stands(row: &[String], places: &HashMap<String, BTreeSet<usize>>) -> bool {
    let Some(first) = row.first().and_then(|word| places.get(word)) else { return false };
    first.iter().any(|at| {
        row.iter()
            .enumerate()
            .all(|(number, word)| places.get(word).is_some_and(|places| places.contains(&(at + number))))
    })
}

/// A word, a phrase, several words, or words without others, taken from two texts.
fn question(dice: &mut Dice, texts: &[String]) -> Option<Question> {
    let mut parts: Vec<Asked> = Vec::new();
    let mut typed: Vec<String> = Vec::new();
    let mut add = |words: Vec<&str>, not: bool| -> Option<()> {
        let words = words.join(" ");
        let row = parts_of(&words);
        if row.is_empty() || row.iter().any(|word| word.len() > MOST_WORD_BYTES) {
            return None;
        }
        let quoted = if words.contains(' ') { format!("\"{words}\"") } else { words };
        typed.push(if not { format!("NOT {quoted}") } else { quoted });
        parts.push(Asked { row, not });
        Some(())
    };
    let (one, two) = (&texts[0], &texts[1]);
    match dice.roll(6) {
        0 | 1 => add(run(dice, one, 1)?, false)?,
        2 => {
            let length = 2 + dice.roll(4);
            add(run(dice, one, length)?, false)?;
        }
        // Words of one text in the other order: most such phrases stand nowhere.
        3 => {
            let mut words = run(dice, one, 2)?;
            words.reverse();
            add(words, false)?;
        }
        4 => {
            add(run(dice, one, 1)?, false)?;
            add(run(dice, one, 1)?, false)?;
            add(run(dice, two, 1)?, true)?;
        }
        _ => {
            add(run(dice, one, 1)?, false)?;
            add(run(dice, two, 2)?, true)?;
        }
    }
    Some(Question { typed: typed.join(" "), parts, fits: BTreeMap::new() })
}

/// So many words in a row that can be typed as they stand.
fn run<'t>(dice: &mut Dice, text: &'t str, length: usize) -> Option<Vec<&'t str>> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let begin = dice.roll(words.len().checked_sub(length)? + 1);
    let run = words[begin..begin + length].to_vec();
    let is_plain = |word: &&str| {
        word.chars().any(char::is_alphanumeric)
            && !word.starts_with('-')
            && !word.contains(['"', '\\', '*', ':'])
            && !["OR", "AND", "NOT"].contains(word)
    };
    run.iter().all(is_plain).then_some(run)
}

/// What a text is made of without the wholes: one word a position.
fn parts_of(text: &str) -> Vec<String> {
    let by_position: std::collections::BTreeMap<usize, String> = code_words(text).into_iter().collect();
    by_position.into_values().collect()
}

/// The same rolls for the same seed (splitmix64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % sides.max(1) as u64) as usize
    }
}
