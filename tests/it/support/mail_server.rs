//! A small mail server that follows a script: it speaks enough SMTP to be told a letter, and writes down what it was told.

use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::support::tls::certified;

/// What the server does; the default takes everything.
#[derive(Clone, Default)]
pub struct Script {
    pub tls: Tls,
    /// Offers AUTH, and answers it so.
    pub auth: Option<&'static str>,
    pub mail: Option<&'static str>,
    /// Says nothing any more when it hears this verb; `220` is its own greeting.
    pub hangs_at: Option<&'static str>,
    /// This address is unknown.
    pub unknown: Option<&'static str>,
    /// Answers to the first, second, … RCPT; 250 afterwards.
    pub rcpt: Vec<&'static str>,
    /// Answers to the first, second, … letter; 250 afterwards.
    pub letter: Vec<End>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub enum Tls {
    #[default]
    Starttls,
    Implicit,
    None,
}

#[derive(Clone, Copy)]
pub enum End {
    Says(&'static str),
    /// Takes the bytes and hangs up without a word.
    Cuts,
    /// Takes the bytes and says nothing any more.
    Hangs,
}

pub struct MailServer {
    pub port: u16,
    log: Arc<Mutex<Log>>,
    folder: TempDir,
}

#[derive(Default)]
struct Log {
    lines: Vec<String>,
    letters: Vec<Vec<u8>>,
    /// Letters taken without a word.
    cuts: usize,
    connections: usize,
}

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

impl MailServer {
    pub async fn start(script: Script) -> MailServer {
        let (acceptor, authority) = certified();
        let folder = TempDir::new().unwrap();
        std::fs::write(folder.path().join("ca.pem"), authority).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let log = Arc::new(Mutex::new(Log::default()));
        let shared = Arc::new(Mutex::new((VecDeque::from(script.rcpt.clone()), VecDeque::from(script.letter.clone()))));
        let kept = log.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                kept.lock().unwrap().connections += 1;
                let talk = Talk {
                    script: script.clone(),
                    log: kept.clone(),
                    next: shared.clone(),
                    acceptor: acceptor.clone(),
                };
                tokio::spawn(talk.run(stream));
            }
        });
        MailServer { port, log, folder }
    }

    /// The authority that signed the server's certificate.
    pub fn ca_file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// The commands it was given, one a line.
    pub fn heard(&self) -> Vec<String> {
        self.log.lock().unwrap().lines.clone()
    }

    /// The first words of the commands.
    pub fn verbs(&self) -> Vec<String> {
        self.heard().iter().map(|line| line.split([' ', ':']).next().unwrap().to_owned()).collect()
    }

    /// The letters it took or cut, as they were before the dots were doubled.
    pub fn letters(&self) -> Vec<Vec<u8>> {
        self.log.lock().unwrap().letters.clone()
    }

    /// How many of them it took without a word.
    pub fn cuts(&self) -> usize {
        self.log.lock().unwrap().cuts
    }

    pub fn connections(&self) -> usize {
        self.log.lock().unwrap().connections
    }
}

struct Talk {
    script: Script,
    log: Arc<Mutex<Log>>,
    next: Arc<Mutex<(VecDeque<&'static str>, VecDeque<End>)>>,
    acceptor: TlsAcceptor,
}

impl Talk {
    async fn run(self, stream: TcpStream) {
        // A client that goes away in the middle is part of some tests.
        let _ = self.talk(stream).await;
    }

    async fn talk(&self, stream: TcpStream) -> io::Result<()> {
        let mut stream: Box<dyn Stream> = match self.script.tls {
            Tls::Implicit => Box::new(self.acceptor.accept(stream).await?),
            _ => Box::new(stream),
        };
        let mut encrypted = self.script.tls == Tls::Implicit;
        if self.script.hangs_at == Some("220") {
            return std::future::pending().await;
        }
        say(&mut stream, "220 mail.example ESMTP").await?;
        loop {
            let line = String::from_utf8_lossy(&line(&mut stream).await?).trim_end().to_owned();
            self.log.lock().unwrap().lines.push(line.clone());
            let verb = line.split([' ', ':']).next().unwrap_or_default().to_uppercase();
            if self.script.hangs_at == Some(verb.as_str()) {
                return std::future::pending().await;
            }
            match verb.as_str() {
                "RCPT" if self.script.unknown.is_some_and(|unknown| line.contains(unknown)) => {
                    say(&mut stream, "550 5.1.1 no such person").await?;
                }
                "EHLO" => {
                    let mut offers = vec!["mail.example", "8BITMIME"];
                    if self.script.tls == Tls::Starttls && !encrypted {
                        offers.push("STARTTLS");
                    }
                    if self.script.auth.is_some() {
                        offers.push("AUTH PLAIN LOGIN");
                    }
                    let last = offers.len() - 1;
                    let words: Vec<String> = offers
                        .iter()
                        .enumerate()
                        .map(|(n, offer)| format!("250{}{offer}", if n == last { ' ' } else { '-' }))
                        .collect();
                    say(&mut stream, &words.join("\r\n")).await?;
                }
                "STARTTLS" => {
                    say(&mut stream, "220 go ahead").await?;
                    stream = Box::new(self.acceptor.accept(stream).await?);
                    encrypted = true;
                }
                "AUTH" => say(&mut stream, self.script.auth.unwrap_or("503 not offered")).await?,
                "MAIL" => say(&mut stream, self.script.mail.unwrap_or("250 ok")).await?,
                "RCPT" => {
                    let answer = self.next.lock().unwrap().0.pop_front().unwrap_or("250 ok");
                    say(&mut stream, answer).await?;
                }
                "DATA" => {
                    say(&mut stream, "354 go on").await?;
                    let letter = letter(&mut stream).await?;
                    self.log.lock().unwrap().letters.push(letter);
                    let end = self.next.lock().unwrap().1.pop_front().unwrap_or(End::Says("250 taken as 42"));
                    match end {
                        End::Says(answer) => say(&mut stream, answer).await?,
                        End::Cuts => {
                            self.log.lock().unwrap().cuts += 1;
                            return Ok(());
                        }
                        End::Hangs => return std::future::pending().await,
                    }
                }
                "QUIT" => return say(&mut stream, "221 bye").await,
                _ => say(&mut stream, "250 ok").await?,
            }
        }
    }
}

async fn say(stream: &mut Box<dyn Stream>, words: &str) -> io::Result<()> {
    stream.write_all(format!("{words}\r\n").as_bytes()).await?;
    stream.flush().await
}

/// One line with its end, byte by byte: what follows may be TLS.
async fn line(stream: &mut Box<dyn Stream>) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    while !line.ends_with(b"\r\n") {
        line.push(stream.read_u8().await?);
    }
    Ok(line)
}

/// Lines up to the single dot, with doubled dots made single again (RFC 5321, 4.5.2).
async fn letter(stream: &mut Box<dyn Stream>) -> io::Result<Vec<u8>> {
    let mut letter = Vec::new();
    loop {
        let line = line(stream).await?;
        match line.as_slice() {
            b".\r\n" => return Ok(letter),
            [b'.', rest @ ..] => letter.extend_from_slice(rest),
            other => letter.extend_from_slice(other),
        }
    }
}
