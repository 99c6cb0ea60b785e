//! The router hands each request to the door that knows how to ask for it.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::github::Github;
use super::reddit::Reddit;
use super::web::Web;
use super::{Carried, Carrier};
use crate::page::{Request, Wanted};

/// All doors through which pages come in.
pub struct Router {
    pub web: Web,
    pub github: Github,
    pub reddit: Reddit,
}

impl Carrier for Router {
    fn carry<'a>(&'a self, request: &'a Request) -> Carried<'a> {
        match request.wanted {
            Wanted::Github => self.github.carry(request),
            Wanted::Reddit => self.reddit.carry(request),
            Wanted::Feed | Wanted::Page | Wanted::Text | Wanted::Json | Wanted::Robots => self.web.carry(request),
        }
    }

    fn holds(&self) -> BTreeMap<String, Timestamp> {
        let mut holds = self.web.holds();
        for (name, until) in self.github.holds().into_iter().chain(self.reddit.holds()) {
            let known = holds.entry(name).or_insert(until);
            *known = until.max(*known);
        }
        holds
    }
}
