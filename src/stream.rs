//! Streams: the kinds of work that people of a lab do, and the words by which a story is known to concern one.

use serde::{Deserialize, Serialize};

use crate::verdict::Category;

/// A kind of work. The list is closed: a person's line in tidings.toml names some of these, and no others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stream {
    Training,
    Evals,
    Interpretability,
    Control,
    Theory,
    Policy,
    Security,
    Engineering,
}

impl Stream {
    pub const ALL: [Stream; 8] = [
        Stream::Training,
        Stream::Evals,
        Stream::Interpretability,
        Stream::Control,
        Stream::Theory,
        Stream::Policy,
        Stream::Security,
        Stream::Engineering,
    ];

    /// As in tidings.toml.
    pub fn word(self) -> &'static str {
        match self {
            Stream::Training => "training",
            Stream::Evals => "evals",
            Stream::Interpretability => "interpretability",
            Stream::Control => "control",
            Stream::Theory => "theory",
            Stream::Policy => "policy",
            Stream::Security => "security",
            Stream::Engineering => "engineering",
        }
    }

    pub fn named(word: &str) -> Option<Stream> {
        Stream::ALL.into_iter().find(|stream| stream.word() == word)
    }
}

/// What makes a story one of a stream: a phrase in its title or excerpt, a topic of its source, or its category.
struct Line {
    stream: Stream,
    /// In lower case, words parted by one space; a plural `s` at the end is passed over in the story.
    phrases: &'static [&'static str],
    topics: &'static [&'static str],
    categories: &'static [Category],
    /// Titles that it is and is not; `check_examples` holds the line to them.
    is: &'static [&'static str],
    is_not: &'static [&'static str],
}

const LINES: [Line; 8] = [
    Line {
        stream: Stream::Training,
        phrases: &[
            "training",
            "fine tuning",
            "finetuning",
            "fine tune",
            "pretraining",
            "post training",
            "reinforcement learning",
            "rlhf",
            "rl",
            "dpo",
            "grpo",
            "lora",
            "reward model",
            "reward hacking",
            "optimizer",
            "distillation",
            "checkpoint",
            "pytorch",
            "gpu",
            "cuda",
            "slurm",
            "synthetic data",
            "scaling law",
        ],
        topics: &["training", "ml", "rl"],
        categories: &[],
        is: &["Reward hacking in production RL", "LoRA adapters without regret", "PyTorch 2.12 speeds up CUDA graphs"],
        is_not: &["A trained eye for interfaces", "lantern-code 4.13.0"],
    },
    Line {
        stream: Stream::Evals,
        phrases: &[
            "eval",
            "evaluation",
            "benchmark",
            "red teaming",
            "red team",
            "time horizon",
            "inspect ai",
            "swe bench",
            "capability elicitation",
            "sandbagging",
            "leaderboard",
            "grader",
            "llm judge",
        ],
        topics: &["evals", "benchmarks"],
        categories: &[],
        is: &["A benchmark of long tasks", "Inspect AI 0.4: new evals", "Sandbagging in small models"],
        is_not: &["Retrieval in hooks", "Medieval manuscripts"],
    },
    Line {
        stream: Stream::Interpretability,
        phrases: &[
            "interpretability",
            "mechanistic",
            "sparse autoencoder",
            "sae",
            "probe",
            "probing",
            "attention head",
            "circuit",
            "steering vector",
            "activation",
            "transcoder",
            "feature attribution",
            "transformerlens",
            "nnsight",
            "logit lens",
        ],
        topics: &["interpretability", "mechinterp"],
        categories: &[],
        is: &["Circuits in a small model", "Probing for deception", "Sparse autoencoders, again"],
        is_not: &["An interpreter for scripts", "Features of lantern-code 5"],
    },
    Line {
        stream: Stream::Control,
        phrases: &[
            "ai control",
            "control protocol",
            "monitoring",
            "monitorability",
            "trusted monitor",
            "untrusted model",
            "oversight",
            "scheming",
            "alignment faking",
            "deceptive alignment",
            "sabotage",
            "model organism",
            "chain of thought",
            "misalignment",
        ],
        topics: &["control", "alignment", "safety"],
        categories: &[],
        is: &["Scheming in coding agents", "Chain of thought monitorability", "A control protocol for agents"],
        is_not: &["Version control for notebooks", "Remote controls"],
    },
    Line {
        stream: Stream::Theory,
        phrases: &[
            "theory",
            "theorem",
            "proof",
            "formal verification",
            "learning theory",
            "singular learning",
            "agent foundations",
            "decision theory",
            "game theory",
            "lean 4",
            "debate",
            "computational mechanics",
            "heuristic argument",
        ],
        topics: &["theory", "foundations"],
        categories: &[],
        is: &["Singular learning theory for reward models", "A theorem on debate"],
        is_not: &["Proofread your README", "Theoretically faster hooks"],
    },
    Line {
        stream: Stream::Policy,
        phrases: &[
            "policy",
            "policies",
            "regulation",
            "regulator",
            "governance",
            "ai act",
            "standards body",
            "legislation",
            "export control",
            "responsible scaling",
            "safety framework",
            "safety case",
            "audit",
            "compliance",
            "treaty",
            "terms of service",
            "data retention",
        ],
        topics: &["policy", "governance"],
        categories: &[],
        is: &["The AI Act's code of practice", "Export controls lifted", "A safety case for agents"],
        is_not: &["Polite agents", "Auditory models"],
    },
    Line {
        stream: Stream::Security,
        phrases: &[
            "security",
            "vulnerability",
            "vulnerabilities",
            "exploit",
            "prompt injection",
            "jailbreak",
            "supply chain",
            "malware",
            "sandbox escape",
            "exfiltration",
            "cve",
            "ghsa",
            "phishing",
            "credential",
        ],
        topics: &["security"],
        categories: &[Category::Security],
        is: &["Prompt injection through issue titles", "A sandbox escape in lantern-code", "Exploits of build servers"],
        is_not: &["Secure attachment", "Exploring caves"],
    },
    Line {
        stream: Stream::Engineering,
        phrases: &[
            "coding agent",
            "claude code",
            "codex",
            "cursor",
            "copilot",
            "mcp",
            "subagent",
            "hook",
            "harness",
            "sdk",
            "api",
            "ci",
            "deployment",
            "inference",
            "vllm",
            "ollama",
            "llama cpp",
            "serving",
            "refactoring",
            "code review",
            "context window",
            "prompt caching",
            "developer tool",
        ],
        topics: &["claude-code", "codex", "mcp", "tools", "engineering", "agents"],
        categories: &[Category::Tool, Category::Feature, Category::Breaking],
        is: &["vLLM 0.12 serves faster", "Subagents for code review", "An SDK for hooks"],
        is_not: &["Hooked on chess", "Cities of glass"],
    },
];

/// The streams that a story concerns, in the order of `Stream::ALL`. `words` are its title and excerpt, `topics` its verdict's.
pub fn streams(words: &[&str], topics: &[String], category: Category) -> Vec<Stream> {
    let text = flat(&words.join(" . "));
    let concerns = |line: &&Line| {
        line.categories.contains(&category)
            || topics.iter().any(|topic| line.topics.contains(&topic.to_lowercase().as_str()))
            || line
                .phrases
                .iter()
                .any(|phrase| text.contains(&format!(" {phrase} ")) || text.contains(&format!(" {phrase}s ")))
    };
    LINES.iter().filter(concerns).map(|line| line.stream).collect()
}

/// Lower case, with one space around every word.
fn flat(text: &str) -> String {
    let mut flat = String::from(" ");
    for word in text.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty()) {
        flat.push_str(&word.to_lowercase());
        flat.push(' ');
    }
    flat
}

/// Tries every line on its own examples, and returns those it gets wrong, in words; empty when all are right.
pub fn check_examples() -> Vec<String> {
    let mut wrong = Vec::new();
    for line in &LINES {
        if line.is.is_empty() || line.is_not.is_empty() {
            wrong.push(format!("{} has no example of what it is, or of what it is not", line.stream.word()));
        }
        for (titles, wanted) in [(line.is, true), (line.is_not, false)] {
            for title in titles {
                if streams(&[title], &[], Category::Other).contains(&line.stream) != wanted {
                    wrong.push(format!("{}: {title:?} should be {wanted}", line.stream.word()));
                }
            }
        }
    }
    wrong
}
