//! The pages of a home on a free port of loopback, and a browser that follows nothing by itself.

use std::net::SocketAddr;
use std::sync::Arc;

use jiff::Timestamp;
use reqwest::{Client, Method, RequestBuilder, Response};
use tidings::config::SecretName;
use tidings::flow::Setup;
use tidings::serve::web::{Reading, Site, serve};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// What the tests' token is.
pub const TOKEN: &str = "a token of the tests, long enough";

pub struct Pages {
    pub address: SocketAddr,
    client: Client,
    server: JoinHandle<()>,
}

impl Drop for Pages {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Pages {
    /// Serves it at this pretended time.
    pub async fn of(setup: &Setup, now: &str) -> Pages {
        let again = setup.clone();
        Pages::reading(setup, Box::new(move || Ok(again.clone())), now).await
    }

    /// The same, with what reads the home's two files when they change.
    pub async fn reading(setup: &Setup, read: Reading, now: &str) -> Pages {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let now: Timestamp = now.parse().unwrap();
        let secrets = |_: &SecretName| Ok(TOKEN.to_owned());
        let site = Site::open(setup.clone(), read, address, &secrets, Arc::new(move || now)).unwrap();
        let server = tokio::spawn(async move { serve(site, listener, std::future::pending()).await.unwrap() });
        let client = Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap();
        Pages { address, client, server }
    }

    pub fn ask(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("http://{}{path}", self.address))
    }

    pub async fn get(&self, path: &str) -> Response {
        self.ask(Method::GET, path).send().await.unwrap()
    }

    /// The words of a page that is there.
    pub async fn page(&self, path: &str) -> String {
        let response = self.get(path).await;
        let status = response.status();
        let words = response.text().await.unwrap();
        assert!(status.is_success(), "{path}: {status}\n{words}");
        words
    }

    /// Sends a form as a page of ours does.
    pub async fn send(&self, path: &str, form: &[(&str, &str)]) -> Response {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        self.ask(Method::POST, path)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("origin", format!("http://{}", self.address))
            .body(body)
            .send()
            .await
            .unwrap()
    }
}
