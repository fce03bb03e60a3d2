//! What the lists know of every content, also of those that mido refuses: the first fourteen bytes, and midly's counts.
//!
//! Only finds where these and the row differ; what may differ, and why, is decided in [`super::facts`].

use serde_json::Value;

use super::Fact;
use super::facts::Difference;

/// The columns on which header or midly and the row disagree.
pub(super) fn differences(fact: &Fact, row: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    let mut differ = |column: &'static str, name: &str, here: Option<i64>, there: Option<i64>| {
        if here != there {
            found.push(Difference {
                column,
                here: format!("{here:?}"),
                there: format!("{there:?}"),
                by: name.to_owned(),
            });
        }
    };
    let known = |name: &str| fact[name].parse::<i64>().ok();
    // Empty where the file does not begin with its header.
    if let Some(format) = known("hdr_format") {
        differ("smf_format", "header", row["smf_format"].as_i64(), Some(format));
        differ("n_tracks_declared", "header", row["n_tracks_declared"].as_i64(), known("hdr_ntracks"));
        for (column, there) in division(known("hdr_division_raw").unwrap()) {
            differ(column, "header", row[column].as_i64(), there);
        }
    }
    if fact["midly"] == "ok" {
        differ("n_tracks", "midly", row["n_tracks"].as_i64(), known("midly_tracks"));
        differ("n_notes", "midly", row["n_notes"].as_i64(), known("midly_note_on"));
    }
    found
}

/// The three columns of the division's word: ticks per quarter note, or frames a second and ticks a frame.
fn division(word: i64) -> [(&'static str, Option<i64>); 3] {
    let is_smpte = word >= 0x8000;
    [
        ("division", (!is_smpte).then_some(word)),
        ("smpte_fps", is_smpte.then_some(0x100 - (word >> 8))),
        ("smpte_ticks_per_frame", is_smpte.then_some(word & 0xFF)),
    ]
}
