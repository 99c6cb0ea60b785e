//! tidings: reads the command, calls the flow, prints.

mod cli;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    cli::main(cli::args::Cli::parse())
}
