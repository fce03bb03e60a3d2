//! What mido found in each content it reads whole, and midly and the header in all others too, compared with the row
//! stored for it.
//!
//! A disagreement is allowed only for a cause named here and counted; `docs/verification.md` tells of each.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Fact, second_opinion};
use crate::harness::TestDatabase;

/// Why a content's row may differ from what mido says, decided before anything is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Cause {
    /// SMPTE time: mido reads the division as a signed number of ticks.
    SmpteTime,
    /// Patterns that follow one another, where mido reports the longest.
    Format2,
    /// A format word above 2, read as format 1.
    FormatWord,
    /// Something was mended or left out where mido reads bytes as events.
    Damaged,
    /// midly drops the rest of a track at the first bad event, and says nothing.
    RestDropped,
    /// midly passes over tracks: behind a wrong length, under another name, behind a header of another length.
    TracksPassedOver,
}

/// A column on which a row and the lists disagree.
pub(super) struct Difference {
    pub(super) column: &'static str,
    pub(super) here: String,
    pub(super) there: String,
    /// Who says so.
    pub(super) by: String,
}

pub(super) async fn compare(facts: &[Fact], ids: &BTreeMap<String, i64>, database: &TestDatabase) {
    let rows: Vec<(i64, String, i32, String)> = sqlx::query_as(
        "SELECT m.file_id, f.parse_status, f.warnings, row_to_json(m)::text FROM musical_metadata m \
         JOIN files f ON f.id = m.file_id",
    )
    .fetch_all(&database.pool)
    .await
    .unwrap();
    let stored: BTreeMap<i64, (String, i32, Value)> = rows
        .into_iter()
        .map(|(id, status, warnings, row)| (id, (status, warnings, serde_json::from_str(&row).unwrap())))
        .collect();
    let (mut compared, mut refused) = (0, 0);
    let mut explained = BTreeMap::<Cause, Vec<String>>::new();
    let mut unexplained = Vec::new();
    for fact in facts {
        let Some(id) = ids.get(&fact["sha256"]) else { continue };
        let (status, warnings, row) = &stored[id];
        let mut found = second_opinion::differences(fact, row);
        if fact["mido"] == "ok" {
            compared += 1;
            found.extend(disagreements(fact, row));
        } else {
            refused += 1;
        }
        for difference in found {
            let Difference { column, here, there, by } = &difference;
            let line = format!(
                "{} {column}: {here} here, {there} by {by} ({status}, {warnings})",
                &fact["sha256"][..12]
            );
            match cause(fact, row, status, &difference) {
                Some(cause) => explained.entry(cause).or_default().push(line),
                None => unexplained.push(line),
            }
        }
    }
    println!("{compared} contents compared with mido, {refused} that it refuses with their header and midly");
    for (cause, lines) in &explained {
        println!("{cause:?}: {} disagreements\n  {}", lines.len(), lines.join("\n  "));
    }
    assert!(unexplained.is_empty(), "{} unexplained:\n{}", unexplained.len(), unexplained.join("\n"));
    assert!(compared > 6_000 && refused > 150, "only {compared} and {refused} contents were compared");
    let allowed = [
        (Cause::SmpteTime, 2),
        (Cause::Format2, 2),
        // Three files, by mido and by their header.
        (Cause::FormatWord, 6),
        (Cause::Damaged, 9),
        (Cause::RestDropped, 85),
        (Cause::TracksPassedOver, 8),
    ];
    for (cause, most) in allowed {
        let count = explained.get(&cause).map_or(0, Vec::len);
        assert!(
            count <= most,
            "{cause:?} explains {count} disagreements, more than the {most} that are known"
        );
    }
}

fn cause(fact: &Fact, row: &Value, status: &str, difference: &Difference) -> Option<Cause> {
    let more = |name: &str, counted: &str| {
        let midly = fact[counted].parse().unwrap_or(i64::MAX);
        status != "clean" && row[name].as_i64().is_some_and(|here| here > midly)
    };
    match difference.column {
        "n_tracks" if difference.by == "midly" => {
            more("n_tracks", "midly_tracks").then_some(Cause::TracksPassedOver)
        }
        "n_notes" if difference.by == "midly" => {
            // midly's strict mode refuses them all.
            (more("n_notes", "midly_note_on") && fact["midly_strict"] == "err").then_some(Cause::RestDropped)
        }
        "division" | "tempo_first" if row["smpte_fps"].is_number() => Some(Cause::SmpteTime),
        "duration_ticks" if fact["format"] == "2" => Some(Cause::Format2),
        "smf_format" if fact["format"].parse::<i64>().is_ok_and(|format| !(0..=2).contains(&format)) => {
            Some(Cause::FormatWord)
        }
        _ if status != "clean" && difference.by == "mido" => Some(Cause::Damaged),
        _ => None,
    }
}

/// The columns on which the two disagree, with both values.
fn disagreements(fact: &Fact, row: &Value) -> Vec<Difference> {
    let integer = |name: &str| fact[name].parse::<i64>().ok();
    let mut found = Vec::new();
    let mut differ = |column: &'static str, here: String, there: String| {
        if here != there {
            found.push(Difference { column, here, there, by: "mido".to_owned() });
        }
    };
    for (column, name) in [
        ("smf_format", "format"),
        ("division", "division"),
        ("n_tracks", "tracks"),
        ("n_notes", "note_on"),
        ("n_notes_paired", "paired"),
        ("duration_ticks", "last_tick"),
        ("n_drum_notes", "percussion_note_on"),
    ] {
        differ(column, format!("{:?}", row[column].as_i64()), format!("{:?}", integer(name)));
    }
    let melodic = integer("note_on").zip(integer("percussion_note_on")).map(|(notes, drums)| notes - drums);
    differ("n_melodic_notes", format!("{:?}", row["n_melodic_notes"].as_i64()), format!("{melodic:?}"));
    let changes = row["n_tempo_changes"].as_i64();
    differ("n_tempo_changes", format!("{changes:?}"), format!("{:?}", tempo_changes(fact, changes)));
    let text = |column: &str| row[column].as_str().unwrap_or_default().to_owned();
    differ("time_signature_first", text("time_signature_first"), fact["time_sig"].clone());
    differ("key_declared", text("key_declared"), fact["key_sig"].clone());
    differ("programs", numbers(&row["programs"], 0), listed(&fact["programs"]));
    differ("channels", numbers(&row["channels"], -1), listed(&fact["note_channels"]));
    differ("tempo_explicit", row["tempo_explicit"].to_string(), (fact["n_tempo"] != "0").to_string());
    differ("pitch_min", extreme(row, "pitch_min", i64::min), fact["min_pitch"].clone());
    differ("pitch_max", extreme(row, "pitch_max", i64::max), fact["max_pitch"].clone());
    differ("track_names", track_names(row), ascii_names(&fact["track_names"], row));
    if let Ok(there) = fact["duration_s"].parse::<f64>() {
        let here = row["duration_sec"].as_f64().unwrap();
        if (here - there).abs() > 2e-6 && row["smpte_fps"].is_null() {
            differ("duration_sec", here.to_string(), there.to_string());
        }
    }
    if let Ok(tempo) = fact["first_tempo_us"].parse::<f64>() {
        let there = 60e6 / tempo;
        let here = row["tempo_first"].as_f64().unwrap_or_default();
        if (here - there).abs() > 1e-4 * there {
            differ("tempo_first", here.to_string(), there.to_string());
        }
    }
    found
}

/// How often the tempo changes by what mido says, which tells it of no tempo event and of one; of more only that each
/// changes it once at most: then `here`, where that can be.
fn tempo_changes(fact: &Fact, here: Option<i64>) -> Option<i64> {
    let events: i64 = fact["n_tempo"].parse().ok()?;
    match events {
        0 => Some(0),
        1 => Some(i64::from(fact["first_tempo_tick"] != "0" && fact["first_tempo_us"] != "500000")),
        _ => here.filter(|changes| *changes <= events),
    }
}

fn numbers(array: &Value, shift: i64) -> String {
    let values = array.as_array().unwrap().iter().map(|value| (value.as_i64().unwrap() + shift).to_string());
    values.collect::<Vec<_>>().join(",")
}

fn listed(text: &str) -> String {
    text.split([',', ';', ' ']).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(",")
}

/// mido counts drums in; here they have a column of their own.
fn extreme(row: &Value, column: &str, choose: fn(i64, i64) -> i64) -> String {
    let drums = row["drum_keys"].as_array().unwrap().iter().filter_map(Value::as_i64);
    drums.chain(row[column].as_i64()).reduce(choose).map(|pitch| pitch.to_string()).unwrap_or_default()
}

fn track_names(row: &Value) -> String {
    if row["text_encoding"] == "ascii" { row["track_names"].to_string() } else { String::new() }
}

/// Names as facts has them, without blanks and NUL around them and without the empty ones (as the column keeps them), where the file's text is ASCII; other encodings are compared by the
/// reader's own tests (facts decodes everything as Latin-1).
fn ascii_names(text: &str, row: &Value) -> String {
    if row["text_encoding"] != "ascii" {
        return String::new();
    }
    let names: Vec<Option<String>> = serde_json::from_str(text).unwrap();
    let names = names
        .iter()
        .flatten()
        .map(|name| name.trim_matches(|end: char| end.is_whitespace() || end == '\0'))
        .filter(|name| !name.is_empty());
    let names: Vec<&str> = names.collect();
    serde_json::to_string(&names).unwrap()
}
