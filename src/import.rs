//! One import, from the connection to the report.
//!
//! ```text
//! connect ─▶ lock ─▶ migrate ─▶ know what is there ─▶ walk ─▶ suspend indexes? ─▶ pipeline ─▶ indexes back ─▶ count
//! ```
//!
//! Whatever is interrupted here is finished by the same command again: rows are the journal of what was read, the tables
//! `loader.suspended_indexes` and `loader.suspended_foreign_keys` that of what was suspended.

mod plan;
mod report;

use std::sync::Arc;
use std::time::{Duration, Instant};

use sqlx::postgres::PgConnection;

pub use plan::{IndexPlan, Plan};
pub(crate) use report::rate;
pub use report::{PhaseTimes, Report};

use crate::error::{Error, ErrorKind, Result};
use crate::heartbeat;
use crate::library::{self, Balance, RunState};
use crate::mode::Mode;
use crate::pipeline::{Inputs, Knowledge, Pipeline, PipelineSettings, SeenContents, Stop, Survey};
use crate::progress::{Counters, Phase};
use crate::server::connect::{self, Target};
use crate::server::indexes::{self, RestoreSettings};
use crate::server::{lock, schema};
use crate::sink::{PostgresSink, SinkSettings, WriterKind};
use crate::state;

/// What an import is to do, resolved from what the user typed.
#[derive(Clone, Debug)]
pub struct ImportSettings {
    /// What to read.
    pub inputs: Inputs,
    /// What to trade for speed.
    pub mode: Mode,
    /// How rows travel.
    pub writer: WriterKind,
    /// Database connections that store batches.
    pub connections: usize,
    /// How the pipeline works; its run id is filled in here.
    pub pipeline: PipelineSettings,
}

/// Up to so many contents of earlier runs are loaded before the first file is read; beyond, the database alone tells what
/// is known. 4 million take about 160 MB.
const MOST_KNOWN_CONTENTS: i64 = 4_000_000;

/// How long the walk may run before the indexes are decided upon with what it has found by then.
const SURVEY_PATIENCE: Duration = Duration::from_secs(10);

/// An import that is ready to run.
#[derive(Debug)]
pub struct Import {
    settings: ImportSettings,
    target: Target,
    connection: PgConnection,
    counters: Arc<Counters>,
    stop: Arc<Stop>,
    began: Instant,
}

impl Import {
    /// Connects, takes the library's lock and brings its schema up to date.
    ///
    /// # Errors
    /// [`ErrorKind::Unreachable`], [`ErrorKind::Locked`] or [`ErrorKind::Schema`], each with its remedy.
    pub async fn prepare(
        settings: ImportSettings,
        target: Target,
        counters: Arc<Counters>,
        stop: Arc<Stop>,
    ) -> Result<Self> {
        let began = Instant::now();
        let mut connection = connect::connect(&target, "loader import").await?;
        lock::acquire(&mut connection).await?;
        schema::migrate(&mut connection).await?;
        schema::check(&mut connection).await?;
        if !indexes::is_suspended(&mut connection).await? {
            indexes::create_all(&mut connection).await?;
        }
        Ok(Self { settings, target, connection, counters, stop, began })
    }

    /// Runs it. `announce` is told the plan before the first file is opened.
    ///
    /// # Errors
    /// What made the run fail; everything committed before stays, and the same command goes on from there.
    pub async fn run(mut self, announce: impl FnOnce(&Plan)) -> Result<Report> {
        let options = plan::options(&self.settings);
        let run_id = library::start_run(&mut self.connection, self.settings.mode.word(), &options).await?;
        let beat = heartbeat::start(&self.target, run_id, Arc::clone(&self.counters)).await?;
        let result = self.load(run_id, announce).await;
        beat.stop().await;
        self.end(run_id, result).await
    }

    async fn load(&mut self, run_id: i32, announce: impl FnOnce(&Plan)) -> Result<Loaded> {
        let mut times = PhaseTimes::default();
        let policy = self.settings.mode.policy();
        let knowledge = self.know().await?;
        let known_contents = knowledge.contents.len();
        let sinks = self.sinks(policy.synchronous_commit).await?;
        let mut settings = self.settings.pipeline.clone();
        settings.run_id = run_id;
        let inputs = self.settings.inputs.clone();
        let (counters, stop) = (Arc::clone(&self.counters), Arc::clone(&self.stop));
        let pipeline = Pipeline::start(&settings, inputs, knowledge, sinks, counters, stop)?;
        let already = indexes::is_suspended(&mut self.connection).await?;
        let decide = |survey: &Survey| IndexPlan::decide(policy.indexes, already, known_contents, survey);
        let survey = pipeline.survey(|survey| decide(survey).suspends(), SURVEY_PATIENCE).await;
        let decided = decide(&survey);
        announce(&Plan::new(&self.settings, &self.target, survey, decided, known_contents));
        if decided.suspends() && !already {
            let backup = state::directory()?.join(indexes::BACKUP);
            indexes::suspend(&mut self.connection, run_id, &backup).await?;
        }
        times.preparing = self.began.elapsed();

        self.counters.enter(Phase::Loading);
        let loading = Instant::now();
        let finished = pipeline.run().await;
        times.loading = loading.elapsed();

        // Indexes come back however the loading ended: a library is not left without them.
        let indexing = Instant::now();
        let restored = if decided.suspends() {
            self.counters.enter(Phase::Indexing);
            self.restore_indexes().await
        } else {
            Ok(())
        };
        times.indexing = indexing.elapsed();
        // What stopped the loading is told first: it may well be what keeps the indexes away.
        let finished = finished?;
        restored?;
        lock::keep(&mut self.connection, &self.target, "loader import").await?;
        if already {
            // What a newer version has beside what was suspended.
            indexes::create_all(&mut self.connection).await?;
        }

        self.counters.enter(Phase::Checking);
        let checking = Instant::now();
        let balance = library::balance(&mut self.connection, run_id, &finished.opened).await?;
        if !self.stop.is_asked() {
            self.check(&balance, finished.skipped_entries)?;
        }
        times.checking = checking.elapsed();
        self.counters.enter(Phase::Done);
        Ok(Loaded {
            balance,
            skipped_entries: finished.skipped_entries,
            peak_budget: finished.peak_budget,
            times,
        })
    }

    /// The two sides of the account: what the readers met, and what is stored.
    fn check(&self, balance: &Balance, skipped: u64) -> Result<()> {
        let seen = self.counters.snapshot().seen;
        let stored = balance.total().unsigned_abs() + skipped;
        if seen == stored && balance.unfinished == 0 {
            return Ok(());
        }
        let message = format!(
            "the account does not balance: the readers met {seen} items, {stored} are stored or accounted for, and {} \
             sources are unfinished",
            balance.unfinished
        );
        Err(Error::new(ErrorKind::Run, message)
            .with_hint("run the same command again; if it stays so, please report it"))
    }

    async fn end(mut self, run_id: i32, result: Result<Loaded>) -> Result<Report> {
        let state = match &result {
            Ok(_) if self.stop.is_asked() => RunState::Interrupted,
            Ok(_) => RunState::Finished,
            Err(_) => RunState::Failed,
        };
        let mut counted = self.counters.snapshot();
        if let Ok(loaded) = &result {
            loaded.account(&mut counted);
        }
        let progress = serde_json::to_value(counted).unwrap_or_default();
        let written =
            library::finish_run(&mut self.connection, run_id, state, &progress, Some(&counted)).await;
        let loaded = result?;
        written?;
        Ok(Report::new(
            run_id,
            &self.settings,
            counted,
            loaded.times,
            self.began.elapsed(),
            state,
            loaded.peak_budget,
        ))
    }

    /// What the library holds already.
    async fn know(&mut self) -> Result<Knowledge> {
        let sources = library::known_sources(&mut self.connection).await?;
        let contents = Arc::new(SeenContents::default());
        if library::estimate_contents(&mut self.connection).await? <= MOST_KNOWN_CONTENTS {
            library::known_contents(&mut self.connection, |digest| contents.know(digest)).await?;
        }
        Ok(Knowledge { sources: Arc::new(sources), contents })
    }

    async fn sinks(&self, synchronous_commit: bool) -> Result<(PostgresSink, Vec<PostgresSink>)> {
        let settings = SinkSettings { writer: self.settings.writer, synchronous_commit };
        let open = || async { PostgresSink::connect(self.target.clone(), settings.clone()).await };
        let registry = open().await?;
        let mut sinks = Vec::new();
        for _ in 0..self.settings.connections.max(1) {
            sinks.push(open().await?);
        }
        Ok((registry, sinks))
    }

    async fn restore_indexes(&mut self) -> Result<()> {
        let settings =
            RestoreSettings { connections: self.settings.connections, ..RestoreSettings::default() };
        let restored =
            indexes::restore(&self.target.options, settings, &|event| self.counters.indexes(event)).await?;
        tracing::info!(
            indexes = restored.indexes.len(),
            keys = restored.keys.len(),
            elapsed = ?restored.elapsed,
            "indexes and foreign keys are in place again"
        );
        Ok(())
    }
}

/// What came out of the loading.
struct Loaded {
    balance: Balance,
    skipped_entries: u64,
    peak_budget: usize,
    times: PhaseTimes,
}

impl Loaded {
    /// Replaces live counts by what is stored.
    fn account(&self, counted: &mut crate::progress::Snapshot) {
        counted.inserted = self.balance.inserted.unsigned_abs();
        counted.duplicate = self.balance.duplicate().unsigned_abs();
        counted.unchanged = self.balance.unchanged.unsigned_abs() + self.skipped_entries;
        counted.rejected = self.balance.rejected.unsigned_abs();
        counted.not_midi = self.balance.not_midi.unsigned_abs();
    }
}
