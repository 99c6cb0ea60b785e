//! Every turn of some transcripts, without holding the home.

use std::path::Path;

use super::view::SessionLine;
use super::{archive, each_frame};
use crate::session::Turn;

/// Gives the turns of a transcript a frame at a time, in the order of its file, as far as they are on the disk now. Returns whether
/// all of them could be read: a run may be adding or writing anew.
pub fn each_frame_of(home: &Path, line: &SessionLine, mut take: impl FnMut(&[Turn])) -> bool {
    let state = home.join("state");
    let generation = format!("{}.{}", line.id, line.generation);
    let length = archive::length(&state, &generation);
    if length == 0 {
        return line.turns == 0;
    }
    let mut turns = 0;
    let read = each_frame(&state, &generation, 0, length, |kept| {
        let kept: Vec<Turn> = kept.into_iter().map(|kept| kept.turn).collect();
        turns += kept.len() as u64;
        take(&kept);
        Ok(())
    });
    // Behind what counts, a run that was stopped may have left a piece of a frame.
    read.is_ok() || turns >= line.turns
}
