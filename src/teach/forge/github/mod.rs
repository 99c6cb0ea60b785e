//! GitHub's REST API as a forge: as the token of `[skills]`, on one branch of one repository.

mod visit;
mod limit;
mod refusal;
mod answers;
mod look;
mod write;

use std::fmt;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use jiff::Timestamp;
use octocrab::{AuthState, OctoBody, Octocrab, OctocrabBuilder};
use reqwest::Client;
use reqwest::header::HeaderValue;
use reqwest::redirect::Policy;

use super::memory::Memory;
use super::seen::Seen;
use super::{Answer, Forge, Note, Opened};
use crate::config::{Network, SecretName, Skills};
use crate::lesson::Proposal;

pub use refusal::classic;

/// How long one visit waits for a secondary rate limit before it goes home: a minute is what GitHub asks for where it names
/// nothing.
const PATIENCE: Duration = Duration::from_secs(90);

/// The live API of github.com, or of an Enterprise server. No redirect is followed, so the token goes nowhere else.
pub struct Github {
    skills: Skills,
    network: Network,
    authorization: HeaderValue,
    /// To take it out of whatever a server repeats.
    token: String,
    api: Octocrab,
    patience: Duration,
}

/// The token stays out of every log.
impl fmt::Debug for Github {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Github").field("repository", &self.skills.repository).finish_non_exhaustive()
    }
}

impl Github {
    /// Reads the token, and asks nothing yet.
    ///
    /// # Errors
    /// When it is missing, is no token, or is a classic one, which could write to every repository of its owner.
    pub fn open(skills: &Skills, network: &Network, secrets: &dyn Fn(&SecretName) -> Result<String>) -> Result<Github> {
        let token =
            secrets(&skills.token).with_context(|| format!("the token of [skills]; {}", refusal::new_token(skills)))?;
        let token = token.trim().to_owned();
        if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            bail!(
                "the token of [skills] is empty, or no text that a header could hold; {}",
                refusal::new_token(skills)
            );
        }
        if classic(&token) {
            bail!("{}", refusal::no_classic(skills));
        }
        let mut authorization = HeaderValue::from_str(&format!("Bearer {token}")).expect("a token is plain text");
        authorization.set_sensitive(true);
        let client = Client::builder()
            .user_agent(concat!("tidings/", env!("CARGO_PKG_VERSION")))
            .redirect(Policy::none())
            .referer(false)
            .no_proxy()
            .connect_timeout(network.connect_timeout)
            .build()
            .context("preparing to ask the forge; are this system's certificates installed?")?;
        // `build_with_reqwest` would do the same, and send a second User-Agent.
        let service = tower::service_fn(move |request: http::Request<OctoBody>| {
            let client = client.clone();
            async move {
                let request = reqwest::Request::try_from(request.map(reqwest::Body::wrap))?;
                client.execute(request).await.map(http::Response::<reqwest::Body>::from)
            }
        });
        let Ok(api) = OctocrabBuilder::new_empty().with_service(service).with_auth(AuthState::None).build();
        let (skills, network) = (skills.clone(), network.clone());
        Ok(Github { skills, network, authorization, token, api, patience: PATIENCE })
    }

    /// The same, waiting so long at most.
    pub fn with_patience(self, patience: Duration) -> Github {
        Github { patience, ..self }
    }
}

impl Forge for Github {
    fn look<'a>(&'a self, memory: &'a Memory, now: Timestamp) -> Answer<'a, Seen> {
        Box::pin(async move { self.visit(memory, now)?.look(memory).await })
    }

    fn open<'a>(
        &'a self,
        proposal: &'a Proposal,
        seen: &'a Seen,
        memory: &'a mut Memory,
        note: Note<'a>,
        now: Timestamp,
    ) -> Answer<'a, Opened> {
        Box::pin(async move { self.visit(memory, now)?.open(proposal, seen, memory, note).await })
    }

    fn remark<'a>(
        &'a self,
        request: u64,
        who: &'a str,
        memory: &'a mut Memory,
        note: Note<'a>,
        now: Timestamp,
    ) -> Answer<'a, ()> {
        Box::pin(async move { self.visit(memory, now)?.remark(request, who, memory, note).await })
    }

    fn withdraw<'a>(&'a self, request: u64, memory: &'a mut Memory, note: Note<'a>, now: Timestamp) -> Answer<'a, ()> {
        Box::pin(async move { self.visit(memory, now)?.withdraw(request, memory, note).await })
    }
}
