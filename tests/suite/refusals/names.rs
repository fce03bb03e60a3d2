//! Names of other people's making: NUL, invalid UTF-8, control characters. They arrive, and no terminal obeys them.

use fs_err as fs;
use loader::sample;

use crate::harness::{TestDatabase, passable_directory};
use crate::program::Program;
use crate::rows::number;

/// Names, as raw bytes in a zip, that something trips over.
const NAMES: [&[u8]; 9] = [
    b"nul\0inside.mid",
    b"latin \xe9\xe8\xfc.mid",
    b"broken utf-8 \xff\xfe\xc3\x28.mid",
    b"screen \x1b[2J\x1b]0;title\x07.mid",
    b"line\nbreak\r\ttab.mid",
    "turned \u{202e}\u{2066}dim.mid".as_bytes(),
    "c1 \u{9b}31m.mid".as_bytes(),
    "\u{feff}\u{200b}♪ ピアノ.mid".as_bytes(),
    b"back\\slash/../../etc/passwd.mid",
];

/// A zip with stored members, their names as they are given.
fn zip(members: &[(Vec<u8>, Vec<u8>)]) -> Vec<u8> {
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    for (name, content) in members {
        let offset = u32::try_from(bytes.len()).unwrap();
        let size = u32::try_from(content.len()).unwrap();
        let mut fields = Vec::new();
        // Version, flags, method 0, time, date, checksum, sizes, lengths of name and extra field.
        fields.extend([20, 0, 0, 0, 0, 0, 0, 0, 0x21, 0x50]);
        fields.extend(libdeflater::crc32(content).to_le_bytes());
        fields.extend(size.to_le_bytes());
        fields.extend(size.to_le_bytes());
        fields.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
        fields.extend([0, 0]);
        bytes.extend(b"PK\x03\x04");
        bytes.extend(&fields);
        bytes.extend(name);
        bytes.extend(content);
        directory.extend(b"PK\x01\x02\x14\x03");
        directory.extend(&fields);
        // Comment, disk, attributes inside and outside, offset.
        directory.extend([0; 10]);
        directory.extend(offset.to_le_bytes());
        directory.extend(name);
    }
    let (start, size) = (u32::try_from(bytes.len()).unwrap(), u32::try_from(directory.len()).unwrap());
    let count = u16::try_from(members.len()).unwrap().to_le_bytes();
    bytes.extend(directory);
    bytes.extend(b"PK\x05\x06\0\0\0\0");
    bytes.extend(count);
    bytes.extend(count);
    bytes.extend(size.to_le_bytes());
    bytes.extend(start.to_le_bytes());
    bytes.extend([0, 0]);
    bytes
}

/// What a terminal would take for a command, or for the end of a line where there is none.
fn is_dangerous(character: char) -> bool {
    character.is_control() && !matches!(character, '\n' | '\t')
        || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[tokio::test]
async fn they_arrive_and_no_terminal_obeys_them() {
    let folder = passable_directory();
    let mut members = Vec::new();
    for (index, name) in NAMES.iter().enumerate() {
        members.push((name.to_vec(), sample::midi(11, index as u64, 600)));
        // The same name before something that is refused.
        members.push(([b"refused ", *name].concat(), b"no music at all".to_vec()));
    }
    let archive = folder.path().join("evil \u{1b}[31m\nname.zip");
    fs::write(&archive, zip(&members)).unwrap();
    let loose = std::os::unix::ffi::OsStringExt::from_vec(b"loose \xff\x1b[2J\nx.mid".to_vec());
    let loose: std::ffi::OsString = loose;
    fs::write(folder.path().join(&loose), b"no music either").unwrap();

    let database = TestDatabase::create().await;
    let log = folder.path().join("import.log");
    let arguments = [
        "import".as_ref(),
        "-vv".as_ref(),
        "--log-file".as_ref(),
        log.as_os_str(),
        folder.path().as_os_str(),
    ];
    // The log lies beside what is read: it is a file that is no MIDI.
    let imported = Program::on(&database, arguments).run().expect(&[3]);
    let mut connection = database.connect().await;
    let expected = i64::try_from(NAMES.len()).unwrap();
    for (query, found) in [
        ("SELECT count(*) FROM files", expected),
        ("SELECT count(*) FROM file_locations", expected),
        ("SELECT count(*) FROM rejects WHERE reason = 'not_midi_content'", expected + 1),
        // Raw bytes are kept wherever the text is not exactly them.
        ("SELECT count(*) FROM file_locations WHERE entry_path_raw IS NOT NULL", 4),
        ("SELECT count(*) FROM file_locations WHERE entry_path_raw = '\\x6e756c00696e736964652e6d6964'", 1),
        ("SELECT count(*) FROM sources WHERE path_raw IS NOT NULL", 1),
    ] {
        assert_eq!(number(&mut connection, query).await, found, "{query}");
    }

    let listed = Program::on(&database, ["rejects"]).run().expect(&[0]).stdout;
    let text = fs::read_to_string(&log).unwrap();
    for (what, text) in [("loader rejects", &listed), ("stderr", &imported.stderr), ("the log", &text)] {
        assert!(!text.contains(is_dangerous), "{what} commands the terminal: {text:?}");
    }
    // One refusal, one line, three fields: whatever the names hold.
    assert_eq!(listed.lines().count(), NAMES.len() + 1, "{listed}");
    for line in listed.lines() {
        assert_eq!(line.split('\t').count(), 3, "{line}");
        assert!(line.starts_with("not_midi_content\t"), "{line}");
    }
    // For programs the names are exact, one document a line.
    let listed = Program::on(&database, ["rejects", "--json"]).run().expect(&[0]).stdout;
    assert_eq!(listed.lines().count(), NAMES.len() + 1, "{listed}");
    for line in listed.lines() {
        let reject: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(reject["path"].as_str().unwrap().contains("loose") || line.contains("refused "), "{line}");
    }
}

#[tokio::test]
async fn a_path_that_is_not_there_is_shown_safely() {
    let ended = Program::new(["import", "no \u{1b}[31m such\u{202e}.zip"]).run().expect(&[2]);
    assert!(!ended.stderr.contains(is_dangerous), "{:?}", ended.stderr);
    ended.is_well_formed_error();
}
