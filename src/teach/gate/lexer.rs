//! One simple command, cut into its words as a shell would, where a shell has nothing to do but that.

/// The words of a command. Refused is whatever a shell would do more: expansions, substitutions, variables, patterns, redirections,
/// pipes, lists, comments, history, several lines, assignments before the program.
pub(super) fn words(command: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for letter in command.chars() {
        if !matches!(letter, ' '..='~') {
            return Err(format!("it holds U+{:04X}, which is no printable ASCII", u32::from(letter)));
        }
        // Within double quotes some of these act, within single quotes none: who reads in haste sees no difference.
        if matches!(letter, '$' | '`' | '\\' | '!') {
            return Err(format!("`{letter}` lets a shell run or replace something"));
        }
        match (quote, letter) {
            (Some(open), close) if open == close => quote = None,
            (Some(_), inside) => word.get_or_insert_default().push(inside),
            (None, '"' | '\'') => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (None, ' ') => words.extend(word.take()),
            (None, plain) if plain.is_ascii_alphanumeric() || "_./:=,@%+-".contains(plain) => {
                word.get_or_insert_default().push(plain);
            }
            (None, other) => {
                return Err(format!("`{other}` means something to a shell; only one simple command may stand"));
            }
        }
    }
    if quote.is_some() {
        return Err("a quotation mark has no partner".to_owned());
    }
    words.extend(word);
    match words.first() {
        None => Err("it is empty".to_owned()),
        Some(program) if program.contains('=') => Err("an assignment stands before the program".to_owned()),
        Some(program) if program.contains(['/', '.', ' ']) => Err("the program is named by a path".to_owned()),
        Some(_) => Ok(words),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_cut_as_a_shell_cuts_them() {
        let cut = |command| words(command).map(|words| words.join("|"));
        assert_eq!(cut("git log --oneline -n 5"), Ok("git|log|--oneline|-n|5".to_owned()));
        assert_eq!(cut(r#"git commit -m "two words" 'a b'c"#), Ok("git|commit|-m|two words|a bc".to_owned()));
        assert_eq!(cut("git commit -m ''"), Ok("git|commit|-m|".to_owned()));
        for refused in [
            "",
            " ",
            "a;b",
            "a && b",
            "a | b",
            "a > b",
            "a < b",
            "a &",
            "a $(b)",
            "a `b`",
            "a $B",
            "a *",
            "a ?",
            "a [b]",
            "a {b,c}",
            "a # b",
            "a ~/b",
            "A=1 b",
            "./a",
            "/bin/a",
            "a 'b",
            "a \"b",
            "a\nb",
            "a \\b",
            "a !b",
            "a \"$B\"",
            "\u{200b}a",
            "(a)",
        ] {
            assert!(words(refused).is_err(), "{refused:?}");
        }
    }
}
