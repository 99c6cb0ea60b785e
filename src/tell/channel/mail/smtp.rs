//! Sending: stored bytes to one reader over SMTP (RFC 5321), with TLS unless a person allowed a host without.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use fail::fail_point;
use jiff::Timestamp;
use lettre::Address;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt, Rset};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};
use percent_encoding::percent_decode_str;
use tokio::net::TcpStream;
use tokio::sync::{Mutex, Semaphore};
use tokio::time::{Instant, sleep_until, timeout};

use super::compose::mailbox;
use super::pace::Pace;
use crate::config;
use crate::edition::Letter;
use crate::tell::words::clip;
use crate::tell::{Channel, Closing, Delivered, Knocking, Outcome};

/// For reaching the server, TLS and signing in; and again for naming sender and reader. A server slower than this is
/// asked again by the next run.
const STEP: Duration = Duration::from_secs(20);
/// For the answer to the letter itself. Servers scan mail before they answer, and giving up early means sending twice
/// (RFC 5321, 4.5.3.2.6 even asks for ten minutes).
const ANSWER: Duration = Duration::from_secs(60);
/// Of a server's words, in characters: they end in the store and in the status.
const REMARK: usize = 300;
/// The registered ports for handing in mail: with TLS from the first byte, and with STARTTLS (RFC 8314, 3.3).
const SUBMISSIONS: u16 = 465;
const SUBMISSION: u16 = 587;

/// A mail server, and a few connections to it, each used for letter after letter.
pub struct Smtp {
    host: String,
    port: u16,
    security: Security,
    credentials: Option<Credentials>,
    from: Address,
    /// How many letters may be under way at once.
    connections: usize,
    under_way: Semaphore,
    pace: Mutex<Pace>,
    pool: Mutex<Pool>,
}

/// The connections to the server, between two letters.
#[derive(Default)]
struct Pool {
    idle: Vec<AsyncSmtpConnection>,
    /// Why none can be had. The next letters are told so without asking again, until `close`: a hundred sign-ins with a
    /// wrong password would lock the account.
    down: Option<Stop>,
}

enum Security {
    /// TLS from the first byte.
    Implicit(TlsParameters),
    /// TLS after STARTTLS, or nothing is sent.
    Starttls(TlsParameters),
    /// A person named this host in `allow_plain`.
    Plain,
}

/// Where a try ended, and what the other side or the network said.
#[derive(Clone)]
struct Stop {
    during: During,
    error: String,
    code: Option<u16>,
    /// It is the address that is refused, and not these bytes or us.
    bounced: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum During {
    Connecting,
    SigningIn,
    Sender,
    Reader,
    Letter,
}

impl Smtp {
    /// Reads the settings; speaks to nobody yet. Must be called within a tokio runtime. Fails on an address that is none,
    /// a user without a password, a password inside the URL, or an unreadable `ca_file`.
    pub fn new(mail: &config::Mail, password: Option<String>) -> Result<Smtp> {
        let url = &mail.smtp;
        let Some(host) = url.host_str().map(|host| host.trim_matches(['[', ']']).to_owned()).filter(|h| !h.is_empty())
        else {
            bail!("`smtp` under [mail] names no host; write smtps://user@mail.example.org");
        };
        if url.password().is_some() {
            bail!(
                "`smtp` under [mail] holds a password; move it to the environment or a file and name it with `password_env`"
            );
        }
        let tls = || tls(&host, mail);
        let allowed = mail.allow_plain.iter().any(|plain| plain.eq_ignore_ascii_case(&host));
        let (security, port) = match url.scheme() {
            "smtps" => (Security::Implicit(tls()?), SUBMISSIONS),
            "smtp" if allowed => (Security::Plain, SUBMISSION),
            "smtp" => (Security::Starttls(tls()?), SUBMISSION),
            other => bail!("`smtp` under [mail] begins with {other}:; write smtps:// (TLS) or smtp:// (STARTTLS)"),
        };
        let credentials = match (url.username(), password) {
            ("", _) => None,
            (user, Some(password)) => {
                let user =
                    percent_decode_str(user).decode_utf8().context("the user in `smtp` under [mail] is not UTF-8")?;
                Some(Credentials::new(user.into_owned(), password))
            }
            (_, None) => bail!(
                "`smtp` under [mail] names a user, but there is no password; set the variable or file that `password_env` or `password_file` names"
            ),
        };
        let from = mailbox(&mail.from, "from")?.email;
        let port = url.port().unwrap_or(port);
        Ok(Smtp {
            host,
            port,
            security,
            credentials,
            from,
            connections: mail.connections,
            under_way: Semaphore::new(mail.connections),
            pace: Mutex::new(Pace::of(mail.per_minute)),
            pool: Mutex::default(),
        })
    }

    async fn send(&self, letter: &Letter, bytes: &[u8]) -> Outcome {
        let Ok(to) = letter.reader.address.parse::<Address>() else {
            return Outcome::Refused { answer: "this is no mail address; mend it in tidings.toml".to_owned() };
        };
        let _one = self.under_way.acquire().await;
        let kept = {
            let mut pool = self.pool.lock().await;
            if let Some(stop) = &pool.down {
                return self.outcome(stop.clone());
            }
            pool.idle.pop()
        };
        let slot = self.pace.lock().await.slot(Instant::now());
        sleep_until(slot).await;
        let ready = timeout(STEP, self.ready(kept)).await;
        let mut connection = match ready.unwrap_or_else(|_| Err(Stop::silence(During::Connecting))) {
            Ok(connection) => connection,
            Err(stop) => {
                self.pool.lock().await.down = Some(stop.clone());
                return self.outcome(stop);
            }
        };
        let stop = match timeout(STEP, self.offer(&mut connection, to, bytes)).await {
            Ok(Ok(())) => {
                fail_point!("mail-offered");
                match timeout(ANSWER, connection.message(bytes)).await {
                    Ok(Ok(response)) => {
                        self.pool.lock().await.idle.push(connection);
                        let answer = response.first_line().unwrap_or_default();
                        return Outcome::Taken { answer: clip(&format!("{} {answer}", response.code()), REMARK) };
                    }
                    Ok(Err(error)) => Stop::new(During::Letter, &error),
                    Err(_) => Stop::silence(During::Letter),
                }
            }
            Ok(Err(stop)) => stop,
            Err(_) => Stop::silence(During::Sender),
        };
        // After a plain no, the same connection serves the next reader; a broken one is dropped.
        if stop.code.is_some_and(|code| code != 421)
            && matches!(timeout(STEP, connection.command(Rset)).await, Ok(Ok(_)))
        {
            self.pool.lock().await.idle.push(connection);
        }
        self.outcome(stop)
    }

    /// The kept connection if it still answers, else a new one: connected, encrypted as asked, signed in.
    async fn ready(&self, kept: Option<AsyncSmtpConnection>) -> Result<AsyncSmtpConnection, Stop> {
        if let Some(mut connection) = kept
            && connection.test_connected().await
        {
            return Ok(connection);
        }
        let hello = ClientId::default();
        let place = (self.host.as_str(), self.port);
        let connected = match &self.security {
            Security::Implicit(tls) => {
                AsyncSmtpConnection::connect_tokio1(place, Some(STEP), &hello, Some(tls.clone()), None).await
            }
            Security::Starttls(_) | Security::Plain => {
                let stream = reach(place).await.map_err(|error| Stop::words(During::Connecting, &error.to_string()))?;
                AsyncSmtpConnection::connect_with_transport(Box::new(stream), &hello).await
            }
        };
        let mut connection = connected.map_err(|error| Stop::new(During::Connecting, &error))?;
        if let Security::Starttls(tls) = &self.security {
            if !connection.can_starttls() {
                connection.abort().await;
                return Err(Stop::words(
                    During::Connecting,
                    "it does not offer STARTTLS, so no password and no mail were sent; use smtps://, or name the host in allow_plain under [mail]",
                ));
            }
            connection.starttls(tls.clone(), &hello).await.map_err(|error| Stop::new(During::Connecting, &error))?;
        }
        if let Some(credentials) = &self.credentials {
            connection
                .auth(&[Mechanism::Plain, Mechanism::Login], credentials)
                .await
                .map_err(|error| Stop::new(During::SigningIn, &error))?;
        }
        Ok(connection)
    }

    /// Everything before the letter itself.
    async fn offer(&self, connection: &mut AsyncSmtpConnection, to: Address, bytes: &[u8]) -> Result<(), Stop> {
        let mut parameters = Vec::new();
        let info = connection.server_info();
        if ![&self.from, &to].iter().all(|address| AsRef::<str>::as_ref(*address).is_ascii()) {
            if !info.supports_feature(Extension::SmtpUtfEight) {
                return Err(Stop::words(During::Reader, "it takes no addresses with letters beyond ASCII (SMTPUTF8)"));
            }
            parameters.push(MailParameter::SmtpUtfEight);
        }
        if !bytes.is_ascii() && info.supports_feature(Extension::EightBitMime) {
            parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
        }
        let mail = Mail::new(Some(self.from.clone()), parameters);
        connection.command(mail).await.map_err(|error| Stop::new(During::Sender, &error))?;
        connection.command(Rcpt::new(to, Vec::new())).await.map_err(|error| Stop::new(During::Reader, &error))?;
        connection.command(Data).await.map_err(|error| Stop::new(During::Reader, &error))?;
        Ok(())
    }

    /// What a stop means for the letter. A server that does not know or want *us* (connecting, signing in, the sender) says
    /// nothing about the reader, so the letter waits for a person to mend the settings.
    fn outcome(&self, stop: Stop) -> Outcome {
        let answer = clip(&format!("{} {}:{}: {}", stop.during.doing(), self.host, self.port, stop.error), REMARK);
        // 503 and 53x: we spoke out of turn or have not signed in.
        let ours = matches!(stop.code, Some(503 | 530 | 534 | 535 | 538));
        match (stop.during, stop.code) {
            _ if stop.bounced && !ours => Outcome::Bounced { answer },
            (During::Reader | During::Letter, Some(500..=599)) if !ours => Outcome::Refused { answer },
            (During::Letter, None) => Outcome::Unknown { answer },
            _ => Outcome::later(answer),
        }
    }
}

/// A connection that holds nothing back. lettre writes the end of a letter by itself, and the system would keep it until the
/// server has confirmed what came before: 40 ms a letter, in which a killed run leaves a letter behind that goes out without
/// us and then once more.
async fn reach(place: (&str, u16)) -> std::io::Result<TcpStream> {
    let stream = TcpStream::connect(place).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

impl Channel for Smtp {
    fn deliver<'a>(&'a self, letter: &'a Letter, bytes: &'a [u8], _now: Timestamp) -> Delivered<'a> {
        Box::pin(self.send(letter, bytes))
    }

    fn at_once(&self) -> usize {
        self.connections
    }

    fn knock(&self) -> Knocking<'_> {
        Box::pin(async {
            let ready =
                timeout(STEP, self.ready(None)).await.unwrap_or_else(|_| Err(Stop::silence(During::Connecting)));
            let place = format!("{}:{}", self.host, self.port);
            Some(match ready {
                Err(stop) => Err(clip(&format!("{} {place}: {}", stop.during.doing(), stop.error), REMARK)),
                Ok(mut connection) => {
                    let _ = timeout(STEP, connection.quit()).await;
                    let encrypted = if matches!(self.security, Security::Plain) { "without TLS" } else { "over TLS" };
                    let signed = if self.credentials.is_some() { "and signs us in" } else { "without a password" };
                    Ok(format!("{place} answers {encrypted} {signed}"))
                }
            })
        })
    }

    /// Says QUIT to the server.
    fn close(&self) -> Closing<'_> {
        Box::pin(async {
            let pool = std::mem::take(&mut *self.pool.lock().await);
            for mut connection in pool.idle {
                // The letters are delivered; how the farewell goes does not matter.
                let _ = timeout(STEP, connection.quit()).await;
            }
        })
    }
}

impl Stop {
    fn new(during: During, error: &Error) -> Stop {
        let code = error.status().map(u16::from);
        let error = error.to_string();
        let bounced = is_bounce(during, code, &error);
        Stop { during, error, code, bounced }
    }

    fn words(during: During, words: &str) -> Stop {
        Stop { during, error: words.to_owned(), code: None, bounced: false }
    }

    fn silence(during: During) -> Stop {
        Stop::words(during, "no answer in time")
    }
}

impl During {
    fn doing(self) -> &'static str {
        match self {
            During::Connecting => "connecting to",
            During::SigningIn => "signing in at",
            During::Sender => "offering a letter to",
            During::Reader => "naming the reader to",
            During::Letter => "sending the letter to",
        }
    }
}

/// Whether a server refused the address for good: when it was named, or afterwards as one that does not exist. A refusal by
/// policy (enhanced code 5.7.x, RFC 3463, 3.8) is about us, and would else silence everybody when a relay is set up wrongly.
fn is_bounce(during: During, code: Option<u16>, words: &str) -> bool {
    let enhanced = |code: &str| words.split([' ', ':', '(', ')']).any(|word| word.starts_with(code));
    match (during, code) {
        (During::Reader, Some(500..=599)) => !enhanced("5.7."),
        (During::Letter, Some(550)) => enhanced("5.1."),
        _ => false,
    }
}

/// TLS that trusts the system's authorities and the one of `ca_file`.
fn tls(host: &str, mail: &config::Mail) -> Result<TlsParameters> {
    let mut builder = TlsParameters::builder(host.to_owned());
    if let Some(path) = &mail.ca_file {
        let pem = std::fs::read(path).with_context(|| format!("reading `ca_file` {}", path.display()))?;
        let certificate = Certificate::from_pem(&pem)
            .with_context(|| format!("`ca_file` {} is no certificate in PEM form", path.display()))?;
        builder = builder.add_root_certificate(certificate);
    }
    builder.build().with_context(|| format!("preparing TLS for {host}"))
}
