//! Connections: how many, how long, and how slow a client may be.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use axum::extract::{Extension, Request};
use axum::{Router, body::Body};
use hyper::body::Incoming;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tower::{Layer, Service, ServiceExt};
use tracing::{debug, warn};

use super::peer;
use super::visitor::Peer;

/// Connections at once; further ones wait to be taken. A hundred people with six each find room.
const AT_ONCE: usize = 640;
/// For the head of a request: a client that is slower holds a place that others need.
const HEAD: Duration = Duration::from_secs(10);
/// Of a request's head. Our longest addresses have a few hundred bytes, cookies of other pages on the host a few thousand.
const MOST_HEAD: usize = 64 * 1024;
/// Of one connection, however busy it is: a client that reads a byte a second is cut off by it.
const LONGEST: Duration = Duration::from_secs(300);
/// For the pages that are under way when it ends.
const PARTING: Duration = Duration::from_secs(3);

pub(super) async fn serve(router: Router, listener: TcpListener, stop: impl Future<Output = ()>) -> Result<()> {
    let here = listener.local_addr()?;
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let parting = GracefulShutdown::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        let place = tokio::select! {
            () = &mut stop => break,
            place = places.clone().acquire_owned() => place?,
        };
        let accepted = tokio::select! {
            () = &mut stop => break,
            accepted = listener.accept() => accepted,
        };
        let (stream, from) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of files, most likely: those who are served free some.
                warn!("taking a connection: {error}");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let (router, watcher) = (router.clone(), parting.watcher());
        tokio::spawn(async move {
            let _place = place;
            // The kernel's tables are long: those who wait to be taken must not wait for them.
            let is_ours = tokio::task::spawn_blocking(move || peer::is_ours(from, here)).await.unwrap_or(false);
            let router = Extension(Peer { address: from.ip().to_canonical(), is_ours }).layer(router);
            let service = hyper::service::service_fn(move |request: hyper::Request<Incoming>| {
                let request: Request = request.map(Body::new);
                let mut router = router.clone();
                async move {
                    let ready = ServiceExt::<Request>::ready(&mut router).await?;
                    ready.call(request).await
                }
            });
            let connection = hyper::server::conn::http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEAD)
                .max_buf_size(MOST_HEAD)
                .serve_connection(TokioIo::new(stream), service);
            if let Ok(Err(error)) = tokio::time::timeout(LONGEST, watcher.watch(connection)).await {
                debug!("a connection broke: {error}");
            }
        });
    }
    let _ = tokio::time::timeout(PARTING, parting.shutdown()).await;
    Ok(())
}
