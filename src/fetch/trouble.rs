//! What went wrong on the way, in words that show no secret.

use std::io::ErrorKind;
use std::time::Duration;

use tokio::time::{Instant, timeout};
use url::Url;

use super::resolver::Refused;
use super::shown;
use crate::item::{Fault, FaultKind};

/// What the client's error means. Its own words may hold the whole address, so only its root cause is passed on.
pub(super) fn trouble(url: &Url, error: &reqwest::Error) -> Fault {
    let mut root: &dyn std::error::Error = error;
    let mut connect_failed = false;
    while let Some(source) = root.source() {
        root = source;
        if let Some(refused) = root.downcast_ref::<Refused>() {
            return forbidden(url, &behind(&refused.to_string()));
        }
        if let Some(io) = root.downcast_ref::<std::io::Error>() {
            connect_failed |= matches!(
                io.kind(),
                ErrorKind::ConnectionRefused
                    | ErrorKind::HostUnreachable
                    | ErrorKind::NetworkUnreachable
                    | ErrorKind::NetworkDown
                    | ErrorKind::AddrNotAvailable
            );
        }
    }
    let shown = shown(url);
    let (kind, what) = if error.is_timeout() {
        (
            FaultKind::Timeout,
            "no connection in time; the next run asks again, or raise the connect timeout in [network]".to_owned(),
        )
    } else if error.is_dns() {
        (
            FaultKind::Unreachable,
            format!("its name does not resolve ({root}); check the address and this machine's network"),
        )
    } else if error.is_connect() && connect_failed {
        (
            FaultKind::Unreachable,
            format!("nothing answers there ({root}); check the address and this machine's network"),
        )
    } else if error.is_connect() {
        (FaultKind::Broken, format!("no connection ({root}); see whether a browser trusts and reaches the site"))
    } else {
        (FaultKind::Broken, format!("the answer broke off or is no sound HTTP ({root}); the next run asks again"))
    };
    Fault::new(kind, format!("asking {shown}: {what}"))
}

/// An address that is not asked at all.
pub(super) fn forbidden(url: &Url, why: &str) -> Fault {
    Fault::new(FaultKind::Forbidden, format!("not asking {}: {why}", shown(url)))
}

/// The sentence for an address behind the firewall.
pub(super) fn behind(what: &str) -> String {
    format!(
        "{what}, and only public addresses are asked; if it is your own server, name it in `allow` under [network] in \
             tidings.toml and in the source's own line"
    )
}

/// Waits for something of an answer for as long as is left of `total_timeout`, and takes the time from what is left.
pub(super) async fn within<T>(
    left: &mut Duration,
    total_timeout: Duration,
    url: &Url,
    doing: impl Future<Output = T>,
) -> Result<T, Fault> {
    let started = Instant::now();
    let done = timeout(*left, doing).await;
    *left = left.saturating_sub(started.elapsed());
    done.map_err(|_| too_late(url, total_timeout))
}

/// No whole answer in the time that one request may take.
fn too_late(url: &Url, total_timeout: Duration) -> Fault {
    let message = format!(
        "asking {}: no whole answer within {} s; the next run asks again, or raise the total timeout in [network]",
        shown(url),
        total_timeout.as_secs_f32()
    );
    Fault::new(FaultKind::Timeout, message)
}

/// More than may be read.
pub(super) fn too_large(url: &Url, max_bytes: u64) -> Fault {
    let message = format!(
        "asking {}: the answer is larger than {max_bytes} bytes; if that is right for this feed, raise the limit in [network]",
        shown(url)
    );
    Fault::new(FaultKind::TooLarge, message)
}

/// A redirect that is not followed.
pub(super) fn redirect_fault(url: &Url, what: &str) -> Fault {
    Fault::new(
        FaultKind::Redirect,
        format!("asking {}: its redirect {what}; look in a browser for the feed's address", shown(url)),
    )
}
