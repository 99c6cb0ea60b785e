//! Quoting: a path in a shell's line, in a crontab and in a unit stays that path, whatever is in it.

use std::path::Path;

use anyhow::{Result, bail};

/// A path as text that a file of lines can hold.
///
/// # Errors
/// When it is not absolute, not UTF-8, or has a line's end or another control character in it.
pub fn line<'a>(path: &'a Path, what: &str) -> Result<&'a str> {
    let Some(text) = path.to_str() else {
        bail!("{what} {} is not UTF-8; rename it, or name another", path.display());
    };
    if !path.is_absolute() {
        bail!("{what} {text} is not an absolute path; what starts it knows no current folder");
    }
    if text.chars().any(char::is_control) {
        bail!("{what} {text:?} has a control character in its name; rename it, or name another");
    }
    Ok(text)
}

/// One word of a POSIX shell.
pub fn shell(word: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "/._-+:@,=".contains(letter);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// A command in a crontab, where `%` ends it (crontab(5)).
pub fn cron(command: &str) -> String {
    command.replace('%', r"\%")
}

/// A path where a unit takes one to the end of the line (systemd.unit(5): `%` begins a specifier).
pub fn unit_path(path: &str) -> String {
    path.replace('%', "%%")
}

/// One word of a list in a unit.
pub fn unit_word(word: &str) -> String {
    let word = unit_path(word);
    let plain = |letter: char| letter.is_alphanumeric() || "/._-+:@,=%".contains(letter);
    if !word.is_empty() && word.chars().all(plain) {
        return word;
    }
    format!("\"{}\"", word.replace('\\', r"\\").replace('"', "\\\""))
}

/// One word of ExecStart=, where `$` begins a variable, too (systemd.service(5)).
pub fn unit_argument(word: &str) -> String {
    unit_word(&word.replace('$', "$$"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_paths_stay_one_word_each() {
        let odd = "/home/O'Neil & co/100%/$HOME";
        assert_eq!(shell(odd), r"'/home/O'\''Neil & co/100%/$HOME'");
        assert_eq!(cron(&shell(odd)), r"'/home/O'\''Neil & co/100\%/$HOME'");
        assert_eq!(unit_word(odd), r#""/home/O'Neil & co/100%%/$HOME""#);
        assert_eq!(unit_argument(odd), r#""/home/O'Neil & co/100%%/$$HOME""#);
        for plain in ["/usr/bin/tidings", "--home", "/srv/tidings-2/x_y.z"] {
            assert_eq!((shell(plain), unit_argument(plain)), (plain.to_owned(), plain.to_owned()));
        }
    }

    #[test]
    fn what_no_line_can_hold_is_refused_by_name() {
        for (path, words) in [("relative/x", "not an absolute path"), ("/a\nb", "control character")] {
            let error = line(Path::new(path), "the home").expect_err("refused").to_string();
            assert!(error.contains(words) && error.starts_with("the home"), "{error}");
        }
    }
}
