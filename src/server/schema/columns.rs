//! Compares the columns of the library's tables, as the catalog has them, with the rows this build writes.

use sqlx::postgres::PgConnection;

use crate::error::{Error, ErrorKind, Result};
use crate::record::{Column, FileRow, LocationRow, RejectRow, Row, SourceRow, VersionRow, WordedRow};

const COLUMNS: &str = include_str!("../../../database/settings/columns.sql");

/// Every table that rows are written to, with what is written.
const WRITTEN: [(&str, &[Column]); 6] = [
    (SourceRow::TABLE, SourceRow::COLUMNS),
    (FileRow::TABLE, FileRow::COLUMNS),
    (WordedRow::TABLE, WordedRow::COLUMNS),
    (LocationRow::TABLE, LocationRow::COLUMNS),
    (RejectRow::TABLE, RejectRow::COLUMNS),
    (VersionRow::TABLE, VersionRow::COLUMNS),
];

/// A column as the catalog describes it.
#[derive(Clone, Debug)]
struct Found {
    name: String,
    type_name: String,
    is_optional: bool,
}

/// Checks every table.
///
/// # Errors
/// [`ErrorKind::Schema`], naming each column that differs.
pub(super) async fn check(connection: &mut PgConnection) -> Result<()> {
    let mut differences = Vec::new();
    for (table, expected) in WRITTEN {
        let found: Vec<(String, String, bool)> =
            sqlx::query_as(COLUMNS).bind(table).fetch_all(&mut *connection).await.map_err(|error| {
                Error::new(ErrorKind::Schema, "cannot read the catalog").with_cause(error)
            })?;
        let found: Vec<Found> = found
            .into_iter()
            .map(|(name, type_name, is_optional)| Found { name, type_name, is_optional })
            .collect();
        differences.extend(compare(table, expected, &found));
    }
    if differences.is_empty() {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Schema,
        format!("the library's tables were changed by hand: {}", differences.join("; ")),
    )
    .with_hint("undo the changes, or import into a new database"))
}

fn compare(table: &str, expected: &[Column], found: &[Found]) -> Vec<String> {
    if found.is_empty() {
        return vec![format!("table {table} is missing")];
    }
    let mut differences = Vec::new();
    for (name, column_type) in expected {
        match found.iter().find(|column| column.name == *name) {
            None => differences.push(format!("{table}.{name} is missing")),
            Some(column) if column.type_name != column_type.name() => differences.push(format!(
                "{table}.{name} is {}, expected {}",
                column.type_name,
                column_type.name()
            )),
            Some(_) => {}
        }
    }
    for column in found.iter().filter(|column| !column.is_optional) {
        if !expected.iter().any(|(name, _)| *name == column.name) {
            differences
                .push(format!("{table}.{} is new, and demands a value that is not written", column.name));
        }
    }
    differences
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::ColumnType;

    #[test]
    fn order_does_not_matter_and_everything_else_does() {
        let column = |name: &str, type_name: &str, is_optional| Found {
            name: name.to_owned(),
            type_name: type_name.to_owned(),
            is_optional,
        };
        let expected = [("id", ColumnType::Int8), ("name", ColumnType::Text)];
        for (found, differences) in [
            (vec![column("name", "text", false), column("id", "bigint", false)], vec![]),
            (
                vec![
                    column("name", "text", true),
                    column("id", "bigint", false),
                    column("own", "date", true),
                ],
                vec![],
            ),
            (vec![], vec!["table t is missing"]),
            (vec![column("id", "bigint", false)], vec!["t.name is missing"]),
            (
                vec![
                    column("id", "integer", false),
                    column("name", "text", false),
                    column("own", "date", false),
                ],
                vec![
                    "t.id is integer, expected bigint",
                    "t.own is new, and demands a value that is not written",
                ],
            ),
        ] {
            assert_eq!(compare("t", &expected, &found), differences);
        }
    }
}
