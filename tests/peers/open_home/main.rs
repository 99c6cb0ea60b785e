//! Opens a home down to its last byte: `tests/peers/run sessions` asks it what lies there.
//!
//! ```text
//! open-home turns HOME                        every turn of the index, with what the archive holds for it, sorted
//! open-home planted SECRETS FOLDER...         secrets that stand in the folders: SECRETS has a line {"secret", "begin", "end"} for
//!                                             each, of which the bytes from begin to end are what nobody may know; each window of
//!                                             12 bytes that touches them is looked for
//! open-home forgotten BEFORE SESSION WITHOUT FOLDER...
//!                                             windows of 30 bytes of a session's texts that stand in the folders: the home BEFORE
//!                                             still had it, and what the home WITHOUT has, which never had it, does not count
//! open-home unscrubbed PROJECTS HOME          fills a home with transcripts as they are
//! open-home equal HOME SEED COUNT             random questions: the index beside a scan of all texts
//! ```
//! It leaves with 1 where something was found that must not be.

mod everything;
mod oracle;
mod turns;
mod unscrubbed;
mod windows;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use tidings::keep::sessions::turns_at;

use everything::{Way, everything};
use windows::{Windows, bare};

const SECRET_WINDOW: usize = 12;
/// Letters of the secret itself in a window without marks. With fewer, a window is an address and what stands before it: `db.internal`
/// behind the last letter of a password reads as behind the last digit of a mark's hash, one time in sixteen.
const SECRET_LETTERS: usize = 4;
const TEXT_WINDOW: usize = 30;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let found = match words[..] {
        ["turns", home] => {
            for line in turns::turns(Path::new(home))? {
                println!("{line}");
            }
            0
        }
        ["planted", secrets, ..] if words.len() > 2 => planted(Path::new(secrets), &paths(&words[2..]))?,
        ["forgotten", before, session, without, ..] if words.len() > 4 => {
            forgotten(Path::new(before), session, Path::new(without), &paths(&words[4..]))?
        }
        ["unscrubbed", projects, home] => {
            println!("{} turns", unscrubbed::build(Path::new(projects), Path::new(home))?);
            0
        }
        ["equal", home, seed, count] => oracle::compare(Path::new(home), seed.parse()?, count.parse()?)?,
        _ => bail!("the first lines of main.rs say what can be asked"),
    };
    std::process::exit(i32::from(found > 0));
}

fn paths(words: &[&str]) -> Vec<PathBuf> {
    words.iter().map(PathBuf::from).collect()
}

/// What was found: by way and place, which texts, and in how many windows.
#[derive(Default)]
struct Tally {
    bytes: BTreeMap<Way, u64>,
    found: BTreeMap<(Way, String), (BTreeSet<usize>, u64)>,
    examples: BTreeMap<(Way, String), String>,
}

impl Tally {
    /// Looks for windows in all that the folders hold. Places in an index give texts back without their marks, and are held
    /// against windows that have none either.
    fn of(folders: &[PathBuf], exact: &Windows, loose: &Windows) -> Result<Tally> {
        let mut tally = Tally::default();
        for folder in folders {
            everything(folder, &mut |way, place, text| {
                *tally.bytes.entry(way).or_default() += text.len() as u64;
                let windows = if way == Way::Places { loose } else { exact };
                windows.each(text, |owner, at| {
                    let key = (way, kind(folder, place));
                    let (owners, count) = tally.found.entry(key.clone()).or_default();
                    owners.insert(owner);
                    *count += 1;
                    tally.examples.entry(key).or_insert_with(|| format!("text {owner}, window {at}, in {place}"));
                });
            })?;
        }
        Ok(tally)
    }

    fn owners(&self) -> BTreeSet<usize> {
        self.found.values().flat_map(|(owners, _)| owners.iter().copied()).collect()
    }

    fn tell(&self, mut about: Value) -> usize {
        let by_way = |way: &Way| -> BTreeSet<usize> {
            let of_way = self.found.iter().filter(|((found, _), _)| found == way);
            of_way.flat_map(|(_, (owners, _))| owners.iter().copied()).collect()
        };
        let scanned: BTreeMap<String, Value> = self
            .bytes
            .iter()
            .map(|(way, bytes)| (format!("{way:?}"), json!({ "bytes": bytes, "texts_found": by_way(way).len() })))
            .collect();
        let found: Vec<Value> = self
            .found
            .iter()
            .map(|(key, (owners, count))| {
                json!({ "way": format!("{:?}", key.0), "place": key.1, "texts": owners.len(), "windows": count,
                        "example": self.examples.get(key) })
            })
            .collect();
        about["scanned"] = json!(scanned);
        about["found"] = json!(found);
        about["texts_found"] = json!(self.owners().len());
        println!("{about:#}");
        self.found.len()
    }
}

/// A place without what differs from file to file: `state/archive/sessions/*.zst`.
fn kind(folder: &Path, place: &str) -> String {
    let below = place.strip_prefix(&folder.display().to_string()).unwrap_or(place).trim_start_matches('/');
    let (path, field) = below.split_once(", ").map_or((below, ""), |(path, field)| (path, field));
    let (parent, file) = path.rsplit_once('/').unwrap_or(("", path));
    let file = match file.rsplit_once('.') {
        Some((_, ending)) => format!("*.{ending}"),
        None => file.to_owned(),
    };
    let path = if field.is_empty() { format!("{parent}/{file}") } else { path.to_owned() };
    [path.as_str(), field].join(" ").trim().to_owned()
}

fn planted(secrets: &Path, folders: &[PathBuf]) -> Result<usize> {
    let (mut exact, mut loose) = (Windows::of(SECRET_WINDOW), Windows::of(SECRET_WINDOW));
    let (mut all, mut counted, mut texts) = (0, 0, 0);
    for line in fs::read_to_string(secrets)?.lines() {
        let value: Value = serde_json::from_str(line)?;
        let number = |name: &str| value[name].as_u64().map(|number| number as usize).context("a place in a secret");
        let secret = value["secret"].as_str().context("a secret")?;
        let (begin, end) = (number("begin")?, number("end")?);
        let touches = |at: usize| at < end && at + SECRET_WINDOW > begin;
        let (of_it, that_count) = exact.add(secret.as_bytes(), touches);
        (all, counted, texts) = (all + of_it, counted + that_count, texts + 1);
        let (begin, end) = (bare(&secret[..begin]).len(), bare(&secret[..end]).len());
        loose.add(bare(secret).as_bytes(), |at| {
            at + SECRET_LETTERS <= end && at + SECRET_WINDOW >= begin + SECRET_LETTERS
        });
    }
    let tally = Tally::of(folders, &exact, &loose)?;
    let about = json!({
        "secrets": texts, "windows": all, "windows_that_count": counted, "different": exact.len(),
        "different_without_marks": loose.len(),
    });
    Ok(tally.tell(about))
}

fn forgotten(before: &Path, session: &str, without: &Path, folders: &[PathBuf]) -> Result<usize> {
    let mut own = Vec::new();
    for line in fs::read_to_string(before.join("state/views/sessions.jsonl"))?.lines() {
        let view: Value = serde_json::from_str(line)?;
        if !view["session"].to_string().contains(session) {
            continue;
        }
        let generation = format!("{}.{}", view["id"].as_str().unwrap_or_default(), view["generation"]);
        let path = before.join("state/archive/sessions").join(format!("{generation}.zst"));
        if let Ok(file) = fs::metadata(path) {
            for kept in turns_at(&before.join("state"), &generation, 0, file.len())? {
                own.push(kept.turn.text);
            }
        }
        for fact in ["title", "prompt"] {
            own.extend(view[fact].as_str().map(str::to_owned));
        }
    }
    if own.is_empty() {
        bail!("{} knows no session {session}", before.display());
    }
    let (mut exact, mut loose) = (Windows::of(TEXT_WINDOW), Windows::of(TEXT_WINDOW));
    for text in &own {
        exact.add(text.as_bytes(), |_| true);
        loose.add(bare(text).as_bytes(), |_| true);
    }
    let all = exact.len();
    // Words that an index leaves out bring others together: only an index of the others knows what they give back.
    everything(without, &mut |way, _, text| match way {
        Way::Places => loose.remove(text),
        _ => exact.remove(text),
    })?;
    let tally = Tally::of(folders, &exact, &loose)?;
    let about = json!({
        "texts": own.len(), "texts_of_its_own": exact.owners().len(), "bytes": own.iter().map(String::len).sum::<usize>(),
        "windows": all, "of_no_other": exact.len(),
    });
    Ok(tally.tell(about))
}
