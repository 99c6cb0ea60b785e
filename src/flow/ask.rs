//! Ask: what people look up without holding the store.

use std::time::Duration;

use anyhow::{Context, Result};
use jiff::Timestamp;
use url::Url;

use crate::config::{self, Endpoint};
use crate::fetch::Carrier;
use crate::home::Home;
use crate::item::{Entry, ItemId, Reading};
use crate::judge::model::{Limits, Places, find, program_answers};
use crate::keep;
use crate::page::{Answer, Mark, Page, Request, Wanted};
use crate::read;
use crate::source::{Offer, Source};
use crate::standing::Standings;

use super::Secrets;

pub use crate::judge::model::Trouble;
pub use crate::keep::index::turns::{
    Chronicle, Found, FoundSession, Leaf, Opening, Page as TurnPage, Part, TurnHit, Unclear, Wanted as WantedTurns,
    check_question, is_about_items, is_about_turns,
};
pub use crate::keep::index::{Card, Hit, Library, Query, Results};
pub use crate::keep::sessions::{OwnUsage, SessionLine, Usage, WantedUsage};
pub use crate::keep::{Inbox, Outbox, SourceStatus, Spent, Status, ToldIn, Watched, Why};

/// Items that match, best first.
///
/// # Errors
/// When there is no index yet; the message names the remedy.
pub fn search(home: &Home, query: &Query) -> Result<Results> {
    keep::index::Library::open(home.folder())?.search(query)
}

/// How many items can be searched.
///
/// # Errors
/// When there is no index yet; the message names the remedy.
pub fn items_indexed(home: &Home) -> Result<u64> {
    Ok(keep::index::Library::open(home.folder())?.len())
}

/// One item with its whole text; None where no item has this id.
///
/// # Errors
/// When there is no index yet, or the archive can't be read.
pub fn show(home: &Home, id: &str) -> Result<Option<(Card, String)>> {
    keep::index::Library::open(home.folder())?.show(&ItemId(id.to_owned()))
}

/// What can be searched of sessions; None where none is kept.
///
/// # Errors
/// When the index is damaged or of another version; the message names the remedy.
pub fn chronicle(home: &Home) -> Result<Option<Chronicle>> {
    Chronicle::open(home.folder())
}

/// Every transcript that is kept; none before the first run.
///
/// # Errors
/// When the view can't be read.
pub fn session_lines(home: &Home) -> Result<Vec<SessionLine>> {
    keep::sessions::session_lines(home.folder())
}

/// What sessions cost, as far as the one who asks may see it.
///
/// # Errors
/// When a view can't be read.
pub fn usage(home: &Home, wanted: &WantedUsage) -> Result<Usage> {
    keep::sessions::usage(home.folder(), wanted)
}

/// How the home stood after its last run; None before the first.
///
/// # Errors
/// When the view can't be read.
pub fn status(home: &Home) -> Result<Option<Status>> {
    keep::status(home.folder())
}

/// What people left for the next run.
///
/// # Errors
/// When the inbox can't be listed.
pub fn inbox(home: &Home) -> Result<Inbox> {
    keep::inbox(home.folder())
}

/// Who has left a list, and whose address refuses letters; what waits for the next run is counted in.
///
/// # Errors
/// When it can't be read.
pub fn standings(home: &Home) -> Result<Standings> {
    keep::standings(home.folder())
}

/// How the letters stood after the last run; None before the first.
///
/// # Errors
/// When the view can't be read.
pub fn outbox(home: &Home) -> Result<Option<Outbox>> {
    keep::outbox(home.folder())
}

/// Where a site's feed usually lies when its page names none; tried in this order, politely.
const USUAL: [&str; 5] = ["feed.xml", "rss.xml", "index.xml", "atom.xml", "feed"];

/// The feeds to be had from an address: itself, if it is one; else those that its page names; else one that lies where
/// feeds usually do. The best first; keeps nothing.
///
/// # Errors
/// When the address gives no page; the fault's own words.
pub async fn find_feeds(url: &Url, carrier: &dyn Carrier, now: Timestamp) -> Result<Vec<Offer>> {
    let page = ask(url.clone(), Wanted::Feed, carrier, now).await?;
    let found_at = page.url.clone();
    let offers = offers(page).await?;
    if !offers.is_empty() {
        return Ok(offers);
    }
    // Beside the page first, then at the site's root.
    let mut folder = found_at.clone();
    folder.set_query(None);
    if !folder.path().ends_with('/') {
        folder.set_path(&format!("{}/", folder.path()));
    }
    let mut tried = Vec::new();
    for base in [folder, found_at.join("/")?] {
        for usual in USUAL {
            let Ok(url) = base.join(usual) else { continue };
            if tried.contains(&url) {
                continue;
            }
            if let Ok(page) = ask(url.clone(), Wanted::Feed, carrier, now).await {
                let offers = offers_of_feed(page).await?;
                if !offers.is_empty() {
                    return Ok(offers);
                }
            }
            tried.push(url);
        }
    }
    Ok(Vec::new())
}

/// Asks for a page, without knowing anything of it. The error is the fault's own words.
async fn ask(url: Url, wanted: Wanted, carrier: &dyn Carrier, now: Timestamp) -> Result<Page> {
    let request = Request { url, wanted, mark: Mark::default(), now };
    match carrier.carry(&request).await.map_err(|fault| anyhow::anyhow!(fault.message))? {
        Answer::NotModified(_) => anyhow::bail!("it says that nothing has changed, though nothing was known"),
        Answer::Page(page) => Ok(page),
    }
}

async fn offers(page: Page) -> Result<Vec<Offer>> {
    tokio::task::spawn_blocking(move || read::offers(&page)).await.context("reading the answer")
}

/// What a feed offers of itself; a web page that stands where a feed was looked for is none.
async fn offers_of_feed(page: Page) -> Result<Vec<Offer>> {
    let url = page.url.clone();
    let mut offers = offers(page).await?;
    offers.retain(|offer| offer.url == url);
    Ok(offers)
}

/// The feeds of another reader's list: OPML, or one address a line.
///
/// # Errors
/// When it is neither; the message names the line.
pub fn subscriptions(bytes: &[u8]) -> Result<Vec<Offer>> {
    read::subscriptions(bytes).map_err(anyhow::Error::msg)
}

/// Asks one source now and reads its answer; keeps nothing.
///
/// # Errors
/// When the source gives no page; the fault's own words.
pub async fn test_source(source: &Source, carrier: &dyn Carrier, now: Timestamp) -> Result<Reading> {
    let page = ask(source.from.url(now), source.from.wanted(), carrier, now).await?;
    let origin = source.from.clone();
    tokio::task::spawn_blocking(move || read::page(&page, &origin)).await.context("reading the answer")
}

/// The main text of the article that an address leads to, asked now and politely; keeps nothing.
///
/// # Errors
/// When the site gives no page, keeps programs out, or the page holds no text; the fault's own words.
pub async fn article(url: &Url, carrier: &dyn Carrier, now: Timestamp) -> Result<Entry> {
    let page = ask(url.clone(), Wanted::Page, carrier, now).await?;
    let read = tokio::task::spawn_blocking(move || read::article(&page)).await.context("reading the answer")?;
    read.map_err(|fault| anyhow::anyhow!(fault.message))
}

/// A model that would be asked.
pub struct Answering {
    /// What it is and where.
    pub words: String,
    /// As its server names it; None where a run has to start the server first.
    pub name: Option<String>,
}

/// Which model would be asked; None: none is to be asked. A server for a gguf is not started for that.
///
/// # Errors
/// Why none would answer, and what to try: Refused where a setting has to be mended.
pub async fn model(model: &config::Model, secrets: Secrets<'_>) -> Result<Option<Answering>, Trouble> {
    let key = model.key.as_ref().map(secrets).transpose();
    let key = key.map_err(|error| Trouble::Refused(format!("the key of [model]: {error:#}")))?;
    let places = Places::default();
    if let (Endpoint::Auto, Some(gguf)) = (&model.endpoint, &model.gguf) {
        if let Err(error) = std::fs::File::open(gguf) {
            return Err(Trouble::Refused(format!("[model] gguf: {}: {error}", gguf.display())));
        }
        return match program_answers(&places.program).await {
            Some(version) => {
                let words = format!("{}, by a llama-server of each run ({version})", gguf.display());
                Ok(Some(Answering { words, name: None }))
            }
            None => Err(Trouble::Away(format!("no llama-server on the PATH to serve {}", gguf.display()))),
        };
    }
    // A person waits: a server that is loading is told as loading.
    let impatient = config::Model { load_timeout: model.load_timeout.min(Duration::from_secs(3)), ..model.clone() };
    let found = find(&impatient, key.as_deref(), &places, Limits::default()).await?;
    Ok(found.map(|server| {
        let about = server.about();
        Answering { words: about.to_string(), name: Some(about.model.clone()) }
    }))
}
