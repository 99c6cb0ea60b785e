//! The line of a request's body by which it knows its lessons again, and the line of a comment by which people reject one.

use crate::lesson::LessonId;

/// What it begins with.
const WORD: &str = "tidings-entries:";

/// The line: `tidings-entries: bp-2026-w47-01@0123456789ab,…`.
pub fn entries_line(entries: &[(LessonId, String)]) -> String {
    let pairs: Vec<String> = entries.iter().map(|(id, content)| format!("{id}@{content}")).collect();
    format!("{WORD} {}", pairs.join(","))
}

/// The lessons of a request's body, from the last such line in it; none where there is none, or where it is not whole. A pair
/// that can't be read is left out.
pub fn entries_of(body: &str) -> Vec<(LessonId, String)> {
    let Some(line) = body.lines().rev().find_map(|line| line.trim().strip_prefix(WORD)) else { return Vec::new() };
    let read = |pair: &str| {
        let (id, content) = pair.trim().split_once('@')?;
        let is_hash =
            !content.is_empty() && content.len() <= 64 && content.bytes().all(|byte| byte.is_ascii_hexdigit());
        Some((id.parse().ok()?, content.to_owned())).filter(|_| is_hash)
    };
    line.split(',').filter_map(read).collect()
}

/// The lessons that a comment rejects: `tidings reject bp-2026-w47-01` at the beginning of a line, several with blanks or
/// commas between. What is quoted (`> …`) or stands in a block of code was said by somebody else.
pub(super) fn rejected(comment: &str) -> Vec<LessonId> {
    let (mut ids, mut in_code) = (Vec::new(), false);
    for line in comment.lines() {
        let line = line.trim();
        if line.starts_with("```") || line.starts_with("~~~") {
            in_code = !in_code;
        }
        let line = line.trim_matches('`');
        let mut words = line.split([' ', ',', '\t']).filter(|word| !word.is_empty());
        let is_said = words.next().is_some_and(|word| word.eq_ignore_ascii_case("tidings"))
            && words.next().is_some_and(|word| word.eq_ignore_ascii_case("reject"));
        if is_said && !in_code {
            ids.extend(words.map_while(|word| word.trim_matches(['`', '.', ';']).parse::<LessonId>().ok()));
        }
    }
    ids.dedup();
    ids
}

/// Every lesson that a text names.
pub(super) fn named(text: &str) -> Vec<LessonId> {
    let parts = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '-');
    let mut ids: Vec<LessonId> = parts.filter_map(|part| part.parse().ok()).collect();
    ids.sort();
    ids.dedup();
    ids
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> LessonId {
        text.parse().unwrap()
    }

    #[test]
    fn the_entries_of_a_body_are_those_of_its_last_line_whatever_people_add() {
        let entries = vec![(id("bp-2026-w47-01"), "0123456789ab".to_owned()), (id("bp-2026-w46-12"), "ff".to_owned())];
        let line = entries_line(&entries);
        assert_eq!(line, "tidings-entries: bp-2026-w47-01@0123456789ab,bp-2026-w46-12@ff");
        for body in [
            format!("Words.\n\n```\n{line}\n```\n"),
            format!("tidings-entries: bp-2026-w01-01@00\r\n\r\n```\r\n{line}\r\n```\r\nThanks!\r\n"),
            line.replace(',', " , ") + ",rubbish,bp-2026-w47-02@not-a-hash,bp-2026-w47-3@00",
        ] {
            assert_eq!(entries_of(&body), entries, "{body}");
        }
        assert_eq!(entries_of("nothing of ours"), []);
        assert_eq!(entries_of("tidings-entries:"), []);
    }

    #[test]
    fn a_comment_rejects_what_its_writer_says_and_not_what_it_quotes() {
        let both = vec![id("bp-2026-w47-01"), id("bp-2026-w47-03")];
        assert_eq!(rejected("Hm.\n\ntidings reject bp-2026-w47-01, bp-2026-w47-03.\nthanks"), both);
        assert_eq!(
            rejected("  `Tidings reject bp-2026-w47-01`\r\ntidings reject bp-2026-w47-03 since it is wrong"),
            both
        );
        for comment in [
            "> tidings reject bp-2026-w47-01",
            "should I write tidings reject bp-2026-w47-01?",
            "```\ntidings reject bp-2026-w47-01\n```",
            "tidings reject everything",
            "tidings accept bp-2026-w47-01",
        ] {
            assert_eq!(rejected(comment), [], "{comment}");
        }
    }
}
