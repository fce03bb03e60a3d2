//! One import, from the connection to the report.
//!
//! ```text
//! connect ─▶ lock ─▶ migrate ─▶ know what is there ─▶ walk ─▶ plan ─▶ change settings? suspend indexes?
//!                                                                                   │
//!                      songs ◀─ count ◀─ settings back ◀─ indexes back ◀─ pipeline ◀┘
//! ```
//!
//! Whatever is interrupted here is finished by the same command again: rows are the journal of what was read, and the
//! tables `loader.suspended_indexes`, `loader.suspended_foreign_keys` and `loader.changed_settings` that of the rest. What
//! an earlier run has left changed on the server is put back before anything else.

mod bound;
mod plan;
mod report;
mod rescan;

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::{try_join, try_join_all};
use sqlx::postgres::PgConnection;

pub use bound::{Bound, TimeSpent, Way};
pub use plan::{IndexPlan, Plan};
pub(crate) use report::rate;
pub use report::{PhaseTimes, Report};
pub use rescan::RescanSettings;
use rescan::Sources;

use crate::digest::Digest;
use crate::error::{Error, ErrorKind, Result};
use crate::heartbeat;
use crate::library::{self, Balance, RunState};
use crate::mode::Mode;
use crate::pipeline::{
    Finished, Inputs, Knowledge, Listing, Pipeline, PipelineSettings, SeenContents, Stop, Survey,
};
use crate::progress::{Counters, MachineGlance, Phase, add};
use crate::server::connect::{self, Target};
use crate::server::indexes::{self, RestoreSettings};
use crate::server::settings::{self, Whose};
use crate::server::{lock, schema};
use crate::sink::{PostgresSink, SinkSettings, WriterKind};
use crate::songs::{self, Sorted};
use crate::state;
use crate::verification::Verified;

/// What an import is to do, resolved from what the user typed.
#[derive(Clone, Debug)]
pub struct ImportSettings {
    /// What to read.
    pub inputs: Inputs,
    /// What to trade for speed.
    pub mode: Mode,
    /// Whether what the mode changes and suspends stays so at the end, for a series of imports.
    pub keep_mode: bool,
    /// Whether other databases of the server, standbys and rows that are there already may be put at risk.
    pub accept_cluster_risk: bool,
    /// What is done about sources that need not be read.
    pub rescan: RescanSettings,
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
    /// What is found while the library is made ready; none where that would be too early or too much at once.
    listing: Option<Listing>,
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
        // What a run that is dead has changed of the server. The lock is ours, so it is dead.
        if !settings.keep_mode {
            settings::undo(&mut connection, &target, Whose::Runs).await?;
        }
        if !indexes::is_suspended(&mut connection).await? {
            indexes::create_all(&mut connection).await?;
        }
        // Not before: bringing an old library up to date may take minutes, and what was seen grows old.
        let lists = settings.pipeline.jobs > 1 && !settings.rescan.verify;
        let listing = lists.then(|| Listing::begin(settings.inputs.clone(), settings.pipeline.priority));
        Ok(Self { settings, target, connection, counters, stop, began, listing })
    }

    /// Runs it. `agree` is told the plan before the first file is opened and anything is changed; if it does not agree,
    /// nothing is.
    ///
    /// # Errors
    /// What made the run fail; everything committed before stays, and the same command goes on from there.
    pub async fn run(mut self, agree: impl FnOnce(&Plan) -> bool) -> Result<Report> {
        let options = plan::options(&self.settings);
        let run_id = library::start_run(&mut self.connection, self.settings.mode.word(), &options).await?;
        let beat = heartbeat::start(&self.target, run_id, Arc::clone(&self.counters));
        let result = self.load(run_id, agree).await;
        beat.stop().await;
        self.end(run_id, result).await
    }

    async fn load(&mut self, run_id: i32, agree: impl FnOnce(&Plan) -> bool) -> Result<Loaded> {
        let mut times = PhaseTimes::default();
        let policy = self.settings.mode.policy();
        let inputs = self.settings.inputs.clone();
        let verified =
            if self.settings.rescan.verify { self.verify(run_id).await? } else { Verified::default() };
        let known = Arc::new(library::known_sources(&mut self.connection, inputs.roots_alone()).await?);
        let contents = Arc::new(SeenContents::default());
        let mut settings = self.settings.pipeline.clone();
        settings.run_id = run_id;
        let knowledge = Knowledge { sources: Arc::clone(&known), contents: Arc::clone(&contents) };
        let (counters, stop) = (Arc::clone(&self.counters), Arc::clone(&self.stop));
        let listing = self.listing.take().unwrap_or_else(|| inputs.into());
        let connections = self.settings.connections;
        let pipeline = Pipeline::start(&settings, listing, knowledge, connections, counters, stop)?;
        let survey = pipeline.survey(|survey| survey.new_sources > 0, SURVEY_PATIENCE).await;
        // Where nothing is to be read it does not matter which contents are known.
        let known_contents = if survey.is_idle() { 0 } else { self.know(&contents).await? };
        let already = indexes::is_suspended(&mut self.connection).await?;
        let decide = |survey: &Survey| IndexPlan::decide(policy.indexes, already, known_contents, survey);
        let survey = pipeline.survey(|survey| decide(survey).suspends(), SURVEY_PATIENCE).await;
        let decided = decide(&survey);
        let reads = survey.new_sources > 0;
        let changes =
            plan::settings(&mut self.connection, &self.settings, decided, known_contents, reads).await?;
        let foreseen = match pipeline.walked() {
            Some(walked) => Some(self.missed(&known, &walked).await?),
            None => None,
        };
        let count = match decided {
            IndexPlan::Suspended => Some(indexes::count_suspendable(&mut self.connection).await?),
            IndexPlan::SuspendedAlready | IndexPlan::Kept => None,
        };
        let plan = Plan::new(&self.settings, &self.target, survey, decided, known_contents, Some(changes))
            .foreseeing(foreseen.as_ref())
            .with_indexes(count);
        if !agree(&plan) {
            self.stop.ask();
            pipeline.rest().await;
            return Err(Error::new(
                ErrorKind::Run,
                "nothing was read and nothing was changed: it was not agreed to",
            )
            .with_hint("--yes does not ask; --mode fast changes nothing of the server"));
        }
        let newest = songs::newest(&mut self.connection).await?;
        let loaded = self.load_in_mode(run_id, pipeline, &plan, already, &mut times).await;
        // However the loading ended: a server is not left otherwise than it was.
        let undone = self.undo_settings().await;
        let finished = loaded?;
        undone?;
        let kept = self.settings.keep_mode
            && (plan.indexes.suspends()
                || plan.settings.is_some_and(|settings| !settings.changes().is_empty()));

        self.counters.enter(Phase::Checking);
        let checking = Instant::now();
        let balance = library::balance(&mut self.connection, run_id, &finished.opened).await?;
        if !self.stop.is_asked() {
            self.check(&balance, finished.survey.skipped_entries)?;
        }
        let sources = Sources { verified, ..self.settle(&finished, &known, foreseen).await? };
        times.checking = checking.elapsed();
        let sorting = Instant::now();
        let sorted = self.sort(newest).await?;
        times.sorting = sorting.elapsed();
        self.counters.enter(Phase::Done);
        Ok(Loaded { balance, sources, sorted, peak_budget: finished.peak_budget, times, kept })
    }

    /// Changes what the mode changes, loads, and brings the indexes back.
    async fn load_in_mode(
        &mut self,
        run_id: i32,
        pipeline: Pipeline,
        plan: &Plan,
        already: bool,
        times: &mut PhaseTimes,
    ) -> Result<Finished> {
        if let Some(changes) = &plan.settings {
            let changed = settings::change(&mut self.connection, &self.target, changes, run_id).await?;
            for refusal in changed.refused {
                tracing::warn!("{refusal}");
            }
        }
        if plan.indexes.suspends() && !already {
            let backup = state::directory()?.join(indexes::BACKUP);
            indexes::suspend(&mut self.connection, run_id, &backup).await?;
        }
        times.preparing = self.began.elapsed();

        self.counters.enter(Phase::Loading);
        let loading = Instant::now();
        let glance = MachineGlance::now();
        let finished = if plan.is_idle() {
            Ok(pipeline.rest().await)
        } else {
            match self.sinks(self.settings.mode.policy().synchronous_commit).await {
                Ok(sinks) => pipeline.run(sinks).await,
                Err(error) => {
                    self.stop.ask();
                    pipeline.rest().await;
                    Err(error)
                }
            }
        };
        times.loading = loading.elapsed();
        times.machine = glance.as_ref().and_then(MachineGlance::until_now);

        // Indexes come back however the loading ended: a library is not left without them.
        let indexing = Instant::now();
        let restored = if plan.indexes.suspends() && !self.settings.keep_mode {
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
        if already && !self.settings.keep_mode {
            // What a newer version has beside what was suspended.
            indexes::create_all(&mut self.connection).await?;
        }
        Ok(finished)
    }

    /// Puts back what the mode has changed of the server, unless that is to stay.
    async fn undo_settings(&mut self) -> Result<()> {
        if self.settings.keep_mode || !self.settings.mode.policy().changes_server {
            return Ok(());
        }
        lock::keep(&mut self.connection, &self.target, "loader import").await?;
        settings::undo(&mut self.connection, &self.target, Whose::Runs).await?;
        Ok(())
    }

    /// Brings what is new or called otherwise to its songs; a run that was stopped leaves that to the next one.
    async fn sort(&mut self, newest: i64) -> Result<Sorted> {
        let counted = self.counters.snapshot();
        let already =
            Sorted { contents: counted.sorted, changed: counted.versions, songs_added: counted.songs_added };
        if self.stop.is_asked() {
            return Ok(already);
        }
        self.counters.enter(Phase::Sorting);
        songs::sort_rest(&mut self.connection, (already, newest), |contents| {
            add(&self.counters.sorted, contents);
            !self.stop.is_asked()
        })
        .await
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
        // Not left to the end of the connection: what follows at once may need it.
        let _ = lock::release(&mut self.connection).await;
        let loaded = result?;
        written?;
        let stages = self.counters.timings.seconds();
        Ok(Report::new(run_id, &self.settings, (counted, stages), loaded, self.began.elapsed(), state))
    }

    /// Which contents the library holds already, and how many these are: of a very large one only about.
    async fn know(&mut self, contents: &SeenContents) -> Result<usize> {
        let estimate = library::estimate_contents(&mut self.connection).await?;
        if estimate > MOST_KNOWN_CONTENTS {
            return Ok(usize::try_from(estimate).unwrap_or(usize::MAX));
        }
        let mut count = 0;
        let know = |digest: &Digest| {
            count += 1;
            contents.know(digest);
        };
        library::known_contents(&mut self.connection, know).await?;
        Ok(count)
    }

    async fn sinks(&self, synchronous_commit: bool) -> Result<(PostgresSink, Vec<PostgresSink>)> {
        let settings = SinkSettings { writer: self.settings.writer, synchronous_commit };
        let open = || PostgresSink::connect(self.target.clone(), settings.clone());
        let writers = (0..self.settings.connections.max(1)).map(|_| open());
        // Side by side: of a small import they would be most of the time.
        try_join(open(), try_join_all(writers)).await
    }

    async fn restore_indexes(&mut self) -> Result<()> {
        let settings =
            RestoreSettings { connections: self.settings.connections, ..RestoreSettings::default() };
        let options = self.target.options.clone().application_name("loader indexes");
        let restored = indexes::restore(&options, settings, &|event| self.counters.indexes(event)).await?;
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
    sources: Sources,
    sorted: Sorted,
    peak_budget: usize,
    times: PhaseTimes,
    kept: bool,
}

impl Loaded {
    /// Replaces live counts by what is stored.
    fn account(&self, counted: &mut crate::progress::Snapshot) {
        counted.inserted = self.balance.inserted.unsigned_abs();
        counted.duplicate = self.balance.duplicate().unsigned_abs();
        counted.unchanged = self.balance.unchanged.unsigned_abs() + self.sources.survey.skipped_entries;
        counted.rejected = self.balance.rejected.unsigned_abs();
        counted.not_midi = self.balance.not_midi.unsigned_abs();
    }
}
