//! What people write where a secret would stand: names made of words, words for the place itself, rows of the alphabet.

/// The second letters that often follow each first one, in English and in the names of programs: counted over documentation
/// and names of Rust crates, these pairs make 92 of 100, and of letters drawn by lot 34.
#[rustfmt::skip]
const FOLLOWING: [&str; 26] = [
    "bcdglmnprsty", // a
    "aeiloru", // b
    "aehiklortu", // c
    "adeios", // d
    "acdefgjlmnprstvxy", // e
    "aefioru", // f
    "aeioru", // g
    "aeiotu", // h
    "bcdgklmnopstvz", // i
    "aosu", // j
    "eisy", // k
    "adeiloty", // l
    "abeimopu", // m
    "acdegikostuv", // n
    "bcdfgklmnoprstuvwx", // o
    "aehiloprstu", // p
    "u", // q
    "acdegiklmnorstuvy", // r
    "acehiklopstuwy", // s
    "aehiorstuwy", // t
    "abcdegilmnprst", // u
    "aeio", // v
    "aehinors", // w
    "aeipt", // x
    "eops", // y
    "aeio", // z
];

/// Whether this is a name that people put together out of words: `V1ServiceAccountTokenProjection`, `kSecClassInternetPassword`.
///
/// Each usual pair of letters speaks for a name, each unusual one against it, by the logarithm of how much likelier it is in a
/// word than in a lot; so does each change between letters, digits and capitals. Of words drawn from letters and digits a few
/// in ten thousand get that far. A name may hold a number, but no stretch in which a secret had room (`prod-account-8f7a6s5d4f3g2`).
pub fn made_of_words(text: &str) -> bool {
    const USUAL: f64 = 1.0;
    const UNUSUAL: f64 = -2.1;
    const CHANGE: f64 = -0.4;
    const LEAST: f64 = 3.5;
    const MOST_BETWEEN: usize = 8;
    if text.bytes().filter(u8::is_ascii_alphanumeric).all(|byte| byte.is_ascii_hexdigit()) {
        return false;
    }
    let (mut evidence, mut between) = (0.0, 0);
    for piece in pieces(text.as_bytes()) {
        let usual = piece.windows(2).filter(|pair| is_usual(pair)).count();
        if piece[0].is_ascii_alphabetic() {
            let unusual = piece.len() - 1 - usual;
            evidence += CHANGE + USUAL * usual as f64 + UNUSUAL * unusual as f64;
        }
        between = if piece.len() >= 3 && usual * 3 >= (piece.len() - 1) * 2 { 0 } else { between + piece.len() };
        if between > MOST_BETWEEN {
            return false;
        }
    }
    evidence >= LEAST
}

fn is_usual(pair: &[u8]) -> bool {
    let (first, second) = (pair[0].to_ascii_lowercase(), pair[1].to_ascii_lowercase());
    first.is_ascii_lowercase() && FOLLOWING[usize::from(first - b'a')].as_bytes().contains(&second)
}

/// Words and numbers: `k`, `Ed`, `25519`, `Private` and `Key` in `kEd25519PrivateKey`; `CF`, `String` and `Ref` in `CFStringRef`.
fn pieces(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let begins = |at: usize| {
        let (before, here) = (text[at - 1], text[at]);
        let next_is_small = text.get(at + 1).is_some_and(u8::is_ascii_lowercase);
        !before.is_ascii_alphanumeric()
            || before.is_ascii_digit() != here.is_ascii_digit()
            || (here.is_ascii_uppercase() && (before.is_ascii_lowercase() || next_is_small))
    };
    let mut from = 0;
    std::iter::from_fn(move || {
        from += text[from..].iter().position(u8::is_ascii_alphanumeric)?;
        let start = from;
        let goes_on = |at: &usize| text[*at].is_ascii_alphanumeric() && !begins(*at);
        from = (start + 1..text.len()).take_while(goes_on).last().unwrap_or(start) + 1;
        Some(&text[start..from])
    })
}

/// Words that say what would stand there (`my-api-token`), that it is no real one (`foo`, `test`), or that all know (`changeme`).
const STAND_INS: &str = "a access account admin api apikey apitoken app auth bar baz change changeit changeme client code credential \
    credentials creds db default demo dummy example fake foo foobar goes guest here hidden id insert key login \
    me my mypass mypassword mysecret mytoken name none null p4ssw0rd pass passphrase passw0rd passwd password \
    passwort personal placeholder pw pwd qux redacted replace root sample secret secrets service some string \
    test testing the this to token undefined user username value with xyz xyzzy your";

/// Whether nothing is said but what would stand there: `username`, `my-api-token`, `PASSWORD1`. Digits at the end are not
/// looked at, up to four.
pub fn says_its_place(text: &str) -> bool {
    const LONGEST: usize = 60;
    const MOST_DIGITS: usize = 4;
    let text = text.trim_end_matches(['!', '.', '?', '*']);
    let bare = text.trim_end_matches(|character: char| character.is_ascii_digit());
    if text.len() > LONGEST || text.len() - bare.len() > MOST_DIGITS {
        return false;
    }
    let says_it = |word: &[u8]| STAND_INS.split(' ').any(|known| known.as_bytes().eq_ignore_ascii_case(word));
    let mut parts = bare.split(['-', '_', '.', '+']).filter(|part| !part.is_empty()).peekable();
    parts.peek().is_some()
        && parts.all(|part| {
            let is_letters = part.bytes().all(|byte| byte.is_ascii_alphabetic());
            says_it(part.as_bytes()) || (is_letters && pieces(part.as_bytes()).all(says_it))
        })
}

/// Whether half of it, or more, are rows of the alphabet or of digits, or one byte again and again: `abc123def456ghi789`,
/// `aaaa1111`. Lots never fall so. `A` again and again is left out: base64 writes zeros so.
pub fn is_typed_row(text: &str) -> bool {
    /// Three in a row come by chance once in a thousand places, and never so often that they make half of a text.
    const SHORTEST: usize = 3;
    let bytes = text.as_bytes();
    let (mut in_rows, mut from) = (0, 0);
    while from < bytes.len() {
        let row = |step: u8| {
            let follows = |pair: &&[u8]| {
                let (before, after) = (pair[0].to_ascii_lowercase(), pair[1].to_ascii_lowercase());
                let wraps = step == 1 && matches!((before, after), (b'9', b'0') | (b'z', b'a'));
                before.is_ascii_alphanumeric() && (before + step == after || wraps) && (step == 1 || pair[0] != b'A')
            };
            1 + bytes[from..].windows(2).take_while(follows).count()
        };
        let longest = row(0).max(row(1));
        if longest >= SHORTEST {
            in_rows += longest;
        }
        from += longest;
    }
    in_rows * 2 >= bytes.len()
}
