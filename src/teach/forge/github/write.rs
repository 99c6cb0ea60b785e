//! Writing: one commit, one branch, one request, one comment. All that this house ever writes to a forge is on this page.

use fail::fail_point;
use serde_json::{Value, json};

use super::super::calls::{self, Call, below};
use super::super::check::unfit;
use super::super::memory::{Memory, Pushed};
use super::super::plan::{Whose, needs_edit, needs_push, whose};
use super::super::seen::{Request, Seen, State};
use super::super::trouble::Trouble;
use super::super::{Note, Opened};
use super::answers::{Commit, Pull, Tree};
use super::visit::{Right, Visit};
use crate::lesson::Proposal;

/// How the one comment begins, by which it is known again.
pub(super) const REMARK: &str = "tidings leaves this request alone from now on";

impl Visit<'_> {
    pub(super) async fn open(
        &mut self,
        proposal: &Proposal,
        seen: &Seen,
        memory: &mut Memory,
        note: Note<'_>,
    ) -> Result<Opened, Trouble> {
        unfit(proposal, seen, &self.github.skills)?;
        let whose = whose(seen, memory);
        if let Whose::Theirs(who) = &whose {
            let branch = &self.github.skills.branch;
            return Err(Trouble::Moved(format!("{branch} holds a commit of {who}, and is left alone")));
        }
        if let (Whose::Ours, Some(branch)) = (&whose, &seen.branch) {
            // Known for sure from here on, whether it was remembered, announced, or believed.
            let known = memory.pushed.take().filter(|pushed| pushed.commit == branch.head);
            let base = branch.parents.first().cloned().unwrap_or_default();
            let found = || Pushed { commit: branch.head.clone(), base, tree: String::new(), at: self.now() };
            memory.pushed = Some(known.unwrap_or_else(found));
            memory.announced = None;
        }
        if needs_push(seen, proposal, &whose) {
            self.push(proposal, seen, memory, note).await?;
        }
        let opened = match seen.open_request() {
            Some(request) => self.edit(request, proposal, seen, memory).await?,
            None => self.request(proposal, seen, memory).await?,
        };
        fail_point!("forge-opened");
        memory.note_said(opened.number, proposal);
        keep(memory, note)?;
        Ok(opened)
    }

    /// One commit on the base, and the branch on it.
    async fn push(
        &mut self,
        proposal: &Proposal,
        seen: &Seen,
        memory: &mut Memory,
        note: Note<'_>,
    ) -> Result<(), Trouble> {
        let skills = &self.github.skills;
        let call = calls::tree(proposal, seen, skills);
        let tree: Tree = self.make(&call, "to store the files", Right::Contents).await?;
        let call = calls::commit(proposal, seen, skills, &tree.sha, self.now());
        let commit: Commit = self.make(&call, "to store the commit", Right::Contents).await?;
        fail_point!("forge-committed");
        memory.announced = Some(commit.sha.clone());
        keep(memory, note)?;
        fail_point!("forge-announced");

        // GitHub's REST API moves a branch wherever it stands; looking once more leaves a moment, not minutes.
        let was = seen.branch.as_ref().map(|branch| branch.head.clone());
        if self.head().await? != was {
            let message = format!("{} has moved while we looked; the next run looks again", skills.branch);
            return Err(Trouble::Moved(message));
        }
        let doing = format!("to move {}", skills.branch);
        let said = self.write(&calls::branch(seen, skills, &commit.sha), &doing).await?;
        match said.status {
            200..=299 => {}
            422 if said.words.contains("Reference already exists")
                || said.words.contains("Reference does not exist") =>
            {
                let message = format!("{} came or went while we looked; the next run looks again", skills.branch);
                return Err(Trouble::Moved(message));
            }
            _ => return Err(self.refused(&said, &doing, Right::Contents)),
        }
        fail_point!("forge-pushed");
        let (commit, base, tree) = (commit.sha, seen.base.clone(), tree.sha);
        memory.pushed = Some(Pushed { commit, base, tree, at: self.now() });
        memory.announced = None;
        keep(memory, note)
    }

    /// A new request. GitHub says 422 where there is one already: another run was faster, or the answer to ours was lost.
    async fn request(&mut self, proposal: &Proposal, seen: &Seen, memory: &Memory) -> Result<Opened, Trouble> {
        const DOING: &str = "to open the request";
        let said = self.write(&calls::request(proposal, seen, &self.github.skills), DOING).await?;
        if said.status == 422 && said.words.contains("already exists") {
            let requests = self.requests().await?;
            return match requests.iter().find(|request| request.state == State::Open) {
                Some(request) => self.edit(request, proposal, seen, memory).await,
                None => Err(self.refused(&said, DOING, Right::Pulls)),
            };
        }
        if !(200..=299).contains(&said.status) {
            return Err(self.refused(&said, DOING, Right::Pulls));
        }
        let made: Pull = self.parsed(said.json, DOING)?;
        Ok(Opened { number: made.number, url: made.html_url, is_new: true })
    }

    /// The request that is there, with other words if it has others.
    async fn edit(
        &mut self,
        request: &Request,
        proposal: &Proposal,
        seen: &Seen,
        memory: &Memory,
    ) -> Result<Opened, Trouble> {
        let number = request.number;
        if needs_edit(request, seen, proposal, memory) {
            let call = calls::edit(request, proposal, seen, &self.github.skills);
            let edited: Pull = self.make(&call, &format!("to edit #{number}"), Right::Pulls).await?;
            if edited.state != "open" {
                return Err(Trouble::Moved(format!("#{number} was closed while we looked; the next run takes it in")));
            }
        }
        Ok(Opened { number, url: request.url.clone(), is_new: false })
    }

    pub(super) async fn remark(
        &mut self,
        request: u64,
        who: &str,
        memory: &mut Memory,
        note: Note<'_>,
    ) -> Result<(), Trouble> {
        let path = below(&self.github.skills.repository, &format!("/issues/{request}/comments"));
        let call = Call { method: "POST", path, body: json!({ "body": remark(who, &self.github.skills.branch) }) };
        let _: Value = self.make(&call, &format!("to comment on #{request}"), Right::Pulls).await?;
        fail_point!("forge-remarked");
        memory.remarked.insert(request);
        keep(memory, note)
    }

    pub(super) async fn withdraw(&mut self, request: u64, memory: &mut Memory, note: Note<'_>) -> Result<(), Trouble> {
        // Before: a closing that we don't remember as ours would decline what the request says.
        memory.withdrawn.insert(request);
        keep(memory, note)?;
        fail_point!("forge-withdrawing");
        let path = below(&self.github.skills.repository, &format!("/pulls/{request}"));
        let call = Call { method: "PATCH", path, body: json!({ "state": "closed" }) };
        let _: Pull = self.make(&call, &format!("to close #{request}"), Right::Pulls).await?;
        Ok(())
    }
}

/// The comment. A name is foreign text: it calls nobody and formats nothing.
fn remark(who: &str, branch: &str) -> String {
    let who: String = who.chars().filter(|sign| sign.is_alphanumeric() || " .'-".contains(*sign)).take(60).collect();
    let who = if who.trim().is_empty() { "somebody" } else { who.trim() };
    format!(
        "{REMARK}: `{branch}` holds a commit by {who}, and nothing here overwrites a person's work. Merge it as it is, \
         change it further, or close it, which declines its entries. What is new waits until this request is over."
    )
}

fn keep(memory: &Memory, note: Note<'_>) -> Result<(), Trouble> {
    note(memory).map_err(|error| Trouble::NotKept(format!("keeping what was done at the forge: {error:#}")))
}
