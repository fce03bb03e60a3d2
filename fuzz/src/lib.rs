//! What every reader promises, whatever the bytes: asserted here, so that a target is one line.
//!
//! A reader never panics, never yields more than a member declares or a limit allows, and ends. Memory and time are
//! watched by the fuzzer (`-rss_limit_mb`, `-timeout`).

use std::io::Read;
use std::sync::Arc;

use loader::archive::Limits;
use loader::archive::members::{Member, Members};
use loader::archive::meter::Meter;
use loader::archive::open::open_directory;
use loader::archive::probe::look_inside;
use loader::archive::stream::{Decoder, refusal_of, window};
use loader::archive::tar::TarReader;
use loader::archive::zip::{ZipDirectory, ZipMembers};
use loader::entry::{Claims, NameDecoder};
use loader::format::{Compression, Container, EntryKind, Format};
use loader::midi::{Analyser, AnalysisLevel};
use loader::reject::Refusal;

/// Bytes that stand in the buffer before a member's content, and have to stay.
const BEFORE: &[u8] = b"before";

/// Limits so small that a few bytes reach them.
#[must_use]
pub fn limits() -> Limits {
    Limits {
        entry_size: 1 << 18,
        nested_size: 1 << 20,
        entries: 5_000,
        output: 1 << 24,
        output_grace: 1 << 21,
        ratio_grace: 1 << 16,
        name: 300,
        extension_header: 4 << 10,
        decoder_memory: 1 << 20,
        ..Limits::default()
    }
}

/// Reads all members by their contract.
pub fn read(members: &mut dyn Members, limits: &Limits) {
    let mut found = 0;
    while let Some(member) = members.next_member() {
        found += 1;
        assert!(found <= limits.entries, "more members than are allowed");
        assert!(member.raw_name.len() <= limits.name, "a name of {} bytes", member.raw_name.len());
        let _ = NameDecoder::alone(&member.raw_name);
        // Some are passed over.
        if member.refusal.is_none() && found % 7 != 0 {
            let _ = fill(members, &member, limits);
        }
    }
    assert!(members.next_member().is_none(), "a member behind the end");
    let _ = (members.refusal(), members.skipped().missed());
}

/// Reads one member's start and, where it may be taken, the rest.
fn fill(members: &mut dyn Members, member: &Member, limits: &Limits) -> Result<(), Refusal> {
    let mut out = BEFORE.to_vec();
    let head = usize::try_from(member.size).unwrap_or(usize::MAX).min(64);
    let begun = members.fill(&mut out, BEFORE.len() + head);
    assert!(out.starts_with(BEFORE), "what was in the buffer is gone");
    assert!(out.len() <= BEFORE.len() + head, "more than was asked for");
    begun?;
    let _ = EntryKind::classify(&out[BEFORE.len()..], "a.mid");
    if member.size > limits.entry_size && member.size != u64::MAX {
        return Ok(());
    }
    let most = usize::try_from(member.size.min(limits.entry_size)).unwrap_or(usize::MAX);
    let read = members.fill(&mut out, BEFORE.len() + most + 1);
    let length = out.len() - BEFORE.len();
    assert!(out.starts_with(BEFORE), "what was in the buffer is gone");
    assert!(length <= most + 1, "more than was asked for");
    assert!(length as u64 <= member.size, "more than was declared");
    read?;
    if member.size != u64::MAX {
        assert_eq!(length as u64, member.size, "it is complete and has another size than declared");
    }
    Ok(())
}

/// Reads a zip, by its directory and in order.
pub fn read_zip(bytes: &[u8]) {
    let limits = limits();
    let _ = look_inside(Format::Container(Container::Zip), bytes);
    if let Ok(zip) = ZipDirectory::read(bytes, &limits) {
        assert!(zip.members().len() as u64 <= limits.entries);
        let names = zip.name_decoder(bytes);
        for member in zip.members() {
            let _ = names.decode(zip.raw_name(bytes, member), member.name_is_utf8());
        }
        read(&mut ZipMembers::new(&zip, bytes, &limits), &limits);
    }
}

/// Reads a tar.
pub fn read_tar(bytes: &[u8]) {
    let limits = limits();
    read(&mut TarReader::new(bytes, &limits), &limits);
}

/// Reads an archive with a directory: all parts, and the last one first.
pub fn read_directory(container: Container, bytes: &[u8]) {
    let limits = limits();
    let Ok(directory) = open_directory(container, bytes, &limits) else { return };
    let parts = directory.parts();
    let mut next = 0;
    for part in parts {
        assert_eq!(part.first, next, "parts are not in order");
        assert!(part.window <= limits.decoder_memory, "a window of {} bytes", part.window);
        next += part.members;
    }
    assert!(next as u64 <= limits.entries, "more members than are allowed");
    let _ = (directory.name_decoder(), directory.refusal(), directory.skipped());
    for index in (0..parts.len()).rev() {
        let mut counted = Counted { members: directory.open_part(bytes, index, &limits), found: 0 };
        read(&mut counted, &limits);
        assert!(counted.found <= parts[index].members, "more members than the part has");
    }
}

/// Counts the members of a part.
struct Counted<'m> {
    members: Box<dyn Members + 'm>,
    found: usize,
}

impl Members for Counted<'_> {
    fn next_member(&mut self) -> Option<Member> {
        let member = self.members.next_member();
        self.found += usize::from(member.is_some());
        member
    }

    fn fill(&mut self, out: &mut Vec<u8>, up_to: usize) -> Result<(), Refusal> {
        self.members.fill(out, up_to)
    }

    fn refusal(&self) -> Option<&Refusal> {
        self.members.refusal()
    }

    fn skipped(&self) -> loader::archive::members::Skipped {
        self.members.skipped()
    }
}

/// Decodes a stream to its end or its refusal.
pub fn decode(compression: Compression, bytes: &[u8]) {
    const PIECE: usize = 16 << 10;
    let limits = limits();
    let _ = window(compression, bytes);
    let _ = look_inside(Format::Container(Container::Single(compression)), bytes);
    let meter = Arc::new(Meter::new(&limits, bytes.len() as u64));
    let Ok(decoder) = Decoder::new(compression, bytes, &limits) else { return };
    let mut decoder = decoder.with_meter(meter);
    let mut buffer = vec![0; PIECE];
    let mut output = 0;
    loop {
        match decoder.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => output += read as u64,
            Err(error) => {
                let _ = refusal_of(&error);
                assert!(decoder.read(&mut buffer).is_err(), "an error is not final");
                break;
            }
        }
        let most = limits.ratio_grace.max(bytes.len() as u64 * limits.ratio).min(limits.output);
        assert!(output <= most, "{output} bytes from {}", bytes.len());
    }
    assert!(decoder.input() <= bytes.len() as u64);
}

/// Reads and analyses a MIDI file.
pub fn analyse(bytes: &[u8]) {
    let mut analyser = Analyser::new(AnalysisLevel::Full);
    let first = analyser.read(bytes);
    // What an analyser has read before changes nothing.
    assert_eq!(first, analyser.read(bytes));
    // A lower level leaves out and changes nothing: neither what is refused nor what is mended.
    let basic = Analyser::new(AnalysisLevel::Basic).read(bytes);
    assert_eq!(
        first.as_ref().map(|reading| (reading.status, reading.warnings, reading.metadata.n_notes)),
        basic.as_ref().map(|reading| (reading.status, reading.warnings, reading.metadata.n_notes))
    );
}

/// Decodes names by each other.
pub fn decode_names(bytes: &[u8]) {
    let names: Vec<_> = bytes.split(|byte| *byte == b'\n').collect();
    let mut decoder = NameDecoder::default();
    for name in &names {
        decoder.observe(name);
    }
    for name in names {
        for is_utf8 in [false, true] {
            let decoded = decoder.decode(name, is_utf8);
            assert!(!decoded.text.contains(['\0', '\\']), "PostgreSQL refuses NUL: {decoded:?}");
            assert_eq!(
                decoded.raw.is_none(),
                decoded.text.as_bytes() == name,
                "the bytes are lost: {decoded:?}"
            );
            let _ = Format::expected(&decoded.text);
            let claims = Claims::of(&decoded.text);
            for claimed in [claims.artist, claims.title].into_iter().flatten() {
                assert!(!claimed.contains('\0') && claimed.chars().count() <= 200, "{claimed:?}");
            }
        }
    }
}

/// Reads a 7z as it is, and again with the checksums of its headers put right: few changes come through otherwise.
pub fn read_seven_zip(bytes: &[u8]) {
    read_directory(Container::SevenZip, bytes);
    let mut mended = bytes.to_vec();
    let number = |bytes: &[u8], at: usize| {
        let field = bytes.get(at..).and_then(<[u8]>::first_chunk);
        field.map_or(0, |field| usize::try_from(u64::from_le_bytes(*field)).unwrap_or(usize::MAX))
    };
    let start = number(&mended, 12).saturating_add(32);
    let header = mended.get(start..start.saturating_add(number(&mended, 20)));
    if let Some(crc) = header.map(crc32)
        && mended.len() >= 32
    {
        mended[28..32].copy_from_slice(&crc.to_le_bytes());
        let crc = crc32(&mended[12..32]);
        mended[8..12].copy_from_slice(&crc.to_le_bytes());
        read_directory(Container::SevenZip, &mended);
    }
}

/// The same of a RAR, of either kind.
pub fn read_rar(bytes: &[u8]) {
    read_directory(Container::Rar, bytes);
    let mut mended = bytes.to_vec();
    if bytes.starts_with(b"Rar!\x1a\x07\0") {
        let mut at = 7;
        while let Some(block) = mended.get(at..).filter(|block| block.len() >= 11) {
            let size = usize::from(u16::from_le_bytes([block[5], block[6]])).max(7);
            let has_data = block[4] & 0x80 != 0;
            let data =
                if has_data { u32::from_le_bytes([block[7], block[8], block[9], block[10]]) } else { 0 };
            let crc = block.get(2..size).map_or(0, crc32).to_le_bytes();
            mended[at..at + 2].copy_from_slice(&crc[..2]);
            at = at.saturating_add(size).saturating_add(usize::try_from(data).unwrap_or(usize::MAX));
        }
    } else if bytes.starts_with(b"Rar!\x1a\x07\x01\0") {
        let mut at = 8;
        while let Some(block) = mended.get(at..).filter(|block| block.len() >= 7) {
            // Sizes of one byte are enough here.
            let (size, flags, data) =
                (usize::from(block[4] & 0x7f), block[6], block.get(7).copied().unwrap_or(0));
            let crc = block.get(4..5 + size).map_or(0, crc32).to_le_bytes();
            mended[at..at + 4].copy_from_slice(&crc);
            at += 5 + size + if flags & 2 != 0 { usize::from(data & 0x7f) } else { 0 };
        }
    }
    read_directory(Container::Rar, &mended);
}

/// The checksum of all these formats, bit by bit: it is short, and headers are.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(
            crc ^ u32::from(*byte),
            |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 },
        )
    })
}
