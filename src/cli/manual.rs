//! `tidings completions` and `tidings man`: what shells and `man` want to know, from the same words as --help.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use clap::CommandFactory;

use super::args::{Cli, Shell};
use super::exit::Failure;
use super::run::count;
use super::say;

pub fn completions(shell: Shell) -> Result<ExitCode, Failure> {
    let shell = match shell {
        Shell::Bash => clap_complete::Shell::Bash,
        Shell::Zsh => clap_complete::Shell::Zsh,
        Shell::Fish => clap_complete::Shell::Fish,
    };
    let mut bytes = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "tidings", &mut bytes);
    say(String::from_utf8_lossy(&bytes).trim_end())?;
    Ok(ExitCode::SUCCESS)
}

pub fn man(folder: Option<&Path>) -> Result<ExitCode, Failure> {
    let mut command = Cli::command().disable_help_subcommand(true);
    let Some(folder) = folder else {
        let mut bytes = Vec::new();
        clap_mangen::Man::new(command).render(&mut bytes).map_err(anyhow::Error::new)?;
        say(String::from_utf8_lossy(&bytes).trim_end())?;
        return Ok(ExitCode::SUCCESS);
    };
    let doing = || format!("writing the manual to {}", folder.display());
    fs::create_dir_all(folder).with_context(doing)?;
    command.build();
    let pages = write_pages(&command, folder).with_context(doing)?;
    say(&format!(
        "{} in {}; `man -l {}` shows the first.",
        count(pages, "page"),
        folder.display(),
        folder.join("tidings.1").display()
    ))?;
    say("In ~/.local/share/man/man1 or /usr/local/share/man/man1 `man tidings` finds them.")?;
    Ok(ExitCode::SUCCESS)
}

/// A page for a command and for each below it, named as `man` has it: `tidings-sources-add.1`.
fn write_pages(command: &clap::Command, folder: &Path) -> std::io::Result<usize> {
    clap_mangen::Man::new(command.clone()).generate_to(folder)?;
    let mut pages = 1;
    for below in command.get_subcommands().filter(|below| !below.is_hide_set() && below.get_name() != "help") {
        pages += write_pages(below, folder)?;
    }
    Ok(pages)
}
