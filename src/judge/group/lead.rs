//! The lead: which member speaks for a story.

use crate::story::Member;

/// Beyond so many words a title says no more.
const TELLING_WORDS: usize = 6;

/// The most trusted; then whoever made the thing itself; then the fuller telling title (a name and a number tell nothing, and
/// beyond six words none is fuller); then the earliest by its publisher's date; then the first that came. None without members.
pub fn of(members: &[Member]) -> Option<&Member> {
    members
        .iter()
        .enumerate()
        .min_by_key(|(place, member)| {
            let sketch = member.sketch.as_ref();
            let words = sketch.map_or(0, |sketch| sketch.title.split_whitespace().count().min(TELLING_WORDS));
            let telling = (!member.bare, words);
            let at = sketch.map(|sketch| sketch.at);
            let best = std::cmp::Reverse((member.trust, member.maker, telling));
            // A member of an older store has no date, and was there before.
            (best, at, *place)
        })
        .map(|(_, member)| member)
}
