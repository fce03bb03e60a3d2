//! What the pitches of the melodic notes amount to: how long each pitch class sounds, the key, entropies, the best scale.
//!
//! The measures of muspy 0.5 (Dong et al. 2020) count each note once; histogram and key weigh it by its length.

use super::column::{double, ratio, real};
use super::key;
use crate::record::Metadata;

/// The pitch classes of C major, lowest bit first.
const MAJOR_SCALE: u32 = 0b1010_1011_0101;

/// Writes its columns, from how often each melodic key was struck and how many ticks it sounded.
pub(in crate::midi) fn write(counts: &[u32; 128], ticks: &[u64; 128], to: &mut Metadata) {
    let mut lengths = [0.0; 12];
    for (length, ticks) in lengths.iter_mut().zip(folded(ticks)) {
        *length = double(ticks);
    }
    let total: f64 = lengths.iter().sum();
    if total > 0.0 {
        to.pitch_class_histogram = Some(lengths.map(|length| ratio(length, total).unwrap_or_default()));
    }
    if let Some((best, second)) = key::find(&lengths) {
        to.key = Some(best.name());
        to.key_tonic = Some(best.tonic);
        to.key_mode = Some(best.mode());
        to.key_confidence = real(best.correlation);
        to.key_margin = real(best.correlation - second.correlation);
        to.key_second = Some(second.name());
    }
    let counts = counts.map(u64::from);
    let classes = folded(&counts);
    let notes = double(classes.iter().sum());
    if notes > 0.0 {
        to.pitch_entropy = entropy(&counts, notes);
        to.pitch_class_entropy = entropy(&classes, notes);
        to.scale_consistency = ratio(double(largest_in_scale(&classes)), notes);
    }
}

/// The sums of all octaves.
fn folded(keys: &[u64; 128]) -> [u64; 12] {
    let mut classes = [0; 12];
    for octave in keys.chunks(12) {
        for (class, key) in classes.iter_mut().zip(octave) {
            *class += key;
        }
    }
    classes
}

/// Shannon's entropy in bits.
fn entropy(counts: &[u64], total: f64) -> Option<f32> {
    let shares = counts.iter().filter(|count| **count > 0).map(|count| double(*count) / total);
    // A single value has none; the sum would be -0.
    real(shares.map(|share| share * -share.log2()).sum::<f64>().max(0.0))
}

/// Most notes that lie in one of the twelve major scales; natural minor scales are the same twelve.
fn largest_in_scale(classes: &[u64; 12]) -> u64 {
    let in_scale = |tonic: u32| -> u64 {
        let scale = MAJOR_SCALE << tonic | MAJOR_SCALE >> (12 - tonic);
        classes.iter().enumerate().filter(|(class, _)| scale >> class & 1 == 1).map(|(_, count)| count).sum()
    };
    (0..12).map(in_scale).max().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Notes as (key, ticks).
    fn found(notes: &[(usize, u64)]) -> Metadata {
        let (mut counts, mut ticks, mut found) = ([0; 128], [0; 128], Metadata::default());
        for (key, length) in notes {
            counts[*key] += 1;
            ticks[*key] += length;
        }
        write(&counts, &ticks, &mut found);
        found
    }

    #[test]
    fn a_scale_in_a_minor() {
        let scale = [57, 59, 60, 62, 64, 65, 67, 69, 57, 60, 64, 69];
        let found = found(&scale.map(|key| (key, 10)));
        assert_eq!(
            (found.key.as_deref(), found.key_tonic, found.key_mode),
            (Some("Am"), Some(9), Some("minor"))
        );
        assert_eq!(found.key_second.as_deref(), Some("A"));
        assert!(found.key_confidence.unwrap() > 0.8 && found.key_margin.unwrap() > 0.0);
        assert_eq!(found.scale_consistency, Some(1.0));
        let histogram = found.pitch_class_histogram.unwrap();
        assert!(
            (histogram.iter().sum::<f32>() - 1.0).abs() < 1e-6 && (histogram[9] - 4.0 / 12.0).abs() < 1e-6
        );
    }

    #[test]
    fn entropies_are_in_bits() {
        let octaves = found(&[(48, 1), (60, 1), (72, 1), (84, 1)]);
        assert_eq!((octaves.pitch_entropy, octaves.pitch_class_entropy), (Some(2.0), Some(0.0)));
        let chromatic: Vec<_> = (60..72).map(|key| (key, 1)).collect();
        let chromatic = found(&chromatic);
        assert!((chromatic.pitch_class_entropy.unwrap() - 12_f32.log2()).abs() < 1e-6);
        assert_eq!(chromatic.scale_consistency, Some(7.0 / 12.0));
        assert_eq!((chromatic.key, chromatic.key_confidence), (None, None), "all weigh the same");
    }

    #[test]
    fn nothing_sounds() {
        assert_eq!(found(&[]), Metadata::default());
        let instant = found(&[(60, 0)]);
        assert_eq!(
            (instant.pitch_class_histogram, instant.key, instant.pitch_entropy),
            (None, None, Some(0.0))
        );
    }
}
