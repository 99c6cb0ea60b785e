//! tidings: reads the command, calls the flow, prints.

mod cli;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let _points = cli::points::set();
    let cli = cli::args::Cli::try_parse();
    cli::main(cli.unwrap_or_else(|error| cli::hook::forgive(error)))
}
