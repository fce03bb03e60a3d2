//! Where an import's time went, as a person and as a program are told.

use crate::harness::TestDatabase;
use crate::program::Program;
use crate::rows::collection;

#[tokio::test]
async fn it_is_told_where_the_time_went() {
    let folder = tempfile::tempdir().unwrap();
    collection(folder.path(), 600);
    let path = folder.path().to_str().unwrap();
    let database = TestDatabase::create().await;
    let ended = Program::on(&database, ["import", "--timings", "--json", path]).run().expect(&[0, 3]);
    ended.says(&["phases: preparing", "unpack", "analyse", "database", "processor: ", "bound"]);
    let told: Vec<_> = ended.stderr.lines().skip_while(|line| !line.starts_with("phases: ")).collect();
    assert!(told.iter().all(|line| line.chars().count() <= 90), "{told:#?}");
    let report = ended.json();
    let stages = &report["time_spent"]["stages"];
    let second = |name: &str| stages[name].as_f64().unwrap_or_else(|| panic!("{name}: {stages}"));
    let all = ["walk", "read", "unpack", "digest", "parse", "analyse", "encode", "database"].map(second);
    assert!(all.iter().all(|seconds| *seconds > 0.0), "every stage takes its time: {stages}");
    // Threads can have worked no longer than they were there: two jobs, two readers, a walk, two connections.
    let loading = report["phases"][1].as_f64().unwrap() + report["phases"][0].as_f64().unwrap();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    assert!(
        all.iter().sum::<f64>() < loading * f64::from(u32::try_from(8 * cores.max(2)).unwrap()),
        "{report}"
    );
    let silent = Program::on(&database, ["import", path]).run().expect(&[0, 3]);
    assert!(!silent.stderr.contains("phases: "), "{}", silent.stderr);
}
