//! `tidings mcp`: answers an agent's questions over standard input and output.

use std::process::ExitCode;
use std::sync::Arc;

use jiff::Timestamp;
use tidings::flow::Clock;
use tidings::flow::answers::Shelf;
use tidings::serve::mcp;

use super::Desk;
use super::exit::Failure;

/// Serves until the client hangs up. Nothing but the protocol goes to stdout.
pub async fn mcp(desk: &Desk, pretended: Option<Timestamp>) -> Result<ExitCode, Failure> {
    let clock: Clock = Arc::new(move || pretended.unwrap_or_else(Timestamp::now));
    let served =
        mcp::serve(mcp::Desk { shelf: Arc::new(Shelf::of(&desk.home()?)), clock, own: desk.session.clone() }).await;
    // What is still being looked up has nobody to go to: the client is gone.
    match served {
        Ok(()) => std::process::exit(0),
        Err(error) => std::process::exit(i32::from(Failure::from(error).report() != ExitCode::SUCCESS)),
    }
}
