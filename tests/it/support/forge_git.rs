//! Git's objects, as a forge stores them: blobs, trees and commits under the hashes that git gives them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Who made a commit, and when (RFC 3339).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    pub name: String,
    pub email: String,
    pub date: String,
}

#[derive(Debug, Clone)]
pub struct Commit {
    pub tree: String,
    pub parents: Vec<String>,
    pub author: Signature,
    pub committer: Signature,
    pub message: String,
}

/// By name: mode and hash.
pub type Tree = BTreeMap<String, (String, String)>;

/// The objects of a network of forks, which share them.
#[derive(Default)]
pub struct Git {
    pub blobs: BTreeMap<String, Vec<u8>>,
    pub trees: BTreeMap<String, Tree>,
    pub commits: BTreeMap<String, Commit>,
}

impl Git {
    pub fn blob(&mut self, bytes: &[u8]) -> String {
        let id = hash("blob", bytes);
        self.blobs.insert(id.clone(), bytes.to_vec());
        id
    }

    pub fn tree(&mut self, tree: Tree) -> String {
        // Git sorts folders as if their names ended with a slash.
        let mut leaves: Vec<_> = tree.iter().collect();
        leaves.sort_by_key(|(name, (mode, _))| if mode == "040000" { format!("{name}/") } else { (*name).clone() });
        let mut bytes = Vec::new();
        for (name, (mode, id)) in leaves {
            bytes.extend(format!("{} {name}\0", mode.trim_start_matches('0')).bytes());
            bytes.extend((0..40).step_by(2).map(|at| u8::from_str_radix(&id[at..at + 2], 16).unwrap()));
        }
        let id = hash("tree", &bytes);
        self.trees.insert(id.clone(), tree);
        id
    }

    pub fn commit(&mut self, commit: Commit) -> String {
        let mut text = format!("tree {}\n", commit.tree);
        for parent in &commit.parents {
            text += &format!("parent {parent}\n");
        }
        for (word, who) in [("author", &commit.author), ("committer", &commit.committer)] {
            let seconds = who.date.parse::<jiff::Timestamp>().map_or(0, |date| date.as_second());
            text += &format!("{word} {} <{}> {seconds} +0000\n", who.name, who.email);
        }
        text += &format!("\n{}", commit.message);
        let id = hash("commit", text.as_bytes());
        self.commits.insert(id.clone(), commit);
        id
    }

    /// A tree with a file written or (None) taken away, whatever folders that needs.
    pub fn with(&mut self, tree: &str, path: &str, leaf: Option<(String, String)>) -> String {
        let mut own = self.trees.get(tree).cloned().unwrap_or_default();
        match path.split_once('/') {
            None => match leaf {
                Some(leaf) => drop(own.insert(path.to_owned(), leaf)),
                None => drop(own.remove(path)),
            },
            Some((folder, rest)) => {
                let below = own.get(folder).map_or_else(String::new, |(_, id)| id.clone());
                let below = self.with(&below, rest, leaf);
                match self.trees[&below].is_empty() {
                    true => drop(own.remove(folder)),
                    false => drop(own.insert(folder.to_owned(), ("040000".to_owned(), below))),
                }
            }
        }
        self.tree(own)
    }

    /// Every file of a tree: mode and hash by path; folders too.
    pub fn files(&self, tree: &str) -> BTreeMap<String, (String, String)> {
        let mut files = BTreeMap::new();
        for (name, (mode, id)) in &self.trees[tree] {
            files.insert(name.clone(), (mode.clone(), id.clone()));
            if mode == "040000" {
                let below = self.files(id);
                files.extend(below.into_iter().map(|(path, leaf)| (format!("{name}/{path}"), leaf)));
            }
        }
        files
    }

    /// The bytes of a file at a commit.
    pub fn file(&self, commit: &str, path: &str) -> Option<Vec<u8>> {
        let (_, id) = self.files(&self.commits.get(commit)?.tree).remove(path)?;
        self.blobs.get(&id).cloned()
    }

    /// Paths of files that differ between two trees.
    pub fn changed(&self, one: &str, other: &str) -> BTreeSet<String> {
        let (one, other) = (self.files(one), self.files(other));
        let paths: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
        let differs = |path: &&String| one.get(*path) != other.get(*path);
        let is_file = |path: &&String| {
            [&one, &other].iter().filter_map(|files| files.get(*path)).any(|(mode, _)| mode != "040000")
        };
        paths.into_iter().filter(differs).filter(is_file).cloned().collect()
    }

    /// A commit and all before it, newest first.
    pub fn history(&self, commit: &str) -> Vec<String> {
        let (mut found, mut queue) = (Vec::new(), VecDeque::from([commit.to_owned()]));
        while let Some(id) = queue.pop_front() {
            if !found.contains(&id) {
                queue.extend(self.commits[&id].parents.iter().cloned());
                found.push(id);
            }
        }
        found
    }
}

/// SHA-1 over git's head and the bytes (FIPS 180-4).
fn hash(kind: &str, bytes: &[u8]) -> String {
    let mut text = format!("{kind} {}\0", bytes.len()).into_bytes();
    text.extend(bytes);
    let bits = (text.len() as u64) * 8;
    text.push(0x80);
    while text.len() % 64 != 56 {
        text.push(0);
    }
    text.extend(bits.to_be_bytes());
    let mut state: [u32; 5] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0];
    for block in text.chunks(64) {
        let mut words: Vec<u32> = block.chunks(4).map(|four| u32::from_be_bytes(four.try_into().unwrap())).collect();
        for at in 16..80 {
            words.push((words[at - 3] ^ words[at - 8] ^ words[at - 14] ^ words[at - 16]).rotate_left(1));
        }
        let [mut a, mut b, mut c, mut d, mut e] = state;
        for (at, word) in words.into_iter().enumerate() {
            let (mixed, constant) = match at {
                0..20 => ((b & c) | (!b & d), 0x5a82_7999),
                20..40 => (b ^ c ^ d, 0x6ed9_eba1),
                40..60 => ((b & c) | (b & d) | (c & d), 0x8f1b_bcdc),
                _ => (b ^ c ^ d, 0xca62_c1d6_u32),
            };
            let next = a.rotate_left(5).wrapping_add(mixed).wrapping_add(e).wrapping_add(constant).wrapping_add(word);
            (a, b, c, d, e) = (next, a, b.rotate_left(30), c, d);
        }
        for (own, new) in state.iter_mut().zip([a, b, c, d, e]) {
            *own = own.wrapping_add(new);
        }
    }
    state.map(|word| format!("{word:08x}")).concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_have_the_hashes_that_git_gives_them() {
        let mut git = Git::default();
        // `git hash-object` of an empty file and of "hello\n"; `git write-tree` of nothing.
        assert_eq!(git.blob(b""), "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
        assert_eq!(git.blob(b"hello\n"), "ce013625030ba8dba906f756967f9e9ca394464a");
        assert_eq!(git.tree(Tree::new()), "4b825dc642cb6eb9a060e54bf8d69288fbee4904");
    }
}
