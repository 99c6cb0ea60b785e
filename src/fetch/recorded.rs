//! A recorded world: answers that were written down, by a run or by hand, and are given again without any network.
//!
//! A world is a folder of passes; a pass is a folder named by its time (`20261116T070000Z`) with one file per URL. A file
//! holds an HTTP/1.1 message with its decoded body, or one line that names a fault:
//!
//! ```text
//! HTTP/1.1 200 OK                          FAULT timeout: asking https://slow.example.org/feed.xml: no whole answer
//! content-type: application/rss+xml
//! etag: "1"
//! x-final-url: https://example.org/moved.xml
//!
//! <rss version="2.0">…
//! ```
//!
//! `x-final-url` says where the bytes were found, if a redirect led away from the URL that was asked, and
//! `x-moved-permanently: yes` that it did so for good; the address is whole, with its query, so a recording of feeds with
//! keys in their addresses is not for everybody's eyes.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context as _, bail};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use sha2::{Digest as _, Sha256};
use url::Url;

use super::date::http_date;
use super::freshness::freshness;
use super::message::{Message, Record};
use super::status::{Meaning, meaning};
use super::{Carried, Carrier, host_of, limits, shown};
use crate::item::{Fault, FaultKind, short_hash};
use crate::page::{Answer, Mark, Moved, Page, Request, Room};

/// How a pass is named: basic ISO 8601 in UTC, which sorts by time and is a file name everywhere.
const PASS_NAME: &str = "%Y%m%dT%H%M%SZ";

/// Longest readable part of a record's name, in bytes: with hash and suffix it stays far below the 255 that file systems
/// allow.
const LONGEST_NAME: usize = 120;

/// The passes of a world in order of time. Files, and folders whose names begin with a dot, are left alone; any other
/// folder must be named as a pass, so that a typo does not silently shorten the world.
pub fn passes(world: &Path) -> anyhow::Result<Vec<(Timestamp, PathBuf)>> {
    let reading = || format!("reading the recorded world {}", world.display());
    let mut passes = Vec::new();
    for entry in fs::read_dir(world).with_context(reading)? {
        let path = entry.with_context(reading)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if !path.is_dir() || name.starts_with('.') {
            continue;
        }
        let Some(at) = DateTime::strptime(PASS_NAME, &name).ok().and_then(|civil| civil.to_zoned(TimeZone::UTC).ok())
        else {
            bail!("{}: the folder `{name}` is no pass; name it by its time in UTC, like `20261116T070000Z`", reading());
        };
        passes.push((at.timestamp(), path));
    }
    if passes.is_empty() {
        bail!(
            "{}: there is no pass in it; a pass is a folder named by its time, like `20261116T070000Z`, and `run --record` makes one",
            reading()
        );
    }
    passes.sort();
    Ok(passes)
}

/// Replays one pass. Answers depend on the folder and the request alone, never on what was asked before.
#[derive(Debug)]
pub struct Recorded {
    pass: PathBuf,
    holds: Mutex<BTreeMap<String, Timestamp>>,
}

impl Recorded {
    /// `pass` is one of [`passes`].
    pub fn new(pass: impl Into<PathBuf>) -> Recorded {
        Recorded { pass: pass.into(), holds: Mutex::default() }
    }

    fn answer(&self, request: &Request) -> Result<Answer, Fault> {
        let shown = shown(&request.url);
        // The hashed name first: where there is one, the plain one belongs to another URL.
        for name in [hashed_name(&request.url), record_name(&request.url)] {
            let path = self.pass.join(name);
            let bytes = match fs::read(&path) {
                Ok(bytes) => bytes,
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                Err(error) => {
                    let message = format!("asking {shown}: its record {} cannot be read: {error}", path.display());
                    return Err(Fault::new(FaultKind::Broken, message));
                }
            };
            let record = Record::read(&bytes).map_err(|what| {
                let message = format!("asking {shown}: its record {} is no answer: {what}", path.display());
                Fault::new(FaultKind::Broken, message)
            })?;
            return match record {
                Record::Message(message) => understand(message, request),
                Record::Fault(fault) => Err(fault),
            };
        }
        let message = format!(
            "asking {shown}: it is not in the recorded world; write {} into {}",
            record_name(&request.url),
            self.pass.display()
        );
        Err(Fault::new(FaultKind::Unreachable, message))
    }
}

impl Carrier for Recorded {
    fn carry<'a>(&'a self, request: &'a Request) -> Carried<'a> {
        let answer = self.answer(request);
        if let Err(Fault { kind: FaultKind::Waiting, retry_at: Some(retry_at), .. }) = answer {
            let mut holds = self.holds.lock().unwrap_or_else(PoisonError::into_inner);
            let known = holds.entry(host_of(&request.url).to_owned()).or_insert(retry_at);
            *known = retry_at.max(*known);
        }
        Box::pin(std::future::ready(answer))
    }

    /// The waits that this pass asked for; they do not keep it from answering, since the record says what happened.
    fn holds(&self) -> BTreeMap<String, Timestamp> {
        self.holds.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// What the web would have made of the message, had it come now.
fn understand(message: Message, request: &Request) -> Result<Answer, Fault> {
    let shown = shown(&request.url);
    let url = match message.header("x-final-url") {
        None => request.url.clone(),
        Some(text) => Url::parse(text).map_err(|_| {
            Fault::new(FaultKind::Broken, format!("asking {shown}: its record has an x-final-url that is no URL"))
        })?,
    };
    let own = |name: &str| message.header(name).map(str::to_owned);
    let (etag, last_modified) = (own("etag"), own("last-modified"));
    let led = (message.header("x-moved-permanently") == Some("yes")).then_some(&url);
    let moved = Moved::after(request, &request.url, led);
    let fresh_seconds = freshness(|name| message.header(name));
    let fresh = Mark {
        url: (etag.is_some() || last_modified.is_some()).then(|| url.clone()),
        etag,
        last_modified,
        moved,
        fresh_seconds,
        clock_seconds: None,
    };
    // A 304 was about the mark's own address, wherever that is.
    let ours = message.status == 304 || request.mark.url.as_ref().is_none_or(|marked| *marked == url);
    let conditional = ours && (request.mark.etag.is_some() || request.mark.last_modified.is_some());
    let retry_after = limits::retry_after(message.status, |name| message.header(name), request.now);
    match meaning(message.status, conditional, retry_after.as_deref(), &shown, request.now)? {
        Meaning::Page if conditional && unchanged(&request.mark, &fresh) => Ok(Answer::NotModified(fresh)),
        Meaning::Page => {
            let content_type = own("content-type");
            Ok(Answer::Page(Page { url, content_type, bytes: message.body, mark: fresh, room: Room::default() }))
        }
        Meaning::NotModified => Ok(Answer::NotModified(Mark {
            url: request.mark.url.clone().or(fresh.url),
            etag: fresh.etag.or_else(|| request.mark.etag.clone()),
            last_modified: fresh.last_modified.or_else(|| request.mark.last_modified.clone()),
            fresh_seconds: fresh.fresh_seconds.max(request.mark.fresh_seconds),
            ..fresh
        })),
        Meaning::Moved { .. } => Err(Fault::new(
            FaultKind::Redirect,
            format!("asking {shown}: its record is a redirect; record what it led to, with `x-final-url`"),
        )),
    }
}

/// Whether a server with these validators would answer 304. A date counts only if no ETag was sent (RFC 9110, 13.1.3).
fn unchanged(sent: &Mark, found: &Mark) -> bool {
    let opaque = |etag: &str| etag.trim_start_matches("W/").to_owned();
    match (&sent.etag, &found.etag) {
        (Some(sent), Some(found)) => opaque(sent) == opaque(found),
        (Some(_), None) => false,
        (None, _) => match (&sent.last_modified, &found.last_modified) {
            (Some(sent), Some(found)) => {
                sent == found
                    || matches!((http_date(sent), http_date(found)), (Some(sent), Some(found)) if found <= sent)
            }
            _ => false,
        },
    }
}

/// Passes every request on, and writes down what came back.
#[derive(Debug)]
pub struct Recorder<C> {
    carrier: C,
    pass: PathBuf,
    /// Names given in this pass, and to which URL.
    names: Mutex<HashMap<String, Url>>,
}

impl<C: Carrier> Recorder<C> {
    /// Writes into `world/<now>/`, which is made. Fails if it cannot be.
    pub fn new(carrier: C, world: &Path, now: Timestamp) -> anyhow::Result<Recorder<C>> {
        let pass = world.join(now.strftime(PASS_NAME).to_string());
        fs::create_dir_all(&pass).with_context(|| format!("making the folder {} for the recording", pass.display()))?;
        Ok(Recorder { carrier, pass, names: Mutex::default() })
    }

    /// A record that cannot be written costs the recording, not the answer.
    fn write(&self, url: &Url, answer: &Result<Answer, Fault>) {
        let name = self.name(url);
        if let Err(error) = write_whole(&self.pass, &name, &record_of(url, answer).write()) {
            tracing::warn!("recording {}: {error:#}; this pass is not whole", shown(url));
        }
    }

    fn name(&self, url: &Url) -> String {
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(plain) = plain_name(url) {
            let holder = names.entry(plain.clone()).or_insert_with(|| url.clone());
            if holder == url {
                return plain;
            }
        }
        hashed_name(url)
    }
}

impl<C: Carrier> Carrier for Recorder<C> {
    fn carry<'a>(&'a self, request: &'a Request) -> Carried<'a> {
        Box::pin(async move {
            let answer = self.carrier.carry(request).await;
            self.write(&request.url, &answer);
            answer
        })
    }

    fn holds(&self) -> BTreeMap<String, Timestamp> {
        self.carrier.holds()
    }
}

fn record_of(asked: &Url, answer: &Result<Answer, Fault>) -> Record {
    let (status, found, content_type, mark, body) = match answer {
        Err(fault) => return Record::Fault(fault.clone()),
        Ok(Answer::Page(page)) => (200, Some(&page.url), page.content_type.as_ref(), &page.mark, page.bytes.clone()),
        Ok(Answer::NotModified(mark)) => (304, mark.url.as_ref(), None, mark, Vec::new()),
    };
    let found = found.filter(|found| *found != asked);
    let is_moved = found.is_some() && found == mark.moved.as_ref().map(|moved| &moved.to);
    let headers = [
        ("content-type", content_type.cloned()),
        ("etag", mark.etag.clone()),
        ("last-modified", mark.last_modified.clone()),
        ("cache-control", mark.fresh_seconds.map(|seconds| format!("max-age={seconds}"))),
        ("x-final-url", found.map(Url::to_string)),
        ("x-moved-permanently", is_moved.then(|| "yes".to_owned())),
    ];
    let headers = headers.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
    Record::Message(Message { status, headers, body })
}

/// All or nothing: a run that is killed leaves no half record.
fn write_whole(folder: &Path, name: &str, bytes: &[u8]) -> anyhow::Result<()> {
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.persist(folder.join(name))?;
    Ok(())
}

/// The name of a URL's record in a pass: a plain one where it can have one, else one with a hash.
pub fn record_name(url: &Url) -> String {
    plain_name(url).unwrap_or_else(|| hashed_name(url))
}

/// `example.org-blog-feed.xml.http` for `https://example.org/blog/feed.xml`: the name a person would write. None where it
/// would not tell URLs apart: with a query, or when it would be too long.
fn plain_name(url: &Url) -> Option<String> {
    let readable = readable(url);
    (url.query().is_none() && readable.len() <= LONGEST_NAME).then(|| format!("{readable}.http"))
}

/// The same with a hash of the whole URL, for the others and where two URLs would share a plain name.
fn hashed_name(url: &Url) -> String {
    let mut readable = readable(url);
    readable.truncate(LONGEST_NAME);
    let mut without_fragment = url.clone();
    without_fragment.set_fragment(None);
    format!("{readable}-{}.http", short_hash(Sha256::new_with_prefix(without_fragment.as_str())))
}

/// Host, port if it is unusual, and path; what is odd in a file name becomes `-`. ASCII only.
fn readable(url: &Url) -> String {
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    let text = format!("{}{port}{}", host_of(url), url.path());
    let plain = |letter: char| if letter.is_ascii_alphanumeric() || ".-_".contains(letter) { letter } else { '-' };
    text.trim_end_matches('/').chars().map(plain).collect::<String>().trim_start_matches('.').to_owned()
}
