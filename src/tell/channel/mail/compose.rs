//! Composing: a letter to one reader as the bytes of an RFC 5322 message.

use anyhow::{Context, Result};
use jiff::Timestamp;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Attachment, Mailbox, MessageBuilder, MultiPart, SinglePart};
use lettre::{Address, Message};
use sha2::{Digest, Sha256};
use url::Url;

use crate::config;
use crate::edition::{Letter, message_hash};
use crate::guard::text::one_line;
use crate::guard::token::{Key, token};
use crate::standing::List;
use crate::tell::render::{Image, Leave, Rendered, leaving};

/// Who mail comes from: `[mail]`'s `from` and `reply_to`, understood.
#[derive(Debug, Clone)]
pub struct Sender {
    from: Mailbox,
    reply_to: Option<Mailbox>,
    /// Where people leave by a link, and the key that its tokens are made with.
    page: Option<(Url, Key)>,
}

impl Sender {
    /// Fails if `from` or `reply_to` is no mail address.
    pub fn new(mail: &config::Mail) -> Result<Sender> {
        let reply_to = mail.reply_to.as_deref().map(|words| mailbox(words, "reply_to")).transpose()?;
        Ok(Sender { from: mailbox(&mail.from, "from")?, reply_to, page: None })
    }

    /// The same, with the address of the pages on which people leave a list.
    pub fn with_page(self, base: Url, key: Key) -> Sender {
        Sender { page: Some((base, key)), ..self }
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
        let (text, html) = self.personal(letter, rendered)?;
        let message = self
            .list_headers(builder, letter)
            .multipart(self.body(letter, &text, &html, &rendered.images)?)
            .with_context(|| format!("composing the mail {}", letter.key))?;
        Ok(message.formatted())
    }

    /// Text and HTML of a letter to one reader: they end with how this reader leaves this list. Fails only if a template does.
    pub fn personal(&self, letter: &Letter, rendered: &Rendered) -> Result<(String, String)> {
        let Some(list) = List::of(&letter.edition) else { return Ok((rendered.text.clone(), rendered.html.clone())) };
        let page = self.leave_page(letter);
        let to = self.leave_address();
        let leave = Leave {
            list: match list {
                List::Digest => "digest",
                List::Alert => "alerts",
            },
            address: &letter.reader.address,
            page: page.as_deref(),
            to: to.as_ref(),
            mailto: &self.leave_mailto(),
        };
        leaving(rendered, &leave)
    }

    /// `https://…/u/TOKEN`, by which one reader leaves the list of a letter.
    fn leave_page(&self, letter: &Letter) -> Option<String> {
        let (base, key) = self.page.as_ref()?;
        let token = token(key, List::of(&letter.edition)?, &letter.reader.address);
        Some(format!("{}/u/{token}", base.as_str().trim_end_matches('/')))
    }

    /// Whoever reads the answers.
    fn leave_address(&self) -> &Address {
        &self.reply_to.as_ref().unwrap_or(&self.from).email
    }

    /// The same, as a link (RFC 6068).
    fn leave_mailto(&self) -> String {
        format!("mailto:{}?subject=unsubscribe", mailto(self.leave_address()))
    }

    /// Text, and HTML; where the HTML shows pictures, it comes with them (RFC 2387), and each is found by its Content-ID.
    fn body(&self, letter: &Letter, text: &str, html: &str, images: &[Image]) -> Result<MultiPart> {
        let both = MultiPart::alternative()
            .boundary(boundary(letter, text, html, "both"))
            .singlepart(part(ContentType::TEXT_PLAIN, text));
        if images.is_empty() {
            return Ok(both.singlepart(part(ContentType::TEXT_HTML, html)));
        }
        // RFC 2392: a Content-ID is as unique as a Message-ID, and the same letter has the same.
        let id =
            |image: &Image| format!("{}@{}", message_hash(&format!("{}/{}", letter.key, image.name)), self.domain());
        // Foreign words hold no quotation mark here, so that only our own pictures are found.
        let shown = images.iter().fold(html.to_owned(), |html, image| {
            html.replace(&format!("src=\"{}\"", image.name), &format!("src=\"cid:{}\"", id(image)))
        });
        let related = MultiPart::related()
            .boundary(boundary(letter, text, html, "related"))
            .singlepart(part(ContentType::TEXT_HTML, &shown));
        let kind = ContentType::parse("image/png").context("naming the kind of a picture")?;
        let with_images = images.iter().fold(related, |related, image| {
            related.singlepart(Attachment::new_inline(id(image)).body(image.bytes.clone(), kind.clone()))
        });
        Ok(both.multipart(with_images))
    }

    /// What tells mail programs and autoresponders that this is a list, and how to leave it.
    fn list_headers(&self, builder: MessageBuilder, letter: &Letter) -> MessageBuilder {
        let kind = letter.edition.split('/').next().unwrap_or("digest");
        let page = self.leave_page(letter);
        let by_page = page.as_ref().map(|page| format!("<{page}>, ")).unwrap_or_default();
        let headers: [(&'static str, String); 6] = [
            // RFC 2919. Digest and alert are two lists, so that a reader can file them apart.
            ("List-Id", format!("tidings {kind} <{kind}.tidings.{}>", self.domain())),
            // RFC 2369. A page only where a person named one: a lab's server is seldom reachable from outside, and a dead
            // address is worse than none.
            ("List-Unsubscribe", format!("{by_page}<{}>", self.leave_mailto())),
            // RFC 3834: no vacation note shall answer.
            ("Auto-Submitted", "auto-generated".to_owned()),
            // The same for older autoresponders, and for Exchange.
            ("Precedence", "bulk".to_owned()),
            ("X-Auto-Response-Suppress", "All".to_owned()),
            ("Content-Language", "en".to_owned()),
        ];
        // RFC 8058: one POST to that page, and the reader is off.
        let one_click = page.map(|_| ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned()));
        headers.into_iter().chain(one_click).fold(builder, |builder, (name, value)| {
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
fn boundary(letter: &Letter, text: &str, html: &str, part: &str) -> String {
    let mut hasher = Sha256::new();
    for words in [letter.key.as_str(), text, html] {
        hasher.update(words.as_bytes());
        hasher.update(b"\0");
    }
    if part != "both" {
        hasher.update(part.as_bytes());
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
