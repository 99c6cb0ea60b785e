//! A proposal as `git format-patch` would write it, for those who have no token: `git am` makes the commit, `git apply` the change alone.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Zoned;

use crate::lesson::Proposal;

use super::diff;

/// Who made a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Author<'t> {
    pub name: &'t str,
    pub email: &'t str,
}

/// The patch as one message. Where a file has Windows' line ends, `git am --keep-cr` applies it; git takes the committer from whoever
/// applies it.
pub fn format_patch(proposal: &Proposal, author: Author<'_>, at: &Zoned) -> String {
    let date = at.strftime("%a, %d %b %Y %H:%M:%S %z");
    let ids: Vec<String> = proposal.entries.iter().map(|(id, _)| id.to_string()).collect();
    let [reference, manifest] = [&proposal.reference, &proposal.manifest];
    let patch: String = [reference, manifest]
        .iter()
        .map(|file| diff::unified(&file.path, file.before.as_deref(), &file.after))
        .collect();
    // The line that begins a message in a mailbox; its date is the one that git writes there itself.
    format!(
        "From 0000000000000000000000000000000000000000 Mon Sep 17 00:00:00 2001\n\
         From: {name} <{email}>\n\
         Date: {date}\n\
         Subject: [PATCH] {title}\n\
         MIME-Version: 1.0\n\
         Content-Type: text/plain; charset=UTF-8\n\
         Content-Transfer-Encoding: 8bit\n\
         \n\
         {ids}\n\
         ---\n\
         \n\
         {patch}-- \n\
         tidings\n\n",
        name = phrase(author.name),
        email = plain(author.email).replace(['<', '>', ' '], ""),
        title = plain(&proposal.title),
        ids = ids.join("\n"),
    )
}

/// A name as a header may hold it (RFC 5322, 3.2.5; RFC 2047 for other letters).
fn phrase(name: &str) -> String {
    let name = plain(name);
    if !name.is_ascii() {
        return format!("=?UTF-8?B?{}?=", STANDARD.encode(name));
    }
    if name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b' ' || b == b'-') {
        return name;
    }
    format!("\"{}\"", name.replace(['"', '\\'], "'"))
}

/// One line.
fn plain(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect::<String>().trim().to_owned()
}
