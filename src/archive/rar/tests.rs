//! The reader against archives that the crate `rars` writes.

mod headers;
mod random;

use super::*;
use rars::{ArchiveVersion, Builder};

/// A name, and the content or why there is none.
type Read = (String, Result<Vec<u8>, Reason>);

/// Reads all parts of an archive, half of the members in two steps.
fn read_all(bytes: &[u8], limits: &Limits) -> Result<(Vec<Read>, Option<Reason>), Reason> {
    let rar = RarDirectory::read(bytes, limits).map_err(|refusal| refusal.reason)?;
    let names = rar.name_decoder();
    let mut all = Vec::new();
    let mut next = 0;
    for (index, part) in rar.parts().iter().enumerate() {
        assert_eq!(part.first, next, "parts follow one another");
        next += part.members;
        let mut members = rar.open_part(bytes, index, limits);
        let mut found = 0;
        while let Some(member) = members.next_member() {
            let mut content = b"before".to_vec();
            let head = if all.len() % 2 == 0 { 0 } else { 10 };
            let read =
                members.fill(&mut content, 6 + head).and_then(|()| members.fill(&mut content, usize::MAX));
            let content = content.split_off(6);
            assert!(content.len() as u64 <= member.size, "never more than declared");
            if read.is_ok() {
                assert_eq!(content.len() as u64, member.size);
                assert!(member.refusal.is_none());
            }
            let name = names.decode(&member.raw_name, member.is_utf8).text;
            all.push((name, read.map(|()| content).map_err(|refusal| refusal.reason)));
            found += 1;
        }
        assert_eq!(found, part.members);
        assert!(members.refusal().is_none());
    }
    assert_eq!(next, rar.records.len(), "parts hold every member once");
    Ok((all, rar.refusal().map(|refusal| refusal.reason)))
}

/// The reasons of an archive's members and of the archive.
fn reasons(bytes: &[u8], limits: &Limits) -> (Vec<Option<Reason>>, Option<Reason>) {
    match read_all(bytes, limits) {
        Ok((all, reason)) => (all.into_iter().map(|(_, read)| read.err()).collect(), reason),
        Err(reason) => (Vec::new(), Some(reason)),
    }
}

fn build(version: ArchiveVersion, solid: bool, store: bool, members: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut builder = Builder::new(version).solid(solid).store(store).allow_duplicate_names(true);
    for (name, content) in members {
        builder.add_bytes(name.as_bytes().to_vec(), content.clone(), None, None).unwrap();
    }
    builder.to_bytes().unwrap()
}

/// Content that can be packed, different for each seed.
fn melody(seed: u32, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_add(1);
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    (0..length).map(|at| if at % 4 == 1 { 0x90 } else { next() & 0x3c }).collect()
}

fn collection() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("a.mid", melody(1, 3_000)),
        ("folder/b.mid", melody(2, 70_000)),
        ("empty.txt", Vec::new()),
        ("folder/b.mid", melody(1, 3_000)),
        ("one", vec![7]),
        ("zeros", vec![0; 300_000]),
    ]
}

const VERSIONS: &[ArchiveVersion] = &[
    ArchiveVersion::Rar15,
    ArchiveVersion::Rar20,
    ArchiveVersion::Rar29,
    ArchiveVersion::Rar40,
    ArchiveVersion::Rar50,
    ArchiveVersion::Rar70,
];

#[test]
fn what_was_written_is_read_back() {
    let members = collection();
    for version in VERSIONS {
        for (solid, store) in [(false, false), (true, false), (false, true)] {
            let bytes = build(*version, solid, store, &members);
            let (found, reason) = read_all(&bytes, &Limits::default()).unwrap();
            assert_eq!(
                (found.len(), reason),
                (members.len(), None),
                "{version}, solid {solid}, stored {store}"
            );
            for ((name, content), (expected_name, expected)) in found.iter().zip(&members) {
                assert_eq!(name, expected_name);
                assert!(content.as_ref() == Ok(expected), "{version}, solid {solid}, stored {store}: {name}");
            }
        }
    }
}

#[test]
fn parts_are_as_large_as_they_may_be_and_solid_runs_whole() {
    let members: Vec<_> = (0..600).map(|seed| ("x.mid", melody(seed, 100))).collect();
    for (solid, store, expected) in
        [(false, false, vec![256, 256, 88]), (false, true, vec![256, 256, 88]), (true, false, vec![600])]
    {
        let bytes = build(ArchiveVersion::Rar50, solid, store, &members);
        let rar = RarDirectory::read(&bytes, &Limits::default()).unwrap();
        let sizes: Vec<_> = rar.parts().iter().map(|part| part.members).collect();
        assert_eq!(sizes, expected, "solid {solid}, stored {store}");
    }
    let large: Vec<_> = (0..3).map(|_| ("x.mid", melody(1, 700_000))).collect();
    let bytes = build(ArchiveVersion::Rar50, false, true, &large);
    let rar = RarDirectory::read(&bytes, &Limits::default()).unwrap();
    assert!(rar.parts().iter().all(|part| (part.members, part.packed) == (1, 700_000)));
}

#[test]
fn members_of_a_solid_run_are_read_without_those_before_them() {
    let members: Vec<_> = (0..6).map(|seed| ("x.mid", melody(seed, 20_000))).collect();
    for version in [ArchiveVersion::Rar29, ArchiveVersion::Rar50] {
        let bytes = build(version, true, false, &members);
        let limits = Limits::default();
        let rar = RarDirectory::read(&bytes, &limits).unwrap();
        let mut part = rar.open_part(&bytes, 0, &limits);
        for (index, (_, expected)) in members.iter().enumerate() {
            part.next_member().unwrap();
            let mut content = Vec::new();
            match index {
                // Only a start, in several steps.
                1 | 4 => {
                    part.fill(&mut content, 5).unwrap();
                    part.fill(&mut content, 300).unwrap();
                    assert_eq!(content, expected[..300], "{version}");
                }
                3 | 5 => {
                    part.fill(&mut content, usize::MAX).unwrap();
                    assert_eq!(&content, expected, "{version}");
                }
                _ => {}
            }
        }
        assert!(part.next_member().is_none());
    }
}

#[test]
fn zeros_at_the_start_are_remembered() {
    // What the streaming decoder of `rars` 0.12.3 gets wrong: a match that begins in the first zeros and goes on behind them.
    let start = [vec![0; 40], melody(1, 20)].concat();
    let content = [start.clone(), melody(2, 5_000), start[30..].to_vec(), melody(3, 500), start].concat();
    // It is used for members larger than an entry may be.
    let limits = Limits { entry_size: 1_000, ..Limits::default() };
    for first in [Vec::new(), vec![0; 300_000]] {
        let members = [("zeros", first), ("x", content.clone()), ("y", content.clone())];
        for version in [ArchiveVersion::Rar50, ArchiveVersion::Rar70] {
            for solid in [false, true] {
                let bytes = build(version, solid, false, &members);
                for limits in [&limits, &Limits::default()] {
                    let (found, _) = read_all(&bytes, limits).unwrap();
                    for ((_, content), (_, expected)) in found.iter().zip(&members) {
                        assert!(content.as_ref() == Ok(expected), "{version}, solid {solid}");
                    }
                }
            }
        }
    }
}

#[test]
fn an_archive_may_stand_behind_a_program() {
    for version in [ArchiveVersion::Rar40, ArchiveVersion::Rar50] {
        let archive = build(version, false, false, &collection());
        // The program speaks of signatures.
        let program =
            [b"MZ".as_slice(), &[0; 9_000], legacy::SIGNATURE, modern::SIGNATURE, &[1; 50]].concat();
        let (members, reason) = read_all(&[program, archive].concat(), &Limits::default()).unwrap();
        assert_eq!((members.len(), reason), (6, None), "{version}");
    }
}

#[test]
fn what_is_behind_a_lost_member_of_a_solid_run_is_refused_with_it() {
    let members: Vec<_> = (0..4).map(|seed| ("x.mid", melody(seed, 30_000))).collect();
    for version in [ArchiveVersion::Rar29, ArchiveVersion::Rar50] {
        let mut bytes = build(version, true, false, &members);
        let rar = RarDirectory::read(&bytes, &Limits::default()).unwrap();
        let (at, length) = rar.records[1].data;
        let end = at + usize::try_from(length).unwrap();
        bytes[at..end].fill(0xff);
        let (found, archive) = reasons(&bytes, &Limits::default());
        assert_eq!(found[..2], [None, Some(Reason::ArchiveDamaged)], "{version}");
        assert!(found[2..].iter().all(|reason| *reason == Some(Reason::ArchiveDamaged)), "{version}");
        assert_eq!(archive, None);
    }
}

#[test]
fn a_damaged_header_costs_its_own_member() {
    for version in [ArchiveVersion::Rar40, ArchiveVersion::Rar50] {
        let members: Vec<_> = (0..4).map(|seed| ("x.mid", melody(seed, 3_000))).collect();
        for (solid, kept) in [(false, 3), (true, 1)] {
            let mut bytes = build(version, solid, false, &members);
            let rar = RarDirectory::read(&bytes, &Limits::default()).unwrap();
            let name = rar.records[1].name.0;
            bytes[name] ^= 0x20;
            let (found, archive) = reasons(&bytes, &Limits::default());
            assert_eq!(archive, Some(Reason::ArchiveDamaged), "{version}, solid {solid}");
            assert_eq!(found.len(), 3, "{version}, solid {solid}");
            assert_eq!(
                found.iter().filter(|reason| reason.is_none()).count(),
                kept,
                "{version}, solid {solid}"
            );
        }
    }
}
