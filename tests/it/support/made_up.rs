//! Made-up secrets: the examples of rules.toml with characters drawn for `⟨A36⟩` and the like, so that none lies in a file.

use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub struct Shipped {
    pub rules: Vec<Documented>,
}

/// What the shipped file says of a rule beyond what gitleaks knows.
#[derive(Debug, Deserialize)]
pub struct Documented {
    pub id: String,
    pub source: String,
    pub is: Vec<String>,
    pub is_not: Vec<String>,
}

/// An example with its secrets.
#[derive(Debug, Clone)]
pub struct Example {
    pub text: String,
    pub secrets: Vec<String>,
}

pub fn shipped() -> Vec<Documented> {
    let text = include_str!("../../../src/guard/scrub/rules.toml");
    toml::from_str::<Shipped>(text).expect("the shipped rules are TOML").rules
}

/// Fills in a template; the same seed gives the same text.
pub fn fill(template: &str, seed: u64) -> Example {
    let mut lot = Lot(seed ^ 0x9e37_79b9_7f4a_7c15);
    let (mut text, mut secrets, mut opened) = (String::new(), Vec::new(), None);
    let mut rest = template;
    while let Some(character) = rest.chars().next() {
        rest = &rest[character.len_utf8()..];
        match character {
            '⟪' => opened = Some(text.len()),
            '⟫' => secrets.push(text[opened.take().expect("⟪ before ⟫")..].to_owned()),
            '⟨' => {
                let (inner, after) = rest.split_once('⟩').expect("⟩ after ⟨");
                rest = after;
                text.push_str(&lot.draw(inner));
            }
            other => text.push(other),
        }
    }
    if secrets.is_empty() {
        secrets.push(text.clone());
    }
    Example { text, secrets }
}

/// Texts that people put a token into.
pub fn contexts(example: &str) -> Vec<(&'static str, String)> {
    let json = serde_json::json!({ "note": "before", "value": example, "after": 1 }).to_string();
    let in_json = serde_json::to_string(&json).expect("a text is JSON");
    vec![
        ("bare line", format!("first line\n{example}\nlast line")),
        ("quoted", format!("let value = \"{example}\";")),
        ("JSON", json),
        ("JSON in JSON", format!("{{\"content\":{in_json}}}")),
        ("shell", format!("export VALUE={example} && make")),
        ("YAML", format!("lab:\n  value: {example}\n  other: 1\n")),
        ("address", format!("https://lab.example/v1/items?page=2&value={example}&sort=up")),
        ("header", format!("> X-Lab: {example}\r\n> Accept: */*\r\n")),
        ("Markdown", format!("Then set `{example}` and go on.")),
        ("prose", format!("The one we use at the moment is: {example}, please keep it.")),
    ]
}

/// Numbers that look drawn by lot (splitmix64), the same for the same seed.
pub struct Lot(pub u64);

impl Lot {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    fn draw(&mut self, inner: &str) -> String {
        const LOWER: &str = "abcdefghijklmnopqrstuvwxyz";
        const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
        const DIGITS: &str = "0123456789";
        if inner == "uuid" {
            return [8, 4, 4, 4, 12].map(|length| self.draw(&format!("h{length}"))).join("-");
        }
        let alphabet = match &inner[..1] {
            "d" => DIGITS.to_owned(),
            "h" => format!("{DIGITS}abcdef"),
            "H" => format!("{DIGITS}ABCDEF"),
            "x" => format!("{DIGITS}abcdefABCDEF"),
            "a" => format!("{LOWER}{DIGITS}"),
            "U" => format!("{UPPER}{DIGITS}"),
            "A" => format!("{LOWER}{UPPER}{DIGITS}"),
            "l" => LOWER.to_owned(),
            "L" => format!("{LOWER}{UPPER}"),
            "t" => format!("{UPPER}234567"),
            "b" => format!("{LOWER}{UPPER}{DIGITS}+/"),
            "u" => format!("{LOWER}{UPPER}{DIGITS}-_"),
            other => panic!("no alphabet is called {other}"),
        };
        let letters = alphabet.as_bytes();
        let length: usize = inner[1..].parse().expect("a length after the alphabet");
        (0..length).map(|_| char::from(letters[(self.next() % letters.len() as u64) as usize])).collect()
    }
}
