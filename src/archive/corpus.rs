//! The developer set of real archives, listed by the readers and compared with its own lists.
//!
//! Nothing third-party is committed, so the set may be absent: then these tests say so on the terminal and prove nothing.
//! `LOADER_CORPUS` names its folder; where that is set, its absence is a failure.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::sync::Arc;

use super::Limits;
use super::meter::Meter;
use super::probe::look_inside;
use super::traverse::{Bytes, Entry, Numbers, Spot, Stopped, Traversal, Visitor, decode_in_order};
use crate::format::{Compression, EntryKind, Format};
use crate::mapping::{Input, MapPolicy};
use crate::reject::Refusal;

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

/// Path and content of each entry, in reading order; of an archive that was opened the path alone.
type Found = Vec<(String, Option<Vec<u8>>)>;

/// Takes every entry, archives included.
struct Collecting {
    limits: Limits,
    meter: Arc<Meter>,
    buffer: Vec<u8>,
    found: Found,
}

impl Collecting {
    fn take(&mut self, entry: &Entry, content: Option<Vec<u8>>) {
        self.found.push((entry.path.text().to_owned(), content));
    }
}

impl Visitor for Collecting {
    type Held = ();

    fn meter(&self) -> Arc<Meter> {
        Arc::clone(&self.meter)
    }

    fn begin(&mut self, _entry: &Entry) -> Result<bool, Stopped> {
        Ok(true)
    }

    fn resume(&mut self, _entry: &Entry) -> Result<bool, Stopped> {
        Ok(true)
    }

    fn wants(&self, kind: EntryKind) -> bool {
        !matches!(kind, EntryKind::Archive(_))
    }

    fn room(&mut self, _bytes: usize) -> Result<&mut Vec<u8>, Stopped> {
        self.buffer.clear();
        Ok(&mut self.buffer)
    }

    fn take_back(&mut self, start: usize) -> Vec<u8> {
        self.buffer.split_off(start)
    }

    fn hold(&mut self, _bytes: usize) -> Result<(), Stopped> {
        Ok(())
    }

    fn hold_entry(&mut self, _bytes: usize) -> Result<(), Stopped> {
        Ok(())
    }

    fn shrink(&self, _held: &mut (), _bytes: usize) {}

    fn keep(&mut self, entry: Entry, _kind: EntryKind, start: usize) {
        let content = self.take_back(start);
        self.take(&entry, Some(content));
    }

    fn keep_alone(&mut self, entry: Entry, _kind: EntryKind, content: Vec<u8>, (): ()) {
        self.take(&entry, Some(content));
    }

    fn leave(&mut self, entry: Entry, kind: EntryKind, _start: usize) {
        panic!("{}: {kind:?}", entry.path.text());
    }

    fn leave_head(&mut self, entry: Entry, _kind: EntryKind, head: &[u8]) {
        self.take(&entry, Some(head.to_vec()));
    }

    fn refuse(&mut self, entry: Entry, refusal: Refusal) {
        panic!("{}: {refusal}", entry.path.text());
    }

    fn opened(&mut self, entry: Entry) {
        self.take(&entry, None);
    }

    fn pass_over_links(&mut self, _links: u64) {}

    fn decode<'b>(
        &mut self,
        compression: Compression,
        bytes: &'b Bytes,
    ) -> Result<Box<dyn Read + 'b>, Refusal> {
        decode_in_order(compression, bytes, &self.limits, &self.meter)
    }
}

/// Everything in an archive, nested archives included.
fn read(name: &str, bytes: &Bytes) -> Found {
    let format = look_inside(Format::recognise(bytes.as_slice(), name), bytes.as_slice());
    let Format::Container(container) = format else { panic!("{name}: {format:?}") };
    let limits = Limits::default();
    let meter = Arc::new(Meter::new(&limits, bytes.as_slice().len() as u64));
    let mut collecting = Collecting { limits: limits.clone(), meter, buffer: Vec::new(), found: Vec::new() };
    let mut traversal = Traversal::new(&mut collecting, &limits);
    let read = traversal.read(container, bytes, name.as_bytes(), &Spot::default(), &mut Numbers::outer());
    assert_eq!(read, Ok(()), "{name}");
    collecting.found
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
        ("games-and-midifile.7z", 293, 283),
        ("single/d_bunny.mid.gz", 1, 1),
    ];
    for (archive, entries, by_magic) in cases {
        let input = Input::open(&folder.join(archive), MapPolicy::Auto).unwrap();
        let mut found = read(archive, &Bytes::new(Arc::new(input)));
        // Whoever made the lists could not open RAR archives, nor imploded zips, that are called `.mid`.
        let listed = &expected[archive];
        let opens = |inside: &str| listed.iter().any(|(path, _)| path.starts_with(inside));
        let before = found.len();
        found
            .retain(|(path, _)| path.match_indices("!/").all(|(end, mark)| opens(&path[..end + mark.len()])));
        let beyond = before - found.len();
        assert_eq!(beyond, if archive == "oddities.zip" { 11 } else { 0 }, "not in the list of {archive}");
        assert_eq!(found.len(), entries, "entries of {archive}");
        let midi = found.iter().filter_map(|(_, content)| content.as_deref()).filter(|content| {
            content.starts_with(b"MThd") || content.starts_with(b"RIFF") && content[8..].starts_with(b"RMID")
        });
        assert_eq!(midi.count(), by_magic, "MIDI in {archive}");
        // What was opened is known by its members.
        let opened: Vec<&str> =
            found.iter().filter(|(_, content)| content.is_none()).map(|(path, _)| path.as_str()).collect();
        let mut sizes: Vec<_> =
            found.iter().filter_map(|(_, content)| Some(content.as_ref()?.len())).collect();
        let listed = expected[archive].iter().filter(|(path, _)| !opened.contains(path));
        let mut listed: Vec<_> = listed.map(|(_, bytes)| *bytes).collect();
        sizes.sort_unstable();
        listed.sort_unstable();
        assert_eq!(sizes, listed, "sizes in {archive}");
        // The list spells foreign names as Python reads them.
        if !archive.starts_with("names") && !archive.starts_with("single") {
            let mut paths: Vec<_> = found.iter().map(|(path, _)| path.as_str()).collect();
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
    let found = read("names.zip", &Bytes::new(Arc::new(input)));
    let names: Vec<_> = found.iter().map(|(path, _)| path.as_str()).collect();
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
