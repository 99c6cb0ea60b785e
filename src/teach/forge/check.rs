//! The last look before anything is written: a proposal changes its two files and nothing else, and calls nobody.

use serde_json::Value;

use super::entries::entries_of;
use super::seen::Seen;
use super::trouble::Trouble;
use crate::config::Skills;
use crate::lesson::{Proposal, ProposedFile};

/// A commit's subject is posted in chats as it is.
const LONGEST_TITLE: usize = 72;
/// GitHub takes no longer body (65,536 characters).
const LONGEST_BODY: usize = 60_000;

/// Why a proposal may not be opened here; whoever made it, the door looks again.
///
/// # Errors
/// [`Trouble::Unfit`], or [`Trouble::Moved`] where the proposal was made of other texts than those at the base now.
pub fn unfit(proposal: &Proposal, seen: &Seen, skills: &Skills) -> Result<(), Trouble> {
    let unfit = |why: String| Err(Trouble::Unfit(format!("the proposal is not opened: {why}")));
    let Proposal { title, body, reference, manifest, entries } = proposal;
    for (file, path) in [(reference, &skills.reference), (manifest, &skills.manifest)] {
        if file.path != *path {
            return unfit(format!("it would touch {}, and [skills] names {path}", file.path));
        }
    }
    for (file, there) in [(reference, &seen.reference), (manifest, &seen.manifest)] {
        if file.before != *there {
            let message = format!(
                "{} has changed at the base since the proposal was made; the next run makes it anew",
                file.path
            );
            return Err(Trouble::Moved(message));
        }
    }
    if let Err(why) = only_the_version(manifest) {
        return unfit(format!("{}: {why}", manifest.path));
    }
    if title.trim().is_empty() || title.chars().count() > LONGEST_TITLE || title.chars().any(char::is_control) {
        return unfit(format!("its title is not one line of at most {LONGEST_TITLE} characters"));
    }
    if body.chars().count() > LONGEST_BODY {
        return unfit(format!("its text has more than {LONGEST_BODY} characters"));
    }
    if let Some(name) = mention(title).or_else(|| mention(body)) {
        return unfit(format!("its text would call somebody: {name}"));
    }
    if entries.is_empty() || entries_of(body) != *entries {
        return unfit("its text does not name its entries, so nobody could decline them".to_owned());
    }
    Ok(())
}

/// Holds a manifest to a change of the value of `version`, in its bytes and in its meaning.
fn only_the_version(file: &ProposedFile) -> Result<(), &'static str> {
    let Some(before) = &file.before else { return Err("there is no such file at the base") };
    if *before == file.after {
        return Ok(());
    }
    let read = |text: &str| serde_json::from_str::<Value>(text.trim_start_matches('\u{feff}')).ok();
    let (Some(mut old), Some(mut new)) = (read(before), read(&file.after)) else { return Err("it is no JSON") };
    let version = |value: &mut Value| match value.as_object_mut()?.get_mut("version")?.take() {
        Value::String(version) => Some(version),
        _ => None,
    };
    let (Some(old_version), Some(new_version)) = (version(&mut old), version(&mut new)) else {
        return Err("it has no version to change");
    };
    let is_plain = |version: &str| {
        !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-+".contains(&byte))
    };
    if old != new || !is_plain(&new_version) {
        return Err("more than the value of `version` would change");
    }
    let (quoted_old, quoted_new) = (format!("\"{old_version}\""), format!("\"{new_version}\""));
    let is_one_place = before.match_indices(&quoted_old).any(|(at, _)| {
        let (head, tail) = (&before[..at], &before[at + quoted_old.len()..]);
        file.after.strip_prefix(head).and_then(|rest| rest.strip_prefix(&quoted_new)) == Some(tail)
    });
    if is_one_place { Ok(()) } else { Err("more than the value of `version` would change") }
}

/// The first `@name` that GitHub would call: outside code, and in no address.
fn mention(text: &str) -> Option<&str> {
    let mut in_block = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            in_block = !in_block;
            continue;
        }
        if in_block {
            continue;
        }
        // What stands between backticks is every second piece.
        for piece in line.split('`').step_by(2) {
            let words = piece.split(|letter: char| letter.is_whitespace() || "|()[]<>".contains(letter));
            for word in words.filter(|word| !word.contains("://")) {
                for (at, _) in word.match_indices('@') {
                    let before = word[..at].chars().next_back();
                    let after = word[at + 1..].chars().next();
                    let is_start = before.is_none_or(|letter| !letter.is_ascii_alphanumeric() && letter != '_');
                    if is_start && after.is_some_and(|letter| letter.is_ascii_alphanumeric()) {
                        return Some(word);
                    }
                }
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(before: &str, after: &str) -> Result<(), &'static str> {
        only_the_version(&ProposedFile { path: "p".into(), before: Some(before.into()), after: after.into() })
    }

    #[test]
    fn a_manifest_changes_in_the_value_of_version_alone_to_the_byte() {
        let old = "{\n\t\"name\": \"x\",\n\t\"version\": \"0.1.11\",\n\t\"floor\": \"0.1.11\"\n}";
        assert_eq!(manifest(old, &old.replacen("0.1.11", "0.2.0", 1)), Ok(()));
        assert_eq!(manifest(old, old), Ok(()));
        for (from, to) in [
            ("\t", "  "),
            ("\"name\": \"x\"", "\"name\": \"x\", \"hooks\": \"./hooks.json\""),
            ("\"name\": \"x\"", "\"name\":  \"x\""),
            ("\"floor\": \"0.1.11\"", "\"floor\": \"0.2.0\""),
            ("\n}", "\n}\n"),
        ] {
            let new = old.replacen("0.1.11", "0.2.0", 1).replace(from, to);
            assert!(manifest(old, &new).is_err(), "{new}");
        }
        assert!(manifest(old, &old.replacen("0.1.11", "0.2.0\\u0022", 1)).is_err());
        assert!(manifest("{\"version\": 1}", "{\"version\": 2}").is_err());
        assert!(manifest("{}", "{\"version\": \"0.1.0\"}").is_err());
        assert!(manifest("{\"version\": \"1.0.0\"", "{\"version\": \"1.0.1\"").is_err());
    }

    #[test]
    fn a_name_after_an_at_sign_is_a_call_unless_it_is_code_or_an_address() {
        for text in ["thanks @octocat", "(@org/team)", "a\n| @octocat |", "\\@octocat", "`code` @octocat"] {
            assert!(mention(text).is_some(), "{text}");
        }
        for text in [
            "`@octocat`",
            "```\n@octocat\n```",
            "bp-2026-w47-01@0123",
            "ana@lab.example",
            "[x](https://www.example.org/@scope/name)",
            "@ octocat",
            "@\u{200b}octocat",
        ] {
            assert_eq!(mention(text), None, "{text}");
        }
    }
}
