//! The body of an answer, read within the limits of every door.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt as _;
use http_body_util::combinators::BoxBody;
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use serde::Deserialize;
use url::Url;

use super::{Github, header};
use crate::fetch::room::Share;
use crate::fetch::trouble::too_large;
use crate::fetch::validators::mark;
use crate::guard::text;
use crate::item::Fault;
use crate::page::{Page, Room};

/// Of an answer that says no: GitHub's own are below a kilobyte.
const MAX_REFUSAL_BYTES: u64 = 64_000;

/// Of GitHub's words, in characters.
const MAX_SAID_CHARS: usize = 300;

/// As octocrab hands it out.
pub(super) type Body = BoxBody<Bytes, octocrab::Error>;

/// GitHub's words for a no, by "REST API: Troubleshooting".
#[derive(Deserialize)]
struct Refusal {
    message: String,
    #[serde(default)]
    errors: Vec<serde_json::Value>,
}

impl Github {
    pub(super) async fn page(
        &self,
        url: &Url,
        headers: &HeaderMap,
        body: Body,
        left: &mut Duration,
    ) -> Result<Page, Fault> {
        let (bytes, share) = self.bytes(url, body, self.network.max_bytes, left).await?;
        let content_type = header(headers, CONTENT_TYPE.as_str()).map(str::to_owned);
        Ok(Page { url: url.clone(), content_type, bytes, mark: mark(url, headers), room: Room::of(share) })
    }

    /// What an answer that says no says besides, on one line; nothing if it says nothing that is for people.
    pub(super) async fn said(&self, url: &Url, body: Body, left: &mut Duration) -> String {
        let Ok((bytes, _)) = self.bytes(url, body, MAX_REFUSAL_BYTES, left).await else { return String::new() };
        let Ok(Refusal { message, errors }) = serde_json::from_slice(&bytes) else { return String::new() };
        let more = errors.iter().filter_map(|error| error.as_str().or_else(|| error.get("message")?.as_str()));
        let said: Vec<&str> = std::iter::once(message.as_str()).chain(more).collect();
        text::excerpt(&text::one_line(&said.join(": ")), MAX_SAID_CHARS)
    }

    /// Reads a body, and stops at the limit.
    async fn bytes(
        &self,
        url: &Url,
        mut body: Body,
        max_bytes: u64,
        left: &mut Duration,
    ) -> Result<(Vec<u8>, Share), Fault> {
        let (mut bytes, mut share) = (Vec::new(), Share::default());
        while let Some(frame) = self.within(left, url, async { body.frame().await.transpose() }).await? {
            // Trailers say nothing that counts here.
            let Ok(chunk) = frame.into_data() else { continue };
            let length = bytes.len() + chunk.len();
            if length as u64 > max_bytes {
                return Err(too_large(url, max_bytes));
            }
            while !self.room.fits(&mut share, length) {
                self.room.more(&mut share).await;
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok((bytes, share))
    }
}
