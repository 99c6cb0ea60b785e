//! Recheck: whether a lesson's quoted spans still stand in what we keep of their pages.
//!
//! A page that taught one thing when it was judged, and says another when it is proposed, was changed on purpose or by
//! mistake; both ways nobody read what it says now.

use super::hash;
use super::sentences::fold;
use crate::lesson::Lesson;

/// Holds every quoted span against the texts of the lesson's items as they are kept now (title and text, one each). `spans` are
/// the quoted words in the order of the evidence.
///
/// # Errors
/// Which page no longer says it.
pub fn recheck(lesson: &Lesson, spans: &[String], texts: &[String]) -> Result<(), String> {
    let texts: Vec<String> = texts.iter().map(|text| fold(text)).collect();
    for (place, evidence) in lesson.evidence.iter().enumerate() {
        let Some(span) = spans.get(place).filter(|span| hash(span) == evidence.quote) else {
            return Err(format!("the words quoted from {} are not those it was judged by", evidence.url));
        };
        let span = fold(span);
        if !texts.iter().any(|text| text.contains(&span)) {
            return Err(format!("{} no longer says what was quoted from it", evidence.url));
        }
    }
    if lesson.evidence.is_empty() { Err("nothing bears it out".to_owned()) } else { Ok(()) }
}
