//! Text as a prompt may hold it: readable as before, and without anything that a chat template or a tokeniser obeys.
//!
//! Servers turn `<|im_end|>` inside a message into the control token itself, so a feed could end its own quotation and speak
//! as somebody else. Whatever opens such a token, a turn or our own fence loses its first character to `‹` (U+2039), which
//! people still read as a bracket. Full-width forms, entities and hidden characters are seen through; `a < b`, `Vec<u8>` and
//! `<div>` stay as they are.
//!
//! Sources of the names: the tokenizer files and chat templates of Qwen 2.5 and 3, Llama 2 to 4, Mistral (v1 to Tekken),
//! Gemma 1 to 3, DeepSeek V2 to R1, GLM, Phi, StarCoder.

use unicode_normalization::UnicodeNormalization;

use super::text;

/// What stands where a marker began.
const DEFUSED: char = '‹';

/// How far a marker is looked at, in characters. The longest known, `<｜tool▁calls▁begin｜>`, shows in its second.
const LOOKED_AT: usize = 48;

/// `&amp;amp;lt;` is followed so deep.
const NESTED_ENTITIES: usize = 8;

/// Names in angle brackets that begin like these are markers: families of tokens, and tags that templates give a meaning.
const FAMILIES: [&str; 35] = [
    "im_",
    "think",
    "tool",
    "item",
    "fim",
    "vision_",
    "video_",
    "image",
    "img",
    "audio",
    "box_",
    "quad_",
    "object_ref",
    "start_of",
    "end_of",
    "begin_of",
    "endoftext",
    "startoftext",
    "unused",
    "reserved",
    "special_",
    "extra_id",
    "tts_",
    "repo",
    "file",
    "gh_stars",
    "issue_",
    "jupyter_",
    "commit_",
    "empty_output",
    "function",
    "parameter",
    "fake_token",
    "0x",
    "channel",
];

/// Whole names in angle brackets that are markers.
const NAMES: [&str; 27] = [
    "s",
    "bos",
    "eos",
    "pad",
    "unk",
    "mask",
    "sep",
    "cls",
    "sop",
    "eop",
    "eot",
    "eom",
    "sys",
    "system",
    "user",
    "assistant",
    "human",
    "model",
    "turn",
    "message",
    "response",
    "answer",
    "instruction",
    "instructions",
    "2mass",
    "tool_call",
    "pre",
];

/// Whole names in square brackets that are markers, as they are written.
const BRACKETED: [&str; 31] = [
    "INST",
    "SYS",
    "SYSTEM_PROMPT",
    "MODEL_SETTINGS",
    "AVAILABLE_TOOLS",
    "TOOL_CALLS",
    "TOOL_RESULTS",
    "TOOL_CONTENT",
    "ARGS",
    "CALL_ID",
    "THINK",
    "IMG",
    "IMG_BREAK",
    "IMG_END",
    "AUDIO",
    "BEGIN_AUDIO",
    "TRANSCRIBE",
    "PREFIX",
    "MIDDLE",
    "SUFFIX",
    "BOS",
    "EOS",
    "EOT",
    "CLS",
    "SEP",
    "MASK",
    "PAD",
    "UNK",
    "gMASK",
    "sMASK",
    "@BOS@",
];

/// Words that begin a turn where a colon follows them at the beginning of a line, in the formats that have no tokens for
/// it; and how our own question ends.
const SPEAKERS: [&str; 8] =
    ["human", "assistant", "system", "user", "instruction", "instructions", "response", "letter"];

/// The text, clean, without any string that a known tokeniser makes a control token of, and without lines that open a turn.
/// Giving it its own result changes nothing. Pieces that were made neutral one by one are so as well when put together.
pub fn neutral(text: &str) -> String {
    let cleaned = text::clean(text);
    let mut neutral = String::with_capacity(cleaned.len() + 16);
    let mut rest = cleaned.as_str();
    let mut begins_line = true;
    while let Some(character) = rest.chars().next() {
        if begins_line && opens_turn(rest) {
            neutral.push(DEFUSED);
        }
        let length = match opener(rest) {
            Some((opener, length)) if opens_marker(opener, &rest[length..]) => {
                neutral.push(DEFUSED);
                length
            }
            _ => {
                neutral.push(character);
                character.len_utf8()
            }
        };
        // Marks of headings, lists, quotations and emphasis may stand before a speaker.
        begins_line = character == '\n'
            || (begins_line && (character.is_whitespace() || matches!(character, '#' | '*' | '>' | '-' | '_' | '`')));
        rest = &rest[length..];
    }
    // An entity that became one character may leave a selector behind it without a meaning.
    text::clean(&neutral)
}

/// `<` or `[` in one of its forms at the beginning of the text, and its length in bytes.
fn opener(text: &str) -> Option<(char, usize)> {
    match text.chars().next()? {
        bracket @ ('<' | '[') => Some((bracket, 1)),
        wide @ ('＜' | '﹤') => Some(('<', wide.len_utf8())),
        wide @ ('［' | '﹇') => Some(('[', wide.len_utf8())),
        '&' => entity(text).filter(|(character, _)| matches!(character, '<' | '[')),
        _ => None,
    }
}

/// The ASCII character that an entity at the beginning of the text stands for, and the entity's length in bytes.
fn entity(text: &str) -> Option<(char, usize)> {
    let mut inside = text.strip_prefix('&')?;
    for _ in 0..NESTED_ENTITIES {
        let Some(deeper) = strip_word(inside, "amp;").or(strip_word(inside, "#38;")).or(strip_word(inside, "#x26;"))
        else {
            break;
        };
        inside = deeper;
    }
    let (character, after) = if let Some(number) = inside.strip_prefix('#') {
        let (radix, digits) = match number.strip_prefix(['x', 'X']) {
            Some(digits) => (16, digits),
            None => (10, number),
        };
        // More digits than any number of Unicode has are zeros before it.
        let length = digits.bytes().take(16).take_while(|byte| char::from(*byte).is_digit(radix)).count();
        let number = u32::from_str_radix(&digits[..length], radix).ok()?;
        (char::from_u32(number)?.nfkc().next()?, &digits[length..])
    } else {
        const NAMED: [(&str, char); 12] = [
            ("lt", '<'),
            ("gt", '>'),
            ("lsqb", '['),
            ("lbrack", '['),
            ("rsqb", ']'),
            ("rbrack", ']'),
            ("verticalline", '|'),
            ("verbar", '|'),
            ("vert", '|'),
            ("sol", '/'),
            ("lowbar", '_'),
            ("underbar", '_'),
        ];
        NAMED.iter().find_map(|(name, character)| Some((*character, strip_word(inside, name)?)))?
    };
    let after = after.strip_prefix(';').unwrap_or(after);
    character.is_ascii().then(|| (character, text.len() - after.len()))
}

fn strip_word<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let start = text.get(..word.len())?;
    start.eq_ignore_ascii_case(word).then(|| &text[word.len()..])
}

/// How a text reads once entities are resolved, compatibility forms folded and joiners left out.
struct Ahead {
    text: String,
    /// Nothing follows.
    is_all: bool,
}

fn ahead(mut text: &str) -> Ahead {
    let mut ahead = Ahead { text: String::new(), is_all: true };
    let mut count = 0;
    while let Some(character) = text.chars().next() {
        if count >= LOOKED_AT {
            ahead.is_all = false;
            break;
        }
        count += 1;
        let plain = (character, character.len_utf8());
        let (character, length) = if character == '&' { entity(text).unwrap_or(plain) } else { plain };
        text = &text[length..];
        // All that a clean text may still hold of hidden characters.
        if !matches!(character, '\u{fe0f}' | '\u{200c}' | '\u{200d}') {
            if character.is_ascii() {
                ahead.text.push(character);
            } else {
                ahead.text.extend(character.nfkc());
            }
        }
    }
    ahead
}

fn opens_marker(opener: char, after: &str) -> bool {
    let ahead = ahead(after);
    if opener == '[' { opens_bracketed(&ahead) } else { opens_angled(&ahead) }
}

fn opens_bracketed(ahead: &Ahead) -> bool {
    let inside = ahead.text.strip_prefix('/').unwrap_or(&ahead.text);
    let is = |name: &str| inside.strip_prefix(name).is_some_and(|after| after.starts_with(']'));
    // What breaks off here may go on in the next piece.
    let may_become = |name: &&str| ahead.is_all && name.starts_with(inside);
    BRACKETED.iter().any(|name| is(name) || may_become(name)) || ["inst", "Inst"].into_iter().any(is)
}

fn opens_angled(ahead: &Ahead) -> bool {
    let inside =
        ahead.text.trim_start_matches(|character: char| character.is_whitespace() || matches!(character, '<' | '/'));
    let is_spaced = ahead.text[..ahead.text.len() - inside.len()].contains(char::is_whitespace);
    if inside.starts_with(is_bar) {
        return true;
    }
    let name =
        inside.split(|character: char| !character.is_alphanumeric() && character != '_').next().unwrap_or_default();
    let after = &inside[name.len()..];
    let lower = name.to_lowercase();
    // What breaks off here may go on in the next piece. Few names begin with a digit, and `<3` is a heart.
    let may_go_on = !name.starts_with(|first: char| first.is_ascii_digit())
        || NAMES.iter().chain(&FAMILIES).any(|known| known.starts_with(&lower));
    if !is_spaced && ahead.is_all && may_go_on && (after.is_empty() || after == "|") {
        return true;
    }
    let is_known = NAMES.contains(&lower.as_str()) || FAMILIES.iter().any(|family| lower.starts_with(family));
    // `a < s` compares, `< system >` does not.
    (is_known && !(is_spaced && name.len() < 3))
        || (!name.is_empty() && after.starts_with("|>"))
        || matches!(name, "MID" | "SUF")
}

/// The bar, and what looks like it to a reader.
fn is_bar(character: char) -> bool {
    matches!(character, '|' | '¦' | 'ǀ' | '│' | '┃' | '∣' | '❘' | '⎸' | '⏐' | '▏')
}

fn opens_turn(text: &str) -> bool {
    // No speaker begins otherwise, and most lines are passed over here.
    if !text.starts_with(|character: char| character.is_ascii_alphabetic() || !character.is_ascii()) {
        return false;
    }
    let ahead = ahead(text);
    let end = ahead.text.find(|character: char| !character.is_alphabetic()).unwrap_or(ahead.text.len());
    let (word, after) = ahead.text.split_at(end);
    SPEAKERS.contains(&word.to_lowercase().as_str()) && after.trim_start_matches([' ', '*', '_', '`']).starts_with(':')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Control tokens as the makers' files spell them.
    const TOKENS: &str = "<|im_start|> <|im_end|> <|endoftext|> <think> </think> <tool_call> </tool_call> <tool_response> \
        </tool_response> <|object_ref_start|> <|object_ref_end|> <|box_start|> <|box_end|> <|quad_start|> <|quad_end|> \
        <|vision_start|> <|vision_end|> <|vision_pad|> <|image_pad|> <|video_pad|> <|fim_prefix|> <|fim_middle|> \
        <|fim_suffix|> <|fim_pad|> <|repo_name|> <|file_sep|> <|audio_start|> <tts_pad> <|begin_of_text|> <|end_of_text|> \
        <|start_header_id|> <|end_header_id|> <|eom_id|> <|eot_id|> <|python_tag|> <|finetune_right_pad_id|> \
        <|reserved_special_token_0|> <|header_start|> <|header_end|> <|eot|> <|image|> <<SYS>> <</SYS>> <s> </s> <unk> \
        [INST] [/INST] [TOOL_CALLS] [AVAILABLE_TOOLS] [/AVAILABLE_TOOLS] [TOOL_RESULTS] [/TOOL_RESULTS] [TOOL_CONTENT] \
        [SYSTEM_PROMPT] [/SYSTEM_PROMPT] [IMG] [IMG_BREAK] [IMG_END] [PREFIX] [MIDDLE] [SUFFIX] [THINK] [/THINK] [ARGS] \
        [CALL_ID] [AUDIO] [BEGIN_AUDIO] [MODEL_SETTINGS] [/MODEL_SETTINGS] <SPECIAL_20> <pad> <bos> <eos> <mask> <2mass> \
        <start_of_turn> <end_of_turn> <start_of_image> <end_of_image> <image_soft_token> <unused0> <unused99> [@BOS@] \
        <|turn> <turn|> <|channel> <channel|> <｜begin▁of▁sentence｜> <｜end▁of▁sentence｜> <｜▁pad▁｜> <｜User｜> \
        <｜Assistant｜> <|EOT|> <｜fim▁begin｜> <｜fim▁hole｜> <｜fim▁end｜> <｜tool▁calls▁begin｜> <｜tool▁call▁begin｜> \
        <｜tool▁sep｜> <｜tool▁outputs▁begin｜> [gMASK] <sop> <|user|> <|assistant|> <|system|> <|observation|> <|end|> \
        <fim_prefix> <fim_suffix> <fim_middle> <file_sep> <repo_name> <|channel|> <|message|> <|return|> <0x0A>";

    fn tokens() -> Vec<&'static str> {
        TOKENS.split_whitespace().collect()
    }

    /// What a tokeniser that folds compatibility forms first may see as well.
    fn held(text: &str) -> Option<&'static str> {
        let folded: String = text.nfkc().collect();
        tokens().into_iter().find(|token| {
            let plain: String = token.nfkc().collect();
            text.contains(token) || folded.contains(&plain)
        })
    }

    #[test]
    fn ordinary_text_stays_as_it_is() {
        for text in [
            "if a < b && c > d, then x << 3",
            "Vec<u8>, HashMap<String, Vec<T>> and Option<&'a str>",
            "a <div class=\"note\"> in <body>, <br/> and </p>",
            "See [the notes](https://example.org/a?b=1&lt=2), [1], [x] done, [optional args]",
            "x |> f() || y; `cat a | b`; 5 <= 6 <> 7; <- and ->; <3",
            "中文：全角（括号）。1：2",
            "The user: nobody. A system call; the assistant answered: yes",
            "Ampersands & entities: &amp; &nbsp; &lt;div&gt;",
            "a < s and s > b",
        ] {
            assert_eq!(neutral(text), text);
        }
    }

    #[test]
    fn every_known_token_is_defused_and_still_readable() {
        for token in tokens() {
            for text in [token.to_owned(), format!("Read this {token} now"), format!("{token}{token}\n{token}")] {
                let defused = neutral(&text);
                assert_eq!(held(&defused), None, "{defused}");
                assert!(defused.contains('‹'), "{defused}");
                let name = token.trim_matches(|character: char| !character.is_alphanumeric());
                assert!(defused.contains(name), "{defused}");
            }
        }
    }

    #[test]
    fn disguises_are_seen_through() {
        for (text, expected) in [
            ("<\u{200b}|im_\u{2060}start|>", "‹|im_start|>"),
            ("<\u{e0041}|im_end|>", "‹|im_end|>"),
            ("＜|im_start|＞", "‹|im_start|＞"),
            ("<｜im_start｜>", "‹｜im_start｜>"),
            ("&lt;|im_start|&gt;", "‹|im_start|&gt;"),
            ("&amp;lt;think&amp;gt;", "‹think&amp;gt;"),
            ("&#60;think>", "‹think>"),
            ("&#x00003C;think>", "‹think>"),
            ("<&#124;im_end|>", "‹&#124;im_end|>"),
            ("<ﬁm_prefix>", "‹ﬁm_prefix>"),
            ("<ＴＨＩＮＫ>", "‹ＴＨＩＮＫ>"),
            ("［INST］", "‹INST］"),
            ("&#91;/INST]", "‹/INST]"),
            ("< / item 7f3a >", "‹ / item 7f3a >"),
            ("</item 7f3a><item id=2>", "‹/item 7f3a>‹item id=2>"),
            ("<<SYS>>", "‹‹SYS>>"),
            ("< |im_start| >", "‹ |im_start| >"),
            ("Hi\n\nHuman: now", "Hi\n\n‹Human: now"),
            ("### Instruction:\nRate it", "### ‹Instruction:\nRate it"),
            ("**Assistant**: A", "**‹Assistant**: A"),
            ("Letter: A", "‹Letter: A"),
            ("System： new rules", "‹System： new rules"),
            ("SYSTEM&#58; new rules", "‹SYSTEM&#58; new rules"),
        ] {
            assert_eq!(neutral(text), expected);
        }
    }

    #[test]
    fn every_form_of_an_opening_bracket_is_known() {
        for character in '\u{80}'..=char::MAX {
            let folded: String = character.nfkc().collect();
            let known = opener(&character.to_string()).map(|(bracket, _)| bracket.to_string());
            assert_eq!(known.is_some(), folded == "<" || folded == "[", "U+{:04X}", character as u32);
            assert!(known.is_none_or(|known| known == folded));
        }
    }

    #[test]
    fn a_long_hostile_text_costs_no_more_than_its_length() {
        for text in ["<", "[", "&amp;", "&", "\nhuman ", "<item", "&#0", "＜"] {
            let long = text.repeat(200_000 / text.len());
            let before = std::time::Instant::now();
            neutral(&long);
            // A squared cost would take hours.
            assert!(before.elapsed().as_secs() < 60, "{text}");
        }
    }

    /// Texts that consist of what tokens are made of.
    fn shards() -> impl Strategy<Value = String> {
        let whole = proptest::sample::select(tokens()).prop_map(str::to_owned);
        let parts = proptest::sample::select(vec![
            "<", "</", "<|", "|>", ">", "[", "]", "/", "|", "｜", "＜", "［", "&lt;", "&amp;", "&#60", "&#124;",
            "\u{fe0f}", "\u{200b}", "\u{200d}", "\u{1b}[", "im_start", "think", "INST", "s", "turn", "item", " ", "\n",
            "❤", "👩", "ن", "Human", ":", "1", "ﬁ", "\u{338}",
        ])
        .prop_map(str::to_owned);
        proptest::collection::vec(prop_oneof![whole, parts, "\\PC{0,3}"], 0..24).prop_map(|parts| parts.concat())
    }

    proptest! {
        #[test]
        fn nothing_that_is_obeyed_remains_and_once_is_enough(text in shards()) {
            let once = neutral(&text);
            prop_assert_eq!(held(&once), None, "{}", once);
            prop_assert_eq!(neutral(&once), once);
        }

        #[test]
        fn pieces_made_neutral_one_by_one_are_so_together(text in shards(), at in any::<proptest::sample::Index>()) {
            let places: Vec<usize> = text.char_indices().map(|(place, _)| place).chain([text.len()]).collect();
            let (head, tail) = text.split_at(*at.get(&places));
            let together = neutral(head) + &neutral(tail);
            prop_assert_eq!(held(&together), None, "{}", together);
        }
    }
}
