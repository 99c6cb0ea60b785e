//! Composing: a letter to one reader as the bytes of an RFC 5322 message.

use anyhow::{Context, Result};
use jiff::Timestamp;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MessageBuilder, MultiPart, SinglePart};
use lettre::{Address, Message};
use sha2::{Digest, Sha256};

use crate::config;
use crate::edition::{Letter, message_hash};
use crate::guard::text::one_line;
use crate::tell::render::Rendered;

/// Who mail comes from: `[mail]`'s `from` and `reply_to`, understood.
#[derive(Debug, Clone)]
pub struct Sender {
    from: Mailbox,
    reply_to: Option<Mailbox>,
}

impl Sender {
    /// Fails if `from` or `reply_to` is no mail address.
    pub fn new(mail: &config::Mail) -> Result<Sender> {
        let reply_to = mail.reply_to.as_deref().map(|words| mailbox(words, "reply_to")).transpose()?;
        Ok(Sender { from: mailbox(&mail.from, "from")?, reply_to })
    }

    /// Message-ID of the letter with this key: `<32 hexadecimal digits@domain of from>` (RFC 5322, 3.6.4). The same key
    /// gives the same id, so that a letter sent twice after a broken connection is recognised.
    pub fn message_id(&self, key: &str) -> String {
        format!("<{}@{}>", message_hash(key), self.domain())
    }

    /// The domain mail comes from, in ASCII; also the authority of the ids in feeds.
    pub fn domain(&self) -> String {
        let domain = self.from.email.domain();
        url::Host::parse(domain).map_or_else(|_| "tidings.invalid".to_owned(), |host| host.to_string())
    }

    /// The exact bytes of a letter, CRLF lines, ASCII only. `at` is the edition's own time: the same letter always gives
    /// the same bytes. Fails if the reader's address is no mail address.
    pub fn write(&self, letter: &Letter, rendered: &Rendered, at: Timestamp) -> Result<Vec<u8>> {
        let address: Address = letter.reader.address.parse().with_context(|| {
            format!("`{}` is no mail address; mend it in tidings.toml", one_line(&letter.reader.address))
        })?;
        let name = one_line(&letter.reader.name);
        let to = Mailbox::new((!name.is_empty()).then_some(name), address);
        let mut builder = Message::builder()
            .from(self.from.clone())
            .to(to)
            .subject(one_line(&rendered.subject))
            .date(std::time::SystemTime::from(at))
            .message_id(Some(letter.message_id.clone()));
        if let Some(reply_to) = &self.reply_to {
            builder = builder.reply_to(reply_to.clone());
        }
        let message = self
            .list_headers(builder, &letter.edition)
            .multipart(
                MultiPart::alternative()
                    .boundary(boundary(letter, rendered))
                    .singlepart(part(ContentType::TEXT_PLAIN, &rendered.text))
                    .singlepart(part(ContentType::TEXT_HTML, &rendered.html)),
            )
            .with_context(|| format!("composing the mail {}", letter.key))?;
        Ok(message.formatted())
    }

    /// What tells mail programs and autoresponders that this is a list, and how to leave it.
    fn list_headers(&self, builder: MessageBuilder, edition: &str) -> MessageBuilder {
        let kind = edition.split('/').next().unwrap_or("digest");
        let leave = &self.reply_to.as_ref().unwrap_or(&self.from).email;
        let headers: [(&'static str, String); 6] = [
            // RFC 2919. Digest and alert are two lists, so that a reader can file them apart.
            ("List-Id", format!("tidings {kind} <{kind}.tidings.{}>", self.domain())),
            // RFC 2369. No one-click address (RFC 8058): a lab's server is seldom reachable from outside, and a dead
            // address is worse than none.
            ("List-Unsubscribe", format!("<mailto:{}?subject=unsubscribe>", mailto(leave))),
            // RFC 3834: no vacation note shall answer.
            ("Auto-Submitted", "auto-generated".to_owned()),
            // The same for older autoresponders, and for Exchange.
            ("Precedence", "bulk".to_owned()),
            ("X-Auto-Response-Suppress", "All".to_owned()),
            ("Content-Language", "en".to_owned()),
        ];
        headers.into_iter().fold(builder, |builder, (name, value)| {
            builder.raw_header(HeaderValue::new(HeaderName::new_from_ascii_str(name), value))
        })
    }
}

/// `Name <address>` or an address.
pub(super) fn mailbox(words: &str, key: &str) -> Result<Mailbox> {
    let line = one_line(words);
    line.parse().with_context(|| {
        format!("`{key} = \"{line}\"` under [mail] is no mail address; write \"Name <name@example.org>\"")
    })
}

/// A letter's part; the charset is UTF-8, the transfer encoding what is shortest.
fn part(kind: ContentType, words: &str) -> SinglePart {
    SinglePart::builder().header(kind).body(words.to_owned())
}

/// A boundary nobody can put into a text beforehand: it depends on all the texts. The same letter has the same one.
fn boundary(letter: &Letter, rendered: &Rendered) -> String {
    let mut hasher = Sha256::new();
    for words in [&letter.key, &rendered.text, &rendered.html] {
        hasher.update(words.as_bytes());
        hasher.update(b"\0");
    }
    let digest = hasher.finalize();
    let digits: String = digest[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("tidings-{digits}")
}

/// An address inside `mailto:`; what is not plain is percent-encoded (RFC 6068, 2).
fn mailto(address: &Address) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"@.-_+~".contains(&byte);
    address.to_string().bytes().fold(String::new(), |mut out, byte| {
        if plain(byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
        out
    })
}
