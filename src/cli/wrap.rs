//! Words on lines of a terminal.

/// Columns of the narrowest terminal that people use.
pub const WIDTH: usize = 80;

/// Lines of at most so many columns, cut between words, and within one only where it is longer.
pub fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let mut letters: Vec<char> = word.chars().collect();
        loop {
            let line = lines.last_mut().expect("there is always one");
            let used = line.chars().count();
            let space = usize::from(used > 0);
            if used + space + letters.len() <= width {
                line.extend(std::iter::repeat_n(' ', space).chain(letters));
                break;
            }
            if letters.len() > width && used == 0 {
                let rest = letters.split_off(width);
                line.extend(letters);
                letters = rest;
            }
            lines.push(String::new());
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::wrapped;

    #[test]
    fn lines_are_cut_between_words_and_lose_no_letter() {
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("abcdefghij kl", 4), ["abcd", "efgh", "ij", "kl"]);
        assert_eq!(wrapped("", 4), [""]);
        let text = "東京 and a-very-long-word-that-goes-on-and-on é";
        assert_eq!(wrapped(text, 9).concat().replace(' ', ""), text.replace(' ', ""));
    }
}
