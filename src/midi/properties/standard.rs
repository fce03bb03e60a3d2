//! The standard analysis beside the plainest reading of each definition, and what must not change its answers.

use std::collections::{BTreeMap, BTreeSet};

use midly::num::{u4, u7};
use midly::{Format, MetaMessage, MidiMessage, TrackEventKind};
use proptest::collection::vec;
use proptest::prelude::*;

use super::written;
use crate::midi::analysis::column::double;
use crate::midi::{Analyser, AnalysisLevel};
use crate::record::Metadata;

/// A note: when it begins, after how many ticks it ends, channel, key.
type Struck = (u64, u64, u8, u8);

/// Tracks of notes, on the beat and off it.
fn music() -> impl Strategy<Value = (u16, Vec<Vec<Struck>>)> {
    let channel = prop_oneof![3 => 0_u8..3, 1 => Just(9_u8)];
    let start = prop_oneof![2 => (0_u64..64).prop_map(|step| step * 30), 1 => 0_u64..4_000];
    let note = (start, 1_u64..700, channel, 40_u8..80);
    let division = prop_oneof![Just(24_u16), Just(96), Just(100), Just(120), Just(480), 1_u16..2_000];
    (division, vec(vec(note, 0..40), 1..5))
}

/// The file that midly writes of them; `scale` multiplies division and times.
fn file(division: u16, tracks: &[Vec<Struck>], scale: u64) -> Vec<u8> {
    let tracks: Vec<_> = tracks
        .iter()
        .map(|notes| {
            let mut edges: Vec<(u64, bool, u8, u8)> = Vec::new();
            for (start, length, channel, key) in notes {
                edges.push((*start, true, *channel, *key));
                edges.push((start + length, false, *channel, *key));
            }
            edges.sort_by_key(|(tick, begins, ..)| (*tick, *begins));
            let mut last = 0;
            edges
                .into_iter()
                .map(|(tick, begins, channel, key)| {
                    let delta = u32::try_from((tick - last) * scale).unwrap();
                    last = tick;
                    let (key, vel) = (u7::new(key), u7::new(64));
                    let message = if begins {
                        MidiMessage::NoteOn { key, vel }
                    } else {
                        MidiMessage::NoteOff { key, vel }
                    };
                    (delta, TrackEventKind::Midi { channel: u4::new(channel), message })
                })
                .chain([(0, TrackEventKind::Meta(MetaMessage::TrackName(b"Part")))])
                .collect()
        })
        .collect();
    written(Format::Parallel, division * u16::try_from(scale).unwrap(), &tracks)
}

fn found(content: &[u8]) -> Metadata {
    Analyser::new(AnalysisLevel::Standard).read(content).unwrap().metadata
}

/// Notes as they sound: track, channel, key, first tick, last tick. Each end ends the oldest note of its key.
fn sounding(tracks: &[Vec<Struck>]) -> Vec<(usize, u8, u8, u64, u64)> {
    let mut all = Vec::new();
    for (track, notes) in tracks.iter().enumerate() {
        let mut keys: BTreeMap<(u8, u8), (Vec<u64>, Vec<u64>)> = BTreeMap::new();
        for (start, length, channel, key) in notes {
            let (starts, ends) = keys.entry((*channel, *key)).or_default();
            starts.push(*start);
            ends.push(start + length);
        }
        for ((channel, key), (mut starts, mut ends)) in keys {
            starts.sort_unstable();
            ends.sort_unstable();
            all.extend(starts.into_iter().zip(ends).map(|(start, end)| (track, channel, key, start, end)));
        }
    }
    all
}

fn close(found: Option<f32>, expected: Option<f64>) -> bool {
    match (found.map(f64::from), expected) {
        (Some(found), Some(expected)) => (found - expected).abs() <= 1e-5 * expected.abs().max(1.0),
        (found, expected) => found.is_none() && expected.is_none(),
    }
}

fn share(count: usize, of: usize) -> Option<f64> {
    (of > 0).then(|| double(count as u64) / double(of as u64))
}

fn median(mut numbers: Vec<u64>) -> Option<f64> {
    numbers.sort_unstable();
    let upper = *numbers.get(numbers.len() / 2)?;
    let lower = numbers[(numbers.len() - 1) / 2];
    Some(double(lower + upper) / 2.0)
}

/// The nearest 24th of a quarter note.
fn position(tick: u64, division: u64) -> u64 {
    tick / division * 24 + (tick % division * 24 + division / 2) / division
}

proptest! {
    #[test]
    fn rhythm_follows_its_definitions((division, tracks) in music()) {
        let row = found(&file(division, &tracks, 1));
        let notes = sounding(&tracks);
        let division = u64::from(division);
        let end = notes.iter().map(|note| note.4).max().unwrap_or(0);
        let beats = end / division + 1;
        let full: BTreeSet<u64> =
            notes.iter().flat_map(|note| note.3 / division..=note.4 / division).collect();
        let empty = share(usize::try_from(beats).unwrap() - full.len(), usize::try_from(beats).unwrap());
        prop_assert!(close(row.empty_beat_rate, empty.filter(|_| !notes.is_empty())));

        let struck: BTreeSet<u64> = notes.iter().map(|note| position(note.3, division)).collect();
        let compared = position(end, division) / 96 * 96;
        let same = (0..compared).filter(|at| struck.contains(at) == struck.contains(&(at + 96))).count();
        let groove = share(same, usize::try_from(compared).unwrap()).filter(|_| !notes.is_empty());
        prop_assert!(close(row.groove_consistency, groove), "{:?} {groove:?}", row.groove_consistency);

        let mut upper = BTreeMap::new();
        for (_, channel, key, start, _) in &notes {
            if *channel != 9 {
                let top = upper.entry(position(*start, division)).or_insert(0);
                *top = (*key).max(*top);
            }
        }
        let upper: Vec<(u64, u8)> = upper.into_iter().collect();
        let gaps = upper.windows(2).map(|pair| pair[1].0 - pair[0].0).collect();
        prop_assert!(close(row.ioi_median_beats, median(gaps).map(|positions| positions / 24.0)));
        let intervals: Vec<u8> = upper.windows(2).map(|pair| pair[1].1.abs_diff(pair[0].1)).collect();
        let sum: u64 = intervals.iter().map(|interval| u64::from(*interval)).sum();
        prop_assert!(close(row.melodic_interval_mean, share(usize::try_from(sum).unwrap(), intervals.len())));
        for interval in 0..13 {
            let count = intervals.iter().filter(|other| usize::from(**other).min(12) == interval).count();
            let bin = row.melodic_interval_histogram.map(|histogram| histogram[interval]);
            prop_assert!(close(bin, share(count, intervals.len())));
        }
    }

    #[test]
    fn levels_follow_their_definition((division, tracks) in music()) {
        let row = found(&file(division, &tracks, 1));
        let division = u64::from(division);
        let level = |tick: u64| {
            let duple = (0..6).find(|depth| (tick << depth).is_multiple_of(division)).map(|depth| 2 * depth);
            let triple = (0..6).find(|depth| ((3 * tick) << depth).is_multiple_of(2 * division));
            duple.or(triple.map(|depth| 2 * depth + 1)).unwrap_or(12)
        };
        let mut parts: BTreeMap<(usize, u8), Vec<u64>> = BTreeMap::new();
        for (track, channel, _, start, _) in sounding(&tracks) {
            parts.entry((track, channel)).or_default().push(level(start));
        }
        let whole = |levels: Vec<u64>| median(levels).map(f64::floor);
        let medians: Vec<f64> = parts.values().cloned().filter_map(whole).collect();
        let kept: Vec<f64> = row.nomml_tracks.unwrap_or_default().into_iter().map(f64::from).collect();
        prop_assert_eq!(&kept, &medians);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "levels from 0 to 12")]
        let medians = medians.into_iter().map(|median| median as u64).collect();
        prop_assert_eq!(row.nomml.map(f64::from), whole(medians));
        let levels: Vec<u64> = parts.into_values().flatten().collect();
        let quantized = levels.iter().filter(|level| **level <= 5).count();
        prop_assert!(close(row.quantized_ratio, share(quantized, levels.len())));
    }

    #[test]
    fn pitches_follow_their_definitions((division, tracks) in music()) {
        let row = found(&file(division, &tracks, 1));
        let notes = sounding(&tracks);
        let melodic: Vec<_> = notes.iter().filter(|note| note.1 != 9).collect();
        let total: u64 = melodic.iter().map(|note| note.4 - note.3).sum();
        let entropy = |values: Vec<u8>| {
            let mut counts = BTreeMap::new();
            for value in &values {
                *counts.entry(*value).or_insert(0_usize) += 1;
            }
            let shares = counts.into_values().filter_map(|count| share(count, values.len()));
            (!values.is_empty()).then(|| -shares.map(|share| share * share.log2()).sum::<f64>())
        };
        prop_assert!(close(row.pitch_entropy, entropy(melodic.iter().map(|note| note.2).collect())));
        prop_assert!(close(row.pitch_class_entropy, entropy(melodic.iter().map(|note| note.2 % 12).collect())));
        for class in 0..12_u8 {
            let ticks: u64 = melodic.iter().filter(|note| note.2 % 12 == class).map(|note| note.4 - note.3).sum();
            let bin = row.pitch_class_histogram.map(|histogram| histogram[usize::from(class)]);
            prop_assert!(close(bin, (total > 0).then(|| double(ticks) / double(total))));
        }
        let in_scale = |tonic: u8| {
            melodic.iter().filter(|note| [0, 2, 4, 5, 7, 9, 11].contains(&((note.2 + 12 - tonic) % 12))).count()
        };
        let best = (0..12).map(in_scale).max().unwrap();
        prop_assert!(close(row.scale_consistency, share(best, melodic.len())));
        prop_assert_eq!(row.key.is_some(), row.key_confidence.is_some());

        // Between two neighbouring edges nothing changes.
        let edges: BTreeSet<u64> = melodic.iter().flat_map(|note| [note.3, note.4]).collect();
        let edges: Vec<u64> = edges.into_iter().collect();
        let several: u64 = edges
            .windows(2)
            .filter(|pair| melodic.iter().filter(|note| note.3 <= pair[0] && pair[1] <= note.4).count() > 1)
            .map(|pair| pair[1] - pair[0])
            .sum();
        let end = notes.iter().map(|note| note.4).max();
        prop_assert!(close(row.polyphony_rate, end.map(|end| double(several) / double(end))));
    }

    /// What the same music may look like in another file.
    #[test]
    fn signatures_see_through_spelling((division, tracks) in music(), turn in 0_usize..5) {
        let row = found(&file(division, &tracks, 1));
        let mut turned = tracks.clone();
        let count = turned.len();
        turned.rotate_left(turn % count);
        let finer = found(&file(division, &turned, 4));
        prop_assert_eq!(row.note_signature, finer.note_signature, "tracks in another order, a finer division");
        prop_assert_eq!((row.transposed_signature, row.minhash), (finer.transposed_signature, finer.minhash));
        prop_assert_eq!((row.groove_consistency, row.nomml), (finer.groove_consistency, finer.nomml));
        let higher = |by: u8| {
            let higher = tracks.iter().map(|notes| {
                notes.iter().map(|(start, length, channel, key)| (*start, *length, *channel, if *channel == 9 { *key } else { key + by }))
            });
            found(&file(division, &higher.map(Iterator::collect).collect::<Vec<_>>(), 1))
        };
        let higher = higher(3);
        prop_assert_eq!((row.transposed_signature, row.minhash), (higher.transposed_signature, higher.minhash));
        prop_assert_eq!(row.n_melodic_notes > 0, row.note_signature != higher.note_signature);
        prop_assert_eq!(row.key_tonic.map(|tonic| (tonic + 3) % 12), higher.key_tonic);
        prop_assert_eq!(row.minhash.is_some(), row.minhash_bands.is_some());
    }
}
