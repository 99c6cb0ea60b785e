//! A small HTTP/1.1 server on loopback: it answers as its script says, well or badly, and remembers what it was asked.
//!
//! It runs on threads of its own, so a test may stop tokio's clock, or block, without stopping it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use url::Url;

/// One request, as it came.
#[derive(Debug, Clone)]
pub struct Asked {
    pub at: Instant,
    pub method: String,
    /// With its query.
    pub path: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: String,
    /// Requests under way, this one counted.
    pub in_flight: usize,
}

impl Asked {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// What the server does after it has read a request. At the end it closes the connection.
#[derive(Debug, Clone, Default)]
pub struct Reply {
    steps: Vec<Step>,
}

#[derive(Debug, Clone)]
enum Step {
    Send(Vec<u8>),
    /// The same bytes again and again.
    Repeat(Vec<u8>, usize),
    /// One byte at a time.
    Drip(Vec<u8>, Duration),
    /// Nothing more, until the server is dropped.
    Hang,
}

impl Reply {
    /// A whole answer: `status` like `200 OK`, headers like `etag: "1"`, and a body with its right length.
    pub fn whole(status: &str, headers: &[&str], body: impl AsRef<[u8]>) -> Reply {
        let body = body.as_ref();
        let length = format!("content-length: {}", body.len());
        let mut headers = headers.to_vec();
        headers.push(&length);
        Reply::head(status, &headers).then(body)
    }

    /// Status line, headers and the empty line, and no word about the body's length: it lasts until the connection ends.
    pub fn head(status: &str, headers: &[&str]) -> Reply {
        let mut text = format!("HTTP/1.1 {status}\r\nconnection: close\r\n");
        for header in headers {
            text.push_str(header);
            text.push_str("\r\n");
        }
        text.push_str("\r\n");
        Reply::default().then(text)
    }

    pub fn then(mut self, bytes: impl AsRef<[u8]>) -> Reply {
        self.steps.push(Step::Send(bytes.as_ref().to_vec()));
        self
    }

    pub fn then_repeat(mut self, bytes: impl AsRef<[u8]>, times: usize) -> Reply {
        self.steps.push(Step::Repeat(bytes.as_ref().to_vec(), times));
        self
    }

    pub fn then_drip(mut self, bytes: impl AsRef<[u8]>, pause: Duration) -> Reply {
        self.steps.push(Step::Drip(bytes.as_ref().to_vec(), pause));
        self
    }

    pub fn then_hang(mut self) -> Reply {
        self.steps.push(Step::Hang);
        self
    }
}

/// The server; it ends when it is dropped.
pub struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    script: Box<dyn Fn(&Asked) -> Reply + Send + Sync>,
    log: Mutex<Vec<Asked>>,
    in_flight: AtomicUsize,
    ended: AtomicBool,
    /// Wakes hanging and dripping answers when the server ends.
    end: (Mutex<()>, Condvar),
}

impl Server {
    /// On 127.0.0.1 and a free port.
    pub fn start(script: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Server {
        Server::start_at(Ipv4Addr::LOCALHOST.into(), script)
    }

    /// On another loopback address, such as 127.0.0.2: another host to whoever counts hosts.
    pub fn start_at(address: IpAddr, script: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Server {
        let listener = TcpListener::bind((address, 0)).expect("a free port on loopback");
        let address = listener.local_addr().expect("a bound listener has an address");
        let shared = Arc::new(Shared {
            script: Box::new(script),
            log: Mutex::default(),
            in_flight: AtomicUsize::new(0),
            ended: AtomicBool::new(false),
            end: Default::default(),
        });
        let accepting = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming() {
                if accepting.ended.load(Ordering::SeqCst) {
                    return;
                }
                let serving = Arc::clone(&accepting);
                let Ok(stream) = stream else { continue };
                thread::spawn(move || serving.serve(stream));
            }
        });
        Server { address, shared }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn url(&self, path: &str) -> Url {
        Url::parse(&format!("http://{}{path}", self.address)).expect("a path that makes a URL")
    }

    /// Everything it was asked so far, in order.
    pub fn log(&self) -> Vec<Asked> {
        self.shared.log.lock().expect("a script did not panic").clone()
    }

    pub fn paths(&self) -> Vec<String> {
        self.log().into_iter().map(|asked| asked.path).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::SeqCst);
        let _held = self.shared.end.0.lock();
        self.shared.end.1.notify_all();
        // Wakes the accepting thread.
        let _ = TcpStream::connect(self.address);
    }
}

impl Shared {
    /// Whatever goes wrong with the connection is the client's to notice.
    fn serve(&self, stream: TcpStream) -> Option<()> {
        let mut reader = BufReader::new(stream.try_clone().ok()?);
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let (method, path) = line.split_once(' ').and_then(|(method, rest)| Some((method, rest.split_once(' ')?.0)))?;
        let mut headers = Vec::new();
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).ok()? == 0 {
                return None;
            }
            let Some((name, value)) = line.trim_end().split_once(':') else { break };
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let length = headers.iter().find(|(name, _)| name == "content-length");
        let mut body = vec![0; length.and_then(|(_, length)| length.parse().ok()).unwrap_or(0)];
        reader.read_exact(&mut body).ok()?;
        let body = String::from_utf8_lossy(&body).into_owned();
        let in_flight = self.in_flight.fetch_add(1, Ordering::SeqCst) + 1;
        let asked = Asked { at: Instant::now(), method: method.into(), path: path.into(), headers, body, in_flight };
        self.log.lock().ok()?.push(asked.clone());
        let reply = (self.script)(&asked);
        let mut writing = &stream;
        let (last, before) = match reply.steps.split_last() {
            Some((last @ Step::Send(_), before)) => (Some(last), before),
            _ => (None, &reply.steps[..]),
        };
        before.iter().try_for_each(|step| self.play(step, &mut writing));
        // Before the last bytes leave, since a client that has them all may ask again at once.
        self.in_flight.fetch_sub(1, Ordering::SeqCst);
        last.and_then(|step| self.play(step, &mut writing));
        let _ = stream.shutdown(Shutdown::Both);
        Some(())
    }

    fn play(&self, step: &Step, stream: &mut &TcpStream) -> Option<()> {
        let mut send = |bytes: &[u8]| stream.write_all(bytes).ok();
        match step {
            Step::Send(bytes) => send(bytes),
            Step::Repeat(bytes, times) => (0..*times).try_for_each(|_| send(bytes)),
            Step::Drip(bytes, pause) => bytes.iter().try_for_each(|byte| {
                self.wait(Some(*pause));
                send(&[*byte])
            }),
            Step::Hang => {
                self.wait(None);
                None
            }
        }
    }

    /// Until the server ends, or for a while.
    fn wait(&self, pause: Option<Duration>) {
        let held = self.end.0.lock().expect("nothing panics while it is held");
        let going_on = |_: &mut ()| !self.ended.load(Ordering::SeqCst);
        match pause {
            Some(pause) => drop(self.end.1.wait_timeout_while(held, pause, going_on)),
            None => drop(self.end.1.wait_while(held, going_on)),
        }
    }
}
