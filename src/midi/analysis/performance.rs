//! Whether a file was performed or programmed: on which metric levels its notes begin.
//!
//! The note onset median metric level (NOMML) of GigaMIDI (Lee et al. 2025): the median level of the onsets of each part, and
//! of the file the median of its parts. GigaMIDI takes the tracks of symusic for parts; here a part is a channel of a track,
//! which is the same but where a program changes in mid-track.

use super::column::{double, ratio, smallint};
use super::grid::{LEVELS, OFF_GRID};
use crate::record::Metadata;

/// Parts whose level is kept.
const MOST_PARTS: usize = 256;

/// The coarsest levels: quarters, eighths and sixteenths, triplets of halves, quarters and eighths.
const QUANTIZED: usize = 6;

/// How many onsets lie on each level.
pub(in crate::midi) type Levels = [u32; 16];

/// Collects the onsets of a file, part after part.
#[derive(Debug, Default)]
pub(in crate::midi) struct Performance {
    all: Levels,
    /// How many parts have each median.
    medians: Levels,
    parts: Vec<i16>,
}

impl Performance {
    /// Forgets everything.
    pub(in crate::midi) fn clear(&mut self) {
        self.all = [0; 16];
        self.medians = [0; 16];
        self.parts.clear();
    }

    /// A part with so many onsets on each level.
    pub(in crate::midi) fn add(&mut self, levels: Levels) {
        for (all, count) in self.all.iter_mut().zip(levels) {
            *all += count;
        }
        let Some(median) = median(&levels) else { return };
        if let Some(count) = self.medians.get_mut(usize::from(median)) {
            *count += 1;
        }
        if self.parts.len() < MOST_PARTS {
            self.parts.push(i16::from(median));
        }
    }

    /// Writes its columns.
    pub(in crate::midi) fn write(&self, to: &mut Metadata) {
        let sum = |levels: &[u32]| double(levels.iter().map(|count| u64::from(*count)).sum());
        to.quantized_ratio = ratio(sum(self.all.get(..QUANTIZED).unwrap_or_default()), sum(&self.all));
        let level = median(&self.medians);
        to.nomml = level.map(smallint);
        to.nomml_tracks = Some(self.parts.clone());
        to.is_expressive = level.map(|level| level == OFF_GRID);
    }
}

/// The middle level, or the mean of the two middle ones without its fraction; none without any.
fn median(levels: &Levels) -> Option<u8> {
    let count: u64 = levels.iter().map(|count| u64::from(*count)).sum();
    let at = |place: u64| {
        let mut before = 0;
        (0_u8..).zip(levels.iter().take(LEVELS)).find_map(|(level, count)| {
            before += u64::from(*count);
            (before > place).then_some(level)
        })
    };
    Some(u8::midpoint(at(count.checked_sub(1)? / 2)?, at(count / 2)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn levels(onsets: &[usize]) -> Levels {
        let mut levels = [0; 16];
        for level in onsets {
            levels[*level] += 1;
        }
        levels
    }

    #[test]
    fn parts_and_files_have_a_median() {
        let mut performance = Performance::default();
        for part in [&[0, 0, 2][..], &[12, 12], &[0, 3, 4, 12], &[5], &[]] {
            performance.add(levels(part));
        }
        let mut found = Metadata::default();
        performance.write(&mut found);
        assert_eq!(found.nomml_tracks, Some(vec![0, 12, 3, 5]));
        assert_eq!((found.nomml, found.is_expressive), (Some(4), Some(false)));
        assert_eq!(found.quantized_ratio, Some(0.7));
        performance.clear();
        performance.write(&mut found);
        assert_eq!((found.nomml, found.nomml_tracks, found.quantized_ratio), (None, Some(vec![]), None));
    }

    #[test]
    fn what_is_off_every_grid_was_performed() {
        let mut performance = Performance::default();
        performance.add(levels(&[12, 12, 12, 0]));
        let mut found = Metadata::default();
        performance.write(&mut found);
        assert_eq!(
            (found.nomml, found.is_expressive, found.quantized_ratio),
            (Some(12), Some(true), Some(0.25))
        );
    }
}
