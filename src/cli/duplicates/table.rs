//! The forms in which groups are printed.

use serde_json::{Value, json};

use crate::cli::terminal::{bytes, grouped, quoted, safe_line};
use crate::duplicates::{By, DuplicatesSettings, Group};

/// A form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Columns for people, the path last, whole.
    Table,
    /// An object for each group.
    Json,
    /// A row for each place (RFC 4180, lines ending as everywhere on this system).
    Csv,
}

impl Form {
    /// What stands above the first group.
    pub(super) fn head(self, settings: &DuplicatesSettings) -> String {
        match self {
            Self::Table => row(settings, ["GROUP", "KEEP", "SIZE", "ALIKE", "PATH"]),
            Self::Json => String::new(),
            Self::Csv => {
                "group,by,keep,file_id,digest,size_bytes,parse_status,notes,similarity,modified_ns,path\n"
                    .to_owned()
            }
        }
    }

    /// A group.
    pub(super) fn group(self, settings: &DuplicatesSettings, group: &Group) -> String {
        match self {
            Self::Table => as_rows(settings, group),
            Self::Json => format!("{}\n", as_json(settings, group)),
            Self::Csv => as_csv(settings, group),
        }
    }
}

fn as_rows(settings: &DuplicatesSettings, group: &Group) -> String {
    let rows = group.places().map(|(member, copy)| {
        let (number, size) = (grouped(group.number), bytes(member.size_bytes));
        let (keep, alike) = (if copy.keep { "*" } else { "" }, format!("{:.2}", member.similarity));
        row(settings, [&number, keep, &size, &alike, &safe_line(&copy.path)])
    });
    rows.collect()
}

/// One line; columns that say nothing are left out.
fn row(settings: &DuplicatesSettings, [group, keep, size, alike, path]: [&str; 5]) -> String {
    let mut line = format!("{group:>7}");
    if settings.policy.is_some() {
        line.push_str(&format!("  {keep:^4}"));
    }
    line.push_str(&format!("  {size:>7}"));
    if matches!(settings.by, By::Similar(_)) {
        line.push_str(&format!("  {alike:>5}"));
    }
    line.push_str(&format!("  {path}\n"));
    line
}

fn as_json(settings: &DuplicatesSettings, group: &Group) -> Value {
    let contents: Vec<_> = group
        .members
        .iter()
        .map(|member| {
            json!({
                "file_id": member.file_id,
                "digest": member.digest.to_string(),
                "size_bytes": member.size_bytes,
                "parse_status": member.parse_status,
                "notes": member.notes,
                "similarity": member.similarity,
                "places": member.copies,
            })
        })
        .collect();
    json!({ "group": group.number, "by": settings.by.word(), "contents": contents })
}

fn as_csv(settings: &DuplicatesSettings, group: &Group) -> String {
    let rows = group.places().map(|(member, copy)| {
        format!(
            "{},{},{},{},{},{},{},{},{},{},{}\n",
            group.number,
            settings.by.word(),
            copy.keep,
            member.file_id,
            member.digest,
            member.size_bytes,
            member.parse_status,
            member.notes,
            member.similarity,
            copy.modified_ns,
            quoted(&copy.path),
        )
    });
    rows.collect()
}
