//! A mistake in a file a person wrote: where it is, what is wrong, and how to mend it.

use std::fmt;
use std::ops::Range;

/// One mistake, placed. Lines and columns count from 1; columns count characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    pub file: String,
    pub line: usize,
    pub column: usize,
    /// The line as it stands in the file, shortened.
    pub shown: String,
    /// How many characters of it the mistake covers.
    pub width: usize,
    pub message: String,
    pub remedy: String,
}

impl Mistake {
    /// Places a byte range of `text`.
    pub fn at(file: &str, text: &str, span: Range<usize>, message: String, remedy: String) -> Mistake {
        let start = floor_boundary(text, span.start);
        let end = floor_boundary(text, span.end.max(start));
        let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let line_end = text[start..].find('\n').map_or(text.len(), |at| start + at);
        let shown = text[line_start..line_end].trim_end_matches('\r');
        Mistake {
            file: file.to_owned(),
            line: text[..line_start].matches('\n').count() + 1,
            column: text[line_start..start].chars().count() + 1,
            // A terminal's width; what is longer wraps and hides the caret.
            shown: shown.chars().take(100).collect(),
            width: text[start..end.min(line_end).max(start)].chars().count().clamp(1, 60),
            message,
            remedy,
        }
    }
}

impl Mistake {
    /// The same mistake without the words it is about: what a person takes for a secret is not repeated in a log.
    pub fn hidden(mut self) -> Mistake {
        let before: String = self.shown.chars().take(self.column - 1).collect();
        self.shown = format!("{before}…");
        self.width = 1;
        self
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}:{}:{}: {}", self.file, self.line, self.column, self.message)?;
        let number = self.line.to_string();
        writeln!(f, "  {number} | {}", self.shown)?;
        let margin = " ".repeat(number.len());
        writeln!(f, "  {margin} | {}{}", " ".repeat(self.column - 1), "^".repeat(self.width))?;
        write!(f, "  try: {}", self.remedy)
    }
}

fn floor_boundary(text: &str, index: usize) -> usize {
    let mut index = index.min(text.len());
    while !text.is_char_boundary(index) {
        index -= 1;
    }
    index
}
