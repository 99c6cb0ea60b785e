//! Asks a real llama-server, which it starts and ends itself, and prints what it cost and whether it is right.
//!
//! `cargo run --example ask-qwen -- LLAMA_SERVER MODELS_FOLDER [LABELLED.jsonl]`. MODELS_FOLDER holds planted-qwen3.gguf (its
//! weights are a classifier over A to D) and tiny-qwen3-q8.gguf (random weights). LABELLED gives texts as people write them;
//! without it they are made up from a few words. Ends with 1 if a bar is missed.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result};
use futures_util::StreamExt;
use jiff::Timestamp;
use serde_json::{Value, json};
use tidings::config::{self, Interests};
use tidings::judge::model::{Limits, Model, Order, Places, Prompt, Server, find};
use tidings::judge::screening::{Asked, LETTERS, Screening, screen};
use tidings::opinion::{Measure, Tokens};

const ITEMS: usize = 1_000;
/// Of 1,000 items those that are read in full: survivors of a screening.
const SURVIVORS: usize = 25;
/// JSON calls that stand for 1,000: each costs about the same, and they are slow.
const FULL: usize = 50;
/// Of the vocabulary: the logarithms are those of the softmax over all of it, however many of them are listed.
const LISTED: usize = 500;

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let (Some(program), Some(models)) = (arguments.next(), arguments.next()) else {
        eprintln!("usage: ask-qwen LLAMA_SERVER MODELS_FOLDER [LABELLED.jsonl]");
        return Ok(ExitCode::from(2));
    };
    let items = items(arguments.next().as_deref())?;
    let places = Places { program: program.into_os_string(), ..Places::default() };
    let mut bars = Bars(true);
    verdicts(&places, &models.join("planted-qwen3.gguf"), &items, &mut bars).await?;
    cascade(&places, &models.join("tiny-qwen3-q8.gguf"), &items, &mut bars).await?;
    Ok(if bars.0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

struct Bars(bool);

impl Bars {
    fn hold(&mut self, holds: bool, words: &str) {
        println!("{} {words}", if holds { "reached" } else { "MISSED " });
        self.0 &= holds;
    }
}

async fn own(places: &Places, gguf: &Path) -> Result<Server> {
    let model = config::Model { gguf: Some(gguf.to_owned()), ..config::Model::default() };
    let started = Instant::now();
    let server = find(&model, None, places, Limits::default()).await?.context("a gguf was named")?;
    println!("\n{}; ready after {:.2} s", server.about(), started.elapsed().as_secs_f64());
    Ok(server)
}

/// What a started server leaves behind: nothing.
async fn ended(server: Server, bars: &mut Bars) -> Result<()> {
    let address = server.about().address.clone();
    drop(server);
    let gone = reqwest::get(format!("{address}/health")).await.is_err();
    bars.hold(gone, "the server that was started ends with its owner");
    Ok(())
}

async fn verdicts(places: &Places, gguf: &Path, items: &[Asked], bars: &mut Bars) -> Result<()> {
    let server = own(places, gguf).await?;
    let screening = Screening::new(&Interests::default());
    let mut shares = Vec::new();
    let (started, before) = (Instant::now(), cpu_seconds(&server)?);
    let screened = screen(&server, &screening, items.to_vec(), Timestamp::UNIX_EPOCH, |asked, opinion| {
        if let Ok(opinion) = opinion {
            let odds = opinion.odds;
            let whole = opinion.measure == Measure::Whole;
            shares.push((asked.clone(), [odds.critical, odds.notable, odds.routine, odds.noise], whole));
        }
    })
    .await;
    let seconds = started.elapsed().as_secs_f64();
    let (ours, theirs) = (cpu_seconds(&server)?.0 - before.0, cpu_seconds(&server)?.1 - before.1);
    println!("processor time of the verdicts: {ours:.1} s of this program, {theirs:.1} s of the server");
    let Tokens { prompt, cached, .. } = screened.tokens;
    let share = (prompt - cached) as f64 / prompt as f64 * 100.0;
    println!("{screened:?}");
    bars.hold(screened.read == ITEMS, &format!("{} of {ITEMS} items have a verdict", screened.read));
    bars.hold(seconds < 10.0, &format!("{ITEMS} verdicts in {seconds:.1} s (under 10)"));
    bars.hold(
        share < 55.0,
        &format!("processed {share:.1} % of the prompt tokens (under 55): {} of {prompt}", prompt - cached),
    );
    let whole =
        shares.iter().filter(|(_, odds, whole)| *whole && (odds.iter().sum::<f64>() - 1.0).abs() < 1e-9).count();
    bars.hold(whole == ITEMS, &format!("{whole} distributions are whole and have the sum 1"));

    // The same prompts again, with every token's logarithm and nothing ruled out: once as they come, then once more and the
    // verdict once more, right after each other.
    let client = &reqwest::Client::new();
    let again = futures_util::stream::iter(&shares)
        .map(|(asked, odds, _)| async {
            let prompt = screening.prompt(asked);
            let free = raw(client, &server, &prompt).await?;
            let cached = raw(client, &server, &prompt).await?;
            let choice = server.choose(&prompt, &LETTERS).await?;
            Ok((distance(&free, odds), distance(&cached, &choice.shares)))
        })
        .buffer_unordered(4);
    let again: Vec<(f64, f64)> = again.collect::<Vec<Result<_>>>().await.into_iter().collect::<Result<_>>()?;
    let (number, mean) = (again.len(), again.iter().map(|pair| pair.0).sum::<f64>() / again.len().max(1) as f64);
    let worst = again.iter().map(|pair| pair.0).fold(0.0, f64::max);
    let words = format!("{number} verdicts beside the renormalised raw ones of another call: at most {worst:.5} apart");
    bars.hold(worst < 0.01 && number == ITEMS, &format!("{words} (under 0.01), mean {mean:.5}"));
    let same = again.iter().map(|pair| pair.1).fold(0.0, f64::max);
    let words = format!("the same asked right after each other: at most {same:.7} apart");
    bars.hold(same < 0.01 && number == ITEMS, &words);
    ended(server, bars).await
}

/// Processor time so far of this program and of the server that it started: on a busy machine, what the wall hides.
fn cpu_seconds(server: &Server) -> Result<(f64, f64)> {
    let port = server.about().address.rsplit_once(':').context("an address with a port")?.1.to_owned();
    // Fields 14 and 15 of proc_pid_stat(5), in hundredths of a second; the name before them may hold spaces.
    let of = |process: &Path| -> Option<f64> {
        let stat = std::fs::read_to_string(process.join("stat")).ok()?;
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        Some((fields.get(11)?.parse::<f64>().ok()? + fields.get(12)?.parse::<f64>().ok()?) / 100.0)
    };
    let serves = |process: &Path| {
        let line = std::fs::read(process.join("cmdline")).unwrap_or_default();
        let words: Vec<&[u8]> = line.split(|byte| *byte == 0).collect();
        words.first() != Some(&&b"sh"[..]) && words.windows(2).any(|two| two == [&b"--port"[..], port.as_bytes()])
    };
    let processes = std::fs::read_dir("/proc")?.filter_map(|entry| Some(entry.ok()?.path()));
    let theirs = processes.filter(|process| serves(process)).filter_map(|process| of(&process)).sum();
    Ok((of(Path::new("/proc/self")).unwrap_or(0.0), theirs))
}

fn distance(one: &[f64], other: &[f64]) -> f64 {
    one.iter().zip(other).map(|(one, other)| (one - other).abs()).fold(0.0, f64::max)
}

async fn raw(client: &reqwest::Client, server: &Server, prompt: &Prompt) -> Result<[f64; 4]> {
    let body = json!({
        "messages": [{ "role": "system", "content": prompt.system }, { "role": "user", "content": prompt.user }],
        "max_tokens": 1, "logprobs": true, "top_logprobs": LISTED, "chat_template_kwargs": { "enable_thinking": false },
    });
    let url = format!("{}/v1/chat/completions", server.about().address);
    let answer: Value = client.post(url).json(&body).send().await?.json().await?;
    let list = answer["choices"][0]["logprobs"]["content"][0]["top_logprobs"].as_array().context("no logarithms")?;
    let of = |letter: char| {
        let is_it = |one: &&Value| one["token"].as_str() == Some(&letter.to_string());
        list.iter().find(is_it).and_then(|one| one["logprob"].as_f64()).map(f64::exp).context("a letter is missing")
    };
    let mut shares = [0.0; 4];
    for (share, letter) in shares.iter_mut().zip(LETTERS) {
        *share = of(letter)?;
    }
    let sum: f64 = shares.iter().sum();
    Ok(shares.map(|share| share / sum))
}

/// What one-token verdicts save, beside one whole JSON answer for each item.
async fn cascade(places: &Places, gguf: &Path, items: &[Asked], bars: &mut Bars) -> Result<()> {
    let server = own(places, gguf).await?;
    let screening = Screening::new(&Interests::default());
    let mut verdicts = Tokens::default();
    // Random weights give the letters next to no mass, which `screen` rightly calls nonsense: asked past it.
    let started = Instant::now();
    for asked in items.chunks(server.slots()) {
        let prompts: Vec<Prompt> = asked.iter().map(|asked| screening.prompt(asked)).collect();
        for choice in futures_util::future::join_all(prompts.iter().map(|prompt| server.choose(prompt, &LETTERS))).await
        {
            verdicts += choice?.tokens;
        }
    }
    let seconds = started.elapsed().as_secs_f64();
    let (extraction, cut_of_25) = written(&server, &screening, &items[..SURVIVORS]).await?;
    drop(server);
    // A server of its own, so that its cache is its own as well.
    let server = own(places, gguf).await?;
    let started = Instant::now();
    // The prefix is read once, and not fifty times for a thousand.
    written(&server, &screening, &items[..server.slots()]).await?;
    let (full, cut) = written(&server, &screening, &items[SURVIVORS..SURVIVORS + FULL]).await?;
    let full_seconds = started.elapsed().as_secs_f64();
    let cost = |tokens: Tokens| tokens.prompt - tokens.cached + tokens.generated;
    let ours = cost(verdicts) + cost(extraction);
    let theirs = cost(full) * (ITEMS / FULL) as u64;
    println!("{ITEMS} verdicts: {verdicts:?}, {seconds:.1} s");
    println!("{SURVIVORS} extractions: {extraction:?}, {cut_of_25} without an answer");
    println!("{FULL} JSON calls: {full:?}, {full_seconds:.1} s, {cut} without an answer");
    let factor = theirs as f64 / ours as f64;
    println!("processed and generated for {ITEMS}: {ours} with the cascade, {theirs} with a JSON call for each");
    bars.hold(factor >= 4.0, &format!("the cascade costs {factor:.1} times less (4 or more)"));
    ended(server, bars).await
}

/// A JSON answer of the usual size for each item; answers without tokens to count (cut off) are counted by number.
async fn written(server: &Server, screening: &Screening, items: &[Asked]) -> Result<(Tokens, usize)> {
    let text = |characters: u32| json!({ "type": "string", "maxLength": characters });
    let schema = json!({
        "type": "object", "additionalProperties": false,
        "properties": {
            "title": text(120), "summary": text(400), "claim": text(200), "quote": text(240),
            "severity": { "type": "string", "enum": ["critical", "notable", "routine", "noise"] },
            "category": { "type": "string", "enum": ["security", "breaking", "feature", "technique", "tool", "research", "other"] },
        },
        "required": ["title", "summary", "claim", "quote", "severity", "category"],
    });
    let orders = items.iter().map(|asked| Order {
        prompt: screening.prompt(asked),
        corrections: Vec::new(),
        name: "item",
        schema: Some(schema.clone()),
        most_tokens: 1_024,
    });
    let answers = futures_util::stream::iter(orders)
        .map(|order| async move { server.write(&order).await })
        .buffer_unordered(server.slots())
        .collect::<Vec<_>>()
        .await;
    let mut tokens = Tokens::default();
    let mut without = 0;
    for answer in answers {
        match answer {
            Ok(written) => tokens += written.tokens,
            Err(tidings::judge::model::Trouble::Nonsense(_)) => without += 1,
            Err(trouble) => return Err(trouble.into()),
        }
    }
    Ok((tokens, without))
}

/// 1,000 items: those of the file, and further ones with the title of one and the text of another.
fn items(labelled: Option<&Path>) -> Result<Vec<Asked>> {
    let mut texts: Vec<(String, String)> = match labelled {
        Some(file) => {
            let text = std::fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?;
            let part = |value: &Value, name: &str| value[name].as_str().unwrap_or_default().to_owned();
            let lines = text.lines().map(serde_json::from_str::<Value>).collect::<Result<Vec<_>, _>>()?;
            lines.iter().map(|value| (part(value, "title"), part(value, "summary"))).collect()
        }
        None => Vec::new(),
    };
    let words =
        ["agent", "release", "hole", "paper", "model", "prompt", "update", "fix", "benchmark", "office", "cake"];
    let sentence = |seed: usize, length: usize| {
        (0..length).map(|place| words[(seed * 7 + place * (seed % 5 + 3)) % words.len()]).collect::<Vec<_>>().join(" ")
    };
    let known = texts.len();
    for number in texts.len()..ITEMS {
        texts.push(match known {
            0 => (format!("{} {number}", sentence(number, 6)), sentence(number + 1, 20)),
            known => (texts[number % known].0.clone(), texts[(number * 31 + 7) % known].1.clone()),
        });
    }
    let asked = |(number, (title, text)): (usize, (String, String))| Asked {
        id: number.to_string(),
        trust: "community",
        at: Timestamp::UNIX_EPOCH,
        title,
        text,
        hits: Vec::new(),
    };
    // Two items of the same words would be found whole in the cache.
    let mut seen = std::collections::BTreeSet::new();
    let mut items: Vec<Asked> = texts.into_iter().take(ITEMS).enumerate().map(asked).collect();
    for (number, item) in items.iter_mut().enumerate() {
        if !seen.insert((item.title.clone(), item.text.clone())) {
            item.title = format!("{} ({number})", item.title);
        }
    }
    Ok(items)
}
