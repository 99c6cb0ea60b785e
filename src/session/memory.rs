//! Memory is what reading a file must know of its earlier lines, so that a file read piece by piece gives the same turns as
//! one read at once.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::Setting;

/// Of one file. It is a few hundred bytes for a small one and some 200 KB at most. But for [`Memory::setting`] it holds no text,
/// only names and hashes: whoever stores it passes that through [`Memory::map`] first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Memory {
    /// Whose file it is, if a subagent's.
    pub subagent: Option<Arc<str>>,
    pub setting: Setting,
    /// Tools that were called and have not answered yet: hash of the call's id, name.
    pub calls: VecDeque<(u64, Arc<str>)>,
    /// Records that had turns.
    pub seen: Seen,
    /// Texts that stand once in the file so far and may come again in another record.
    pub copies: Copies,
    /// Typed prompts: hash of the record before it, line.
    pub prompts: VecDeque<(u64, u64)>,
    /// Hashes of the titles last read, by who gave them.
    pub titles: [u64; 3],
    /// Codex counts tokens from a session's start: input, cached input, cache writes, output as last told.
    pub told: [u64; 4],
    /// Codex: the session that its counts belong to; a fork goes on with its parent's.
    pub root: Option<Box<str>>,
}

impl Memory {
    /// Calls that wait for an answer; agents have some ten at once, and calls that were interrupted wait for ever.
    const MOST_CALLS: usize = 512;

    /// Prompts that a rewind can go back to.
    const MOST_PROMPTS: usize = 4096;

    /// Of a file that has not been read yet.
    pub fn new(subagent: Option<&str>) -> Memory {
        Memory { subagent: subagent.map(Arc::from), ..Memory::default() }
    }

    /// Changes the folder and the branch, the only text in it.
    pub fn map(mut self, mut change: impl FnMut(String) -> String) -> Memory {
        self.setting = self.setting.map(&mut change);
        self
    }

    /// A tool was called under this id.
    pub fn call(&mut self, id: &str, tool: &Arc<str>) {
        if self.calls.len() == Memory::MOST_CALLS {
            self.calls.pop_front();
        }
        self.calls.push_back((hash(id), Arc::clone(tool)));
    }

    /// The tool that was called under this id; it is asked once.
    pub fn answer(&mut self, id: &str) -> Option<Arc<str>> {
        let id = hash(id);
        let at = self.calls.iter().rposition(|(call, _)| *call == id)?;
        self.calls.remove(at).map(|(_, tool)| tool)
    }

    /// A prompt was typed after this record. Returns the line of the first prompt that follows the same record: from there on
    /// all was abandoned.
    pub fn prompt(&mut self, parent: Option<&str>, line: u64) -> Option<u64> {
        let parent = parent.map_or(0, hash);
        let first = self.prompts.iter().find(|(before, _)| *before == parent && parent != 0).map(|(_, line)| *line);
        // Several texts of one line are one prompt.
        if self.prompts.back().is_none_or(|(_, last)| *last != line) {
            if self.prompts.len() == Memory::MOST_PROMPTS {
                self.prompts.pop_front();
            }
            self.prompts.push_back((parent, line));
        }
        first
    }
}

/// The last records of a file, so that one that is appended again is known. The limit is in records that had turns; a
/// copy that comes later than that is taken for new.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    order: VecDeque<u64>,
    all: HashSet<u64>,
}

impl Seen {
    const MOST: usize = 16_384;

    pub fn has(&self, id: u64) -> bool {
        self.all.contains(&id)
    }

    pub fn insert(&mut self, id: u64) {
        if !self.all.insert(id) {
            return;
        }
        self.order.push_back(id);
        if self.order.len() > Seen::MOST
            && let Some(oldest) = self.order.pop_front()
        {
            self.all.remove(&oldest);
        }
    }
}

impl Serialize for Seen {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let bytes: Vec<u8> = self.order.iter().flat_map(|id| id.to_le_bytes()).collect();
        STANDARD_NO_PAD.encode(bytes).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Seen {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Seen, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = STANDARD_NO_PAD.decode(text).map_err(de::Error::custom)?;
        let order: VecDeque<u64> = bytes
            .chunks_exact(8)
            .map(|chunk| chunk.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
            .collect();
        Ok(Seen { all: order.iter().copied().collect(), order })
    }
}

/// Texts of which a file has two copies in records of two kinds, in either order, and which are wanted once.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Copies(VecDeque<(u8, u64)>);

impl Copies {
    /// Texts that wait for their copy; it follows within some records, if at all.
    const MOST: usize = 256;

    /// Whether this text is the second copy: it has stood in a record of another kind, and that one had no copy yet.
    pub fn is_second(&mut self, kind: u8, text: &str) -> bool {
        let text = hash(text.trim());
        if let Some(at) = self.0.iter().position(|(other, copy)| *copy == text && *other != kind) {
            self.0.remove(at);
            return true;
        }
        false
    }

    /// This text may come again in a record of another kind.
    pub fn expect(&mut self, kind: u8, text: &str) {
        if self.0.len() == Copies::MOST {
            self.0.pop_front();
        }
        self.0.push_back((kind, hash(text.trim())));
    }
}

/// FNV-1a of 64 bits: the same in every version of this program, which a hash that is stored must be. It tells apart, and
/// protects against nobody.
pub fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
