//! A server of one's own: llama-server, started for a model's file and ended with the run, however the run ends.
//!
//! A shell stands between: it starts the server in a process group of its own, and ends it when its standard input closes.
//! The other end of that pipe is held by this program alone, so the system closes it even where the program was killed. That
//! needs nothing but a POSIX shell, and works where a "signal on the parent's death" does not exist or is bound to a thread.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;

use url::Url;

use super::Trouble;
use crate::guard::text::excerpt;

/// What else the server is told, in the words of newer and of older builds: nothing is fetched, no web page is served.
pub(super) const EXTRA: [&[&str]; 3] = [&["--offline", "--no-ui"], &["--offline", "--no-webui"], &[]];

/// Room for a prompt of 700 tokens and a written answer in each slot, and the memory of one long chat in all.
const SLOTS: &str = "4";
const CONTEXT: &str = "32768";

/// The server is `$@`. Whoever is first, the end of our standard input or the server's own end, ends the rest.
const SHELL: &str = r#"
exec 3<&0
"$@" 3<&- </dev/null & server=$!
( read -r line <&3; kill -9 "$server" ) 2>/dev/null & guard=$!
exec 3<&- 0</dev/null
wait "$server"; code=$?
kill "$guard" 2>/dev/null
exit "$code"
"#;

/// A server that ends when this is dropped.
pub(super) struct Owned {
    gguf: PathBuf,
    child: Mutex<Child>,
    /// What the server wrote about its errors; unlinked, so that nothing of it stays.
    log: Mutex<File>,
}

impl Owned {
    /// Starts `program` for a model's file on loopback; the address is where it will listen. Returns at once.
    ///
    /// # Errors
    /// Refused where the file can't be read; Away where nothing can be started.
    pub(super) fn start(
        program: &OsStr,
        gguf: &Path,
        port: Option<u16>,
        extra: &[&str],
    ) -> Result<(Owned, Url), Trouble> {
        File::open(gguf).map_err(|error| {
            Trouble::Refused(format!("[model] gguf: {}: {error}; mend the path in tidings.toml", gguf.display()))
        })?;
        let failed = |what: &str, error: std::io::Error| Trouble::Away(format!("{what}: {error}"));
        let port = match port {
            Some(port) => port,
            None => free_port().map_err(|error| failed("looking for a free port", error))?,
        };
        let log = tempfile::tempfile().map_err(|error| failed("making room for llama-server's words", error))?;
        let theirs = log.try_clone().map_err(|error| failed("making room for llama-server's words", error))?;
        // The name under which opinions are kept: the file's, without the folders of this machine.
        let alias = gguf.file_stem().unwrap_or(OsStr::new("model"));
        let port = port.to_string();
        let mut arguments: Vec<OsString> = vec!["-m".into(), gguf.into(), "--alias".into(), alias.into()];
        let fixed = ["--host", "127.0.0.1", "--port", &port, "-np", SLOTS, "-c", CONTEXT, "-lv", "2"];
        arguments.extend(fixed.into_iter().chain(extra.iter().copied()).map(OsString::from));
        let child = Command::new("sh")
            .arg("-c")
            .arg(SHELL)
            .arg("tidings-model")
            .arg(program)
            .args(arguments)
            // A key that the server wants from everybody is none that we know of.
            .env_remove("LLAMA_API_KEY")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(theirs)
            // An interrupt at the terminal is for us; the server ends after us.
            .process_group(0)
            .spawn()
            .map_err(|error| failed("starting a shell for llama-server", error))?;
        let address = Url::parse(&format!("http://127.0.0.1:{port}")).expect("a number makes an address");
        Ok((Owned { gguf: gguf.to_owned(), child: Mutex::new(child), log: Mutex::new(log) }, address))
    }

    pub(super) fn gguf(&self) -> &Path {
        &self.gguf
    }

    /// What it said last, if it has ended by itself.
    pub(super) fn ended(&self) -> Option<String> {
        let status = self.child.lock().ok()?.try_wait().ok()??;
        if status.code() == Some(127) {
            return Some("there is no llama-server on the PATH; install llama.cpp, or name an endpoint".to_owned());
        }
        let said = self.last_words().unwrap_or_default();
        Some(format!("llama-server has ended ({status}): {}", if said.is_empty() { "without a word" } else { &said }))
    }

    fn last_words(&self) -> Option<String> {
        let mut log = self.log.lock().ok()?;
        let length = log.seek(SeekFrom::End(0)).ok()?;
        log.seek(SeekFrom::Start(length.saturating_sub(2_000))).ok()?;
        let mut bytes = Vec::new();
        log.read_to_end(&mut bytes).ok()?;
        let text = String::from_utf8_lossy(&bytes);
        // The first complaint is the cause; what follows it only says that there was one.
        let line = text.lines().find(|line| line.contains("error") || line.contains("invalid")).or(text.lines().last());
        line.map(|line| excerpt(line, 240))
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        let Ok(child) = self.child.get_mut() else { return };
        // The shell's standard input ends; it ends the server, then itself.
        drop(child.stdin.take());
        let _ = child.wait();
    }
}

fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}
