//! `loader watch`: whatever changes on the disk arrives by itself, once, and the library is what an import would make it.
//!
//! Nothing here waits for a time: each step waits until the library is as it should be.

mod changes;
mod deaf;
mod model;
mod trouble;

use std::path::Path;

use serde_json::Value;

use crate::harness::TestDatabase;
use crate::import::{count, import};
use crate::program::{Ended, Program, Running, until};
use crate::rows::{Rows, assert_whole, try_number};

/// A folder being watched.
struct Watching {
    running: Running,
    database: TestDatabase,
}

impl Watching {
    /// From now on, and the first look is over.
    async fn start(folder: &Path, more: &[&str]) -> Self {
        Self::go_on(folder, more, TestDatabase::create().await).await
    }

    /// The same with a library that is there already.
    async fn go_on(folder: &Path, more: &[&str], database: TestDatabase) -> Self {
        let running = Program::on(&database, arguments(folder, more)).start();
        let mut this = Self { running, database };
        this.until("the first look is over", |watching| watching.running.printed().contains('\n')).await;
        this
    }

    /// Waits until something holds, or it has ended.
    async fn until(&mut self, what: &str, holds: impl Fn(&Self) -> bool) {
        until(what, async || {
            assert!(self.running.is_running(), "it ended: {}", self.running.said());
            holds(self)
        })
        .await;
    }

    /// Waits until it has said this.
    async fn says(&mut self, words: &str) {
        self.until(words, |watching| watching.running.said().contains(words)).await;
    }

    /// Waits until the library holds what one holds that is made of nothing now.
    async fn arrives(&mut self, folder: &Path, what: &str) {
        let new = TestDatabase::create().await;
        import(&new, &[], &[folder]).await;
        let expected = Rows::active(&new.url).await;
        let url = self.database.url.clone();
        until(what, async || {
            assert!(self.running.is_running(), "it ended: {}", self.running.said());
            Rows::active(&url).await == expected
        })
        .await;
    }

    /// Ends it, and checks that nothing was stored twice and nothing is amiss.
    async fn end(mut self) -> (Ended, Vec<Value>) {
        self.running.signal("-TERM");
        let ended = self.running.wait();
        assert_eq!((ended.signal, ended.code), (Some(15), None), "{}", ended.stderr);
        ended.says(&["Watched for "]);
        let passes: Vec<Value> = ended
            .stdout
            .lines()
            .map(|line| serde_json::from_str(line).expect("a line is a document"))
            .collect();
        assert_whole(&self.database.url, "watched").await;
        let inserted: u64 = passes.iter().map(|pass| count(pass, "inserted")).sum();
        let files = try_number(&self.database.url, "SELECT count(*) FROM files").await;
        assert_eq!(files, i64::try_from(inserted).ok(), "{passes:?}");
        (ended, passes)
    }
}

fn arguments(folder: &Path, more: &[&str]) -> Vec<std::ffi::OsString> {
    let mut arguments: Vec<std::ffi::OsString> =
        ["watch", "--json", "--rescan-every", "never"].map(Into::into).to_vec();
    if !more.contains(&"--debounce") {
        arguments.extend(["--debounce", "0.3s"].map(Into::into));
    }
    arguments.extend(more.iter().map(Into::into));
    arguments.push(folder.into());
    arguments
}
