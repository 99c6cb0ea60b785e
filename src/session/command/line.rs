//! A line is split where a shell would split it.

use super::{Command, CommandLine};

/// Words that begin or close a structure; what follows them on the line is a command of its own.
const STRUCTURE: [&str; 13] =
    ["if", "then", "elif", "else", "fi", "while", "until", "do", "done", "{", "}", "!", "coproc"];
/// Words whose own line says no command: `for x in …`, `case x in`, `esac`, `function f`.
const HEADS: [&str; 5] = ["for", "case", "select", "esac", "function"];

/// Structures within one another beyond this are not looked into: nobody types them.
const MOST_DEPTH: usize = 8;
/// Longer lines are scripts in a here-document or data; their beginning is looked at.
const MOST_BYTES: usize = 64 << 10;

/// Takes a command line apart. Reading never fails: what is not closed ends with the line.
pub fn split(line: &str) -> CommandLine {
    let line = &line[..line.floor_char_boundary(MOST_BYTES)];
    split_at_depth(line, 0)
}

fn split_at_depth(line: &str, depth: usize) -> CommandLine {
    let mut splitter = Splitter {
        letters: line.chars().collect(),
        at: 0,
        command: Command::default(),
        word: None,
        raw: String::new(),
        inner: Vec::new(),
        waiting: Vec::new(),
        found: CommandLine { commands: Vec::new(), is_plain: true },
    };
    splitter.run();
    let Splitter { mut found, inner, .. } = splitter;
    for text in inner {
        found.is_plain = false;
        if depth < MOST_DEPTH {
            found.commands.extend(split_at_depth(&text, depth + 1).commands);
        }
    }
    found
}

struct Splitter {
    letters: Vec<char>,
    at: usize,
    command: Command,
    /// The word that is being read, without quotation marks.
    word: Option<String>,
    /// The command's text as it was typed.
    raw: String,
    /// What stands in substitutions and parentheses.
    inner: Vec<String>,
    /// The ends of here-documents that begin with the next line.
    waiting: Vec<String>,
    found: CommandLine,
}

impl Splitter {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.letters.get(self.at + ahead).copied()
    }

    fn run(&mut self) {
        while let Some(letter) = self.peek(0) {
            match letter {
                '\\' => self.escaped(),
                '\'' | '"' => self.quoted(letter),
                '`' => self.substituted(1, '`'),
                '$' if self.peek(1) == Some('(') => self.substituted(2, ')'),
                '<' | '>' if self.peek(1) == Some('(') => self.substituted(2, ')'),
                '<' if self.peek(1) == Some('<') && self.peek(2) != Some('<') => self.here_document(),
                '>' | '<' => self.redirected(),
                '&' if self.peek(1) == Some('>') => self.redirected(),
                '(' if self.word.is_none() => self.substituted(1, ')'),
                ')' => self.end_command(1),
                '#' if self.word.is_none() => {
                    while self.peek(0).is_some_and(|letter| letter != '\n') {
                        self.at += 1;
                    }
                }
                '\n' => {
                    self.end_command(1);
                    self.skip_here_documents();
                }
                ';' | '|' | '&' => {
                    let is_double = self.peek(1) == Some(letter) || letter == '|' && self.peek(1) == Some('&');
                    self.end_command(1 + usize::from(is_double));
                }
                _ if letter.is_whitespace() => {
                    self.end_word();
                    self.push_raw(letter);
                }
                _ => self.take(letter),
            }
        }
        self.end_command(0);
    }

    fn take(&mut self, letter: char) {
        self.word.get_or_insert_default().push(letter);
        self.push_raw(letter);
    }

    fn push_raw(&mut self, letter: char) {
        self.raw.push(letter);
        self.at += 1;
    }

    fn escaped(&mut self) {
        if self.peek(1) == Some('\n') {
            // The line goes on.
            self.at += 2;
            return;
        }
        self.push_raw('\\');
        if let Some(next) = self.peek(0) {
            self.take(next);
        }
    }

    fn quoted(&mut self, mark: char) {
        self.word.get_or_insert_default();
        self.push_raw(mark);
        while let Some(letter) = self.peek(0) {
            if letter == mark {
                return self.push_raw(mark);
            }
            match letter {
                '\\' if mark == '"' => {
                    self.push_raw('\\');
                    if let Some(next) = self.peek(0) {
                        self.take(next);
                    }
                }
                '`' if mark == '"' => self.substituted(1, '`'),
                '$' if mark == '"' && self.peek(1) == Some('(') => self.substituted(2, ')'),
                _ => self.take(letter),
            }
        }
    }

    /// What stands up to its closing mark is told apart; in the word it stays as it was typed.
    fn substituted(&mut self, opening: usize, close: char) {
        let start = self.at;
        self.at += opening;
        let (mut depth, mut mark) = (1, None);
        while let Some(letter) = self.peek(0) {
            match (mark, letter) {
                (Some(open), _) if letter == open => mark = None,
                (None, '\'' | '"') => mark = Some(letter),
                (Some('"') | None, '\\') => self.at += 1,
                (None, '(') if close == ')' => depth += 1,
                (None, _) if letter == close => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                break;
            }
            self.at += 1;
        }
        let end = self.at.min(self.letters.len());
        self.inner.push(self.letters[(start + opening).min(end)..end].iter().collect());
        self.at = (end + 1).min(self.letters.len());
        let typed: String = self.letters[start..self.at].iter().collect();
        self.word.get_or_insert_default().push_str(&typed);
        self.raw.push_str(&typed);
    }

    /// `<<EOF`, `<<-'EOF'`: the lines up to that word are no commands.
    fn here_document(&mut self) {
        self.drop_descriptor();
        self.at += 2;
        if self.peek(0) == Some('-') {
            self.at += 1;
        }
        let end = self.plain_word();
        self.waiting.push(end);
    }

    fn skip_here_documents(&mut self) {
        for end in std::mem::take(&mut self.waiting) {
            loop {
                let line: String = self.letters[self.at..].iter().take_while(|letter| **letter != '\n').collect();
                self.at = (self.at + line.chars().count() + 1).min(self.letters.len());
                if line.trim_start_matches('\t') == end || self.at >= self.letters.len() {
                    break;
                }
            }
        }
    }

    /// `> FILE`, `2>> FILE`, `&> FILE`, `< FILE`, `2>&1`, `<<< WORD`.
    fn redirected(&mut self) {
        self.drop_descriptor();
        let is_output = self.peek(0) != Some('<');
        while matches!(self.peek(0), Some('>' | '<' | '&' | '|')) {
            self.at += 1;
        }
        let target = self.plain_word();
        let is_nowhere = target == "/dev/null" || target == "-" || target.chars().all(|letter| letter.is_ascii_digit());
        self.command.writes |= is_output && !is_nowhere;
    }

    /// The `2` of `2>`.
    fn drop_descriptor(&mut self) {
        if self.word.as_ref().is_some_and(|word| word.chars().all(|letter| letter.is_ascii_digit())) {
            let digits = self.word.take().map_or(0, |word| word.len());
            self.raw.truncate(self.raw.len() - digits);
        }
        self.end_word();
    }

    /// The next word, taken out of the command's text.
    fn plain_word(&mut self) -> String {
        while matches!(self.peek(0), Some(' ' | '\t')) {
            self.at += 1;
        }
        let mut word = String::new();
        let mut mark = None;
        while let Some(letter) = self.peek(0) {
            match (mark, letter) {
                (Some(open), _) if letter == open => mark = None,
                (None, '\'' | '"') => mark = Some(letter),
                (None, _) if letter.is_whitespace() || ";|&<>()".contains(letter) => break,
                _ => word.push(letter),
            }
            self.at += 1;
        }
        word
    }

    fn end_word(&mut self) {
        let Some(word) = self.word.take() else { return };
        if self.command.words.is_empty() {
            if STRUCTURE.contains(&word.as_str()) {
                self.found.is_plain = false;
                self.raw.clear();
                return;
            }
            if is_assignment(&word) {
                self.command.assignments.push(word);
                return;
            }
        }
        self.command.words.push(word);
    }

    fn end_command(&mut self, width: usize) {
        self.end_word();
        self.at += width;
        let mut command = std::mem::take(&mut self.command);
        command.text = std::mem::take(&mut self.raw).trim().to_owned();
        if command.words.first().is_some_and(|word| HEADS.contains(&word.as_str())) {
            self.found.is_plain = false;
            return;
        }
        if !command.words.is_empty() || !command.assignments.is_empty() {
            self.found.commands.push(command);
        }
    }
}

fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty()
            && !name.starts_with(|letter: char| letter.is_ascii_digit())
            && name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
    })
}

#[cfg(test)]
mod tests {
    use super::split;

    fn texts(line: &str) -> Vec<String> {
        split(line).commands.into_iter().map(|command| command.text).collect()
    }

    #[test]
    fn a_line_is_split_where_a_shell_splits_it() {
        for (line, commands) in [
            ("git status", &["git status"][..]),
            ("cd a && ls -la; cat x | head -3 || true & wait", &["cd a", "ls -la", "cat x", "head -3", "true", "wait"]),
            ("grep 'a && b' \"c; d\" e\\;f", &["grep 'a && b' \"c; d\" e\\;f"]),
            ("cargo test 2>&1 | tail -20 > out.txt", &["cargo test", "tail -20"]),
            ("echo hi # rm -rf /\nls", &["echo hi", "ls"]),
            ("cat <<'EOF' > x\nrm -rf /\nEOF\nls", &["cat", "ls"]),
            ("ls \\\n  -la", &["ls   -la"]),
            ("a |& b", &["a", "b"]),
        ] {
            assert_eq!(texts(line), commands, "{line}");
            assert!(split(line).is_plain, "{line}");
        }
        for (line, commands) in [
            ("echo $(rm -rf x; ls)", &["echo $(rm -rf x; ls)", "rm -rf x", "ls"][..]),
            ("echo \"`date` and $(id)\"", &["echo \"`date` and $(id)\"", "date", "id"]),
            ("diff <(sort a) b", &["diff <(sort a) b", "sort a"]),
            ("for x in a b; do rm $x; done", &["rm $x"]),
            ("if test -f x; then cat x; fi", &["test -f x", "cat x"]),
            ("(cd a; ls)", &["(cd a; ls)", "cd a", "ls"]),
        ] {
            assert_eq!(texts(line), commands, "{line}");
            assert!(!split(line).is_plain, "{line}");
        }
    }

    #[test]
    fn words_lose_their_marks_and_a_file_that_is_written_is_told() {
        let line = split("A=1 B='x y' git -C \"my dir\" log > /dev/null 2>&1");
        let [command] = &line.commands[..] else { panic!("{line:?}") };
        assert_eq!(command.assignments, ["A=1", "B=x y"]);
        assert_eq!(command.words, ["git", "-C", "my dir", "log"]);
        assert!(!command.writes);
        for line in ["echo x >> ~/.bashrc", "echo x >out", "make &> log", "echo 2 2>err"] {
            assert!(split(line).commands[0].writes, "{line}");
        }
        assert_eq!(split("echo 2 2>err").commands[0].words, ["echo", "2"]);
    }

    #[test]
    fn whatever_is_left_open_ends_with_the_line() {
        for line in ["echo 'a", "echo \"a $(b", "`", "$(", "cat <<", "cat <<EOF\nx", "((((", ">", "a\\", "", "&&"] {
            split(line);
        }
    }
}
