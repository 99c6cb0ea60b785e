//! tidings: reads the command, calls the flow, prints.

mod cli;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let _points = cli::points::set();
    cli::main(cli::args::Cli::parse())
}
