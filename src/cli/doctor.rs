//! `tidings doctor`: what is missing for a working home, and how to get it.

mod kept;
mod machine;
mod models;
mod sessions;
mod settings;

use std::io::{IsTerminal, stdout};
use std::process::ExitCode;

use serde_json::json;
use tidings::source::Origin;

use super::exit::Failure;
use super::home::{here, read_files};
use super::run::count;
use super::wrap::{WIDTH, wrapped};
use super::{Desk, say};

/// What was looked at, in its order.
#[derive(Default)]
pub struct Findings(Vec<Finding>);

struct Finding {
    state: State,
    what: String,
    remedy: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Fine,
    /// It works without.
    Advice,
    /// It does not.
    Broken,
}

impl Findings {
    pub fn fine(&mut self, what: String) {
        self.0.push(Finding { state: State::Fine, what, remedy: String::new() });
    }

    pub fn advice(&mut self, what: String, remedy: &str) {
        self.0.push(Finding { state: State::Advice, what, remedy: remedy.to_owned() });
    }

    pub fn broken(&mut self, what: String, remedy: &str) {
        self.0.push(Finding { state: State::Broken, what, remedy: remedy.to_owned() });
    }
}

/// Looks at everything a lab's home needs; changes nothing and sends nothing.
pub async fn doctor(desk: &Desk) -> Result<ExitCode, Failure> {
    let home = desk.home()?;
    let mut found = Findings::default();
    let mut asks = (false, false);
    let mut folders = Vec::new();
    match read_files(&home) {
        Err(error) => found.broken(format!("{error:#}"), "tidings init"),
        Ok((sources, config)) => {
            match sources {
                Ok((sources, sessions)) if sources.is_empty() && sessions.is_empty() => {
                    found.broken("sources.toml names no source".into(), "add a [[source]]; README.md shows how");
                }
                Ok((sources, sessions)) => {
                    found.fine(count(sources.len() + sessions.len(), "source"));
                    folders = sessions.into_iter().map(here).collect();
                    folders.iter().for_each(|source| sessions::session_folder(source, &mut found));
                    asks.0 = sources.iter().any(|source| matches!(source.from, Origin::Github(_)));
                    asks.1 = sources.iter().any(|source| matches!(source.from, Origin::Reddit(_)));
                }
                Err(mistakes) => {
                    let what = count(mistakes.len(), "mistake") + " in sources.toml";
                    found.broken(what, "tidings sources check");
                }
            }
            match config {
                Err(mistakes) => {
                    let what = count(mistakes.len(), "mistake") + " in tidings.toml or the rules it names";
                    found.broken(what, "tidings sources check");
                }
                Ok(config) => {
                    settings::settings(&config, &mut found);
                    settings::mail_server(&config, &mut found).await;
                    settings::pages(&config, &mut found);
                    sessions::rules(&home, &config, &mut found);
                    if asks.0 || config.github.token.is_some() {
                        settings::github(&config, &mut found);
                    }
                    if asks.1 || config.reddit.application.is_some() {
                        settings::reddit(&config, &mut found);
                    }
                    models::claude(&config, &mut found);
                    models::skills(&config, desk.now, &mut found).await;
                    models::model(&home, &config, &mut found).await;
                }
            }
        }
    }
    kept::home(&home, &mut found);
    kept::disk(&home, &mut found);
    kept::last_run(&home, desk.now, &mut found);
    machine::runner(&home, &mut found);
    sessions::sessions(&home, &mut found);
    sessions::sweep(&home, &folders, desk.now, &mut found);
    machine::watching(&folders, &mut found);
    settings::closed(&home, &mut found);

    let Findings(findings) = found;
    let broken = findings.iter().any(|finding| finding.state == State::Broken);
    if desk.json {
        let shown: Vec<_> = findings
            .iter()
            .map(|finding| {
                let state = match finding.state {
                    State::Fine => "fine",
                    State::Advice => "advice",
                    State::Broken => "broken",
                };
                json!({ "state": state, "what": finding.what, "remedy": finding.remedy })
            })
            .collect();
        desk.print_json(&json!({ "version": 1, "home": home.folder(), "findings": shown }))?;
    } else {
        say(&format!("Home: {}", home.folder().display()))?;
        for finding in &findings {
            let mark = match finding.state {
                State::Fine => "fine  ",
                State::Advice => "could ",
                State::Broken => "wrong ",
            };
            tell(mark, &finding.what)?;
            if finding.state != State::Fine {
                tell("      ", &format!("try: {}", finding.remedy))?;
            }
        }
    }
    Ok(if broken { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// A mark and words: on a terminal in lines of its width, for programs in one.
fn tell(mark: &str, words: &str) -> anyhow::Result<()> {
    let width = if stdout().is_terminal() { WIDTH - mark.len() - 1 } else { usize::MAX };
    for (number, line) in wrapped(words, width).into_iter().enumerate() {
        say(&format!("{} {line}", if number == 0 { mark } else { "      " }))?;
    }
    Ok(())
}
