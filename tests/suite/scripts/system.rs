//! The scripts around an import that look at the system and the server: `tune-system.sh` on a made-up tree, `monitor.sh` on
//! databases of the suite.

use std::collections::BTreeMap;
use std::path::PathBuf;

use fs_err as fs;
use loader::library;
use loader::server::lock;
use serde_json::json;
use sqlx::AssertSqlSafe;

use super::script;
use crate::harness::{TestDatabase, passable_directory};
use crate::program::Ended;

// --- tune-system.sh -------------------------------------------------------------------------------------------------

/// A system as the script sees it, and the script's state file.
struct System {
    folder: tempfile::TempDir,
}

impl System {
    /// Two processors that save power, swap on a disk, a disk that turns and one that does not.
    fn new() -> Self {
        let system = Self { folder: passable_directory() };
        let limits = "Limit                     Soft Limit           Hard Limit           Units     \n\
                      Max open files            1024                 524288               files     \n";
        let swaps = "Filename\tType\tSize\tUsed\tPriority\n/dev/sda2                               partition\t8\t0\t-2\n";
        for (path, content) in [
            ("proc/self/limits", limits),
            ("proc/swaps", swaps),
            ("proc/sys/vm/swappiness", "60\n"),
            ("proc/sys/vm/nr_hugepages", "0\n"),
            ("proc/sys/vm/dirty_background_ratio", "10\n"),
            ("proc/sys/vm/dirty_ratio", "40\n"),
            ("sys/kernel/mm/transparent_hugepage/enabled", "[always] madvise never\n"),
            ("sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "powersave\n"),
            ("sys/devices/system/cpu/cpu0/cpufreq/scaling_available_governors", "performance powersave\n"),
            ("sys/devices/system/cpu/cpu1/cpufreq/scaling_governor", "ondemand\n"),
            ("sys/devices/system/cpu/cpu1/cpufreq/scaling_available_governors", "performance ondemand\n"),
            ("sys/block/sda/queue/scheduler", "mq-deadline [none]\n"),
            ("sys/block/sda/queue/rotational", "1\n"),
            ("sys/block/sda/queue/read_ahead_kb", "128\n"),
            ("sys/block/nvme0n1/queue/scheduler", "[bfq] mq-deadline none\n"),
            ("sys/block/nvme0n1/queue/rotational", "0\n"),
            ("sys/block/nvme0n1/queue/read_ahead_kb", "128\n"),
            ("sys/block/loop0/queue/scheduler", "[none] mq-deadline\n"),
        ] {
            let path = system.tree().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        system
    }

    fn tree(&self) -> PathBuf {
        self.folder.path().join("tree")
    }

    fn state(&self) -> PathBuf {
        self.folder.path().join("state/tune-system")
    }

    fn tune(&self, arguments: &[&str]) -> Ended {
        let state = self.state();
        let mut all = vec!["--state", state.to_str().unwrap()];
        all.extend(arguments);
        script("tune-system.sh", &all).env("LOADER_SYSTEM_ROOT", self.tree()).run()
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.tree().join(path)).unwrap()
    }

    /// Every file of the tree: its path, and its content.
    fn everything(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let entries = walkdir::WalkDir::new(self.tree()).into_iter().map(|entry| entry.unwrap());
        let files = entries.filter(|entry| entry.file_type().is_file()).map(walkdir::DirEntry::into_path);
        files.map(|path| (path.clone(), fs::read(path).unwrap())).collect()
    }
}

#[test]
fn the_system_is_shown_and_not_changed() {
    let system = System::new();
    let before = system.everything();
    let shown = system.tune(&[]).expect(&[0]);
    for words in [
        "open files             1024           → 4096",
        "CPU governor           powersave,ondemand → performance",
        "swappiness             60             → 10",
        "transparent huge pages always         → madvise",
        "explicit huge pages    0              → as it is",
        "dirty background, %    10             → 5",
        "sda scheduler          none           → mq-deadline",
        "sda read-ahead, kB     128            → 4096",
        "nvme0n1 scheduler      bfq            → none",
        "not measured",
    ] {
        assert!(shown.stdout.contains(words), "`{words}` is not shown:\n{}", shown.stdout);
    }
    assert!(!shown.stdout.contains("loop0"), "{}", shown.stdout);
    shown.says(&["nothing was changed", "--apply"]);
    assert_eq!(system.everything(), before);
    assert!(!system.state().exists());
}

#[test]
fn the_system_is_as_it_was_after_apply_and_undo() {
    let system = System::new();
    let before = system.everything();
    system.tune(&["--apply", "--huge-pages", "1100"]).expect(&[0]).says(&["changed: ", "--undo"]);
    for (path, content) in [
        ("proc/sys/vm/swappiness", "10\n"),
        ("proc/sys/vm/nr_hugepages", "1100\n"),
        ("proc/sys/vm/dirty_background_ratio", "5\n"),
        ("proc/sys/vm/dirty_ratio", "20\n"),
        ("sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n"),
        ("sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "performance\n"),
        ("sys/devices/system/cpu/cpu1/cpufreq/scaling_governor", "performance\n"),
        ("sys/block/sda/queue/scheduler", "[mq-deadline] none\n"),
        ("sys/block/sda/queue/read_ahead_kb", "4096\n"),
        ("sys/block/nvme0n1/queue/scheduler", "bfq mq-deadline [none]\n"),
        ("sys/block/nvme0n1/queue/read_ahead_kb", "128\n"),
    ] {
        assert_eq!(system.read(path), content, "{path}");
    }
    system.tune(&["--undo"]).expect(&[0]).says(&["put back: /proc/sys/vm/swappiness = 60"]);
    assert_eq!(system.everything(), before);
    assert!(!system.state().exists());
    system.tune(&["--undo"]).expect(&[0]).says(&["nothing to put back"]);
    assert_eq!(system.everything(), before);
}

#[test]
fn applied_twice_the_first_values_are_kept() {
    let system = System::new();
    let before = system.everything();
    system.tune(&["--apply"]).expect(&[0]);
    let recorded = fs::read_to_string(system.state()).unwrap();
    assert!(recorded.contains("/proc/sys/vm/swappiness\t60\n"), "{recorded}");
    system.tune(&["--apply"]).expect(&[0]).says(&["nothing to change"]);
    // Somebody else changes one of them meanwhile.
    fs::write(system.tree().join("proc/sys/vm/swappiness"), "35\n").unwrap();
    system.tune(&["--apply"]).expect(&[0]).says(&["changed: /proc/sys/vm/swappiness = 10"]);
    assert_eq!(fs::read_to_string(system.state()).unwrap(), recorded);
    system.tune(&["--undo"]).expect(&[0]);
    assert_eq!(system.everything(), before);
}

#[test]
fn what_is_not_there_is_said_and_left_alone() {
    let system = System::new();
    fs::remove_dir_all(system.tree().join("sys/devices")).unwrap();
    fs::remove_file(system.tree().join("proc/sys/vm/swappiness")).unwrap();
    fs::remove_dir_all(system.tree().join("sys/block/sda/queue")).unwrap();
    let before = system.everything();
    let applied = system.tune(&["--apply"]).expect(&[0]);
    for name in ["CPU governor", "swappiness", "sda"] {
        let lines: Vec<_> = applied.stdout.lines().filter(|line| line.starts_with(name)).collect();
        assert!(matches!(lines[..], [line] if line.contains("not here")), "{name}: {}", applied.stdout);
    }
    // A disk that is taken away meanwhile is no reason to keep the rest.
    let disk = system.tree().join("sys/block/nvme0n1/queue/scheduler");
    fs::remove_file(&disk).unwrap();
    system.tune(&["--undo"]).expect(&[0]).says(&["gone meanwhile: /sys/block/nvme0n1"]);
    fs::write(&disk, "[bfq] mq-deadline none\n").unwrap();
    assert_eq!(system.everything(), before);

    // Nothing at all, as in a bare container.
    fs::remove_dir_all(system.tree()).unwrap();
    system.tune(&["--apply"]).expect(&[0]).says(&["nothing to change"]);
}

#[test]
fn a_foreign_state_file_and_a_wrong_option_change_nothing() {
    let system = System::new();
    let before = system.everything();
    fs::create_dir_all(system.state().parent().unwrap()).unwrap();
    for foreign in [
        "/proc/sys/vm/swappiness\t1\n/etc/passwd\tx\n",
        "/sys/../etc/passwd\tx\n",
        "/proc/sys/vm/swappiness\n",
    ] {
        fs::write(system.state(), foreign).unwrap();
        system.tune(&["--undo"]).expect(&[1]).is_well_formed_error();
    }
    system.tune(&["--apply", "--undo"]).expect(&[2]);
    system.tune(&["--huge-pages", "many"]).expect(&[2]).is_well_formed_error();
    let help = system.tune(&["-h"]).expect(&[0]).stdout;
    assert!(help.starts_with("Usage: scripts/tune-system.sh"), "{help}");
    assert_eq!(system.everything(), before);
}

// --- monitor.sh -----------------------------------------------------------------------------------------------------

/// One look at a database.
fn look(database: &TestDatabase) -> Ended {
    script("monitor.sh", &["--once"]).env("DATABASE_URL", &database.url).run()
}

#[track_caller]
fn fits_the_screen(screen: &str, lines: std::ops::RangeInclusive<usize>) {
    for line in screen.lines() {
        assert!(line.chars().count() <= 80, "more than 80 columns: {line}");
        assert!(!line.chars().any(char::is_control), "{line:?}");
    }
    assert!(lines.contains(&screen.lines().count()), "{screen}");
}

#[tokio::test]
async fn a_look_names_the_run_and_what_it_does() {
    let database = TestDatabase::create().await;
    let mut connection = database.connect().await;
    lock::acquire(&mut connection).await.unwrap();
    let run = library::start_run(&mut connection, "fast", &json!({})).await.unwrap();
    let progress = json!({ "phase": "loading", "sources_done": 432, "sources_found": 6131, "inserted": 1_234_567,
                           "duplicate": 12, "rejected": 3, "walk_ended": 0 });
    library::heartbeat(&mut connection, run, &progress).await.unwrap();
    // A name that is too long, and one that would steer the terminal.
    let host = format!("\u{1b}[2J{}", "ü".repeat(90));
    sqlx::query("UPDATE runs SET host = $1").bind(host).execute(&database.pool).await.unwrap();

    let screen = look(&database).expect(&[0]).stdout;
    fits_the_screen(&screen, 15..=24);
    for words in [
        format!("run       {run} on ?[2Jüü"),
        "state     running, loading".to_owned(),
        "sources   432 of 6,131 or more done".to_owned(),
        "stored    1,234,567 new files, 12 duplicates, 3 rejected".to_owned(),
        "indexes   0 suspended".to_owned(),
    ] {
        assert!(screen.contains(&words), "`{words}` is not shown:\n{screen}");
    }
    for label in ["rows", "WAL", "cache", "loader", "checkpts", "sizes", "table", "disk"] {
        assert!(screen.lines().any(|line| line.starts_with(label)), "no {label}:\n{screen}");
    }

    // Nobody holds the lock any more, and the row still says running.
    lock::release(&mut connection).await.unwrap();
    let screen = look(&database).expect(&[0]).stdout;
    assert!(screen.contains("state     killed; the same command goes on"), "{screen}");
}

#[tokio::test]
async fn a_second_look_has_rates() {
    let database = TestDatabase::create().await;
    let mut watched = script("monitor.sh", &["--every", "0.1"]).env("DATABASE_URL", &database.url).start();
    crate::program::until("two looks were had", async || watched.printed().contains("/s\nWAL")).await;
    watched.signal("-TERM");
    let ended = watched.wait().expect(&[143]);
    fits_the_screen(&ended.stdout, 20..=100_000);
    assert!(ended.stdout.contains("not known before the second look"), "{}", ended.stdout);
}

#[tokio::test]
async fn without_a_run_a_library_or_a_database_there_is_a_remedy() {
    let database = TestDatabase::create().await;
    let screen = look(&database).expect(&[0]).stdout;
    fits_the_screen(&screen, 10..=24);
    assert!(screen.contains("no import has been run yet; begin with: loader import PATH"), "{screen}");

    let empty = TestDatabase::create_empty().await;
    let ended = look(&empty).expect(&[12]);
    ended.is_well_formed_error();
    ended.says(&["holds no library", "loader db migrate"]);
    assert_eq!(ended.stdout, "");

    let folder = passable_directory();
    let url = format!("postgresql:///loader?host={}", folder.path().display());
    let ended = script("monitor.sh", &["--once", "-d", &url]).run().expect(&[10]);
    ended.is_well_formed_error();
    ended.says(&["the database is not reached", "loader db start"]);

    let help = script("monitor.sh", &["--help"]).run().expect(&[0]).stdout;
    assert!(help.starts_with("Usage: scripts/monitor.sh"), "{help}");
    script("monitor.sh", &["--every", "soon"]).run().expect(&[2]).is_well_formed_error();
}

#[tokio::test]
async fn a_role_without_rights_sees_what_it_may() {
    let database = TestDatabase::create().await;
    let role = format!("watcher_{}", database.name);
    let statements = [
        format!("CREATE ROLE {role}"),
        format!("GRANT USAGE ON SCHEMA loader TO {role}"),
        format!("GRANT SELECT ON ALL TABLES IN SCHEMA public, loader TO {role}"),
    ];
    for statement in statements {
        sqlx::query(AssertSqlSafe(statement)).execute(&database.pool).await.unwrap();
    }
    let ended = script("monitor.sh", &["--once"])
        .env("DATABASE_URL", &database.url)
        .env("PGOPTIONS", format!("-c role={role}"))
        .run();
    for statement in [format!("DROP OWNED BY {role}"), format!("DROP ROLE {role}")] {
        sqlx::query(AssertSqlSafe(statement)).execute(&database.pool).await.unwrap();
    }
    let screen = ended.expect(&[0]).stdout;
    assert!(screen.contains("disk      cannot be asked"), "{screen}");
    assert!(screen.contains("\nsizes     tables "), "{screen}");
}
