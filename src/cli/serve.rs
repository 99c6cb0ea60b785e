//! `tidings serve`: the pages, until somebody says stop.

use std::process::ExitCode;

use anyhow::Context;
use tidings::serve::web::{Site, serve as serve_pages};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use super::args::ServeArgs;
use super::exit::Failure;
use super::home::secret;
use super::{Desk, say};

pub async fn serve(desk: &Desk, args: &ServeArgs) -> Result<ExitCode, Failure> {
    let setup = desk.setup()?;
    let listen = args.listen.unwrap_or(setup.config.web.listen);
    let folder = setup.home.folder().to_owned();
    let again = desk.clone();
    let read = Box::new(move || again.setup().map_err(Failure::in_words));
    let site =
        Site::open(setup, read, listen, &secret, desk.clock()).map_err(|error| Failure::Wrong(format!("{error:#}")))?;
    let listener = TcpListener::bind(listen).await.with_context(|| {
        format!("listening on {listen}: another program may be there, and --listen names another address")
    })?;
    let address = listener.local_addr().context("finding the address of the pages")?;
    let mut terminate = signal(SignalKind::terminate()).context("waiting for a signal")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("waiting for a signal")?;
    match desk.json {
        true => desk.print_json(&serde_json::json!({ "version": 1, "url": format!("http://{address}/") }))?,
        false => say(&format!("The pages of {} are at http://{address}/ until Ctrl-C.", folder.display()))?,
    }
    let stop = async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    };
    serve_pages(site, listener, stop).await?;
    Ok(ExitCode::SUCCESS)
}
