//! Only turns of some transcripts: what a question may find for somebody who may not see all.

use std::collections::HashSet;
use std::sync::Arc;

use tantivy::query::Query;
use tantivy::query::doc_predicate_query::{DocPredicateQuery, FunctionPredicate};
use tantivy::{DocId, SegmentReader, TantivyError};

/// Turns of these transcripts, whatever their generation; a turn of which the index does not say whose it is is of none.
pub(super) fn of(transcripts: &Arc<HashSet<String>>) -> Box<dyn Query> {
    let transcripts = transcripts.clone();
    let in_segment = move |segment: &SegmentReader| {
        let column = segment.fast_fields().str("generation")?;
        let column =
            column.ok_or_else(|| TantivyError::SchemaError("the index says of no turn whose it is".to_owned()))?;
        // By the number of each generation in this segment.
        let mut is_of_them = Vec::with_capacity(column.num_terms());
        let mut generations = column.dictionary().stream()?;
        while generations.advance() {
            let generation = std::str::from_utf8(generations.key()).unwrap_or_default();
            is_of_them.push(transcripts.contains(super::chronicle::transcript_of(generation)));
        }
        let ordinals = column.ords().clone();
        Ok(move |turn: DocId| {
            let generation = ordinals.first(turn).and_then(|ordinal| usize::try_from(ordinal).ok());
            generation.and_then(|ordinal| is_of_them.get(ordinal)).copied().unwrap_or(false)
        })
    };
    let query: DocPredicateQuery = FunctionPredicate::from(in_segment).into();
    // It narrows, and says nothing of how well a turn fits.
    Box::new(tantivy::query::ConstScoreQuery::new(Box::new(query), 0.0))
}
