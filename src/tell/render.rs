//! A digest or an alert as people read it: HTML, Markdown and plain text, all from the same view, all from templates/.

use anyhow::{Context, Result};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, Value};
use serde::Serialize;
use serde_json::json;

use crate::edition::trends::Trends;
use crate::edition::{Alert, Digest, Rollup};
use crate::stream::Stream;
use crate::tell::view::{self, Links};
use crate::tell::{escape, trends};

/// The words and layouts; whoever mends them needs no Rust.
const TEMPLATES: [(&str, &str); 20] = [
    ("digest.html", include_str!("templates/digest.html")),
    ("digest.md", include_str!("templates/digest.md")),
    ("digest.txt", include_str!("templates/digest.txt")),
    ("trends.html", include_str!("templates/trends.html")),
    ("trends.md", include_str!("templates/trends.md")),
    ("trends.txt", include_str!("templates/trends.txt")),
    ("alert.html", include_str!("templates/alert.html")),
    ("alert.md", include_str!("templates/alert.md")),
    ("alert.txt", include_str!("templates/alert.txt")),
    ("rollup.html", include_str!("templates/rollup.html")),
    ("rollup.md", include_str!("templates/rollup.md")),
    ("rollup.txt", include_str!("templates/rollup.txt")),
    ("leave.html", include_str!("templates/leave.html")),
    ("leave.txt", include_str!("templates/leave.txt")),
    ("fragment.html", include_str!("templates/fragment.html")),
    ("alert.fragment.html", include_str!("templates/alert.fragment.html")),
    ("feed.atom.xml", include_str!("templates/feed.atom.xml")),
    ("parts.html", include_str!("templates/parts.html")),
    ("parts.md", include_str!("templates/parts.md")),
    ("parts.txt", include_str!("templates/parts.txt")),
];

/// Bytes of HTML that stay below 90 kB in every transfer encoding of mail (base64 makes four of three). Gmail cuts a mail
/// at 102 kB and hides its end.
const MOST_HTML: usize = 65_000;

/// An edition in every form it is kept and sent in. The same edition gives the same bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// One line of 10 to 78 characters.
    pub subject: String,
    /// Pretty-printed, with a final newline: the edition itself.
    pub json: String,
    pub markdown: String,
    pub html: String,
    /// Complete: whatever the HTML says is here too.
    pub text: String,
    /// Pictures that HTML and Markdown show, by file name. All that they say stands in a table beside them.
    pub images: Vec<Image>,
}

/// A picture, as PNG.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// Of its file, which lies beside the page: `rising.png`. The page's `src` is this name; a mail carries the picture itself.
    pub name: &'static str,
    pub bytes: Vec<u8>,
}

impl Rendered {
    /// The files below digests/, as (relative path, bytes). `stem` is `digest::stem` or `alert::stem`.
    pub fn files(&self, stem: &str) -> Vec<(String, Vec<u8>)> {
        let words = [("json", &self.json), ("md", &self.markdown), ("html", &self.html), ("txt", &self.text)];
        let pages = words.map(|(ending, words)| (format!("{stem}.{ending}"), words.clone().into_bytes()));
        let folder = stem.rfind('/').map_or("", |end| &stem[..=end]);
        let images = self.images.iter().map(|image| (format!("{folder}{}", image.name), image.bytes.clone()));
        pages.into_iter().chain(images).collect()
    }
}

/// Writes a digest. Fails only if a template does.
pub fn digest(digest: &Digest) -> Result<Rendered> {
    digest_for(digest, &[])
}

/// Writes a digest that is ordered for people of these streams, and says so at its foot. Fails only if a template does.
pub fn digest_for(digest: &Digest, streams: &[Stream]) -> Result<Rendered> {
    let view = view::digest(digest, streams, Links::Long);
    let rendered = write("digest", view.subject.clone(), digest, &view)?;
    if rendered.html.len() <= MOST_HTML {
        return Ok(rendered);
    }
    write("digest", view.subject, digest, &view::digest(digest, streams, Links::Short))
}

/// Writes a month's trends with their charts. Fails only if a template or a chart does.
pub fn trends(edition: &Trends) -> Result<Rendered> {
    let charts = trends::charts(edition);
    let images = charts.iter().map(trends::Chart::image).collect::<Result<Vec<_>>>()?;
    let view = trends::view(edition, &charts, Links::Long);
    let mut rendered = write("trends", view.subject.clone(), edition, &view)?;
    if rendered.html.len() > MOST_HTML {
        rendered = write("trends", view.subject.clone(), edition, &trends::view(edition, &charts, Links::Short))?;
    }
    Ok(Rendered { images, ..rendered })
}

/// Writes an alert. Fails only if a template does.
pub fn alert(alert: &Alert) -> Result<Rendered> {
    let view = view::alert(alert, Links::Long);
    write("alert", view.subject.clone(), alert, &view)
}

/// Writes a day's roll-up. Fails only if a template does.
pub fn rollup(rollup: &Rollup) -> Result<Rendered> {
    let view = view::rollup(rollup, Links::Long);
    let rendered = write("rollup", view.subject.clone(), rollup, &view)?;
    if rendered.html.len() <= MOST_HTML {
        return Ok(rendered);
    }
    write("rollup", view.subject, rollup, &view::rollup(rollup, Links::Short))
}

/// A digest as the content of a feed's entry: HTML without a page around it and without styles.
pub(super) fn fragment(digest: &Digest) -> Result<String> {
    fill(&environment()?, "fragment.html", &view::digest(digest, &[], Links::Short))
}

/// An alert as the content of a feed's entry.
pub(super) fn alert_fragment(alert: &Alert) -> Result<String> {
    let story = view::alert(alert, Links::Long).story;
    fill(&environment()?, "alert.fragment.html", &json!({ "stories": [story], "more": 0 }))
}

/// A roll-up as the content of a feed's entry.
pub(super) fn rollup_fragment(rollup: &Rollup) -> Result<String> {
    let view = view::rollup(rollup, Links::Short);
    fill(&environment()?, "alert.fragment.html", &json!({ "stories": view.stories, "more": view.more }))
}

/// The Atom feed around its entries.
pub(super) fn atom(feed: &impl Serialize) -> Result<String> {
    fill(&environment()?, "feed.atom.xml", feed)
}

/// How one person leaves the list, as the last words of a letter.
#[derive(Debug, Serialize)]
pub(super) struct Leave<'a> {
    /// "digest" or "alerts"
    pub list: &'a str,
    pub address: &'a str,
    /// A page that takes them off; None where there is none.
    pub page: Option<&'a str>,
    /// Whom to write to instead, and that as a link.
    pub to: &'a str,
    pub mailto: &'a str,
}

/// A page with its last words made for one person, as (text, HTML). Words that were not written by a template stay as they are.
pub(super) fn leaving(rendered: &Rendered, leave: &Leave<'_>) -> Result<(String, String)> {
    let environment = environment()?;
    let everybody = environment.get_template("leave.txt")?.render(())?;
    let mine = environment.get_template("leave.txt")?.render(Value::from(Serde(leave)))?;
    let text = match rendered.text.trim_end().strip_suffix(everybody.trim_end()) {
        Some(body) => format!("{body}{}\n", mine.trim_end()),
        None => rendered.text.clone(),
    };
    let mine = environment.get_template("leave.html")?.render(Value::from(Serde(leave)))?;
    let html = match (rendered.html.split_once(LEAVE[0]), rendered.html.rsplit_once(LEAVE[1])) {
        (Some((head, _)), Some((_, tail))) => format!("{head}{}{tail}", mine.trim()),
        _ => rendered.html.clone(),
    };
    Ok((text, html))
}

/// Stand around how to leave in an HTML page; no foreign word can be a comment there.
const LEAVE: [&str; 2] = ["<!-- how to leave -->", "<!-- that was it -->"];

fn write(name: &str, subject: String, edition: &impl Serialize, view: &impl Serialize) -> Result<Rendered> {
    let environment = environment()?;
    let json = serde_json::to_string_pretty(edition).context("writing an edition as JSON")?;
    Ok(Rendered {
        subject,
        json: json + "\n",
        markdown: fill(&environment, &format!("{name}.md"), view)?,
        html: fill(&environment, &format!("{name}.html"), view)?,
        text: fill(&environment, &format!("{name}.txt"), view)?,
        images: Vec::new(),
    })
}

fn fill(environment: &Environment<'_>, file: &str, view: &impl Serialize) -> Result<String> {
    let template = environment.get_template(file)?;
    let words = template.render(Value::from(Serde(view))).with_context(|| format!("filling the template {file}"))?;
    Ok(format!("{}\n", words.trim_end()))
}

/// HTML and Markdown are escaped without being asked; only plain text is printed as it is.
fn environment() -> Result<Environment<'static>> {
    let mut environment = Environment::new();
    // A tag on a line of its own leaves no empty line behind.
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
    environment.set_syntax(syntax.context("setting up the templates' syntax")?);
    environment.set_auto_escape_callback(|name| match name.rsplit('.').next() {
        Some("html" | "xml") => AutoEscape::Html,
        Some("md") => AutoEscape::Custom("markdown".into()),
        _ => AutoEscape::None,
    });
    // minijinja's own HTML escaping also writes every `/` as a reference, which programs that rewrite links in mail misread.
    environment.set_formatter(|out, state, value| {
        let text = value.to_string();
        let written = match state.auto_escape() {
            _ if value.is_safe() => text,
            AutoEscape::None => text,
            AutoEscape::Custom(_) => escape::markdown(&text),
            _ => escape::html(&text),
        };
        Ok(out.write_str(&written)?)
    });
    environment.add_filter("target", |url: &str| Value::from_safe_string(escape::markdown_target(url)));
    environment.add_filter("code", |text: &str| Value::from_safe_string(escape::markdown_code(text)));
    environment.add_filter("block", |text: &str, pad: &str| Value::from_safe_string(escape::markdown_block(text, pad)));
    environment.add_filter("underline", |text: &str| "=".repeat(text.chars().count()));
    environment.add_filter("wrap", |text: &str, indent: usize| escape::wrap(text, indent));
    for (name, words) in TEMPLATES {
        environment.add_template(name, words).with_context(|| format!("reading the template {name}"))?;
    }
    Ok(environment)
}
