//! Editorial: the week in short, by the first model of the route that can; the digest never waits for it.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::{Instant, timeout_at};

use crate::edition::Digest;
use crate::extraction::By;
use crate::judge::editorial::{Told, write};
use crate::keep::Keep;
use crate::opinion::Tokens;
use crate::verdict::Level;

use super::writers::{Writer, dollars};

/// For all models of the route together: a person who waits for `tidings digest` waits no longer.
pub const LONGEST: Duration = Duration::from_secs(60);

/// Puts the week in short into a digest that is otherwise whole, and at its foot what models have cost this month, or why
/// there is no week in short. Without writers nothing is said about it. Returns the tokens that were used.
pub async fn add_editorial(
    keep: &Keep,
    digest: &mut Digest,
    writers: &[Writer],
    longest: Duration,
    now: Timestamp,
) -> Tokens {
    let stories = stories(keep, digest);
    let end = Instant::now() + longest;
    let mut tokens = Tokens::default();
    let mut wrong = None;
    for writer in writers.iter().filter(|_| !stories.is_empty()) {
        let model = writer.paid(keep, now);
        let name = model.name();
        let trouble = match timeout_at(end, write(&*model, &stories, now)).await {
            Ok(Ok((Some(editorial), more))) => {
                tokens += more;
                digest.editorial = Some(editorial);
                wrong = None;
                break;
            }
            Ok(Ok((None, more))) => {
                tokens += more;
                format!("nothing that {name} wrote rests on the stories")
            }
            Ok(Err((trouble, more))) => {
                tokens += more;
                trouble.to_string()
            }
            Err(_) => format!("{name} took longer than {} s", longest.as_secs()),
        };
        // The first is the one that was meant to write; what came after was only in its place.
        wrong.get_or_insert(trouble);
        if Instant::now() >= end {
            break;
        }
    }
    digest.remarks.extend(wrong.map(|wrong| format!("Without the week in short: {wrong}.")));
    digest.remarks.extend(spent(keep, now));
    tokens
}

/// "Spent this month: $0.42 of $10.00 on claude-…".
fn spent(keep: &Keep, now: Timestamp) -> impl Iterator<Item = String> {
    keep.spent(now).into_iter().map(|spent| {
        format!("Spent this month: {} of {} on {}.", dollars(spent.spent), dollars(spent.limit), spent.model)
    })
}

/// The stories that a digest tells, without those that are only a line, in its order.
fn stories(keep: &Keep, digest: &Digest) -> Vec<Told> {
    let told = digest.sections.iter().flat_map(|section| &section.stories);
    let words = |telling: &crate::edition::Telling| {
        let known = keep.extraction(&telling.item).ok().flatten();
        let known = known.filter(|extraction| matches!(extraction.by, By::Model(_)));
        known.map_or_else(|| telling.excerpt.clone(), |extraction| extraction.summary)
    };
    told.filter(|telling| telling.level > Level::Routine)
        .map(|telling| Told {
            story: telling.story.clone(),
            title: telling.title.clone(),
            source: telling.source.clone(),
            words: words(telling),
        })
        .collect()
}
