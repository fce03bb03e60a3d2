//! Decodes pieces of a compressed stream ahead of whoever reads it, as tasks on all cores.
//!
//! Supplies what [`Joined`](crate::archive::pieces::Joined) asks for, in order. Takes only memory that is free at once: the
//! reader may hold memory itself, and must not wait for more; what is not decoded ahead it decodes in its turn. Runs on
//! reader threads, which may wait for a task.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};

use super::context::Context;
use crate::archive::pieces::{Decoded, Piece, Pieces};
use crate::archive::traverse::Bytes;
use crate::budget::Permit;

/// The largest piece that is decoded ahead, in decoded bytes: `xz -T0` makes blocks of 24 MiB, bzip2 of 900 kB.
const LARGEST: usize = 64 << 20;
/// The least that is allowed for, since what is expected of a bzip2 block is a guess.
const LEAST: usize = 2 << 20;

/// How much is read of the stream before it is let go of.
const RELEASED_AT_ONCE: usize = 8 << 20;

/// Pieces of one stream, being decoded.
pub(super) struct Ahead {
    context: Arc<Context>,
    bytes: Bytes,
    pieces: Pieces,
    /// What a decoder takes beside its output, in bytes.
    window: usize,
    /// Those that tasks work on, in order.
    started: VecDeque<Started>,
    most: usize,
    /// Bytes of the stream that were let go of.
    released: usize,
}

/// A piece, and where it arrives decoded; nowhere if there was no memory for it.
struct Started {
    piece: Piece,
    arrives: Option<Receiver<(Decoded, Permit)>>,
}

impl Ahead {
    /// Decodes `pieces` of `bytes`.
    pub(super) fn new(context: &Arc<Context>, bytes: &Bytes, pieces: Pieces, window: u64) -> Self {
        Self {
            context: Arc::clone(context),
            bytes: bytes.clone(),
            pieces,
            window: usize::try_from(window).unwrap_or(usize::MAX),
            started: VecDeque::new(),
            most: 2 * context.jobs(),
            released: 0,
        }
    }

    fn start(&mut self, piece: Piece) {
        let expected = usize::try_from(piece.expected()).unwrap_or(usize::MAX);
        let most = expected.saturating_mul(2).clamp(LEAST, LARGEST.max(LEAST));
        let wanted = most.saturating_add(self.window);
        let permit = (expected <= LARGEST).then(|| self.context.budget.nesting.try_acquire(wanted)).flatten();
        let arrives = permit.map(|mut permit| {
            let (sender, receiver) = sync_channel(1);
            let (piece, bytes) = (piece.clone(), self.bytes.clone());
            self.context.spawn(move |context| {
                let decode = || piece.decode(bytes.as_slice(), &context.limits, most);
                // A panic is met again, and recorded, where the piece is then decoded in its turn.
                if let Ok(decoded) = catch_unwind(AssertUnwindSafe(decode)) {
                    permit.shrink_to(decoded.held());
                    // Whoever asked may have come to an end before.
                    let _ = sender.send((decoded, permit));
                }
            });
            receiver
        });
        self.started.push_back(Started { piece, arrives });
    }
}

impl Iterator for Ahead {
    type Item = (Decoded, Option<Permit>);

    fn next(&mut self) -> Option<Self::Item> {
        while self.started.len() < self.most
            && let Some(piece) = self.pieces.next(self.bytes.as_slice())
        {
            self.start(piece);
        }
        let Started { piece, arrives } = self.started.pop_front()?;
        // What lies before it has been read.
        let behind = usize::try_from(piece.start()).unwrap_or_default();
        if behind.saturating_sub(self.released) >= RELEASED_AT_ONCE {
            self.bytes.release(self.released, behind);
            self.released = behind;
        }
        // A task that panicked, or was not begun because the run is being stopped, sends nothing.
        let arrived = arrives.and_then(|arrives| arrives.recv().ok());
        Some(match arrived {
            Some((decoded, permit)) => (decoded, Some(permit)),
            None => (piece.left(), None),
        })
    }
}
