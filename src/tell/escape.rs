//! Foreign words inside HTML, Markdown and plain text: they stay words.

/// Text for an HTML or XML page, between tags or inside a quoted attribute.
pub(super) fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // So that two of them on a page are a template that was not filled in, and never somebody's words.
            '{' => out.push_str("&#123;"),
            letter => out.push(letter),
        }
    }
    out
}

/// Text for a Markdown page: no markup, no raw HTML, no image and no mention can come of it. CommonMark lets every ASCII
/// mark be escaped with a backslash (0.31, 2.4).
pub(super) fn markdown(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let mut letters = text.chars().peekable();
    let mut at_start = true;
    while let Some(letter) = letters.next() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '!' | '#' | '|' | '~' | '$' | '{' | '}' => {
                out.push('\\');
                out.push(letter);
            }
            // What looks for mentions in the source finds none; a backslash would not hide it, and no invisible sign is left.
            '@' => out.push_str("&#64;"),
            // What makes a list or a rule does so only at the start of a line; texts are one line.
            '-' | '+' | '=' if at_start => {
                out.push('\\');
                out.push(letter);
            }
            '.' | ')' if out.chars().all(|c| c.is_ascii_digit()) && !out.is_empty() => {
                out.push('\\');
                out.push(letter);
            }
            // Bare addresses are made links by some readers; what is linked is decided here.
            ':' if letters.peek() == Some(&'/') => out.push_str("&#58;"),
            '.' if ends_with_www(&out) => out.push_str("\\."),
            _ => out.push(letter),
        }
        at_start = false;
    }
    out
}

fn ends_with_www(text: &str) -> bool {
    text.len().checked_sub(3).and_then(|start| text.get(start..)).is_some_and(|end| end.eq_ignore_ascii_case("www"))
}

/// An address as the target of a Markdown link: nothing in it can end the link.
pub(super) fn markdown_target(url: &str) -> String {
    let mut out = String::with_capacity(url.len());
    for letter in url.chars() {
        match letter {
            '(' => out.push_str("%28"),
            ')' => out.push_str("%29"),
            '<' => out.push_str("%3C"),
            '>' => out.push_str("%3E"),
            '\\' => out.push_str("%5C"),
            letter if letter.is_whitespace() || letter.is_control() => out.push_str("%20"),
            letter => out.push(letter),
        }
    }
    out
}

/// A command as a Markdown code span, fenced by more back quotes than it holds.
pub(super) fn markdown_code(text: &str) -> String {
    let longest = text.split(|letter| letter != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let pad = if longest > 0 { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// A command as a Markdown code block, every line behind `pad`, fenced by more back quotes than it holds.
pub(super) fn markdown_block(text: &str, pad: &str) -> String {
    let longest = text.split(|letter| letter != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{pad}{fence}sh\n{pad}{text}\n{pad}{fence}")
}

/// Plain text in lines of at most 72 characters where words allow, the second and later ones indented by `indent` spaces.
pub(super) fn wrap(text: &str, indent: usize) -> String {
    // Leaves room for the "> " of an answer within 80 columns.
    const WIDTH: usize = 72;
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        let width = line.chars().count() + 1 + word.chars().count() + indent;
        if !line.is_empty() && width > WIDTH {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push(line);
    lines.join(&format!("\n{}", " ".repeat(indent)))
}
