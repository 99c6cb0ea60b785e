//! Reads sources.toml: the list of what is watched.

use std::collections::HashMap;

use jiff::SignedDuration;
use url::Url;

use super::Mistake;
use super::origin::read_from;
use super::sessions::{self, SessionSource};
use super::table::{Document, Found, Table};
use crate::source::{Origin, Source, Trust};

/// Below a minute a feed reader is a nuisance, above four weeks a source is forgotten.
const EVERY_BOUNDS: (SignedDuration, SignedDuration) =
    (SignedDuration::from_mins(1), SignedDuration::from_hours(24 * 28));

/// Reads what sources.toml says is asked over the network. `file` is the name used in messages.
///
/// # Errors
/// Every mistake of the file, in its order.
pub fn read_sources(file: &str, text: &str) -> Result<Vec<Source>, Vec<Mistake>> {
    read_every_source(file, text).map(|(sources, _)| sources)
}

/// Reads the text of sources.toml: what is asked over the network, and the folders of sessions that are read.
///
/// # Errors
/// Every mistake of the file, in its order.
pub fn read_every_source(file: &str, text: &str) -> Result<(Vec<Source>, Vec<SessionSource>), Vec<Mistake>> {
    let (document, root) = Document::parse(file, text);
    let span = root.span();
    let top = Table::new(&document, root.get_ref(), span, "sources.toml");
    let (mut sources, mut folders): (Vec<Source>, Vec<SessionSource>) = Default::default();
    let mut names: HashMap<String, String> = HashMap::new();
    let mut origins: HashMap<Origin, String> = HashMap::new();
    for table in top.tables("source") {
        if sessions::is_one(&table) {
            folders.extend(read_folder(table, &mut names, &folders));
        } else if let Some(source) = read_source(table, &mut names, &mut origins) {
            sources.push(source);
        }
    }
    top.finish();
    let mistakes = document.into_mistakes();
    if mistakes.is_empty() { Ok((sources, folders)) } else { Err(mistakes) }
}

fn read_source(
    table: Table<'_, '_>,
    names: &mut HashMap<String, String>,
    origins: &mut HashMap<Origin, String>,
) -> Option<Source> {
    let name = table.string("name");
    let from = read_from(&table);
    let every = table
        .parsed("every", read_every, "a number and a unit from one minute to four weeks: \"30m\", \"1h\", \"1d\"")
        .map(|found| found.value);
    let trust = table
        .parsed("trust", read_trust, "one of \"official\", \"expert\", \"community\"; who controls the bytes decides")
        .map_or(Trust::Community, |found| found.value);
    let most = table.integer("most", 1..=25).map(|most| most as usize);
    let topics = table.strings("topics").unwrap_or_default().into_iter().map(|topic| topic.value).collect();
    let document = table.document;

    if name.is_none() && !table.entries().any(|(key, ..)| key == "name") {
        table.mistake("a source needs a name".to_owned(), "name = \"what people call it\"");
    }
    table.finish();
    let name = read_name(document, name?, names)?;
    let Found { value: from, span } = from?;
    if let Some(other) = origins.insert(from.clone(), name.clone()) {
        let message = format!("`{other}` watches this already");
        document.mistake(span, message, "remove one of the two".into());
        return None;
    }
    let is_every_written = every.is_some();
    let every = every.unwrap_or_else(|| from.usual_interval());
    Some(Source { name, from, every, is_every_written, trust, most, topics })
}

/// A folder of sessions has a name and nothing else: who writes there is known, and reading it costs nobody anything.
fn read_folder(
    table: Table<'_, '_>,
    names: &mut HashMap<String, String>,
    folders: &[SessionSource],
) -> Option<SessionSource> {
    let name = table.string("name");
    if name.is_none() && !table.entries().any(|(key, ..)| key == "name") {
        table.mistake("a source needs a name".to_owned(), "name = \"what people call it\"");
    }
    let folder = sessions::read(&table);
    let document = table.document;
    table.finish();
    let name = read_name(document, name?, names)?;
    let Found { value: folder, span } = folder?;
    let same = |other: &&SessionSource| other.folder == folder.folder && other.format == folder.format;
    if let Some(other) = folders.iter().find(same) {
        document.mistake(span, format!("`{}` reads this already", other.name), "remove one of the two".into());
        return None;
    }
    Some(SessionSource { name, ..folder })
}

fn read_name(document: &Document<'_>, name: Found<String>, names: &mut HashMap<String, String>) -> Option<String> {
    let Found { value: name, span } = name;
    let name = name.trim().to_owned();
    if name.is_empty() || name.chars().count() > 80 || name.chars().any(char::is_control) {
        document.mistake(span, "a name has 1 to 80 characters on one line".into(), "give it a short name".into());
        return None;
    }
    if let Some(other) = names.insert(name.to_lowercase(), name.clone()) {
        let message = format!("there are two sources named `{other}`");
        document.mistake(span, message, "items belong to their source by its name: give each its own".into());
        return None;
    }
    Some(name)
}

/// An http or https address that names a host and carries no password.
pub fn read_web_address(text: &str) -> Result<Url, String> {
    let url = Url::parse(text.trim()).map_err(|error| format!("not an address ({error})"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("an address that begins with {}: can't be asked", url.scheme()));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("a name or password in the address; secrets don't belong in this file".to_owned());
    }
    Ok(url)
}

fn read_trust(text: &str) -> Result<Trust, String> {
    Trust::ALL.into_iter().find(|trust| trust.word() == text).ok_or_else(|| format!("`{text}` is no degree of trust"))
}

fn read_every(text: &str) -> Result<SignedDuration, String> {
    let every = read_duration(text)?;
    if every < EVERY_BOUNDS.0 || every > EVERY_BOUNDS.1 {
        return Err(format!("`{text}` is out of bounds"));
    }
    Ok(every)
}

/// `500ms`, `90s`, `30m`, `1h`, `1d`, `2w`.
pub fn read_duration(text: &str) -> Result<SignedDuration, String> {
    let text = text.trim();
    let split = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let seconds = match unit.trim() {
        "ms" => {
            let millis = number.parse::<u32>().map_err(|_| format!("`{text}` is no length of time"))?;
            return Ok(SignedDuration::from_millis(i64::from(millis)));
        }
        "s" => 1,
        "m" | "min" => 60,
        "h" => 3600,
        "d" => 86_400,
        "w" => 7 * 86_400,
        _ => return Err(format!("`{text}` is no length of time")),
    };
    let number = number.parse::<u32>().map_err(|_| format!("`{text}` is no length of time"))?;
    Ok(SignedDuration::from_secs(i64::from(number) * seconds))
}
