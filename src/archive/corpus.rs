//! The developer set of real archives, listed by the readers and compared with its own lists.
//!
//! Nothing third-party is committed, so the set may be absent: then these tests say so on the terminal and prove nothing.
//! `LOADER_CORPUS` names its folder; where that is set, its absence is a failure.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::path::PathBuf;

use super::Limits;
use super::members::Members;
use super::probe::look_inside;
use super::stream::Decoder;
use super::tar::TarReader;
use super::zip::{Inflater, ZipDirectory};
use crate::entry::NameDecoder;
use crate::format::{Container, EntryKind, Format};
use crate::mapping::{Input, MapPolicy};

fn corpus() -> Option<PathBuf> {
    if let Some(folder) = std::env::var_os("LOADER_CORPUS") {
        let folder = PathBuf::from(folder);
        assert!(folder.is_dir(), "LOADER_CORPUS names {}, which is no folder", folder.display());
        return Some(folder);
    }
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/corpora/dev");
    if folder.is_dir() {
        return Some(folder);
    }
    // Past the capture of the test harness.
    let _ = writeln!(
        std::io::stderr(),
        "NOT TESTED: the developer set is not at {}; set LOADER_CORPUS",
        folder.display()
    );
    None
}

/// An entry as the readers found it.
struct Found {
    path: String,
    content: Vec<u8>,
}

/// Reads an archive with everything nested in it.
fn read(name: &str, bytes: &[u8], prefix: &str, found: &mut Vec<Found>) {
    let limits = Limits::default();
    let format = look_inside(Format::recognise(bytes, name), bytes);
    let Format::Container(container) = format else { panic!("{prefix}{name}") };
    let mut members: Vec<(String, Vec<u8>)> = Vec::new();
    match container {
        Container::Zip => {
            let directory = ZipDirectory::read(bytes, &limits).unwrap();
            assert_eq!(directory.refusal(), None);
            let (names, mut inflater) = (directory.name_decoder(bytes), Inflater::default());
            for (index, member) in directory.members().iter().enumerate() {
                let name = names.decode(directory.raw_name(bytes, member), member.name_is_utf8());
                let mut content = Vec::new();
                if let Err(refusal) =
                    directory.extract_into(bytes, index, &mut inflater, &mut content, &limits)
                {
                    panic!("{}: {refusal}", name.text);
                }
                members.push((name.text, content));
            }
        }
        Container::SevenZip | Container::Rar | Container::Lzh => panic!("not read yet"),
        Container::Single(_) => {
            let mut content = Vec::new();
            Decoder::new(container.compression(), bytes, &limits).unwrap().read_to_end(&mut content).unwrap();
            members.push((String::from_utf8(container.inner_name(name.as_bytes())).unwrap(), content));
        }
        Container::Tar(_) => {
            let decoder = Decoder::new(container.compression(), bytes, &limits).unwrap();
            let mut tar = TarReader::new(decoder, &limits);
            let mut names = NameDecoder::default();
            while let Some(member) = tar.next_member() {
                let mut content = Vec::new();
                tar.fill(&mut content, usize::MAX).unwrap();
                members.push((names.observe_and_decode(&member.raw_name).text, content));
            }
            assert_eq!(tar.refusal(), None);
        }
    }
    for (name, content) in members {
        let path = format!("{prefix}{name}");
        let kind = EntryKind::classify(&content, &name);
        if matches!(kind, EntryKind::Archive(inner) if look_inside(inner, &content) != Format::Other) {
            read(&name, &content, &format!("{path}!/"), found);
        }
        found.push(Found { path, content });
    }
}

#[test]
fn archives_hold_what_their_lists_say() {
    let Some(folder) = corpus() else { return };
    let list = std::fs::read_to_string(folder.join("entries.tsv")).unwrap();
    let mut expected: BTreeMap<&str, Vec<(&str, usize)>> = BTreeMap::new();
    for line in list.lines().skip(1) {
        let [archive, path, bytes, ..] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("{line}") };
        expected.entry(archive).or_default().push((path, bytes.parse().unwrap()));
    }
    let cases = [
        ("nottingham.zip", 3_091, 3_089),
        ("js-fakes.tar.gz", 1_231, 1_200),
        ("pop909-301-600.tar.zst", 916, 914),
        ("oddities.zip", 509, 420),
        ("oddities-jazzsoft-dup.tar.zst", 74, 70),
        ("names-sjis-latin1-cp866.zip", 22, 21),
        ("pop909-nested.zip", 1_122, 1_104),
        ("single/d_bunny.mid.gz", 1, 1),
    ];
    for (archive, entries, by_magic) in cases {
        let input = Input::open(&folder.join(archive), MapPolicy::Auto).unwrap();
        let mut found = Vec::new();
        read(archive, input.as_slice(), "", &mut found);
        assert!(input.is_intact());
        assert_eq!(found.len(), entries, "entries of {archive}");
        let midi = found.iter().filter(|entry| {
            let riff = entry.content.starts_with(b"RIFF") && entry.content[8..].starts_with(b"RMID");
            entry.content.starts_with(b"MThd") || riff
        });
        assert_eq!(midi.count(), by_magic, "MIDI in {archive}");
        let mut sizes: Vec<_> = found.iter().map(|entry| entry.content.len()).collect();
        let mut listed: Vec<_> = expected[archive].iter().map(|(_, bytes)| *bytes).collect();
        sizes.sort_unstable();
        listed.sort_unstable();
        assert_eq!(sizes, listed, "sizes in {archive}");
        // The list spells foreign names as Python reads them.
        if !archive.starts_with("names") && !archive.starts_with("single") {
            let mut paths: Vec<_> = found.iter().map(|entry| entry.path.as_str()).collect();
            let mut listed: Vec<_> = expected[archive].iter().map(|(path, _)| *path).collect();
            paths.sort_unstable();
            listed.sort_unstable();
            assert_eq!(paths, listed, "paths in {archive}");
        }
    }
}

#[test]
fn foreign_names_become_what_was_meant() {
    let Some(folder) = corpus() else { return };
    let input = Input::open(&folder.join("names-sjis-latin1-cp866.zip"), MapPolicy::Auto).unwrap();
    let mut found = Vec::new();
    read("names.zip", input.as_slice(), "", &mut found);
    let names: Vec<_> = found.iter().map(|entry| entry.path.as_str()).collect();
    let expected = [
        "曲/バトル１.mid",
        "曲/町の音楽.mid",
        "曲/ダンジョン.mid",
        "曲/教会.mid",
        "曲/ボス戦３.mid",
        "曲/エンディング.mid",
        "曲/表示ソ能.mid",
        "曲/十字架.mid",
        "曲/予感.mid",
        "曲/ゲームオーバー.mid",
        "Müsik/Frère Jacques.mid",
        "Müsik/Für Elise (größer).mid",
        "Müsik/Señorita niña.mid",
        "Müsik/Ça ira - Été.mid",
        "Müsik/Åse's død.mid",
        "Полюшко/песня0.mid",
        "Полюшко/песня1.mid",
        "Полюшко/песня2.mid",
        "日本語/UTF8フラグ付き.mid",
        "emoji/🎹 piano.mid",
        "nfd/Cafe\u{301}.mid",
        "readme.txt",
    ];
    assert_eq!(names, expected);
}
