//! A recorded answer as text that a person can read and write: an HTTP/1.1 message, or one line that names a fault.

use std::fmt::Write as _;

use jiff::Timestamp;

use crate::item::{Fault, FaultKind};

/// What a record file holds.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Record {
    Message(Message),
    /// `FAULT <kind>: <message>`, and perhaps `retry-at: <time>` on a line below.
    Fault(Fault),
}

/// `HTTP/1.1 200 OK`, headers, an empty line, the decoded body.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Message {
    pub(super) status: u16,
    /// Names in lower case, in order.
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Message {
    /// The first header of that name; `name` in lower case.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

impl Record {
    /// Lines end in LF; header values and messages lose their line ends.
    pub(super) fn write(&self) -> Vec<u8> {
        match self {
            Record::Message(message) => {
                let reason =
                    reqwest::StatusCode::from_u16(message.status).ok().and_then(|code| code.canonical_reason());
                let mut head = format!("HTTP/1.1 {} {}\n", message.status, reason.unwrap_or("Unnamed"));
                for (name, value) in &message.headers {
                    let _ = writeln!(head, "{name}: {}", one_line(value));
                }
                head.push('\n');
                let mut bytes = head.into_bytes();
                bytes.extend_from_slice(&message.body);
                bytes
            }
            Record::Fault(fault) => {
                let mut text = format!("FAULT {}: {}\n", kind_word(fault.kind), one_line(&fault.message));
                if let Some(retry_at) = fault.retry_at {
                    let _ = writeln!(text, "retry-at: {retry_at}");
                }
                text.into_bytes()
            }
        }
    }

    /// Lines of the head may end in LF or CRLF; the body is taken as it is. The error names the line and the remedy.
    pub(super) fn read(bytes: &[u8]) -> Result<Record, String> {
        let mut lines = Lines { rest: bytes, number: 0 };
        let first = lines.next()?.unwrap_or_default();
        if let Some(fault) = first.strip_prefix("FAULT ") {
            return read_fault(fault, lines);
        }
        let status = first
            .strip_prefix("HTTP/1.1 ")
            .and_then(|rest| rest.split(' ').next())
            .and_then(|digits| digits.parse().ok())
            .filter(|status| (100..1000).contains(status))
            .ok_or("line 1 should be like `HTTP/1.1 200 OK` or `FAULT timeout: what happened`")?;
        let mut headers = Vec::new();
        while let Some(line) = lines.next()?.filter(|line| !line.is_empty()) {
            let (name, value) = lines.header(&line)?;
            headers.push((name, value));
        }
        Ok(Record::Message(Message { status, headers, body: lines.rest.to_vec() }))
    }
}

fn read_fault(text: &str, mut lines: Lines<'_>) -> Result<Record, String> {
    let (word, message) = text.split_once(": ").ok_or("line 1 should be like `FAULT timeout: what happened`")?;
    let kind = serde_json::from_value(word.into()).map_err(|_| {
        format!("line 1: `{word}` is no kind of fault; write one like `timeout`, `unreachable`, `status`")
    })?;
    let mut fault = Fault::new(kind, message);
    while let Some(line) = lines.next()?.filter(|line| !line.is_empty()) {
        let (name, value) = lines.header(&line)?;
        if name == "retry-at" {
            let time: Timestamp = value.parse().map_err(|_| {
                format!("line {}: `{value}` is no time; write it like `2026-11-16T07:00:00Z`", lines.number)
            })?;
            fault.retry_at = Some(time);
        }
    }
    Ok(Record::Fault(fault))
}

/// The lines of a record's head.
struct Lines<'a> {
    rest: &'a [u8],
    number: usize,
}

impl Lines<'_> {
    /// None at the end. The error is a line that is no text.
    fn next(&mut self) -> Result<Option<String>, String> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        self.number += 1;
        let end = self.rest.iter().position(|byte| *byte == b'\n');
        let (line, rest) = match end {
            Some(end) => (&self.rest[..end], &self.rest[end + 1..]),
            None => (self.rest, &[][..]),
        };
        self.rest = rest;
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let text = str::from_utf8(line).map_err(|_| format!("line {} is not UTF-8", self.number))?;
        Ok(Some(text.to_owned()))
    }

    fn header(&self, line: &str) -> Result<(String, String), String> {
        let (name, value) = line.split_once(':').ok_or_else(|| {
            format!("line {} should be like `etag: \"1\"`; an empty line ends the headers", self.number)
        })?;
        Ok((name.trim().to_ascii_lowercase(), value.trim().to_owned()))
    }
}

/// The word that `run --json` uses.
fn kind_word(kind: FaultKind) -> String {
    match serde_json::to_value(kind) {
        Ok(serde_json::Value::String(word)) => word,
        _ => unreachable!("a kind of fault is written as one word"),
    }
}

fn one_line(text: &str) -> String {
    text.split(['\r', '\n']).collect::<Vec<_>>().join(" ")
}
