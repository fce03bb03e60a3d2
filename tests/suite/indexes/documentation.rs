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
    for table in ["runs", "sources", "files", "file_locations", "musical_metadata", "rejects"] {
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

#[tokio::test]
async fn each_column_of_the_metadata_has_a_comment() {
    let database = TestDatabase::create().await;
    let silent = texts(
        &database.pool,
        "SELECT attname::text FROM pg_attribute
          WHERE attrelid = 'musical_metadata'::regclass AND attnum > 0 AND NOT attisdropped
            AND coalesce(col_description(attrelid, attnum), '') = ''",
    )
    .await;
    assert!(silent.is_empty(), "columns without a comment: {silent:?}");
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
