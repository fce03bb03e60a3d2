//! docs/schema.md and the catalog name the same tables, columns and indexes.

use loader::server::indexes::Manifest;

use super::texts;
use crate::harness::TestDatabase;

const DOCUMENT: &str = include_str!("../../../docs/schema.md");

/// The names in the first column of the tables under a heading.
fn rows_under(heading: &str) -> Vec<&'static str> {
    let Some((_, section)) = DOCUMENT.split_once(&format!("\n## {heading}\n")) else {
        panic!("docs/schema.md has no section {heading}");
    };
    let section = section.split("\n## ").next().unwrap_or_default();
    section.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect()
}

#[tokio::test]
async fn each_column_is_documented() {
    let database = TestDatabase::create().await;
    for table in [
        "runs",
        "sources",
        "files",
        "file_locations",
        "musical_metadata",
        "rejects",
        "songs",
        "song_lookup",
        "file_songs",
    ] {
        let columns: Vec<String> = sqlx::query_scalar(
            "SELECT attname::text FROM pg_attribute
              WHERE attrelid = $1::text::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
        )
        .bind(table)
        .fetch_all(&database.pool)
        .await
        .unwrap();
        assert_eq!(rows_under(&format!("`{table}`")), columns, "docs/schema.md, {table}");
    }
}

/// Of the tables only: a view's columns are those it is made of.
#[tokio::test]
async fn each_table_and_column_has_a_comment() {
    let database = TestDatabase::create().await;
    let silent = texts(
        &database.pool,
        "SELECT concat_ws('.', c.oid::regclass, attname)
           FROM pg_class c
           LEFT JOIN pg_attribute a ON attrelid = c.oid AND attnum > 0 AND NOT attisdropped
          WHERE relnamespace IN ('public'::regnamespace, 'loader'::regnamespace) AND relkind = 'r'
            AND c.oid <> 'loader.migrations'::regclass
            AND (obj_description(c.oid, 'pg_class') IS NULL OR coalesce(col_description(c.oid, attnum), '') = '')",
    )
    .await;
    assert!(silent.is_empty(), "without a comment: {silent:?}");
}

/// Every table of the library has its section, but for what the program keeps for itself.
#[tokio::test]
async fn each_table_is_documented() {
    let database = TestDatabase::create().await;
    for table in
        texts(&database.pool, "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'").await
    {
        assert!(!rows_under(&format!("`{table}`")).is_empty(), "docs/schema.md says nothing of {table}");
    }
}

/// Whether a value may be missing is the same on the page and in the table; so is the type, before its unit.
#[tokio::test]
async fn types_and_nulls_are_those_of_the_tables() {
    let database = TestDatabase::create().await;
    let columns = texts(
        &database.pool,
        "SELECT format('| `%s` | %s | %s |', attname,
                       replace(format_type(atttypid, atttypmod), 'timestamp with time zone', 'timestamptz'),
                       CASE WHEN attnotnull OR attgenerated <> '' THEN 'no' ELSE 'yes' END)
           FROM pg_attribute JOIN pg_tables ON attrelid = (schemaname || '.' || tablename)::regclass
          WHERE schemaname = 'public' AND attnum > 0 AND NOT attisdropped",
    )
    .await;
    let written: Vec<String> =
        DOCUMENT.lines().filter(|line| line.starts_with("| `")).map(without_unit).collect();
    for column in columns {
        assert!(written.iter().any(|row| row.starts_with(&column)), "docs/schema.md lacks: {column}");
    }
}

/// A row whose type has lost its unit (`real (s)`) or length (`real[12]`).
fn without_unit(row: &str) -> String {
    let mut cells: Vec<String> = row.split(" | ").map(str::to_owned).collect();
    if let Some(type_name) = cells.get_mut(1) {
        let bare = type_name.split(" (").next().unwrap_or_default();
        let (name, length) = bare.split_once('[').unwrap_or((bare, ""));
        *type_name = if length.is_empty() { name.to_owned() } else { format!("{name}[]") };
    }
    cells.join(" | ")
}

#[test]
fn each_index_is_documented_with_its_question() {
    let manifest = Manifest::parse().unwrap();
    let names: Vec<_> = manifest.definitions().iter().map(|index| index.name.as_str()).collect();
    assert_eq!(rows_under("The 39 indexes"), names);
    for index in manifest.definitions() {
        let row = format!("| `{}` | `{}` | {} |", index.name, index.table, index.comment);
        assert!(DOCUMENT.contains(&row), "docs/schema.md lacks: {row}");
    }
}

#[test]
fn the_test_vector_is_the_one_of_the_code() {
    let id = loader::digest::Digest::of(b"").file_id().0;
    assert!(DOCUMENT.contains(&format!("`{id:#018x}` = {id}")), "expected `{id:#018x}` = {id}");
}
