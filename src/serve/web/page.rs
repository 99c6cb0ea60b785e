//! A page: a template filled with what was looked up. Every word that is printed is cleaned of hidden characters and escaped.

use std::sync::LazyLock;

use axum::body::Body;
use axum::http::{Method, Response as HttpResponse, StatusCode, Uri};
use axum::response::{Html, IntoResponse, Response};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, Value, context};
use serde::Serialize;
use tracing::warn;

use super::visitor::Visitor;
use super::{Site, asset, gate};
use crate::flow;
use crate::guard::text::{clean, is_clean};

/// The words and layouts; whoever mends them needs no Rust.
const TEMPLATES: &[(&str, &str)] = &[
    ("layout.html", include_str!("templates/layout.html")),
    ("parts.html", include_str!("templates/parts.html")),
    ("trouble.html", include_str!("templates/trouble.html")),
    ("today.html", include_str!("templates/today.html")),
    ("story.html", include_str!("templates/story.html")),
    ("leave.html", include_str!("templates/leave.html")),
    ("search.html", include_str!("templates/search.html")),
    ("sessions.html", include_str!("templates/sessions.html")),
    ("running.html", include_str!("templates/running.html")),
    ("session.html", include_str!("templates/session.html")),
    ("turn.html", include_str!("templates/turn.html")),
    ("usage.html", include_str!("templates/usage.html")),
    ("sources.html", include_str!("templates/sources.html")),
    ("source.html", include_str!("templates/source.html")),
    ("editions.html", include_str!("templates/editions.html")),
    ("digest.html", include_str!("templates/digest.html")),
    ("alert.html", include_str!("templates/alert.html")),
    ("rollup.html", include_str!("templates/rollup.html")),
    ("damaged.html", include_str!("templates/damaged.html")),
    ("telling.html", include_str!("templates/telling.html")),
    ("do_this_week.html", include_str!("templates/do_this_week.html")),
    ("trends.html", include_str!("templates/trends.html")),
    ("no_trends.html", include_str!("templates/no_trends.html")),
    ("lessons.html", include_str!("templates/lessons.html")),
];

/// The pages that every page leads to, in their order: the last word of the path is what a template calls them.
const TABS: [(&str, &str); 8] = [
    ("/", "Today"),
    ("/search", "Search"),
    ("/sessions", "Sessions"),
    ("/editions", "Editions"),
    ("/trends", "Trends"),
    ("/lessons", "Lessons"),
    ("/sources", "Sources"),
    ("/usage", "Usage"),
];

static ENVIRONMENT: LazyLock<Environment<'static>> =
    LazyLock::new(|| environment().expect("the templates are part of the program, and a test fills each"));

/// Where a page stands, and who looks at it.
pub(super) struct Frame<'a> {
    pub site: &'a Site,
    pub visitor: &'a Visitor,
    /// The path of its tab, such as `/sources`; empty: of none.
    pub tab: &'static str,
    /// In the browser's title bar, before the name of the program.
    pub title: &'a str,
}

impl Frame<'_> {
    /// A page. What it is given is what its template asks for.
    pub fn page(&self, template: &str, given: &impl Serialize) -> Result<Response, Trouble> {
        let visitor = match self.visitor {
            Visitor::Owner => None,
            Visitor::Person(name) => Some(name),
        };
        let now = self.site.now();
        let frame = context! {
            title => self.title, tab => self.tab, tabs => TABS, visitor => visitor, style => asset::STYLE_PATH.as_str(),
            version => env!("CARGO_PKG_VERSION"), said => gate::SAID.try_with(|said| *said).ok().flatten(),
            rendered => Value::from(Serde(When::at(now, now, &self.site.setup().config.schedule.zone))),
        };
        let context = context! { ..Value::from(Serde(given)), ..frame };
        let words = ENVIRONMENT.get_template(template).and_then(|template| template.render(context));
        let words = words.map_err(|error| Trouble::from(anyhow::Error::new(error)))?;
        Ok(Html(words).into_response())
    }
}

/// A time as a page tells it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct When {
    /// For programs.
    pub utc: String,
    /// "21 Nov 2026, 09:05", in the lab's zone.
    pub words: String,
    /// "3 hours ago", "in 5 minutes"
    pub ago: String,
}

impl When {
    pub fn at(at: Timestamp, now: Timestamp, zone: &TimeZone) -> When {
        let words = at.to_zoned(zone.clone()).strftime("%-d %b %Y, %H:%M").to_string();
        When { utc: format!("{at:.0}"), words, ago: distance(at, now) }
    }
}

/// In the largest unit of which there are two.
fn distance(at: Timestamp, now: Timestamp) -> String {
    let seconds = now.duration_since(at).as_secs();
    let (number, unit) = match seconds.abs() {
        ..60 => return "just now".to_owned(),
        seconds @ ..7_200 => (seconds / 60, "minute"),
        seconds @ ..172_800 => (seconds / 3_600, "hour"),
        seconds => (seconds / 86_400, "day"),
    };
    let plural = if number == 1 { "" } else { "s" };
    match seconds < 0 {
        true => format!("in {number} {unit}{plural}"),
        false => format!("{number} {unit}{plural} ago"),
    }
}

/// A page that can't be shown: what is the matter, and what to do.
#[derive(Debug)]
pub(super) struct Trouble {
    status: StatusCode,
    words: String,
    remedy: String,
}

impl Trouble {
    pub fn new(status: StatusCode, words: impl Into<String>, remedy: impl Into<String>) -> Trouble {
        Trouble { status, words: words.into(), remedy: remedy.into() }
    }

    /// Nothing goes by this name.
    pub fn unknown(words: impl Into<String>) -> Trouble {
        Trouble::new(StatusCode::NOT_FOUND, words, "Search finds it by its words.")
    }

    /// What was sent can't be meant so.
    pub fn wrong(words: impl Into<String>, remedy: impl Into<String>) -> Trouble {
        Trouble::new(StatusCode::BAD_REQUEST, words, remedy)
    }

    pub fn stopping() -> Trouble {
        Trouble::new(StatusCode::SERVICE_UNAVAILABLE, "The pages are being shut", "Ask again in a minute.")
    }

    pub fn broken() -> Trouble {
        let remedy = "The program's log says more. Other pages are not concerned.";
        Trouble::new(StatusCode::INTERNAL_SERVER_ERROR, "Something in the program broke", remedy)
    }
}

/// Whatever failed below says what and how to mend it; its words go to the log and to the page, since both are the lab's own.
impl From<anyhow::Error> for Trouble {
    fn from(error: anyhow::Error) -> Trouble {
        warn!("a page: {error:#}");
        Trouble::new(StatusCode::SERVICE_UNAVAILABLE, "This can't be done now", format!("{error:#}"))
    }
}

impl IntoResponse for Trouble {
    fn into_response(self) -> Response {
        let given = context! {
            title => &self.words, remedy => self.remedy, tabs => TABS, tab => "", style => asset::STYLE_PATH.as_str(),
            version => env!("CARGO_PKG_VERSION"), status => self.status.as_u16(),
        };
        let page = ENVIRONMENT.get_template("trouble.html").and_then(|template| template.render(given));
        match page {
            Ok(page) => (self.status, Html(page)).into_response(),
            Err(_) => (self.status, self.words).into_response(),
        }
    }
}

pub(super) fn broken() -> HttpResponse<Body> {
    Trouble::broken().into_response()
}

pub(super) async fn nothing_here(uri: Uri) -> Trouble {
    let path: String = uri.path().chars().take(80).collect();
    Trouble::unknown(format!("There is no page {path}"))
}

pub(super) async fn wrong_method(method: Method) -> Trouble {
    Trouble::new(
        StatusCode::METHOD_NOT_ALLOWED,
        format!("{method} is nothing that this page takes"),
        "Open it as a page.",
    )
}

fn environment() -> Result<Environment<'static>, minijinja::Error> {
    let mut environment = Environment::new();
    environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.set_formatter(|out, _, value| {
        let text = value.to_string();
        if value.is_safe() {
            return Ok(out.write_str(&text)?);
        }
        let text = if is_clean(&text) { text } else { clean(&text) };
        Ok(escape(&text, out)?)
    });
    environment.add_filter("dollars", flow::dollars);
    environment.add_filter("thousands", flow::answers::thousands);
    for (name, words) in TEMPLATES.iter().copied() {
        environment.add_template(name, words)?;
    }
    Ok(environment)
}

/// Between tags and inside quoted attributes.
fn escape(text: &str, out: &mut impl std::fmt::Write) -> std::fmt::Result {
    let mut from = 0;
    for (at, letter) in text.bytes().enumerate() {
        let reference = match letter {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            b'"' => "&quot;",
            b'\'' => "&#39;",
            _ => continue,
        };
        out.write_str(&text[from..at])?;
        out.write_str(reference)?;
        from = at + 1;
    }
    out.write_str(&text[from..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_told_by_its_distance() {
        let now: Timestamp = "2026-11-21T09:00:00Z".parse().unwrap();
        let told = |at: &str| distance(at.parse().unwrap(), now);
        assert_eq!(told("2026-11-21T08:59:30Z"), "just now");
        assert_eq!(told("2026-11-21T08:00:00Z"), "60 minutes ago");
        assert_eq!(told("2026-11-21T06:30:00Z"), "2 hours ago");
        assert_eq!(told("2026-11-18T06:30:00Z"), "3 days ago");
        assert_eq!(told("2026-11-21T09:05:00Z"), "in 5 minutes");
    }

    #[test]
    fn a_foreign_word_is_a_word_on_every_page() {
        let written =
            ENVIRONMENT.render_str("<p title=\"{{ x }}\">{{ x }}</p>", context! { x => "<b>'\"&\u{202e}\u{200b}" });
        let escaped = "&lt;b&gt;&#39;&quot;&amp;";
        assert_eq!(written.unwrap(), format!("<p title=\"{escaped}\">{escaped}</p>"));
    }
}
