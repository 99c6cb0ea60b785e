//! A text in pieces, of which some are marked: a template prints each escaped, and puts the marks around.

use serde::Serialize;

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Piece {
    pub text: String,
    pub is_marked: bool,
}

/// A text with marks at these bytes. Marks that do not fit the text are none.
pub(super) fn pieces(text: &str, marks: &[(usize, usize)]) -> Vec<Piece> {
    let mut all = Vec::new();
    let mut add = |text: &str, is_marked| {
        if !text.is_empty() {
            all.push(Piece { text: text.to_owned(), is_marked });
        }
    };
    let mut from = 0;
    for (begin, end) in marks {
        if *begin < from {
            continue;
        }
        if let (Some(before), Some(marked)) = (text.get(from..*begin), text.get(*begin..*end)) {
            add(before, false);
            add(marked, true);
            from = *end;
        }
    }
    add(&text[from..], false);
    all
}

/// A text of a session, in which what took the place of secrets is marked: `[redacted:aws-key:0a1b2c3d]`.
pub(super) fn redactions(text: &str) -> Vec<Piece> {
    const OPENING: &str = "[redacted:";
    let mark = |(begin, _): (usize, &str)| {
        let end = text[begin..].find(']').map(|end| begin + end + 1)?;
        let is_one = text[begin + OPENING.len()..end - 1]
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_:.".contains(&byte));
        is_one.then_some((begin, end))
    };
    let marks: Vec<(usize, usize)> = text.match_indices(OPENING).filter_map(mark).collect();
    pieces(text, &marks)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(pieces: &[Piece]) -> String {
        pieces
            .iter()
            .map(|piece| if piece.is_marked { format!("<{}>", piece.text) } else { piece.text.clone() })
            .collect()
    }

    #[test]
    fn every_byte_of_a_text_is_in_one_piece() {
        assert_eq!(told(&pieces("the söft end", &[(4, 9)])), "the <söft> end");
        assert_eq!(told(&pieces("söft", &[(0, 2), (2, 3), (4, 99)])), "söft");
        assert_eq!(told(&pieces("", &[(0, 1)])), "");
        assert_eq!(
            told(&redactions("key=[redacted:aws-key:0a1b2c3d], [redacted: no], [redacted:")),
            "key=<[redacted:aws-key:0a1b2c3d]>, [redacted: no], [redacted:"
        );
    }
}
