//! Tables of models and dates, as on a page of deprecations: each row says what becomes of one model.

use pulldown_cmark::{Event, Tag, TagEnd};

use super::heading::holds_a_date;
use super::plain;
use crate::guard::text::excerpt;

/// Of a model's name, in characters; more is a paragraph in a table.
const MAX_NAME_CHARS: usize = 120;

pub(super) struct Row {
    /// The event behind it.
    pub(super) at: usize,
    pub(super) model: String,
    pub(super) title: String,
    /// One line for each cell, `Retirement date: June 15, 2026`.
    pub(super) text: String,
}

/// The rows of every table that has a column of models and one of dates.
pub(super) fn rows(events: &[Event<'_>]) -> Vec<Row> {
    let mut rows = Vec::new();
    let (mut head, mut cells, mut start): (Vec<String>, Vec<String>, usize) = (Vec::new(), Vec::new(), 0);
    for (at, event) in events.iter().enumerate() {
        match event {
            Event::Start(Tag::TableHead | Tag::TableRow) => cells = Vec::new(),
            Event::Start(Tag::TableCell) => start = at,
            Event::End(TagEnd::TableCell) => cells.push(plain(&events[start..at])),
            Event::End(TagEnd::TableHead) => head = std::mem::take(&mut cells),
            Event::End(TagEnd::TableRow) => rows.extend(row(&head, &cells, at)),
            _ => {}
        }
    }
    rows
}

fn row(head: &[String], cells: &[String], at: usize) -> Option<Row> {
    let column =
        |words: &[&str]| head.iter().position(|name| words.iter().any(|word| name.to_lowercase().contains(word)));
    let model_column = column(&["model"])?;
    // The last of them: "Deprecated" comes before "Retired", which is the date that counts.
    let date_column = head.iter().zip(cells).rposition(|(name, cell)| {
        let name = name.to_lowercase();
        let is_date =
            ["date", "retire", "deprecat", "shutdown", "sunset", "end of life"].iter().any(|word| name.contains(word));
        is_date && holds_a_date(cell)
    })?;
    let model = cells.get(model_column).filter(|model| !model.is_empty())?;
    let model = excerpt(model, MAX_NAME_CHARS);
    let lines: Vec<String> = head
        .iter()
        .zip(cells)
        .filter(|(_, cell)| !cell.is_empty())
        .map(|(name, cell)| format!("{name}: {cell}"))
        .collect();
    let title = format!("{model}: {} {}", head[date_column].to_lowercase(), cells[date_column]);
    Some(Row { at, model, title: excerpt(&title, 2 * MAX_NAME_CHARS), text: lines.join("\n") })
}
