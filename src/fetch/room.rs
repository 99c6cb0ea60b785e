//! Room: how many bytes of answers may be in memory at once, from their arrival until what they said is kept.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Bytes of all answers together, but for one. Some 300 feeds of usual size, or one of the largest real ones and many small;
/// reading and keeping an answer takes about as much again.
const SHARED_BYTES: usize = 16_000_000;

/// Room is given in pieces of so many bytes: small enough that small answers are not charged much more than they have, and
/// large enough that a long answer does not ask at every chunk.
const PIECE_BYTES: usize = 32_768;

/// The room of all answers of a run; a copy is the same room.
#[derive(Debug, Clone)]
pub(super) struct Room {
    pieces: Arc<Semaphore>,
    /// Whoever finds no room left may go on alone, beyond the shared bytes and up to the limit of one answer. So the room
    /// never fills with halves that wait for each other.
    alone: Arc<Semaphore>,
}

/// What one answer takes up.
#[derive(Debug, Default)]
pub(super) struct Share {
    bytes: usize,
    pieces: Option<OwnedSemaphorePermit>,
    alone: Option<OwnedSemaphorePermit>,
}

impl Room {
    pub(super) fn new() -> Room {
        Room { pieces: Arc::new(Semaphore::new(SHARED_BYTES / PIECE_BYTES)), alone: Arc::new(Semaphore::new(1)) }
    }

    /// Whether `share` has room for `bytes` in all; if not, [`Room::more`] waits for it.
    pub(super) fn fits(&self, share: &mut Share, bytes: usize) -> bool {
        while share.alone.is_none() && share.bytes < bytes {
            let Ok(piece) = Arc::clone(&self.pieces).try_acquire_owned() else { return false };
            share.add(piece);
        }
        true
    }

    /// Waits until there is room for one piece more, or for this answer alone.
    pub(super) async fn more(&self, share: &mut Share) {
        let piece = Arc::clone(&self.pieces).acquire_owned();
        let alone = Arc::clone(&self.alone).acquire_owned();
        tokio::select! {
            // Shared room first: going alone is for when there is none.
            biased;
            piece = piece => share.add(piece.expect("it is never closed")),
            alone = alone => share.alone = Some(alone.expect("it is never closed")),
        }
    }
}

impl Share {
    fn add(&mut self, piece: OwnedSemaphorePermit) {
        self.bytes += PIECE_BYTES;
        match &mut self.pieces {
            Some(pieces) => pieces.merge(piece),
            None => self.pieces = Some(piece),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn two_answers_that_fill_the_room_together_do_not_wait_for_each_other() {
        let room = Room::new();
        let (mut one, mut other) = (Share::default(), Share::default());
        assert!(room.fits(&mut one, SHARED_BYTES / 2));
        assert!(!room.fits(&mut other, SHARED_BYTES));
        room.more(&mut one).await;
        assert!(room.fits(&mut one, usize::MAX), "one of them goes on alone");
        assert!(!room.fits(&mut other, SHARED_BYTES));
        drop(one);
        room.more(&mut other).await;
        assert!(
            room.fits(&mut other, SHARED_BYTES / PIECE_BYTES * PIECE_BYTES),
            "and then there is room for the other"
        );
    }
}
