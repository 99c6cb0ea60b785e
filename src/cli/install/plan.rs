//! A plan: which texts would change and how. Nothing here touches the disk.

use std::path::PathBuf;

use serde_json::{Value, json};

/// What is installed: which program, for which home, with whose secrets.
pub struct Wanted {
    pub home: PathBuf,
    pub program: PathBuf,
    pub secrets: Option<PathBuf>,
}

/// Where a text lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// With the mode of a file that is new.
    File { path: PathBuf, mode: u32 },
    /// The crontab of whoever runs this.
    Crontab,
}

impl Place {
    pub fn words(&self) -> String {
        match self {
            Place::File { path, .. } => path.display().to_string(),
            Place::Crontab => "your crontab".to_owned(),
        }
    }
}

/// One text as it is, and as it should be; None where there is no file.
pub struct Change {
    pub place: Place,
    pub before: Option<String>,
    pub after: Option<String>,
    /// What a person sees of it. Only what is ours: other lines of a settings file may hold secrets.
    pub view: Vec<String>,
}

impl Change {
    /// A text of lines, whose changed lines are shown.
    pub fn lines(place: Place, before: Option<String>, after: Option<String>) -> Change {
        let view = differing(before.as_deref().unwrap_or_default(), after.as_deref().unwrap_or_default());
        Change { place, before, after, view }
    }

    pub fn is_none(&self) -> bool {
        self.before == self.after
    }

    /// `new`, `changed`, `removed` or `as it should be`.
    pub fn what(&self) -> &'static str {
        match (&self.before, &self.after) {
            _ if self.is_none() => "as it should be",
            (None, _) => "new",
            (_, None) => "removed",
            _ => "changed",
        }
    }
}

/// What would be done, and what a person does then.
#[derive(Default)]
pub struct Plan {
    pub changes: Vec<Change>,
    pub next: Vec<String>,
}

impl Plan {
    pub fn is_none(&self) -> bool {
        self.changes.iter().all(Change::is_none)
    }

    pub fn words(&self) -> String {
        let mut lines = Vec::new();
        for change in &self.changes {
            lines.push(format!("{}: {}", change.place.words(), change.what()));
            lines.extend(change.view.iter().map(|line| format!("  {line}")));
        }
        lines.join("\n")
    }

    pub fn json(&self, written: bool) -> Value {
        let changes: Vec<Value> = self
            .changes
            .iter()
            .map(|change| json!({ "place": change.place.words(), "what": change.what(), "view": change.view }))
            .collect();
        json!({ "version": 1, "changes": changes, "written": written, "next": self.next })
    }
}

/// The lines between the first and the last that differ: `- old`, `+ new`, after the number of the line before them. Our lines
/// stand together, so that nothing of a person's is among them.
fn differing(before: &str, after: &str) -> Vec<String> {
    let (old, new): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let same = old.iter().zip(&new).take_while(|(one, other)| one == other).count();
    let (old, new) = (&old[same..], &new[same..]);
    let tail = old.iter().rev().zip(new.iter().rev()).take_while(|(one, other)| one == other).count();
    let (old, new) = (&old[..old.len() - tail], &new[..new.len() - tail]);
    let mut view = Vec::new();
    if same > 0 && old.len() + new.len() > 0 {
        view.push(format!("after line {same}:"));
    }
    view.extend(old.iter().map(|line| format!("- {line}")));
    view.extend(new.iter().map(|line| format!("+ {line}")));
    view
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_shows_what_differs_and_nothing_else() {
        for (before, after, view) in [
            ("", "a\nb\n", "+ a|+ b"),
            ("x\ny\n", "x\na\ny\n", "after line 1:|+ a"),
            ("x\na\ny\n", "x\ny\n", "after line 1:|- a"),
            ("x\na\ny\n", "x\nb\ny\n", "after line 1:|- a|+ b"),
            ("x\n", "x\n", ""),
            ("a\na\n", "a\na\na\n", "after line 2:|+ a"),
        ] {
            assert_eq!(differing(before, after).join("|"), view, "{before:?} {after:?}");
        }
    }
}
