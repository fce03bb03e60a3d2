//! Archives cut, damaged and made at random.

use super::headers::{legacy_archive, legacy_file, modern_archive, stored};
use super::*;
use proptest::prelude::*;

#[test]
fn what_came_before_a_cut_is_kept() {
    let members = collection();
    for version in [ArchiveVersion::Rar29, ArchiveVersion::Rar50] {
        for solid in [false, true] {
            let bytes = build(version, solid, false, &members);
            let whole = read_all(&bytes, &Limits::default()).unwrap().0;
            let signature = if version == ArchiveVersion::Rar50 { 8 } else { 7 };
            for length in (signature..bytes.len()).step_by(97).chain(bytes.len() - 40..bytes.len()) {
                let (kept, reason) = read_all(&bytes[..length], &Limits::default()).unwrap();
                assert!(kept.len() <= whole.len());
                for ((name, content), (whole_name, whole)) in kept.iter().zip(&whole) {
                    assert_eq!(name, whole_name);
                    assert!(
                        content == whole || *content == Err(Reason::ArchiveTruncated),
                        "{version}, {length}"
                    );
                }
                // An old archive has no mark at its end: cut between two members it is a shorter archive.
                let is_shorter =
                    version == ArchiveVersion::Rar29 && kept.iter().all(|(_, read)| read.is_ok());
                let expected = [Some(Reason::ArchiveTruncated), None];
                assert!(expected[..=usize::from(is_shorter)].contains(&reason), "{version}, {length}");
            }
        }
    }
}

#[test]
fn flipped_bits_are_noticed() {
    let members = [("a.mid", melody(1, 900)), ("b.mid", melody(2, 900)), ("c", vec![0; 5_000])];
    for version in VERSIONS {
        for solid in [false, true] {
            let bytes = build(*version, solid, false, &members);
            for at in (0..bytes.len()).step_by(3) {
                let mut damaged = bytes.clone();
                damaged[at] ^= 1 << (at % 8);
                let Ok((found, _)) = read_all(&damaged, &Limits::default()) else { continue };
                // A checksum guards every content; names have none of their own in the oldest archives' comments.
                for (_, content) in found {
                    if let Ok(content) = content {
                        assert!(members.iter().any(|(_, whole)| *whole == content), "{version}, byte {at}");
                    }
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_bytes_end(bytes in proptest::collection::vec(0_u8.., 0..600), old in proptest::bool::ANY) {
        let limits = Limits::default();
        let signature = if old { legacy::SIGNATURE } else { modern::SIGNATURE };
        let _ = read_all(&bytes, &limits);
        let _ = read_all(&[signature, &bytes].concat(), &limits);
    }

    #[test]
    fn any_packed_bytes_end(
        packed in proptest::collection::vec(0_u8.., 1..400),
        size in 1_u32..2_000_000,
        solid in proptest::bool::ANY,
    ) {
        let limits = Limits::default();
        for version in [15, 20, 29] {
            let flags = if solid { 0x10 } else { 0 };
            let files: Vec<_> =
                (0..2).map(|_| legacy_file(flags, version, 0x33, b"x", size, &packed)).collect();
            prop_assert_eq!(read_all(&legacy_archive(u16::from(solid) * 8, &files), &limits).unwrap().0.len(), 2);
        }
        let mut file = stored("x", &packed);
        (file.size, file.packing) = (u64::from(size), 3 << 7);
        let mut second = file.clone();
        second.packing |= u64::from(solid) << 6;
        prop_assert_eq!(read_all(&modern_archive(&[file, second]), &limits).unwrap().0.len(), 2);
    }

    #[test]
    fn random_members_are_read_back(
        contents in proptest::collection::vec(proptest::collection::vec(0_u8..4, 1..2_000), 1..8),
        solid in proptest::bool::ANY,
        version in 0_usize..6,
        large in proptest::bool::ANY,
    ) {
        let members: Vec<_> = contents.into_iter().map(|content| ("x.mid", content)).collect();
        let bytes = build(VERSIONS[version], solid, false, &members);
        let limits = Limits { entry_size: if large { 100 } else { 1 << 20 }, ..Limits::default() };
        let (found, reason) = read_all(&bytes, &limits).unwrap();
        prop_assert_eq!(reason, None);
        let found: Vec<_> = found.into_iter().map(|(_, content)| content.unwrap()).collect();
        let written: Vec<_> = members.into_iter().map(|(_, content)| content).collect();
        prop_assert_eq!(found, written);
    }
}
