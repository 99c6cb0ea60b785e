//! The line to a server of models: one address, its key, and answers of a bounded size.

use std::time::Duration;

use reqwest::header::{AUTHORIZATION, HeaderValue, LOCATION, SERVER};
use reqwest::{Client, Method, StatusCode, redirect};
use serde_json::Value;
use url::Url;

use super::Trouble;
use crate::guard::text::excerpt;

/// Of an answer, in bytes. A verdict has one or two thousand, a written answer some ten thousand; the rest is a mistake.
const MOST_ANSWER: usize = 1 << 20;

/// One server.
pub(super) struct Line {
    client: Client,
    /// Without `/v1` and without a slash at its end.
    base: Url,
    key: Option<HeaderValue>,
}

/// What a server answered, whatever its status.
pub(super) struct Heard {
    pub(super) status: StatusCode,
    /// The header of that name; empty without one.
    pub(super) server: String,
    /// Where it sends us instead.
    pub(super) location: Option<String>,
    pub(super) bytes: Vec<u8>,
}

impl Heard {
    /// The answer as JSON; Null where it is none.
    pub(super) fn value(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or(Value::Null)
    }
}

impl Line {
    /// The address is a person's own line: it may be any, on this machine too. The key goes to it alone, since no redirect is
    /// followed and no proxy is asked.
    pub(super) fn new(base: &Url, key: Option<&str>, connect: Duration) -> Result<Line, Trouble> {
        let client = Client::builder()
            .redirect(redirect::Policy::none())
            .no_proxy()
            .connect_timeout(connect)
            .user_agent(concat!("tidings/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| Trouble::Refused(format!("preparing to ask the model: {error}")))?;
        let key = key.map(|key| {
            let mut value = HeaderValue::from_str(&format!("Bearer {}", key.trim())).map_err(|_| {
                Trouble::Refused("the key of [model] cannot stand in a header; copy it again".to_owned())
            })?;
            value.set_sensitive(true);
            Ok(value)
        });
        let mut base = base.clone();
        let path = base.path().trim_end_matches('/');
        let path = path.strip_suffix("/v1").unwrap_or(path).to_owned();
        base.set_path(&path);
        base.set_query(None);
        base.set_fragment(None);
        Ok(Line { client, base, key: key.transpose()? })
    }

    /// For people: `http://127.0.0.1:8080`.
    pub(super) fn address(&self) -> &str {
        self.base.as_str().trim_end_matches('/')
    }

    pub(super) async fn get(&self, path: &str, timeout: Duration) -> Result<Heard, Trouble> {
        self.call(Method::GET, path, None, timeout).await
    }

    pub(super) async fn post(&self, path: &str, body: &Value, timeout: Duration) -> Result<Heard, Trouble> {
        self.call(Method::POST, path, Some(body), timeout).await
    }

    async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        timeout: Duration,
    ) -> Result<Heard, Trouble> {
        let url = format!("{}{path}", self.address());
        let mut request = self.client.request(method, url).timeout(timeout);
        if let Some(key) = &self.key {
            request = request.header(AUTHORIZATION, key.clone());
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let mut response = request.send().await.map_err(|error| self.trouble(error, timeout))?;
        let header = |name| {
            let value = response.headers().get(name).and_then(|value: &HeaderValue| value.to_str().ok());
            value.map(|value| excerpt(value, 200))
        };
        let (status, server, location) = (response.status(), header(SERVER).unwrap_or_default(), header(LOCATION));
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.trouble(error, timeout))? {
            bytes.extend_from_slice(&chunk);
            if bytes.len() > MOST_ANSWER {
                let words = format!("{} answered with more than {MOST_ANSWER} bytes", self.address());
                return Err(Trouble::Nonsense(words));
            }
        }
        Ok(Heard { status, server, location, bytes })
    }

    fn trouble(&self, error: reqwest::Error, timeout: Duration) -> Trouble {
        if error.is_connect() {
            return Trouble::Away(format!("nothing answers at {}: {}", self.address(), chain(error)));
        }
        if error.is_timeout() {
            let words = format!("{} gave no whole answer within {} s", self.address(), timeout.as_secs_f64());
            return Trouble::Failed(words);
        }
        Trouble::Failed(format!("no whole answer from {}: {}", self.address(), chain(error)))
    }
}

/// The last cause says most: "Connection refused (os error 111)".
fn chain(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut last: &dyn std::error::Error = &error;
    while let Some(cause) = last.source() {
        last = cause;
    }
    excerpt(&last.to_string(), 200)
}
