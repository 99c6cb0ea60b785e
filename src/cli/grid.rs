//! A grid is a table of amounts on a terminal: names on the left, figures aligned on the right, at most 80 columns.

use tidings::flow::answers::thousands;

use super::wrap::WIDTH;

/// Of a name that keeps its end; figures are told in thousands before a name gets less.
const NAME: usize = 28;
/// What stands on a line of its own below a row.
const INDENT: usize = 4;

pub struct Grid {
    /// Above the figures; those of tokens last.
    pub heads: Vec<&'static str>,
    pub rows: Vec<GridRow>,
}

#[derive(Default)]
pub struct GridRow {
    pub name: String,
    /// Words before the amounts, which are told as they are.
    pub words: Vec<String>,
    /// Tokens.
    pub amounts: Vec<u64>,
    /// Words after the amounts.
    pub cost: Option<String>,
    /// What belongs to the row and finds no place in it, each on a line of its own.
    pub details: Vec<String>,
    /// An empty line stands above it.
    pub is_apart: bool,
}

impl Grid {
    /// Lines without their ends. Amounts that find no place are told in thousands or millions, and the first line says so.
    pub fn lines(&self) -> Vec<String> {
        let longest = self.rows.iter().map(|row| row.name.chars().count()).max().unwrap_or(0);
        let units = [(1, "tokens"), (1_000, "thousand tokens"), (1_000_000, "million tokens")];
        let laid = units.map(|(unit, name)| (self.cells(unit), name));
        let place = |cells: &[Vec<String>]| WIDTH.saturating_sub(widths(cells).iter().map(|width| width + 2).sum());
        let fits = |cells: &[Vec<String>], name: &str| place(cells) >= longest.min(NAME).max(name.len());
        let (cells, unit) = laid.iter().find(|(cells, name)| fits(cells, name)).unwrap_or(&laid[2]);
        let (place, widths) = (place(cells).max(1), widths(cells));
        let name_width = longest.max(unit.len()).min(place);
        let names = [(*unit).to_owned()].into_iter().chain(self.rows.iter().map(|row| row.name.clone()));
        let mut lines = Vec::new();
        for (at, (name, cells)) in names.zip(cells).enumerate() {
            let row = at.checked_sub(1).map(|at| &self.rows[at]);
            if row.is_some_and(|row| row.is_apart) {
                lines.push(String::new());
            }
            let mut line = format!("{:<name_width$}", end_of(&name, name_width));
            for (cell, width) in cells.iter().zip(&widths) {
                line += &format!("  {cell:>width$}");
            }
            lines.push(line.trim_end().to_owned());
            for detail in row.iter().flat_map(|row| &row.details) {
                lines.push(format!("{:INDENT$}{}", "", beginning_of(detail, WIDTH - INDENT)));
            }
        }
        lines
    }

    /// What stands right of the names, the heads first.
    fn cells(&self, unit: u64) -> Vec<Vec<String>> {
        let heads = self.heads.iter().map(|head| (*head).to_owned()).collect();
        let rows = self.rows.iter().map(|row| {
            let amounts =
                row.amounts.iter().map(|amount| thousands(amount / unit + u64::from(amount % unit * 2 >= unit)));
            row.words.iter().cloned().chain(amounts).chain(row.cost.clone()).collect()
        });
        std::iter::once(heads).chain(rows).collect()
    }

    /// The same as a table of Markdown, whole and in tokens.
    pub fn markdown(&self, name: &str) -> Vec<String> {
        let line = |name: &str, cells: &[String]| {
            let cells: String = cells.iter().map(|cell| format!(" {cell} |")).collect();
            format!("| {} |{cells}", name.replace('|', "\\|"))
        };
        let mut cells = self.cells(1).into_iter();
        let mut lines = vec![line(name, &cells.next().unwrap_or_default())];
        lines.push(format!("|---|{}", "---:|".repeat(self.heads.len())));
        lines.extend(self.rows.iter().zip(cells).map(|(row, cells)| line(&row.name, &cells)));
        lines
    }
}

fn widths(cells: &[Vec<String>]) -> Vec<usize> {
    let columns = cells.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| cells.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
    (0..columns).map(|column| width(column).unwrap_or(0)).collect()
}

/// The end of a name tells a folder from its neighbours.
fn end_of(name: &str, letters: usize) -> String {
    match name.chars().count().checked_sub(letters).filter(|over| *over > 0) {
        Some(over) => std::iter::once('…').chain(name.chars().skip(over + 1)).collect(),
        None => name.to_owned(),
    }
}

fn beginning_of(text: &str, letters: usize) -> String {
    match text.char_indices().nth(letters) {
        Some(_) => text.chars().take(letters - 1).chain(['…']).collect(),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Grid, GridRow, end_of};

    fn row(name: &str, amounts: [u64; 2]) -> GridRow {
        GridRow {
            name: name.to_owned(),
            amounts: amounts.to_vec(),
            cost: Some("$1.00".to_owned()),
            ..GridRow::default()
        }
    }

    #[test]
    fn figures_stand_below_each_other() {
        let grid =
            Grid { heads: vec!["input", "output", "cost"], rows: vec![row("a", [1204, 7]), row("bb", [3, 10_000])] };
        let expected = ["tokens  input  output   cost", "a       1,204       7  $1.00", "bb          3  10,000  $1.00"];
        assert_eq!(grid.lines(), expected);
    }

    #[test]
    fn what_is_too_wide_is_told_in_thousands_and_never_wider_than_a_terminal() {
        let name = "/home/ana/code/a-folder-with-a-long-name-in-a-folder-with-another/atlas";
        for amount in [1, 1_499, 999_999_999, u64::MAX] {
            for count in 1..6 {
                let mut wide = row(name, [amount, amount]);
                wide.amounts = vec![amount; count];
                wide.details = vec!["東京".repeat(90)];
                let grid = Grid { heads: vec!["cache write"; count], rows: vec![wide] };
                let lines = grid.lines();
                let is_narrow = lines.iter().all(|line| line.chars().count() <= 80);
                assert!(is_narrow || amount == u64::MAX && count > 2, "{lines:#?}");
            }
        }
        let wide = Grid {
            heads: vec!["x"; 5],
            rows: vec![GridRow { amounts: vec![123_456_789_500; 5], ..row(name, [0, 0]) }],
        };
        assert!(wide.lines()[0].starts_with("million tokens"), "{:#?}", wide.lines());
        assert!(wide.lines()[1].contains("  123,457  "), "{:#?}", wide.lines());
        assert_eq!(end_of("/w/atlas", 6), "…atlas");
    }
}
