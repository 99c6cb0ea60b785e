//! Charts: small pictures that are drawn from words (SVG) and numbers alone, the same bytes each time.
//!
//! Mail programs show no SVG, so each is a PNG at twice its size, sharp on phones. It brings its own light ground, on which
//! its colours are readable whatever the page's scheme, and its own font.

use std::fmt::Write;
use std::sync::{Arc, LazyLock};

use anyhow::{Context, Result};
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::fontdb::Database;
use resvg::usvg::{Options, Tree};

use super::{expected, named};
use crate::edition::trends::{Move, Trends};
use crate::tell::escape;
use crate::tell::render::Image;
use crate::tell::view::thousands;
use crate::tell::words::clip;

/// Of a picture, in the units of the page: as wide as a phone, so that its words keep their size there.
const WIDTH: f64 = 400.0;
const SCALE: f32 = 2.0;
const FONT: &[u8] = include_bytes!("../font/labels.ttf");
const FAMILY: &str = "DejaVu Sans";
/// Characters of a label.
const LABEL: usize = 38;
/// Terms in one picture; the table beside it has them all.
const MOST_ROWS: usize = 8;

/// On the ground #f4f5f7: ink 13.9:1, soft 6.6:1, now 7.2:1, then 3.2:1 (WCAG asks 4.5 of words and 3 of bars).
const GROUND: &str = "#f4f5f7";
const INK: &str = "#23282d";
const SOFT: &str = "#555c64";
const NOW: &str = "#0a4f94";
const THEN: &str = "#858d96";

static FONTS: LazyLock<Arc<Database>> = LazyLock::new(|| {
    let mut fonts = Database::new();
    fonts.load_font_data(FONT.to_vec());
    Arc::new(fonts)
});

/// A picture and what it says, in words for those who do not see it.
pub struct Chart {
    pub name: &'static str,
    pub alt: String,
    pub width: u32,
    pub height: u32,
    svg: String,
}

impl Chart {
    /// The picture as a PNG.
    pub fn image(&self) -> Result<Image> {
        let options = Options { fontdb: FONTS.clone(), font_family: FAMILY.to_owned(), ..Options::default() };
        let doing = || format!("drawing the chart {}", self.name);
        let tree = Tree::from_str(&self.svg, &options).with_context(doing)?;
        let size = tree.size();
        let side = |length: f32| (length * SCALE).ceil() as u32;
        let mut pixels = Pixmap::new(side(size.width()), side(size.height())).with_context(doing)?;
        resvg::render(&tree, Transform::from_scale(SCALE, SCALE), &mut pixels.as_mut());
        Ok(Image { name: self.name, bytes: pixels.encode_png().with_context(doing)? })
    }

    fn new(name: &'static str, alt: String, height: f64, drawn: &str) -> Chart {
        let svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" viewBox=\"0 0 {WIDTH} {height}\" \
             font-family=\"{FAMILY}\" font-size=\"14\"><rect width=\"{WIDTH}\" height=\"{height}\" fill=\"{GROUND}\"/>{drawn}</svg>"
        );
        Chart { name, alt, width: WIDTH as u32, height: height as u32, svg }
    }
}

/// The charts of a month: what rises, and how much was read. One that would show nothing is left out.
pub fn charts(trends: &Trends) -> Vec<Chart> {
    [rising(trends), months(trends)].into_iter().flatten().collect()
}

/// For each term two bars: its stories this month, and those expected.
fn rising(trends: &Trends) -> Option<Chart> {
    const ROW: f64 = 62.0;
    const TOP: f64 = 44.0;
    const LEFT: f64 = 16.0;
    let rows: Vec<&Move> = trends.rising.iter().take(MOST_ROWS).collect();
    let most = rows.iter().map(|rise| (rise.stories as f64).max(rise.expected)).fold(0.0, f64::max);
    if rows.is_empty() || most <= 0.0 {
        return None;
    }
    let mut drawn = String::new();
    legend(&mut drawn, LEFT, 26.0);
    for (place, rise) in rows.iter().enumerate() {
        let y = TOP + place as f64 * ROW;
        word(&mut drawn, LEFT, y + 14.0, INK, "start", &label(&rise.term, place));
        for (at, value, colour, number) in
            [(20.0, rise.stories as f64, NOW, rise.stories.to_string()), (37.0, rise.expected, THEN, expected(rise))]
        {
            // The number stands behind its bar.
            let width = (value / most * (WIDTH - 2.0 * LEFT - 52.0)).max(2.0);
            bar(&mut drawn, LEFT, y + at, width, 13.0, colour);
            word(&mut drawn, LEFT + width + 7.0, y + at + 11.5, INK, "start", &number);
        }
    }
    let each: Vec<String> =
        rows.iter().map(|rise| format!("{}: {}, {} expected", rise.term, rise.stories, expected(rise))).collect();
    let alt = format!("Bars of the stories this month and of those expected: {}.", each.join("; "));
    Some(Chart::new("rising.png", alt, TOP + rows.len() as f64 * ROW + 6.0, &drawn))
}

/// A bar for each month: items read.
fn months(trends: &Trends) -> Option<Chart> {
    const HEIGHT: f64 = 210.0;
    const FLOOR: f64 = 172.0;
    const TALLEST: f64 = 112.0;
    const SIDE: f64 = 12.0;
    let most = trends.months.iter().map(|month| month.read).max().unwrap_or(0);
    if trends.months.len() < 2 || most == 0 {
        return None;
    }
    let step = (WIDTH - 2.0 * SIDE) / trends.months.len() as f64;
    let mut drawn = String::new();
    word(&mut drawn, SIDE + 4.0, 26.0, INK, "start", "Items read each month");
    for (place, month) in trends.months.iter().enumerate() {
        let height = (month.read as f64 / most as f64 * TALLEST).max(1.0);
        let middle = SIDE + (place as f64 + 0.5) * step;
        let width = (step * 0.64).min(46.0);
        let is_last = place + 1 == trends.months.len();
        bar(&mut drawn, middle - width / 2.0, FLOOR - height, width, height, if is_last { NOW } else { THEN });
        let size = if trends.months.len() > 8 { 10.5 } else { 13.0 };
        sized(&mut drawn, [middle, FLOOR - height - 6.0], INK, "middle", size, &short(month.read));
        let name = named(&month.month).map_or_else(String::new, |day| day.strftime("%b").to_string());
        sized(&mut drawn, [middle, FLOOR + 19.0], SOFT, "middle", size.max(11.5), &name);
    }
    let each: Vec<String> =
        trends.months.iter().map(|month| format!("{} {}", month.month, thousands(month.read))).collect();
    Some(Chart::new("months.png", format!("Bars of the items read each month: {}.", each.join("; ")), HEIGHT, &drawn))
}

fn legend(drawn: &mut String, x: f64, y: f64) {
    bar(drawn, x, y - 11.0, 12.0, 12.0, NOW);
    word(drawn, x + 19.0, y, INK, "start", "stories this month");
    bar(drawn, x + 182.0, y - 11.0, 12.0, 12.0, THEN);
    word(drawn, x + 201.0, y, INK, "start", "expected");
}

fn bar(drawn: &mut String, x: f64, y: f64, width: f64, height: f64, colour: &str) {
    let _ = write!(
        drawn,
        "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" rx=\"2\" fill=\"{colour}\"/>"
    );
}

fn word(drawn: &mut String, x: f64, y: f64, colour: &str, anchor: &str, words: &str) {
    sized(drawn, [x, y], colour, anchor, 14.0, words);
}

fn sized(drawn: &mut String, [x, y]: [f64; 2], colour: &str, anchor: &str, size: f64, words: &str) {
    let _ = write!(
        drawn,
        "<text x=\"{x:.1}\" y=\"{y:.1}\" fill=\"{colour}\" text-anchor=\"{anchor}\" font-size=\"{size}\">{}</text>",
        escape::html(words)
    );
}

/// The term where the font has its letters, else where to look it up.
fn label(term: &str, place: usize) -> String {
    let is_known = |letter: char| matches!(letter, ' '..='~' | '\u{a0}'..='\u{17f}');
    match term.chars().all(is_known) {
        true => clip(term, LABEL),
        false => format!("number {} in the table", place + 1),
    }
}

/// "980", "12.5k".
fn short(number: u64) -> String {
    match number {
        0..10_000 => thousands(number),
        _ => format!("{:.1}k", number as f64 / 1_000.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_without_letters_in_the_font_points_to_the_table() {
        assert_eq!(label("agent loops", 0), "agent loops");
        assert_eq!(label("新しいモデル", 2), "number 3 in the table");
    }
}
