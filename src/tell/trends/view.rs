//! What the templates of trends see: every date, number and foreign text already fit to print.

use serde::Serialize;

use super::{Chart, expected, month_name, named};
use crate::edition::trends::{Deadline, Link, MonthCounts, Move, Pain, Releases, SessionUse, Tool, Trends};
use crate::guard::text::one_line;
use crate::tell::view::{Links, NAME, PREHEADER, READING_SPEED, link, name, thousands, zone};
use crate::tell::words::clip;
use crate::verdict::Category;

/// Of a subject line; see `subject`.
const SUBJECT: usize = 78;
/// Of a term, and of what will go.
const TERM: usize = 60;
const WHAT: usize = 80;
/// Of a maker's sentence, of the title of a page, and of what a tool says of itself: with these the fullest month is read in ten
/// minutes.
const QUOTE: usize = 180;
const TITLE: usize = 110;
const EXCERPT: usize = 160;
/// Sources named as left out.
const MOST_LEFT_OUT: usize = 6;
/// Tools of the lab's sessions.
const MOST_USED: usize = 8;

/// A month's trends, ready for a template.
#[derive(Debug, Serialize)]
pub struct TrendsView {
    pub subject: String,
    pub headline: String,
    preheader: String,
    /// "November 2026"
    month: String,
    zone: String,
    minutes: usize,
    /// What was compared, in a sentence.
    compared: String,
    left_out: String,
    rising_chart: Option<ChartView>,
    rising: Vec<MoveView>,
    fading: Vec<MoveView>,
    retirements: Vec<DeadlineView>,
    pains: Vec<PainView>,
    tools: Vec<ToolView>,
    releases: Vec<ReleasesView>,
    sessions: Option<SessionsView>,
    /// A sentence without its full stop; none where nothing was learnt.
    lessons: Option<String>,
    months_chart: Option<ChartView>,
    months: Vec<MonthView>,
    categories: Vec<CategoryView>,
    /// There are months to show the usual number of.
    has_usual: bool,
    is_compared: bool,
}

#[derive(Debug, Serialize)]
struct ChartView {
    name: &'static str,
    alt: String,
    width: u32,
    height: u32,
}

#[derive(Debug, Serialize)]
struct MoveView {
    term: String,
    with: String,
    stories: String,
    sites: String,
    /// "1.4", or "under 0.1".
    expected: String,
    /// "never seen before", "six times the expected".
    words: String,
    links: Vec<LinkView>,
}

#[derive(Debug, Serialize)]
struct LinkView {
    title: String,
    url: Option<String>,
    source: String,
}

#[derive(Debug, Serialize)]
struct DeadlineView {
    what: String,
    /// "5 Jan 2027", "October 2027"
    on: String,
    /// "35 days left", "passed 3 days ago"
    left: String,
    is_near: bool,
    is_new: bool,
    instead: String,
    quote: String,
    url: Option<String>,
    source: String,
}

#[derive(Debug, Serialize)]
struct PainView {
    what: String,
    reports: String,
    links: Vec<LinkView>,
}

#[derive(Debug, Serialize)]
struct ToolView {
    link: LinkView,
    excerpt: String,
}

#[derive(Debug, Serialize)]
struct ReleasesView {
    product: String,
    count: String,
    /// "4.12.0 to 4.14.1"
    versions: String,
    /// "1 with breaking changes"; empty where none.
    breaking: String,
    url: Option<String>,
}

#[derive(Debug, Serialize)]
struct SessionsView {
    people: String,
    sessions: String,
    tools: String,
}

#[derive(Debug, Serialize)]
struct MonthView {
    /// "Nov 2026"
    name: String,
    read: String,
    told: String,
    is_this: bool,
}

#[derive(Debug, Serialize)]
struct CategoryView {
    name: &'static str,
    now: String,
    /// The mean of the months before.
    usual: String,
}

pub fn view(trends: &Trends, charts: &[Chart], links: Links) -> TrendsView {
    let zone = zone(&trends.zone);
    let chart = |wanted: &str| {
        let chart = charts.iter().find(|chart| chart.name == wanted)?;
        Some(ChartView { name: chart.name, alt: clip(&chart.alt, 600), width: chart.width, height: chart.height })
    };
    let mut view = TrendsView {
        subject: subject(trends),
        headline: headline(trends),
        preheader: clip(&summary(trends), PREHEADER),
        month: month_name(trends),
        zone: name(&zone),
        minutes: 0,
        compared: compared(trends),
        left_out: left_out(&trends.compared.left_out),
        rising_chart: chart("rising.png"),
        rising: trends.rising.iter().map(|one| moved(one, links)).collect(),
        fading: trends.fading.iter().map(|one| moved(one, links)).collect(),
        retirements: trends.retirements.iter().map(|one| deadline(one, links)).collect(),
        pains: trends.pains.iter().map(|one| pain(one, links)).collect(),
        tools: trends.tools.iter().map(|one| tool(one, links)).collect(),
        releases: trends.releases.iter().map(|one| releases(one, links)).collect(),
        sessions: trends.sessions.as_ref().map(sessions),
        lessons: trends.lessons.words(),
        months_chart: chart("months.png"),
        months: trends.months.iter().rev().map(|month| counts(month, trends)).collect(),
        categories: categories(&trends.months),
        has_usual: trends.months.len() > 1,
        is_compared: is_compared(trends),
    };
    view.minutes = words(&view).div_ceil(READING_SPEED).max(1);
    view
}

/// "Trends of November 2026: agent loops, world models".
fn subject(trends: &Trends) -> String {
    let terms: Vec<String> = trends.rising.iter().map(|rise| one_line(&rise.term)).collect();
    let head = format!("Trends of {}", month_name(trends));
    let subject = match (terms.is_empty(), trends.retirements.len()) {
        (true, 0) if !is_compared(trends) => format!("{head}: too early to compare"),
        (false, _) => format!("{head}: {}", terms.join(", ")),
        (true, 0) => format!("{head}: nothing stood out"),
        (true, 1) => format!("{head}: 1 thing will go"),
        (true, many) => format!("{head}: {many} things will go"),
    };
    clip(&one_line(&subject), SUBJECT)
}

fn headline(trends: &Trends) -> String {
    match trends.rising.len() {
        0 if !is_compared(trends) => format!("{}: too early to compare", month_name(trends)),
        0 => format!("Nothing stood out in {}", month_name(trends)),
        1 => format!("{}: 1 topic is told far more than before", month_name(trends)),
        many => format!("{}: {many} topics are told far more than before", month_name(trends)),
    }
}

/// One or two sentences for a notification.
pub fn summary(trends: &Trends) -> String {
    let mut parts = Vec::new();
    match trends.rising.first() {
        Some(rise) => parts.push(format!(
            "\u{201c}{}\u{201d}: {} stories, {} expected",
            clip(&rise.term, TERM),
            rise.stories,
            expected(rise)
        )),
        None if !is_compared(trends) => parts.push("There are not yet two months before it".to_owned()),
        None => parts.push("No term was told far more than before".to_owned()),
    }
    if let Some(deadline) = trends.retirements.iter().find(|deadline| deadline.days_left >= 0) {
        parts.push(format!("{} goes on {}", clip(&deadline.retirement.what, TERM), on(deadline)));
    }
    if let Some(month) = trends.months.last() {
        parts.push(format!("{} read, {} told", thousands(month.read), thousands(month.told)));
    }
    format!("{}.", parts.join(". "))
}

fn is_compared(trends: &Trends) -> bool {
    trends.compared.months.len() > 1
}

/// What "nothing stood out" rests on.
fn compared(trends: &Trends) -> String {
    let compared = &trends.compared;
    let named = |month: &String| named(month).map_or_else(|| month.clone(), |day| day.strftime("%b %Y").to_string());
    match compared.months.len() {
        0 | 1 => "There are not yet two months before this one to compare with.".to_owned(),
        many => format!(
            "Compared were {} terms in {} stories with the {many} months before ({} to {}).",
            thousands(compared.terms),
            thousands(compared.stories),
            compared.months.first().map(named).unwrap_or_default(),
            compared.months.last().map(named).unwrap_or_default(),
        ),
    }
}

fn left_out(sources: &[String]) -> String {
    let named: Vec<String> = sources.iter().take(MOST_LEFT_OUT).map(|source| clip(source, NAME)).collect();
    match sources.len().saturating_sub(MOST_LEFT_OUT) {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}

fn moved(one: &Move, links: Links) -> MoveView {
    let with: Vec<String> = one.with.iter().map(|term| clip(term, TERM)).collect();
    let times = one.stories as f64 / one.expected.max(0.1);
    MoveView {
        term: clip(&one.term, TERM),
        with: with.join(", "),
        stories: thousands(one.stories),
        sites: thousands(one.sites),
        expected: expected(one),
        words: match one.before.iter().sum::<u64>() {
            0 => "not seen in the months before".to_owned(),
            _ if times >= 1.5 => format!("about {times:.0} times the expected"),
            _ => String::new(),
        },
        links: one.links.iter().map(|one| linked(one, links)).collect(),
    }
}

fn linked(one: &Link, links: Links) -> LinkView {
    let title = clip(&one.title, TITLE);
    let source = clip(&one.source, NAME);
    let title = if title.is_empty() { format!("Untitled, from {source}") } else { title };
    LinkView { title, url: link(one.url.as_ref(), links), source }
}

fn on(deadline: &Deadline) -> String {
    let retirement = &deadline.retirement;
    retirement.on.strftime(if retirement.month_only { "%B %Y" } else { "%-d %b %Y" }).to_string()
}

fn deadline(one: &Deadline, links: Links) -> DeadlineView {
    let retirement = &one.retirement;
    let days =
        |number: i64| if number == 1 { "1 day".to_owned() } else { format!("{} days", thousands(number as u64)) };
    DeadlineView {
        what: clip(&retirement.what, WHAT),
        on: on(one),
        left: match one.days_left {
            0 => "today".to_owned(),
            left if left < 0 => format!("passed {} ago", days(-left)),
            left => format!("{} left", days(left)),
        },
        is_near: (0..=31).contains(&one.days_left),
        is_new: one.is_new,
        instead: retirement.instead.as_deref().map(|instead| clip(instead, WHAT)).unwrap_or_default(),
        quote: clip(&retirement.quote, QUOTE),
        url: link(retirement.url.as_ref(), links),
        source: clip(&retirement.source, NAME),
    }
}

fn pain(one: &Pain, links: Links) -> PainView {
    PainView {
        what: clip(&one.what, WHAT),
        reports: thousands(one.reports),
        links: one.links.iter().map(|one| linked(one, links)).collect(),
    }
}

fn tool(one: &Tool, links: Links) -> ToolView {
    ToolView { link: linked(&one.link, links), excerpt: clip(&one.excerpt, EXCERPT) }
}

fn releases(one: &Releases, links: Links) -> ReleasesView {
    let versions = if one.first == one.last { one.last.clone() } else { format!("{} to {}", one.first, one.last) };
    ReleasesView {
        product: clip(&one.product, NAME),
        count: thousands(one.count),
        versions: clip(&versions, TERM),
        breaking: match one.breaking {
            0 => String::new(),
            many => format!("{many} with breaking changes"),
        },
        url: link(one.url.as_ref(), links),
    }
}

fn sessions(used: &SessionUse) -> SessionsView {
    let tools: Vec<String> = used
        .tools()
        .iter()
        .take(MOST_USED)
        .map(|(tool, times)| format!("{} {}", clip(tool, TERM), thousands(*times)))
        .collect();
    SessionsView { people: thousands(used.people()), sessions: thousands(used.sessions()), tools: tools.join(", ") }
}

fn counts(month: &MonthCounts, trends: &Trends) -> MonthView {
    MonthView {
        name: named(&month.month).map_or_else(|| clip(&month.month, NAME), |day| day.strftime("%b %Y").to_string()),
        read: thousands(month.read),
        told: thousands(month.told),
        is_this: month.month == trends.month,
    }
}

/// Stories of each category in this month, beside the mean of the months before.
fn categories(months: &[MonthCounts]) -> Vec<CategoryView> {
    const NAMES: [(Category, &str); 7] = [
        (Category::Security, "Security"),
        (Category::Breaking, "Breaking changes"),
        (Category::Feature, "Features"),
        (Category::Technique, "Techniques"),
        (Category::Tool, "Tools"),
        (Category::Research, "Research"),
        (Category::Other, "Other news"),
    ];
    let Some((this, before)) = months.split_last() else { return Vec::new() };
    let of = |month: &MonthCounts, category| month.categories.get(&category).copied().unwrap_or(0);
    let row = |(category, name): (Category, &'static str)| {
        let usual = before.iter().map(|month| of(month, category)).sum::<u64>() as f64 / before.len().max(1) as f64;
        let now = of(this, category);
        (now > 0 || usual > 0.0).then(|| CategoryView {
            name,
            now: thousands(now),
            usual: thousands(usual.round() as u64),
        })
    };
    NAMES.into_iter().filter_map(row).collect()
}

/// The words a reader meets, for the time it takes. Addresses are not read.
fn words(view: &TrendsView) -> usize {
    let mut texts: Vec<&str> = vec![&view.headline, &view.compared, &view.left_out];
    for one in view.rising.iter().chain(&view.fading) {
        texts.extend([one.term.as_str(), &one.with, &one.words]);
        texts.extend(one.links.iter().flat_map(|link| [link.title.as_str(), &link.source]));
    }
    for one in &view.retirements {
        texts.extend([one.what.as_str(), &one.on, &one.left, &one.instead, &one.quote, &one.source]);
    }
    for one in &view.pains {
        texts.push(&one.what);
        texts.extend(one.links.iter().flat_map(|link| [link.title.as_str(), &link.source]));
    }
    for one in &view.tools {
        texts.extend([one.link.title.as_str(), &one.link.source, &one.excerpt]);
    }
    texts.extend(view.releases.iter().flat_map(|one| [one.product.as_str(), &one.versions, &one.breaking]));
    // Numbers in tables are looked at, not read.
    texts.iter().flat_map(|text| text.split_whitespace()).count() + 3 * view.months.len()
}
