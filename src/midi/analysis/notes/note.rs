//! A note of a file. What it sounds with is not known here.

use crate::midi::analysis::column;
use crate::midi::event::Edge;

/// The percussion channel, counted from 0.
pub(in crate::midi) const PERCUSSION: u8 = 9;

/// The longest note that is told apart, in ticks.
pub(in crate::midi) const LONGEST: u32 = u32::MAX;

/// No note.
pub(super) const NONE: u32 = u32::MAX;

/// A note of the file, in 16 bytes.
#[derive(Clone, Copy, Debug)]
pub(in crate::midi) struct Note {
    /// Where it begins.
    edge: Edge,
    length: u32,
    /// The number of the next note that sounds on the same track, channel and key, where there are several.
    pub(super) next: u32,
}

impl Note {
    /// A note that begins, and has no length yet.
    #[inline]
    pub(super) const fn begin(edge: Edge) -> Self {
        Self { edge, length: 0, next: NONE }
    }

    /// Becomes one that begins with this edge; whatever else it says is of another.
    #[inline]
    pub(super) const fn begin_at(&mut self, edge: Edge) {
        self.edge = edge;
    }

    /// Ends after so many ticks.
    #[inline]
    pub(super) const fn end_after(&mut self, ticks: u32) {
        self.length = ticks;
    }

    /// Ends at `tick`, however late that is.
    pub(super) fn end(&mut self, tick: u64, late_ends: &mut Vec<u64>) {
        self.length = column::unsigned(tick.saturating_sub(self.start()));
        if self.length == LONGEST && !self.is_drum() {
            late_ends.push(tick);
        }
    }

    /// Tick at which it begins.
    #[inline]
    pub(in crate::midi) const fn start(self) -> u64 {
        self.edge.tick()
    }

    /// Ticks it lasts.
    #[inline]
    pub(in crate::midi) const fn length(self) -> u32 {
        self.length
    }

    /// 0-15.
    #[inline]
    pub(in crate::midi) const fn channel(self) -> u8 {
        self.edge.channel()
    }

    /// 0-127.
    #[inline]
    pub(in crate::midi) const fn key(self) -> u8 {
        self.edge.key()
    }

    /// 1-127.
    #[inline]
    pub(in crate::midi) const fn velocity(self) -> u8 {
        self.edge.velocity()
    }

    /// Whether it is played on the percussion channel.
    #[inline]
    pub(in crate::midi) const fn is_drum(self) -> bool {
        self.channel() == PERCUSSION
    }
}
