//! Extract: have a model say in a form what the stories that matter say, and keep what stands in their words.

use anyhow::Result;
use jiff::Timestamp;

use crate::judge::extraction::{Asked, extract};
use crate::judge::model::Trouble;
use crate::keep::Keep;
use crate::opinion::Tokens;
use crate::story::Story;
use crate::verdict::Level;

use super::report::Acts;
use super::week::Week;
use super::writers::Writer;
use super::{Doors, Setup, Task};

/// What became of one pass.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Extracted {
    /// Stories whose lead has an extraction now that it lacked.
    pub extracted: usize,
    pub tokens: Tokens,
    /// Why it ended early; what was not reached lacks its extraction still, and the next pass asks for it.
    pub trouble: Option<Trouble>,
}

/// Stories extracted in one run; what is over waits for the next. About as many matter on a busy day.
const MOST: usize = 25;

/// Extracts what the next digest will tell. No model, or one that fails, is no error: what lacks its extraction is told in its
/// own words.
pub(super) async fn extract_what_matters(
    keep: &mut Keep,
    setup: &Setup,
    doors: &Doors,
    now: Timestamp,
    acts: &mut Acts,
) -> Result<()> {
    let week = Week::open_at(&setup.config.schedule, now)?;
    let mut stories = keep.stories_risen(week.before(&setup.config.schedule)?.from, Timestamp::MAX)?;
    stories.retain(|story| !story.verdict.old && story.told_level() >= Level::Notable);
    let mut lacking = Vec::new();
    for story in stories {
        let Some(lead) = keep.item(&story.lead)? else { continue };
        if keep.extraction(&lead.id)?.is_none_or(|known| known.input != lead.content) {
            lacking.push(story);
        }
    }
    if lacking.is_empty() {
        return Ok(());
    }
    // What matters most first, should the model stop on the way.
    lacking.sort_by(|one, other| other.score().total_cmp(&one.score()).then_with(|| one.id.cmp(&other.id)));
    let writers = doors.model.writers(Task::Extraction).await;
    if writers.is_empty() {
        return Ok(());
    }
    let pass = extract_stories(keep, &lacking, &writers, MOST, now).await?;
    acts.extracted = pass.extracted;
    acts.tokens += pass.tokens;
    if let Some(trouble) = pass.trouble {
        tracing::info!("extracting ended early: {trouble}");
    }
    Ok(())
}

/// Extracts the leads of those of the stories that are Notable or more and whose words, as they are now, have no
/// extraction; at most `most` of them. Asks the first of the writers that can, and keeps each result before it asks on.
///
/// # Errors
/// When the store can't be read or written. A model that fails is no error.
pub async fn extract_stories(
    keep: &mut Keep,
    stories: &[Story],
    writers: &[Writer],
    most: usize,
    now: Timestamp,
) -> Result<Extracted> {
    let mut pass = Extracted::default();
    let mut writers = writers;
    for story in stories.iter().filter(|story| story.verdict.level >= Level::Notable) {
        if pass.extracted >= most {
            break;
        }
        let Some(item) = keep.item(&story.lead)? else { continue };
        if keep.extraction(&item.id)?.is_some_and(|known| known.input == item.content) {
            continue;
        }
        let text = keep.text_or_nothing(&item);
        let asked = Asked { item: &item, text: &text, category: story.verdict.category };
        while let Some(writer) = writers.first() {
            let result = extract(&*writer.paid(keep, now), asked, now).await;
            match result {
                Ok((extraction, tokens)) => {
                    pass.tokens += tokens;
                    keep.keep_extraction(&item.id, &extraction)?;
                    pass.extracted += 1;
                    break;
                }
                Err((trouble, tokens)) => {
                    pass.tokens += tokens;
                    pass.trouble = Some(trouble);
                    writers = &writers[1..];
                }
            }
        }
        if writers.is_empty() {
            break;
        }
    }
    Ok(pass)
}
