//! The pages: what a browser sees of a home. They are written here, whole, and need no script.

mod setups;
mod visitor;
mod gate;
mod peer;
mod connection;
mod page;
mod asset;
mod file;
mod today;
mod story;
mod thumbs;
mod leave;
mod asked;
mod pieces;
mod search;
mod sessions;
mod reader;
mod usage;
mod sources;
mod editions;
mod trends;
mod lessons;
mod monitor;

use std::net::SocketAddr;
use std::num::NonZero;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use axum::http::StatusCode;
use axum::middleware;
use axum::routing::{get, post};
use axum::{Router, extract::State};
use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tower_http::CompressionLevel;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::timeout::TimeoutLayer;

use crate::config::Web;
use crate::flow::answers::Shelf;
use crate::flow::{Clock, Secrets, Setup};
use crate::home::Home;

use page::{Trouble, When};
use setups::Setups;
use visitor::Access;

pub use setups::Reading;

/// What a form may send; ours send a few hundred bytes.
const MOST_BODY: usize = 16 * 1024;
/// After which a page is given up; the slowest takes a second or two.
const LONGEST: Duration = Duration::from_secs(20);
/// Most pages that look things up at once; others wait their turn. Each needs memory for a search, and a core: more than one
/// beside those would make all of them slower.
const AT_ONCE: usize = 8;

/// A home as its pages show it.
pub struct Site {
    setups: Setups,
    shelf: Shelf,
    clock: Clock,
    access: Access,
    turns: Arc<Semaphore>,
}

/// What every page is given.
type Shared = State<Arc<Site>>;

impl Site {
    /// A site that is to listen at `listen`. Who may see it is settled now; what else the home's two files say is read anew when they
    /// change.
    ///
    /// # Errors
    /// When the token is missing or short, or when anybody who reaches the address would see everything.
    pub fn open(setup: Setup, read: Reading, listen: SocketAddr, secrets: Secrets<'_>, clock: Clock) -> Result<Site> {
        let access = access(&setup.config.web, listen, secrets)?;
        let cores = thread::available_parallelism().map_or(1, NonZero::get);
        Ok(Site {
            shelf: Shelf::of(&setup.home),
            setups: Setups::new(setup, read),
            clock,
            access,
            turns: Arc::new(Semaphore::new(AT_ONCE.min(cores + 1))),
        })
    }

    fn now(&self) -> Timestamp {
        (self.clock)()
    }

    fn home(&self) -> &Home {
        self.shelf.home()
    }

    fn setup(&self) -> Arc<Setup> {
        self.setups.get()
    }

    /// A time as pages tell it.
    fn when(&self, at: Timestamp) -> When {
        When::at(at, self.now(), &self.setup().config.schedule.zone)
    }

    /// Looks something up in the files of the home, off the threads that answer.
    async fn look<T: Send + 'static>(
        self: &Arc<Site>,
        look: impl FnOnce(&Site) -> Result<T> + Send + 'static,
    ) -> Result<T, Trouble> {
        let turn = self.turns.clone().acquire_owned().await.map_err(|_| Trouble::stopping())?;
        let site = self.clone();
        let looked = tokio::task::spawn_blocking(move || {
            // Held by the work, not by the page: a browser that goes away must not let others in before it ends.
            let _turn = turn;
            site.setups.refresh();
            look(&site)
        });
        match looked.await {
            Ok(found) => found.map_err(Trouble::from),
            Err(_) => Err(Trouble::broken()),
        }
    }
}

/// Whether pages could be served at `listen`.
///
/// # Errors
/// As [`Site::open`].
pub fn check(web: &Web, listen: SocketAddr, secrets: Secrets<'_>) -> Result<()> {
    access(web, listen, secrets).map(drop)
}

fn access(web: &Web, listen: SocketAddr, secrets: Secrets<'_>) -> Result<Access> {
    let token = web.token.as_ref().map(secrets).transpose().context("reading the token of [web]")?;
    ensure!(
        listen.ip().is_loopback() || token.is_some() || web.proxy.is_some(),
        "at {listen} anybody who reaches it would see everything: give [web] in tidings.toml a token_env, or the \
         user_header of a proxy that knows who asks"
    );
    Access::new(web, token.as_deref())
}

/// Serves until `stop` is done, then lets the pages that are under way end.
///
/// # Errors
/// When the listener fails.
pub async fn serve(site: Site, listener: TcpListener, stop: impl Future<Output = ()>) -> Result<()> {
    connection::serve(router(Arc::new(site)), listener, stop).await
}

fn router(site: Arc<Site>) -> Router {
    let pages = Router::new()
        .route("/", get(today::today))
        .route("/items/{id}", get(story::item))
        .route("/stories/{id}", get(story::story))
        .route("/thumbs", post(thumbs::give))
        .route("/u/{token}", get(leave::show).post(leave::leave))
        .route("/search", get(search::search))
        .route("/sessions", get(sessions::sessions))
        .route("/sessions/{id}", get(reader::session))
        .route("/sources", get(sources::sources))
        .route("/sources/{name}", get(sources::source))
        .route("/usage", get(usage::usage))
        .route("/editions", get(editions::list))
        .route("/editions/{*path}", get(editions::open))
        .route("/feeds/{*path}", get(editions::feed))
        .route("/trends", get(trends::newest))
        .route("/trends/{month}", get(trends::month))
        .route("/lessons", get(lessons::list))
        .route("/lessons/{id}", get(lessons::one).post(lessons::say))
        .route("/metrics", get(monitor::metrics))
        .route(monitor::HEALTH, get(monitor::health))
        .route(&asset::STYLE_PATH, get(asset::style))
        .fallback(page::nothing_here)
        .method_not_allowed_fallback(page::wrong_method)
        .layer(middleware::from_fn_with_state(site.clone(), gate::pass));
    pages
        .layer(CompressionLayer::new().quality(CompressionLevel::Fastest))
        .layer(RequestBodyLimitLayer::new(MOST_BODY))
        .layer(CatchPanicLayer::custom(|_| page::broken()))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, LONGEST))
        .layer(middleware::map_response(gate::dress))
        .with_state(site)
}
