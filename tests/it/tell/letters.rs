//! Letters as bytes: what stands in them, and what can't be put there.

use jiff::Timestamp;
use tidings::edition::{EditionId, Letter, Reader, Telling, letter_key, message_hash};
use tidings::guard::token::token;
use tidings::standing::List;
use tidings::tell::channel::mail::Sender;
use tidings::tell::letter;
use tidings::tell::message::Message;
use tidings::tell::render::{self, Rendered};
use tidings::tell::{alert, digest as digests};
use tidings::verdict::{Category, Level};

use super::samples::{ana, digest, mail, telling, time};

fn written(rendered: &Rendered, reader: &Reader) -> (Letter, String) {
    let digest = digest(vec![telling(1)]);
    let sender = Sender::new(&mail("smtps://mail.example")).unwrap();
    let now = time("2026-11-23T07:05:00Z");
    let (letter, bytes) = letter::mail(Message::Digest(&digest, rendered), reader, &sender, now).unwrap();
    (letter, String::from_utf8(bytes).expect("a letter is ASCII"))
}

fn page() -> Rendered {
    render::digest(&digest(vec![telling(1)])).unwrap()
}

/// The headers, unfolded, as (name, value).
fn headers(mail: &str) -> Vec<(String, String)> {
    let head = mail.split("\r\n\r\n").next().unwrap().replace("\r\n ", " ").replace("\r\n\t", " ");
    head.split("\r\n").map(|line| line.split_once(": ").unwrap()).map(|(n, v)| (n.to_owned(), v.to_owned())).collect()
}

fn header(mail: &str, name: &str) -> String {
    let found: Vec<String> = headers(mail).into_iter().filter(|(n, _)| n == name).map(|(_, v)| v).collect();
    assert_eq!(found.len(), 1, "{name} stands there {} times", found.len());
    found.into_iter().next().unwrap()
}

/// Quoted-printable (RFC 2045, 6.7) undone.
fn unquoted(body: &str) -> String {
    let joined = body.replace("=\r\n", "");
    let mut bytes = Vec::new();
    let mut rest = joined.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        if byte == b'=' {
            bytes.push(u8::from_str_radix(std::str::from_utf8(&tail[..2]).unwrap(), 16).unwrap());
            rest = &tail[2..];
        } else {
            bytes.push(byte);
            rest = tail;
        }
    }
    String::from_utf8(bytes).unwrap().replace("\r\n", "\n")
}

/// The parts of a multipart body as (headers, decoded words).
fn parts(mail: &str) -> Vec<(String, String)> {
    let kind = header(mail, "Content-Type");
    let boundary = kind.split("boundary=\"").nth(1).unwrap().split('"').next().unwrap();
    let pieces: Vec<&str> = mail.split(&format!("--{boundary}")).collect();
    pieces[1..pieces.len() - 1]
        .iter()
        .map(|piece| {
            let (head, body) = piece.trim_start().split_once("\r\n\r\n").unwrap();
            let words = if head.contains("quoted-printable") { unquoted(body) } else { body.replace("\r\n", "\n") };
            assert!(!head.contains("base64"), "the tests' pages are mostly ASCII");
            (head.to_owned(), words)
        })
        .collect()
}

#[test]
fn a_letter_written_again_has_the_same_bytes() {
    assert_eq!(written(&page(), &ana()), written(&page(), &ana()));
}

#[test]
fn a_letters_key_and_message_id_come_from_edition_reader_and_channel() {
    let (letter, mail) = written(&page(), &ana());
    assert_eq!(letter.key, "digest/2026-W47/ana@example.org/mail");
    assert_eq!(letter.key, letter_key(&EditionId::Digest("2026-W47".to_owned()), &ana()));
    assert_eq!(letter.message_id, format!("<{}@lab.example>", message_hash(&letter.key)));
    assert_eq!(header(&mail, "Message-ID"), letter.message_id);
    assert_eq!(letter.file, format!("{}.eml", message_hash(&letter.key)));
}

#[test]
fn a_letter_carries_the_headers_of_a_list() {
    let (_, mail) = written(&page(), &ana());
    assert_eq!(header(&mail, "List-Id"), "tidings digest <digest.tidings.lab.example>");
    assert_eq!(header(&mail, "List-Unsubscribe"), "<mailto:admin@lab.example?subject=unsubscribe>");
    assert_eq!(header(&mail, "Auto-Submitted"), "auto-generated");
    assert_eq!(header(&mail, "Precedence"), "bulk");
    assert_eq!(header(&mail, "X-Auto-Response-Suppress"), "All");
    assert_eq!(header(&mail, "Content-Language"), "en");
    assert_eq!(header(&mail, "Reply-To"), "admin@lab.example");
    assert_eq!(header(&mail, "From"), "\"Lab tidings\" <tidings@lab.example>");
    assert_eq!(header(&mail, "To"), "\"Ana Example\" <ana@example.org>");
    assert_eq!(header(&mail, "MIME-Version"), "1.0");
    assert!(
        headers(&mail).iter().all(|(name, _)| !name.eq_ignore_ascii_case("bcc") && !name.eq_ignore_ascii_case("cc"))
    );
}

#[test]
fn with_pages_of_ones_own_a_letter_is_left_by_one_click_and_by_mail() {
    let key = [7; 32];
    let sender = Sender::new(&mail("smtps://mail.example")).unwrap();
    let sender = sender.with_page("https://tidings.lab.example/pages/".parse().unwrap(), key);
    let digest = digest(vec![telling(1)]);
    let rendered = render::digest(&digest).unwrap();
    let (_, bytes) = letter::mail(Message::Digest(&digest, &rendered), &ana(), &sender, Timestamp::UNIX_EPOCH).unwrap();
    let mail = String::from_utf8(bytes).unwrap();
    let page = format!("https://tidings.lab.example/pages/u/{}", token(&key, List::Digest, &ana().address));
    let both = format!("<{page}>, <mailto:admin@lab.example?subject=unsubscribe>");
    assert_eq!(header(&mail, "List-Unsubscribe"), both);
    assert_eq!(header(&mail, "List-Unsubscribe-Post"), "List-Unsubscribe=One-Click");
    for (_, words) in parts(&mail) {
        assert!(words.contains(&page) && words.contains("ana@example.org"), "{words}");
        assert!(!words.contains("how to leave"), "no mark of the template is left");
    }
}

#[test]
fn without_pages_of_ones_own_a_letter_names_the_address_to_write_to() {
    let (_, mail) = written(&page(), &ana());
    assert!(headers(&mail).iter().all(|(name, _)| name != "List-Unsubscribe-Post"));
    for (_, words) in parts(&mail) {
        assert!(words.contains("mailto:admin@lab.example?subject=unsubscribe") && words.contains("ana@example.org"));
        assert!(!words.contains("/u/"), "{words}");
    }
}

#[test]
fn a_letter_is_dated_by_its_edition_and_not_by_the_clock() {
    let (letter, mail) = written(&page(), &ana());
    assert_eq!(header(&mail, "Date"), "Mon, 23 Nov 2026 07:00:00 +0000");
    assert_eq!(letter.next_try, time("2026-11-23T07:05:00Z"));
}

#[test]
fn the_text_comes_first_and_both_parts_are_whole() {
    let page = page();
    let (letter, mail) = written(&page, &ana());
    let parts = parts(&mail);
    assert_eq!(parts.len(), 2);
    assert!(parts[0].0.contains("text/plain; charset=utf-8") && parts[1].0.contains("text/html; charset=utf-8"));
    let sender = Sender::new(&super::samples::mail("smtps://mail.example")).unwrap();
    let (text, html) = sender.personal(&letter, &page).unwrap();
    assert_eq!(parts[0].1.trim_end(), text.trim_end());
    assert_eq!(parts[1].1.trim_end(), html.trim_end());
    assert!(header(&mail, "Content-Type").starts_with("multipart/alternative"));
}

#[test]
fn lines_end_as_smtp_wants_and_are_not_too_long() {
    let (_, mail) = written(&page(), &ana());
    assert!(mail.is_ascii());
    assert_eq!(mail.matches('\n').count(), mail.matches("\r\n").count(), "a bare LF");
    assert_eq!(mail.matches('\r').count(), mail.matches("\r\n").count(), "a bare CR");
    assert!(mail.split("\r\n").all(|line| line.len() <= 998), "RFC 5322, 2.1.1");
}

#[test]
fn nothing_from_outside_adds_a_header() {
    let (_, plain) = written(&page(), &ana());
    let names = |mail: &str| headers(mail).into_iter().map(|(name, _)| name).collect::<Vec<_>>();
    let evil = "x\r\nBcc: eve@evil.example\r\n\r\nbody\n.\r\n";
    let rendered = Rendered { subject: evil.to_owned(), ..page() };
    let reader = Reader { name: evil.to_owned(), ..ana() };
    let (_, mail) = written(&rendered, &reader);
    assert_eq!(names(&mail), names(&plain));
    assert_eq!(header(&mail, "Subject"), "x Bcc: eve@evil.example body .");
}

#[test]
fn an_address_with_a_line_break_is_refused() {
    let digest = digest(vec![telling(1)]);
    let rendered = render::digest(&digest).unwrap();
    let sender = Sender::new(&mail("smtps://mail.example")).unwrap();
    for address in ["a@b.example\r\nRCPT TO:<eve@evil.example>", "no address", "", "a@b.example>, <c@d.example"] {
        let reader = Reader { address: address.to_owned(), ..ana() };
        let result = letter::mail(Message::Digest(&digest, &rendered), &reader, &sender, Timestamp::UNIX_EPOCH);
        assert!(result.unwrap_err().to_string().contains("tidings.toml"), "{address:?}");
    }
}

#[test]
fn a_sender_that_is_no_address_is_named_with_its_key() {
    let bad = tidings::config::Mail { from: "nobody".to_owned(), ..mail("smtps://mail.example") };
    let error = Sender::new(&bad).unwrap_err().to_string();
    assert!(error.contains("from = \"nobody\""), "{error}");
}

#[test]
fn a_name_with_letters_beyond_ascii_is_encoded() {
    let (_, mail) = written(&page(), &Reader { name: "Zoë Žižka".to_owned(), ..ana() });
    assert!(header(&mail, "To").starts_with("=?utf-8?"), "{}", header(&mail, "To"));
}

#[test]
fn a_text_cannot_hold_the_boundary_it_is_parted_by() {
    let page = page();
    let (_, mail) = written(&page, &ana());
    let kind = header(&mail, "Content-Type");
    let boundary = kind.split("boundary=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let forged = Rendered { text: format!("--{boundary}\n\nforged\n--{boundary}--\n"), ..page };
    assert_eq!(parts(&written(&forged, &ana()).1).len(), 2);
}

/// The largest digest there can be: 25 stories of the longest texts, addresses and names in a script of three bytes a sign.
#[test]
fn the_largest_digest_stays_below_90_kb_of_encoded_html() {
    for text in ["\"words & <more> \"", "слова и ещё ", "記事の要約", "éèà "] {
        let address = format!("https://news.example/{}", "a".repeat(900));
        let full = |n: usize| Telling {
            title: text.repeat(60),
            excerpt: text.repeat(80),
            action: Some(format!("{} `{}`", text.repeat(10), "run ".repeat(20))),
            url: Some(address.parse().unwrap()),
            category: [Category::Security, Category::Tool, Category::Other][n % 3],
            level: if n < 4 { Level::Critical } else { Level::Notable },
            also: vec![tidings::edition::Also { source: text.repeat(20), url: Some(address.parse().unwrap()) }; 12],
            ..telling(n)
        };
        let digest = digest((0..30).map(full).collect());
        let rendered = render::digest(&digest).unwrap();
        let sender = Sender::new(&mail("smtps://mail.example")).unwrap();
        let (_, bytes) =
            letter::mail(Message::Digest(&digest, &rendered), &ana(), &sender, Timestamp::UNIX_EPOCH).unwrap();
        let mail = String::from_utf8(bytes).unwrap();
        let html = mail.split("Content-Type: text/html").nth(1).unwrap();
        assert!(html.len() < 90_000, "{text}: {} bytes", html.len());
    }
}

#[test]
fn files_lie_where_the_layout_of_digests_says() {
    let page = page();
    let names: Vec<String> = page.files(&digests::stem("2026-W47")).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["2026-W47/digest.json", "2026-W47/digest.md", "2026-W47/digest.html", "2026-W47/digest.txt"]);
}

#[test]
fn an_alert_lies_under_its_date_and_no_id_leaves_that_folder() {
    let date = jiff::civil::date(2026, 11, 21);
    assert_eq!(alert::stem("s-0000000007", date), "alerts/2026-11-21/s-0000000007");
    assert_eq!(alert::stem("../../s-x/y", date), "alerts/2026-11-21/s-xy");
}
