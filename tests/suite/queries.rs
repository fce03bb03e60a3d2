//! The questions under `database/queries/`, asked by psql of a library of 100,000 contents.

use std::path::{Path, PathBuf};

use crate::harness::TestDatabase;
use crate::program::{Ended, Program};

const LIST: &str = include_str!("../../database/queries/README.md");

/// The files, by name.
fn queries() -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("database/queries");
    let mut files: Vec<_> = fs_err::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "sql"));
    files.sort();
    files
}

fn name(path: &Path) -> &str {
    path.file_stem().and_then(|stem| stem.to_str()).unwrap()
}

/// The variables that a query's head explains: lines that begin with two spaces and a name.
fn variables(text: &str) -> Vec<&str> {
    let head = text.lines().take_while(|line| line.starts_with("--"));
    head.filter_map(|line| line.strip_prefix("--   ")?.split(' ').next()).collect()
}

#[test]
fn each_is_listed_and_explains_its_variables() {
    let listed: Vec<_> =
        LIST.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
    let files = queries();
    assert_eq!(files.iter().map(|path| name(path)).collect::<Vec<_>>(), listed, "database/queries/README.md");
    for path in &files {
        let text = fs_err::read_to_string(path).unwrap();
        let asked: Vec<_> =
            text.lines().filter_map(|line| line.strip_prefix("\\if :{?")?.split('}').next()).collect();
        assert_eq!(variables(&text), asked, "{}: variables explained and given defaults", path.display());
    }
}

/// The answer of a query in psql, without headings.
fn ask(database: &TestDatabase, path: &Path, variables: &[&str]) -> Ended {
    let mut arguments = vec!["db", "psql", "--no-psqlrc", "-At", "-v", "ON_ERROR_STOP=1"];
    arguments.extend(variables.iter().flat_map(|variable| ["-v", *variable]));
    arguments.extend(["-f", path.to_str().unwrap()]);
    Program::on(database, arguments).run()
}

#[tokio::test]
async fn each_finds_something() {
    let database = TestDatabase::with_library().await;
    sqlx::raw_sql("ANALYZE").execute(&database.pool).await.unwrap();
    let directory = tempfile::tempdir().unwrap();
    let list = directory.path().join("catalogue.csv");
    fs_err::write(
        &list,
        "md5,title\nC4CA4238A0B923820DCC509A6F75849B.mid,One\n./c81e728d9d4c2f636f067f89cc14862c,Two\n",
    )
    .unwrap();
    let list = format!("list={}", list.display());
    for path in queries() {
        let answer = ask(&database, &path, &[&list]).expect(&[0]);
        assert!(answer.stderr.is_empty(), "{}: {}", path.display(), answer.stderr);
        let rows = answer.stdout.lines().count();
        let expected = if name(&path) == "catalogue_by_md5" { 2..3 } else { 1..100_000 };
        assert!(expected.contains(&rows), "{} finds {rows}", path.display());
    }

    // A variable that is given counts, and one that is missing is asked for.
    let [songs, catalogue] = ["fast_songs_with", "catalogue_by_md5"]
        .map(|wanted| queries().into_iter().find(|path| name(path) == wanted).unwrap());
    let few = ask(&database, &songs, &["key=Dm", "tempo=150", "instruments={24,25}", "rows=3"]).expect(&[0]);
    assert_eq!(few.stdout.lines().count(), 3, "{}", few.stdout);
    ask(&database, &catalogue, &[]).expect(&[0]).says(&["-v list=FILE"]);
}
