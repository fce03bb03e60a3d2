//! Tests of whole samples: read back by other means than they were written with, and compared with their summary.

use std::collections::{BTreeMap, HashSet};
use std::io::{Cursor, Read};
use std::path::Path;

use midly::{MetaMessage, MidiMessage, TrackEventKind};
use proptest::prelude::*;

use super::*;

/// A file found by reading a sample back.
struct Found {
    /// The containers it lies in and its name, as text as far as possible.
    path: String,
    raw_name: Vec<u8>,
    content: Vec<u8>,
}

/// Every entry below a path, archives in archives included and opened.
fn read_back(root: &Path) -> Vec<Found> {
    let mut found = Vec::new();
    for file in walkdir::WalkDir::new(root).sort_by_file_name() {
        let file = file.unwrap();
        if !file.file_type().is_file() {
            continue;
        }
        let path = file.path().strip_prefix(root).unwrap().to_str().unwrap().to_owned();
        let content = std::fs::read(file.path()).unwrap();
        if path.as_bytes().ends_with(b".gz") && !is_archive(path.as_bytes()) {
            let mut inner = Vec::new();
            flate2::read::GzDecoder::new(content.as_slice()).read_to_end(&mut inner).unwrap();
            found.push(Found { raw_name: path.clone().into_bytes(), path, content: inner });
        } else if path.contains('/') {
            found.push(Found { raw_name: path.clone().into_bytes(), path, content });
        } else {
            open(&path, &content, &mut found);
        }
    }
    found
}

/// Whether a file of this name is an archive of several.
fn is_archive(name: &[u8]) -> bool {
    name.ends_with(b".zip") || name.ends_with(b".tar.gz")
}

/// The entries of one archive, by its name.
fn open(path: &str, bytes: &[u8], found: &mut Vec<Found>) {
    let before = found.len();
    if path.as_bytes().ends_with(b".zip") {
        let archive = rawzip::ZipArchive::from_slice(bytes).unwrap();
        for record in archive.entries() {
            let record = record.unwrap();
            let entry = archive.get_entry(record.wayfinder()).unwrap();
            let mut content = Vec::new();
            if record.compression_method() == rawzip::CompressionMethod::STORE {
                entry.verifying_reader(entry.data()).read_to_end(&mut content).unwrap();
            } else {
                let decoder = flate2::read::DeflateDecoder::new(entry.data());
                entry.verifying_reader(decoder).read_to_end(&mut content).unwrap();
            }
            let raw_name = record.file_path().as_bytes().to_vec();
            found.push(Found {
                path: format!("{path}!/{}", String::from_utf8_lossy(&raw_name)),
                raw_name,
                content,
            });
        }
    } else {
        let stream: Box<dyn Read> = match path.rsplit_once('.').unwrap().1 {
            "gz" => Box::new(flate2::read::GzDecoder::new(bytes)),
            "zst" => Box::new(zstd::Decoder::new(bytes).unwrap()),
            _ => Box::new(Cursor::new(bytes)),
        };
        for entry in tar::Archive::new(stream).entries().unwrap() {
            let mut entry = entry.unwrap();
            let mut content = Vec::new();
            entry.read_to_end(&mut content).unwrap();
            let raw_name = entry.path_bytes().into_owned();
            found.push(Found {
                path: format!("{path}!/{}", String::from_utf8_lossy(&raw_name)),
                raw_name,
                content,
            });
        }
    }
    for at in before..found.len() {
        if is_archive(&found[at].raw_name) {
            let (path, content) = (found[at].path.clone(), found[at].content.clone());
            open(&path, &content, found);
        }
    }
}

/// What an independent reader makes of what was found.
fn count(found: &[Found]) -> Counts {
    let mut counts = Counts::default();
    let mut contents = HashSet::new();
    for file in found {
        counts.entries += 1;
        let name = String::from_utf8_lossy(&file.raw_name).to_lowercase();
        let name = name.strip_suffix(".gz").filter(|_| !is_archive(&file.raw_name)).unwrap_or(&name);
        let file_name = name.rsplit('/').next().unwrap();
        let is_named = ["mid", "midi", "kar", "rmi", "smf"].contains(&file_name.rsplit('.').next().unwrap())
            && !file_name.starts_with("._");
        let start = &file.content[..file.content.len().min(1_024)];
        let is_midi = start.windows(4).any(|window| window == b"MThd");
        if is_archive(&file.raw_name) {
            counts.archives += 1;
            continue;
        }
        counts.bytes += file.content.len() as u64;
        match (is_named, is_midi) {
            (true, true) => {
                counts.midi += 1;
                contents.insert(blake3::hash(&file.content));
            }
            (true, false) => counts.not_midi += 1,
            (false, false) => counts.clutter += 1,
            (false, true) => panic!("{} holds MIDI and is not named so", file.path),
        }
    }
    counts.distinct = contents.len() as u64;
    counts
}

fn small() -> SampleOptions {
    SampleOptions {
        files: 420,
        mean_size: 3_000,
        damaged: 0.2,
        clutter: 0.1,
        duplicates: 0.25,
        ..SampleOptions::default()
    }
}

fn digests(options: &SampleOptions) -> Vec<(Vec<u8>, blake3::Hash)> {
    let folder = tempfile::tempdir().unwrap();
    write(options, folder.path()).unwrap();
    let mut files: Vec<_> = read_back(folder.path())
        .into_iter()
        .filter(|file| !is_archive(&file.raw_name))
        .map(|file| (file.raw_name, blake3::hash(&file.content)))
        .collect();
    files.sort_by(|a, b| (&a.0, a.1.as_bytes()).cmp(&(&b.0, b.1.as_bytes())));
    files
}

/// Strictly read: every track complete, in as many tracks as declared, nothing left over. Returns the notes started.
fn read_strictly(bytes: &[u8]) -> u32 {
    let (_, tracks) = midly::parse(bytes).unwrap();
    let declared = usize::from(u16::from_be_bytes([bytes[10], bytes[11]]));
    let bodies = smf::track_bodies(bytes);
    assert_eq!(bodies.len(), declared);
    assert_eq!(bodies.last().unwrap().end, bytes.len());
    let mut notes = 0;
    for (track, body) in tracks.zip(bodies) {
        let mut events = track.unwrap().bytemapped();
        let mut read = 0;
        let mut has_ended = false;
        for event in events.by_ref() {
            let (raw, event) = event.unwrap();
            assert!(!has_ended, "an event after the end of the track");
            // The map leaves the delta time out: seven bits of it to a byte.
            read += raw.len()
                + [0, 1 << 7, 1 << 14, 1 << 21].iter().filter(|floor| event.delta >= **floor).count();
            has_ended = event.kind == TrackEventKind::Meta(MetaMessage::EndOfTrack);
            if let TrackEventKind::Midi { message: MidiMessage::NoteOn { vel, .. }, .. } = event.kind {
                notes += u32::from(vel > 0);
            }
        }
        assert!(has_ended && read == body.len(), "the track is not read to its end");
    }
    notes
}

#[test]
fn the_summary_is_what_another_reader_counts() {
    let options = small();
    let folder = tempfile::tempdir().unwrap();
    let summary = write(&options, folder.path()).unwrap();
    let found = read_back(folder.path());
    assert_eq!(summary.parts.len(), 7);
    for part in &summary.parts {
        let here: Vec<Found> = read_back(folder.path())
            .into_iter()
            .filter(|file| {
                file.path.starts_with(&format!(
                    "{}{}",
                    part.path,
                    if part.path.contains('.') { "!" } else { "/" }
                ))
            })
            .collect();
        let mut counted = count(&here);
        (counted.copies, counted.damaged) = (part.counts.copies, part.counts.damaged.clone());
        assert_eq!(part.counts, counted, "{}", part.path);
    }
    let mut counted = count(&found);
    (counted.copies, counted.damaged) = (summary.total.copies, summary.total.damaged.clone());
    assert_eq!(summary.total, counted);
    let on_disk: u64 = walkdir::WalkDir::new(folder.path())
        .into_iter()
        .map(|file| file.unwrap().metadata().unwrap())
        .filter(std::fs::Metadata::is_file)
        .map(|file| file.len())
        .sum();
    assert_eq!(summary.stored_bytes, on_disk);
    let total = &summary.total;
    assert_eq!(total.entries, total.archives + total.midi + total.not_midi + total.clutter);
    assert_eq!(total.damaged.len(), Damage::ALL.len(), "{:?}", total.damaged);
    assert!(total.archives >= 2);
}

#[test]
fn the_same_options_give_the_same_files_whatever_the_threads() {
    let options = small();
    let first = digests(&options);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    assert!(first == pool.install(|| digests(&options)));
    let other = digests(&SampleOptions { seed: 2, ..options });
    let first: HashSet<_> = first.into_iter().map(|(_, digest)| digest).collect();
    let shared = other.iter().filter(|(_, digest)| first.contains(digest)).collect::<Vec<_>>();
    // Only empty files and desktop.ini are the same in every sample.
    let distinct: HashSet<_> = shared.iter().map(|(_, digest)| digest).collect();
    assert!(distinct.len() <= 2, "{} contents are in both", distinct.len());
}

#[test]
fn contents_stay_what_they_are() {
    // Of a generator that changes, every figure and every stored expectation is void: change this only on purpose.
    let mut hasher = blake3::Hasher::new();
    for index in 0..64 {
        hasher.update(&midi(1, index, 200 * usize::try_from(index).unwrap()));
    }
    assert_eq!(&hasher.finalize().to_hex()[..16], "f7df6844d1b0f843");
}

#[test]
fn clean_files_are_clean_distinct_and_of_the_size_asked_for() {
    let mut seen = HashSet::new();
    let mut totals: BTreeMap<usize, (usize, usize)> = BTreeMap::new();
    for index in 0..900 {
        let target = [0, 200, 1_000, 6_000, 20_000, 60_000][usize::try_from(index % 6).unwrap()];
        let bytes = midi(11, index, target);
        assert!(read_strictly(&bytes) > 0, "{index} has no notes");
        assert!(bytes.len() > 52);
        let total = totals.entry(target).or_default();
        *total = (total.0 + 1, total.1 + bytes.len());
        assert!(seen.insert(bytes), "{index} is a content again");
    }
    for (target, (count, bytes)) in totals {
        let mean = bytes / count;
        eprintln!("target {target}: mean {mean}");
        assert!(
            target < 1_000 || mean.abs_diff(target) < target / 16,
            "asked for {target}, got {mean} on average"
        );
    }
}

#[test]
fn music_is_as_varied_as_real_collections() {
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    for index in 0..1_500 {
        let bytes = midi(21, index, 4_000);
        let smf = midly::Smf::parse(&bytes).unwrap();
        let mut marks = HashSet::new();
        marks.insert(format!("{:?}", smf.header.format));
        marks.insert(format!("{:?}", smf.header.timing));
        for span in smf::track_bodies(&bytes).into_iter().flat_map(|body| smf::spans(&bytes, body)) {
            if span.is_running {
                marks.insert("running status".to_owned());
            }
        }
        for event in smf.tracks.iter().flatten() {
            let mark = match event.kind {
                TrackEventKind::Midi { channel, .. } if channel == 9 => "drums",
                TrackEventKind::Midi { message: MidiMessage::NoteOff { .. }, .. } => "note off",
                TrackEventKind::Midi { message: MidiMessage::PitchBend { .. }, .. } => "bend",
                TrackEventKind::Midi { message: MidiMessage::Controller { controller, .. }, .. }
                    if controller == 64 =>
                {
                    "pedal"
                }
                TrackEventKind::Meta(MetaMessage::Lyric(_)) => "lyric",
                TrackEventKind::Meta(MetaMessage::Text(b"@KMIDI KARAOKE FILE")) => "karaoke",
                TrackEventKind::Meta(MetaMessage::Marker(_)) => "marker",
                TrackEventKind::Meta(MetaMessage::Copyright(_)) => "copyright",
                TrackEventKind::Meta(MetaMessage::KeySignature(..)) => "key",
                TrackEventKind::Meta(MetaMessage::Tempo(_)) => "tempo",
                TrackEventKind::Meta(MetaMessage::TimeSignature(7, 3, ..)) => "7/8",
                TrackEventKind::Meta(MetaMessage::TimeSignature(5, 2, ..)) => "5/4",
                TrackEventKind::SysEx(_) => "reset",
                _ => continue,
            };
            marks.insert(mark.to_owned());
        }
        for mark in marks {
            *seen.entry(mark).or_default() += 1;
        }
    }
    for mark in [
        "drums",
        "note off",
        "bend",
        "pedal",
        "lyric",
        "karaoke",
        "marker",
        "copyright",
        "key",
        "tempo",
        "7/8",
        "5/4",
        "reset",
        "running status",
        "SingleTrack",
        "Parallel",
        "Sequential",
        "Metrical(u15(96))",
        "Metrical(u15(480))",
        "Metrical(u15(1024))",
    ] {
        assert!(seen.get(mark).is_some_and(|count| *count > 2), "{mark}: {seen:?}");
    }
}

#[test]
fn every_damage_does_what_it_says() {
    for index in 0..60 {
        let clean = midi(31, index, [100, 2_000, 9_000][usize::try_from(index % 3).unwrap()]);
        let tracks = smf::track_bodies(&clean);
        for damage in Damage::ALL {
            let bytes = damage.apply(clean.clone(), index);
            assert_ne!(bytes, clean, "{damage:?}");
            assert_eq!(
                bytes,
                damage.apply(clean.clone(), index),
                "{damage:?} is not a function of its arguments"
            );
            let holds = bytes.windows(4).position(|window| window == b"MThd");
            assert_eq!(holds.is_some(), damage.expectation() == Expectation::Midi, "{damage:?}");
            let cut_tracks = || smf::track_bodies(&bytes);
            let events =
                || -> usize { cut_tracks().into_iter().map(|body| smf::spans(&bytes, body).len()).sum() };
            let clean_events: usize = tracks.iter().map(|body| smf::spans(&clean, body.clone()).len()).sum();
            match damage {
                Damage::TruncatedTrack => assert!(bytes.len() < clean.len() - 7 && clean.starts_with(&bytes)),
                Damage::NoEndOfTrack => {
                    assert_eq!(clean.len() - bytes.len(), 4);
                    assert_eq!(events(), clean_events - 1);
                }
                Damage::HighDataByte => assert_eq!(bytes.len(), clean.len()),
                Damage::RunningStatusAfterMeta => {
                    assert_eq!(cut_tracks().last().unwrap().end, bytes.len());
                    assert!(events() < clean_events + 3, "midly reads on");
                }
                Damage::TrackPastEnd => assert_eq!(cut_tracks().len(), tracks.len() - 1),
                Damage::JunkBefore => assert!((1..1_000).contains(&holds.unwrap())),
                Damage::WrongTrackCount => assert_ne!(bytes[10..12], clean[10..12]),
                Damage::ZeroDivision => assert_eq!(bytes[12..14], [0, 0]),
                Damage::Empty => assert!(bytes.is_empty()),
                Damage::Jpeg => assert!(bytes.starts_with(b"\xff\xd8\xff")),
                Damage::AppleDouble => assert!(bytes.starts_with(&[0, 5, 0x16, 7])),
                Damage::RiffWrapped => {
                    assert!(
                        bytes.starts_with(b"RIFF") && bytes[8..16] == *b"RMIDdata" && bytes.len() % 2 == 0
                    );
                    let declared = u32::from_le_bytes(bytes[4..8].try_into().unwrap());
                    assert_eq!(declared as usize + 8, bytes.len());
                    assert!(bytes[20..].starts_with(&clean));
                }
                Damage::TrailingJunk => assert!(bytes.starts_with(&clean)),
            }
        }
    }
}

#[test]
fn shares_come_out_as_asked() {
    let options = SampleOptions {
        files: 2_000,
        mean_size: 600,
        duplicates: 0.3,
        damaged: 0.1,
        clutter: 0.05,
        layout: vec![Container::Zip],
        ..SampleOptions::default()
    };
    let folder = tempfile::tempdir().unwrap();
    let summary = write(&options, folder.path()).unwrap();
    assert_eq!(summary.parts.len(), 2);
    let total = &summary.total;
    let share = |count: u64| f64::from(u32::try_from(count).unwrap()) / 2_000.0;
    assert!((share(total.copies) - 0.3).abs() < 0.03, "{total:?}");
    assert!((share(total.midi - total.distinct) - 0.3).abs() < 0.03, "{total:?}");
    assert!((share(total.damaged.values().sum()) - 0.1).abs() < 0.03, "{total:?}");
    let forks = total.damaged.get(&Damage::AppleDouble).copied().unwrap_or(0);
    assert!((share(total.clutter - forks) - 0.05).abs() < 0.02, "{total:?}");
}

#[test]
fn old_archives_name_files_without_saying_in_which_encoding() {
    let options = SampleOptions {
        files: 3_000,
        mean_size: 200,
        layout: vec![Container::Zip, Container::Tar],
        files_per_archive: 150,
        ..SampleOptions::default()
    };
    let folder = tempfile::tempdir().unwrap();
    write(&options, folder.path()).unwrap();
    let names: Vec<_> = read_back(folder.path()).into_iter().map(|file| file.raw_name).collect();
    let shift_jis = encoding_rs::SHIFT_JIS.encode("青い鳥楽団").0;
    for needle in [&shift_jis[..], b"Caf\x82 M\x81ller", "青い鳥楽団".as_bytes()] {
        assert!(
            names.iter().any(|name| name.windows(needle.len()).any(|part| part == needle)),
            "{needle:x?}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn any_options_within_their_ranges_work(
        seed in any::<u64>(),
        files in 0_u64..60,
        mean_size in 200_usize..8_000,
        duplicates in 0.0..=1.0,
        damaged in 0.0..=1.0,
        clutter in 0.0..=1.0,
        layout in proptest::collection::vec(proptest::sample::select(Container::ALL.to_vec()), 1..5),
        files_per_archive in 1_u64..80,
    ) {
        let options = SampleOptions { seed, files, mean_size, duplicates, damaged, clutter, layout, files_per_archive };
        let folder = tempfile::tempdir().unwrap();
        let summary = write(&options, folder.path()).unwrap();
        let mut counted = count(&read_back(folder.path()));
        (counted.copies, counted.damaged) = (summary.total.copies, summary.total.damaged.clone());
        prop_assert_eq!(summary.total, counted);
    }

    #[test]
    fn any_file_is_clean(seed in any::<u64>(), index in any::<u64>(), target in 0_usize..30_000) {
        prop_assert!(read_strictly(&midi(seed, index, target)) > 0);
    }

    #[test]
    fn any_bytes_can_be_damaged(bytes in proptest::collection::vec(any::<u8>(), 0..400), key in any::<u64>()) {
        for damage in Damage::ALL {
            let _ = damage.apply(bytes.clone(), key);
        }
    }
}
