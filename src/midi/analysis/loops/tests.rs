//! Musical examples, and what must hold for any notes.

use std::time::{Duration, Instant};

use proptest::collection::vec;
use proptest::prelude::*;

use super::super::score::{Written, bars, track, tracks};
use super::*;

/// A sixteenth in these tests.
const SIXTEENTH: u64 = 24;

/// Bars of 4/4 in eighths, one letter each: keys from C up; `-` is a rest.
fn line(channel: u8, letters: &str) -> Vec<Written> {
    let eighths = (0..).zip(letters.bytes().filter(u8::is_ascii_graphic));
    let heard = eighths.filter(|(_, letter)| *letter != b'-');
    heard.map(|(at, letter)| (channel, letter - b'a' + 40, at * 2 * SIXTEENTH, 2 * SIXTEENTH)).collect()
}

/// Loops and the commonest length in quarter notes.
fn found(written: &[Written], meter: (u8, u8)) -> (u32, Option<f64>) {
    let found = Loops::default().find(&track(written), &bars(meter, 96));
    (found.count, found.length)
}

/// What is played, its eighths, the meter, and how many loops there are of which length.
type Case = (&'static str, String, (u8, u8), (u32, Option<f64>));

#[test]
fn musical_examples() {
    let (a, b, c, d) = ("aceg eceg", "bdfa fdfa", "hjln ljlh", "opqr stuv");
    let four = [a, b, c, d].concat();
    let three = "ac eg ec";
    let cases: [Case; 18] = [
        ("nothing", String::new(), (4, 2), (0, None)),
        ("no repetition", four.clone(), (4, 2), (0, None)),
        ("one bar twice", a.repeat(2), (4, 2), (1, Some(4.0))),
        ("one bar many times", a.repeat(16), (4, 2), (1, Some(4.0))),
        ("four bars twice", four.repeat(2), (4, 2), (1, Some(16.0))),
        ("four bars many times", four.repeat(6), (4, 2), (1, Some(16.0))),
        ("two bars inside four", [a, b, a, b, a, b, c, d].concat().repeat(2), (4, 2), (1, Some(32.0))),
        ("a fill in the last of four", [a, a, a, d].concat().repeat(4), (4, 2), (1, Some(16.0))),
        (
            "two bars, then two others",
            [a, b].concat().repeat(3) + &[c, d].concat().repeat(3),
            (4, 2),
            (2, Some(8.0)),
        ),
        ("the longer repetition counts", [a, b, a, b, c, d, a, b, a, b].concat(), (4, 2), (1, Some(24.0))),
        ("with bars of rest", [a, "---- ----", b, "---- ----"].concat().repeat(2), (4, 2), (1, Some(16.0))),
        ("half a bar again", [a, "aceg ----"].concat(), (4, 2), (1, Some(4.0))),
        ("three notes again", [a, "ace- ----"].concat(), (4, 2), (0, None)),
        (
            "too long",
            [&four, "xyxy zyzy", "wvwv uvuv", "tsts rsrs", "qpqp opop", "mnmn knkn", &four].concat(),
            (4, 2),
            (0, None),
        ),
        ("too sparse", "a--- ---- ---- ---- b--- ---- ---- ----".repeat(4), (4, 2), (0, None)),
        ("one bar in 3/4 is too short, two are not", three.repeat(6), (3, 2), (1, Some(6.0))),
        ("shorter than a loop", "ac".to_owned(), (4, 2), (0, None)),
        ("not on a bar line", format!("---- {four} -- {four}"), (4, 2), (0, None)),
    ];
    for (name, letters, meter, expected) in cases {
        assert_eq!(found(&line(0, &letters), meter), expected, "{name}");
    }
}

#[test]
fn parts_are_looked_at_by_themselves() {
    let (one, two) = ("aceg eceg", "bdfa fdfa hjln ljlh");
    let (melody, bass, drums) = (line(0, &two.repeat(3)), line(1, &one.repeat(6)), line(9, &one.repeat(6)));
    // Lengths of drums mean nothing.
    let loose: Vec<_> =
        (0..).zip(&drums).map(|(n, (channel, key, at, _))| (*channel, *key, *at, 1 + n % 7)).collect();
    let on_one_track: Vec<_> = [melody.clone(), bass.clone(), loose.clone()].concat();
    assert_eq!(found(&on_one_track, (4, 2)), (3, Some(4.0)));
    let notes = tracks(&[&melody, &melody, &bass, &loose]);
    let expected = Found { count: 4, length: Some(4.0) };
    assert_eq!(Loops::default().find(&notes, &bars((4, 2), 96)), expected);
    let loose_bass: Vec<_> = (0..)
        .zip(&bass)
        .map(|(n, (channel, key, at, _))| (*channel, *key, *at, 4 * (1 + n * n % 11)))
        .collect();
    assert_eq!(found(&loose_bass, (4, 2)), (0, None));
}

/// What a hostile file may ask for is done in time.
#[test]
fn hostile_notes_take_no_long() {
    let mut loops = Loops::default();
    let same: Vec<Written> =
        (0..300_000).map(|n| (u8::try_from(n / 50_000).unwrap(), 60, n % 50_000 * 2, 1)).collect();
    let random: Vec<Written> = (0..300_000_u64)
        .map(|n| {
            (
                u8::try_from(n % 16).unwrap(),
                u8::try_from(n * n % 127).unwrap(),
                n * 7_919 % 1_000_000,
                n % 900,
            )
        })
        .collect();
    let apart: Vec<Written> = (0..100_000).map(|n| (0, 60, n * 9_000_000, 5)).collect();
    for written in [same, random, apart] {
        let notes = track(&written);
        for (meter, ticks) in [((4, 2), 1), ((1, 7), 24), ((1, 7), 1), ((255, 0), 0x7FFF), ((1, 2), 4)] {
            let bars = bars(meter, ticks);
            let start = Instant::now();
            loops.find(&notes, &bars);
            // Not optimised, on a machine that others use too; what is not in time takes hours.
            assert!(start.elapsed() < Duration::from_secs(20), "{} notes {meter:?} {ticks}", written.len());
        }
    }
}

/// The definition as it stands in the decision, read as plainly as possible and in no hurry.
fn plainly(written: &[Written], bars: &Bars) -> (u32, Option<f64>) {
    let mut sets: Vec<(u64, u128, u64)> = Vec::new();
    let mut ordered = written.to_vec();
    ordered.sort_unstable_by_key(|(.., at, _)| *at);
    for (channel, key, at, length) in ordered {
        let (at, keys) = (bars.step(at), 1_u128 << key);
        let length = if channel == 9 { 0 } else { bars.step(length) };
        match sets.iter_mut().find(|set| set.0 == at) {
            Some(set) => (set.1, set.2) = (set.1 | keys, set.2.max(length)),
            None => sets.push((at, keys, length)),
        }
    }
    let mut lines: Vec<u64> = sets.iter().map(|set| bars.at(set.0).start).collect();
    lines.dedup();
    let from =
        |line: u64| sets.iter().filter(move |set| set.0 >= line).map(move |set| (set.0 - line, set.1, set.2));
    let agreement = |a: u64, b: u64| from(a).zip(from(b)).take_while(|(one, other)| one == other).count();
    let mut found: Vec<(Vec<_>, Reverse<usize>, u64)> = Vec::new();
    for (number, a) in lines.iter().enumerate() {
        for (other, b) in lines.iter().enumerate().skip(number + 1).take(32) {
            let (length, sets) = (b - a, agreement(*a, *b));
            let next = |line: u64| from(line).nth(sets).map_or(u64::MAX, |set| set.0);
            let within =
                column::double(u64::try_from(from(*a).filter(|set| set.0 < length).count()).unwrap());
            // A repetition that goes on from the bar before belongs to the loop found there.
            let goes_on = number > 0 && {
                let (before, other_before) = (lines[number - 1], lines[other - 1]);
                a - before == b - other_before
                    && agreement(before, other_before) >= from(before).count() - from(*a).count()
                    && from(before).count() - from(*a).count()
                        == from(other_before).count() - from(*b).count()
            };
            if sets >= 4
                && next(*a).min(next(*b)) >= 48
                && (96..=768).contains(&length)
                && within * 48.0 >= column::double(length)
                && !goes_on
            {
                let needed = from(*a).enumerate().take_while(|(count, set)| *count < 4 || set.0 < 48);
                found.push((needed.map(|(_, set)| set).collect(), Reverse(sets), length));
            }
        }
    }
    found.sort_unstable();
    found.dedup_by(|later, kept| later.0 == kept.0);
    let mut lengths: Vec<u64> = found.iter().map(|found| found.2).collect();
    lengths.sort_unstable();
    let times = |length: u64| lengths.iter().filter(|other| **other == length).count();
    let commonest = lengths.iter().copied().max_by_key(|length| (times(*length), Reverse(*length)));
    (column::unsigned(found.len()), commonest.map(|length| column::double(length) / 24.0))
}

/// Music that repeats itself now and then: bars of 4/4 out of three, and a few notes more.
fn music() -> impl Strategy<Value = Vec<Written>> {
    let bar = vec((60_u8..63, 0_u64..16, 1_u64..3), 0..9);
    (vec(bar, 3), vec(0_usize..3, 0..14), vec((60_u8..63, 0_u64..200, 1_u64..3), 0..3)).prop_map(
        |(bars, order, more)| {
            let again = (0..).zip(order).flat_map(|(number, bar)| {
                bars[bar]
                    .iter()
                    .map(move |(key, at, length)| (*key, number * 16 + at, *length))
                    .collect::<Vec<_>>()
            });
            again.chain(more).map(|(key, at, length)| (0, key, at * SIXTEENTH, length * SIXTEENTH)).collect()
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn it_agrees_with_the_plain_reading(written in music(), meter in 0_usize..4) {
        let meter = [(4, 2), (3, 2), (6, 3), (2, 2)][meter];
        // A note written twice, or into another of its key, would end with it.
        let mut written = written;
        written.sort_unstable_by_key(|(_, key, at, _)| (*key, *at));
        written.dedup_by(|later, kept| later.1 == kept.1 && later.2 < kept.2 + kept.3);
        prop_assert_eq!(found(&written, meter), plainly(&written, &bars(meter, 96)));
    }

    #[test]
    fn any_notes_have_few_loops(written in vec((0_u8..16, 60_u8..63, 0_u64..3_000, 0_u64..90), 0..200), meter in (1_u8.., 0_u8..8)) {
        let (count, length) = found(&written, meter);
        prop_assert!(usize::try_from(count).unwrap() * 8 <= written.len().max(8));
        prop_assert_eq!(count > 0, length.is_some());
        prop_assert!(length.is_none_or(|length| (4.0..=32.0).contains(&length)));
    }

    #[test]
    fn finer_ticks_change_nothing(written in music(), times in 2_u64..60) {
        let finer: Vec<_> = written
            .iter()
            .map(|(channel, key, at, length)| (*channel, *key, at * times, length * times))
            .collect();
        let fine = Loops::default().find(&track(&finer), &bars((4, 2), u16::try_from(96 * times).unwrap()));
        prop_assert_eq!(found(&written, (4, 2)), (fine.count, fine.length));
    }

    #[test]
    fn transposing_changes_nothing(written in music()) {
        let there: Vec<_> = written.iter().map(|(channel, key, at, length)| (*channel, key - 7, *at, *length)).collect();
        prop_assert_eq!(found(&written, (4, 2)), found(&there, (4, 2)));
    }
}
