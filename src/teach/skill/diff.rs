//! Two texts as a patch that git applies: unified, three lines around each change.

use std::fmt::Write;

/// Lines shown around a change.
const AROUND: usize = 3;

/// How a line differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Edit {
    Keep,
    Remove,
    Add,
}

/// The patch of one file, from its `diff --git` line on; empty where nothing differs. `before` None: the file is new. Text is never taken
/// for binary, and line ends stay as they are.
pub(super) fn unified(path: &str, before: Option<&str>, after: &str) -> String {
    if before == Some(after) {
        return String::new();
    }
    let mut patch = format!("diff --git a/{path} b/{path}\n");
    match before {
        None => {
            let _ = write!(patch, "new file mode 100644\n--- /dev/null\n+++ b/{path}\n");
        }
        Some(_) => {
            let _ = write!(patch, "--- a/{path}\n+++ b/{path}\n");
        }
    }
    let old: Vec<&str> = before.unwrap_or_default().split_inclusive('\n').collect();
    let new: Vec<&str> = after.split_inclusive('\n').collect();
    let edits = edits(&old, &new);
    let changed: Vec<usize> = (0..edits.len()).filter(|at| edits[*at].0 != Edit::Keep).collect();
    let mut from = 0;
    while let Some(first) = changed.iter().find(|at| **at >= from).copied() {
        // As far as changes follow one another so closely that their surroundings touch.
        let mut last = first;
        while let Some(next) = changed.iter().find(|at| **at > last && **at - last <= 2 * AROUND).copied() {
            last = next;
        }
        let (start, end) = (first.saturating_sub(AROUND).max(from), (last + AROUND + 1).min(edits.len()));
        hunk(&mut patch, &edits, start, end);
        from = end;
    }
    patch
}

fn hunk(patch: &mut String, edits: &[(Edit, &str)], start: usize, end: usize) {
    let count = |range: &[(Edit, &str)], without: Edit| range.iter().filter(|(edit, _)| *edit != without).count();
    let (old_before, new_before) = (count(&edits[..start], Edit::Add), count(&edits[..start], Edit::Remove));
    let (old, new) = (count(&edits[start..end], Edit::Add), count(&edits[start..end], Edit::Remove));
    // A side without lines is named by the line before it.
    let line = |before: usize, lines: usize| if lines == 0 { before } else { before + 1 };
    let _ = writeln!(patch, "@@ -{},{old} +{},{new} @@", line(old_before, old), line(new_before, new));
    for (edit, text) in &edits[start..end] {
        let sign = match edit {
            Edit::Keep => ' ',
            Edit::Remove => '-',
            Edit::Add => '+',
        };
        let _ = write!(patch, "{sign}{text}");
        if !text.ends_with('\n') {
            patch.push_str("\n\\ No newline at end of file\n");
        }
    }
}

/// The shortest way from one list of lines to the other, removals before additions.
fn edits<'t>(old: &[&'t str], new: &[&'t str]) -> Vec<(Edit, &'t str)> {
    let head = old.iter().zip(new).take_while(|(one, other)| one == other).count();
    let tail = old[head..].iter().rev().zip(new[head..].iter().rev()).take_while(|(one, other)| one == other).count();
    let (inner_old, inner_new) = (&old[head..old.len() - tail], &new[head..new.len() - tail]);
    // Lengths of the longest common lists of lines; the files are a few hundred lines long.
    let width = inner_new.len() + 1;
    let mut common = vec![0_usize; (inner_old.len() + 1) * width];
    for i in (0..inner_old.len()).rev() {
        for j in (0..inner_new.len()).rev() {
            common[i * width + j] = if inner_old[i] == inner_new[j] {
                common[(i + 1) * width + j + 1] + 1
            } else {
                common[(i + 1) * width + j].max(common[i * width + j + 1])
            };
        }
    }
    let mut edits: Vec<(Edit, &str)> = old[..head].iter().map(|line| (Edit::Keep, *line)).collect();
    let (mut i, mut j) = (0, 0);
    while i < inner_old.len() || j < inner_new.len() {
        let is_same = i < inner_old.len() && j < inner_new.len() && inner_old[i] == inner_new[j];
        if is_same {
            edits.push((Edit::Keep, inner_old[i]));
            (i, j) = (i + 1, j + 1);
        } else if i < inner_old.len()
            && (j == inner_new.len() || common[(i + 1) * width + j] >= common[i * width + j + 1])
        {
            edits.push((Edit::Remove, inner_old[i]));
            i += 1;
        } else {
            edits.push((Edit::Add, inner_new[j]));
            j += 1;
        }
    }
    edits.extend(old[old.len() - tail..].iter().map(|line| (Edit::Keep, *line)));
    edits
}
