//! Each index serves the question in its comment: the planner says so, on 100,000 contents, with its own settings.

use loader::server::indexes::Manifest;
use sqlx::AssertSqlSafe;

use super::{indexed, run, texts};
use crate::harness::TestDatabase;

const QUESTIONS: &str = include_str!("../../../database/questions.sql");

/// The questions by the name of their index; one index may have several.
fn questions() -> Vec<(&'static str, &'static str)> {
    let parts = QUESTIONS.split("-- index: ").skip(1);
    parts.map(|part| part.split_once('\n').expect("a question follows the name")).collect()
}

#[test]
fn each_index_has_its_question() {
    let manifest = Manifest::parse().unwrap();
    let indexes: Vec<_> = manifest.definitions().iter().map(|index| index.name.as_str()).collect();
    let mut asked: Vec<_> = questions().iter().map(|(name, _)| *name).collect();
    asked.dedup();
    assert_eq!(asked, indexes, "database/questions.sql follows database/indexes.sql");
    for (name, question) in questions() {
        assert!(question.contains("SELECT"), "{name}: no question: {question}");
    }
}

#[tokio::test]
async fn the_planner_answers_each_question_by_its_index() {
    let database = TestDatabase::with_library().await;
    let pool = &database.pool;
    run(pool, "ANALYZE sources, files, file_locations, musical_metadata").await;
    let small = texts(
        pool,
        "SELECT relname::text FROM pg_class WHERE reltuples < 100000
            AND relname IN ('sources', 'files', 'file_locations', 'musical_metadata')",
    )
    .await;
    assert!(small.is_empty(), "fewer than 100,000 rows: {small:?}");
    let forced =
        texts(pool, r"SELECT name FROM pg_settings WHERE name LIKE 'enable\_%' AND setting <> boot_val")
            .await;
    assert!(forced.is_empty(), "the planner is not free: {forced:?}");

    let mut failures = Vec::new();
    for (index, question) in questions() {
        let explained = AssertSqlSafe(format!("EXPLAIN {question}"));
        let plan: Vec<String> = sqlx::query_scalar(explained).fetch_all(pool).await.unwrap();
        let plan = plan.join("\n");
        if !uses(&plan, index) {
            failures.push(format!("{index} is not used:\n{plan}"));
        }
        let rows = sqlx::query(AssertSqlSafe(question)).fetch_all(pool).await.unwrap().len();
        if !(1..20_000).contains(&rows) {
            failures.push(format!("{index}: its question finds {rows} of 100,000"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

/// Whether a plan scans this index, backward and index-only scans included.
fn uses(plan: &str, index: &str) -> bool {
    plan.lines().any(|line| {
        let mut words = line.split_whitespace().skip_while(|word| *word != "using" && *word != "on");
        line.contains("Scan") && words.nth(1) == Some(index)
    })
}

/// The design counts indexes that serve no constraint, on the four tables.
#[tokio::test]
async fn the_catalog_counts_39() {
    let database = indexed().await;
    let counted: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM pg_index i
          WHERE indrelid IN ('files'::regclass, 'file_locations'::regclass, 'sources'::regclass,
                             'musical_metadata'::regclass)
            AND NOT indisunique AND NOT indisprimary AND NOT indisexclusion
            AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype <> 'f')",
    )
    .fetch_one(&database.pool)
    .await
    .unwrap();
    assert_eq!(counted, 39);
    let manifest = Manifest::parse().unwrap();
    let mut expected: Vec<_> =
        manifest.definitions().iter().map(|index| format!("{}: {}", index.name, index.comment)).collect();
    expected.sort();
    let commented =
        "SELECT name || ': ' || comment FROM loader.secondary_indexes ORDER BY name COLLATE \"C\"";
    assert_eq!(texts(&database.pool, commented).await, expected);
}
