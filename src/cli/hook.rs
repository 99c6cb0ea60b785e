//! `tidings hook`: what Claude Code gives its hooks becomes one small file in the inbox. The agent waits for it, so it opens
//! nothing, waits for nothing long, and never fails: a hook that ends with 2 keeps an agent from stopping.

use std::ffi::OsStr;
use std::io::Read;
use std::panic::catch_unwind;
use std::process::ExitCode;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use jiff::Timestamp;
use tidings::flow;

use super::Desk;
use super::args::Cli;

/// Of standard input, in bytes. A turn's last message comes with some events; what is longer is passed over.
const MOST: u64 = 4 << 20;
/// For an agent that does not close its end.
const PATIENCE: Duration = Duration::from_secs(3);

/// Exit code 0, whatever happens. What went wrong stands on stderr, which Claude Code shows with `--debug`.
pub fn hook(cli: Cli) -> ExitCode {
    let now = cli.now.unwrap_or_else(Timestamp::now);
    let desk = Desk { home: cli.home, now, is_pretended: cli.now.is_some(), json: false, session: None };
    match catch_unwind(|| leave(&desk)) {
        Ok(Ok(())) | Err(_) => {}
        Ok(Err(error)) => eprintln!("tidings hook: {error:#}"),
    }
    ExitCode::SUCCESS
}

fn leave(desk: &Desk) -> anyhow::Result<()> {
    let (send, receive) = channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let read = std::io::stdin().lock().take(MOST + 1).read_to_end(&mut bytes);
        let _ = send.send(read.map(|_| bytes));
    });
    let bytes = receive.recv_timeout(PATIENCE)??;
    anyhow::ensure!(bytes.len() as u64 <= MOST, "more than {MOST} bytes on standard input");
    let home = desk.home()?;
    // Whoever has no home here did not ask for one.
    anyhow::ensure!(home.sources().is_file(), "there is no home in {}: --home names one", home.folder().display());
    flow::leave_sign(&home, &bytes, desk.now).map(drop)
}

/// Ends the program as clap would, unless it is called as a hook: with its words misspelt in some settings.json it must not
/// keep an agent from stopping.
pub fn forgive(error: clap::Error) -> ! {
    let is_hook = std::env::args_os().any(|word| word == OsStr::new("hook"));
    match is_hook && error.use_stderr() {
        true => {
            let _ = error.print();
            std::process::exit(0)
        }
        false => error.exit(),
    }
}
