//! The lists beside the developer set, as its README describes them.

use std::collections::BTreeMap;
use std::path::Path;

/// A row of `entries.tsv`.
pub(super) struct Entry {
    pub(super) archive: String,
    pub(super) path: String,
    pub(super) bytes: i64,
    pub(super) sha256: String,
    /// It starts `MThd`, or `RIFF` … `RMID`.
    pub(super) is_midi: bool,
}

/// A row of `facts.tsv`: column name to value.
pub(super) type Fact = BTreeMap<String, String>;

pub(super) fn entries(folder: &Path) -> Vec<Entry> {
    let rows = table(&folder.join("entries.tsv"));
    let entry = |row: Fact| Entry {
        archive: row["archive"].clone(),
        path: row["inner_path"].clone(),
        bytes: row["bytes"].parse().unwrap(),
        sha256: row["sha256"].clone(),
        is_midi: row["midi_magic"] == "1",
    };
    rows.into_iter().map(entry).collect()
}

pub(super) fn facts(folder: &Path) -> Vec<Fact> {
    table(&folder.join("facts.tsv"))
}

fn table(path: &Path) -> Vec<Fact> {
    let text = std::fs::read_to_string(path).unwrap();
    let mut lines = text.split('\n').filter(|line| !line.is_empty());
    let names: Vec<&str> = lines.next().unwrap().split('\t').collect();
    let row = |line: &str| {
        let values: Vec<&str> = line.trim_end_matches('\r').split('\t').collect();
        assert_eq!(values.len(), names.len(), "{line}");
        names.iter().zip(values).map(|(name, value)| ((*name).to_owned(), value.to_owned())).collect()
    };
    lines.map(row).collect()
}

/// The bytes of text that was decoded as code page 437; none for text that cannot have been.
pub(super) fn cp437_bytes(text: &str) -> Option<Vec<u8>> {
    const UPPER: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}";
    let byte = |character: char| match UPPER.chars().position(|upper| upper == character) {
        Some(position) => u8::try_from(0x80 + position).ok(),
        None => u8::try_from(u32::from(character)).ok().filter(u8::is_ascii),
    };
    text.chars().map(byte).collect()
}
