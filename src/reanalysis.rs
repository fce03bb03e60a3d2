//! One re-analysis of a library, from the connection to the report.
//!
//! ```text
//! connect ─▶ lock ─▶ what is behind? ─▶ which sources still have it? ─▶ pipeline, once or twice ─▶ count
//! ```
//!
//! The library does not hold the contents: they are read again where they were found, by the import's own pipeline. What
//! makes a re-analysis of it is what it is given: only files that the library knows, only the places that are wanted, and
//! sinks that renew rows and store nothing else ([`crate::sink::RenewalSink`]). Whatever is interrupted here is finished by
//! the same command again, because a row that was renewed is no longer behind.

mod account;
mod choice;
mod criteria;
mod plan;
mod report;
mod standing;
mod within;
mod worklist;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Instant;

use sqlx::postgres::PgConnection;

use account::Account;
pub use account::Why;
pub use criteria::{Criteria, Selection};
pub use plan::Plan;
pub use report::{Left, NAMED, Report};
pub use within::Within;
use worklist::{Round, Worklist, behind};

use crate::error::{Error, ErrorKind, Result};
use crate::heartbeat;
use crate::library::{self, RunState, failed};
use crate::pipeline::{Asked, Inputs, Knowledge, Pipeline, PipelineSettings, SeenContents, Stop};
use crate::progress::{Counters, Phase, add};
use crate::server::connect::{self, Target};
use crate::server::{lock, schema};
use crate::sink::{PostgresSink, Renewal, RenewalSink, SinkSettings, WriterKind};
use crate::songs::{self, Sorted};

/// What a re-analysis is to do, resolved from what the user typed.
#[derive(Clone, Debug)]
pub struct ReanalysisSettings {
    /// Which rows, and what they are to be.
    pub criteria: Criteria,
    /// Which part of the library; all of it without.
    pub within: Option<Within>,
    /// How rows travel.
    pub writer: WriterKind,
    /// Database connections that store batches.
    pub connections: usize,
    /// How the pipeline works; its run id and what is asked of each content are filled in here.
    pub pipeline: PipelineSettings,
}

/// A re-analysis that is ready to run.
#[derive(Debug)]
pub struct Reanalysis {
    settings: ReanalysisSettings,
    target: Target,
    connection: PgConnection,
    counters: Arc<Counters>,
    stop: Arc<Stop>,
    began: Instant,
}

/// What the run's connection is called.
const NAME: &str = "loader analyze";

/// The word in `runs.mode`.
const MODE: &str = "analyze";

/// Statistics are refreshed where more than one row in so many was renewed.
const WORTH_STATISTICS: i64 = 10;

impl Reanalysis {
    /// Connects, takes the library's lock and brings its schema up to date.
    ///
    /// # Errors
    /// [`ErrorKind::Unreachable`], [`ErrorKind::Locked`] or [`ErrorKind::Schema`], each with its remedy.
    pub async fn prepare(
        settings: ReanalysisSettings,
        target: Target,
        counters: Arc<Counters>,
        stop: Arc<Stop>,
    ) -> Result<Self> {
        let began = Instant::now();
        let mut connection = connect::connect(&target, NAME).await?;
        lock::acquire(&mut connection).await?;
        schema::migrate(&mut connection).await?;
        schema::check(&mut connection).await?;
        Ok(Self { settings, target, connection, counters, stop, began })
    }

    /// Runs it. `announce` is told the plan before the first file is opened.
    ///
    /// # Errors
    /// What made the run fail; everything committed before stays, and the same command goes on from there.
    pub async fn run(mut self, announce: impl FnOnce(&Plan)) -> Result<Report> {
        let worklist =
            Worklist::draw_up(&mut self.connection, self.settings.criteria, self.settings.within.as_ref())
                .await?;
        announce(&Plan::new(&self.settings, &self.target, &worklist));
        if worklist.len() == 0 {
            let nothing = Report { complete: true, ..Report::default() };
            return Ok(nothing.timed(self.counters.snapshot(), self.began.elapsed()));
        }
        let options = plan::options(&self.settings);
        let run_id = library::start_run(&mut self.connection, MODE, &options).await?;
        let beat = heartbeat::start(&self.target, run_id, Arc::clone(&self.counters));
        let result = self.analyse(run_id, &worklist).await;
        beat.stop().await;
        self.end(run_id, result).await
    }

    async fn analyse(&mut self, run_id: i32, worklist: &Worklist) -> Result<Report> {
        self.counters.enter(Phase::Analysing);
        let mut account = Account::open(worklist);
        let mut peak_budget_bytes = self.read(run_id, worklist, worklist.first_round(), &mut account).await?;
        if !self.stop.is_asked() {
            // What was not where it should be may be elsewhere.
            let others = worklist.second_round(&account.left());
            peak_budget_bytes =
                peak_budget_bytes.max(self.read(run_id, worklist, others, &mut account).await?);
        }
        self.counters.enter(Phase::Checking);
        lock::keep(&mut self.connection, &self.target, NAME).await?;
        let analysed = account.analysed();
        self.refresh_statistics(analysed).await?;
        let is_stopped = self.stop.is_asked();
        if !is_stopped {
            self.check(&account).await?;
        }
        let mut sorted = Sorted::default();
        if !is_stopped {
            self.counters.enter(Phase::Sorting);
            sorted = songs::sort(&mut self.connection, |contents| {
                add(&self.counters.sorted, contents);
                !self.stop.is_asked()
            })
            .await?;
        }
        let mut report = Report {
            sorted: sorted.changed,
            run: Some(run_id),
            complete: !is_stopped,
            wanted: worklist.len() as u64,
            analysed: analysed as u64,
            peak_budget_bytes,
            ..Report::default()
        };
        for content in account.left() {
            let (why, detail) = account.why(worklist, content, is_stopped);
            report.count(why);
            if why != Why::Unfinished && report.left.len() < NAMED {
                let file_id = account.id(content);
                let path = format!("files.id {file_id}");
                report.left.push(Left { file_id, path, why, detail: detail.into_owned() });
            }
        }
        self.name(&mut report.left).await?;
        self.counters.enter(Phase::Done);
        Ok(report)
    }

    /// Runs the pipeline over what one round reads. Answers the most memory it held.
    async fn read(
        &self,
        run_id: i32,
        worklist: &Worklist,
        round: Round,
        account: &mut Account,
    ) -> Result<usize> {
        if round.files.is_empty() {
            return Ok(0);
        }
        let Criteria { level, md5, .. } = self.settings.criteria;
        let mut settings = PipelineSettings { run_id, ..self.settings.pipeline.clone() };
        settings.asked = Asked { level, md5, others: worklist.others(level) };
        let knowledge =
            Knowledge { sources: Arc::new(round.known()), contents: Arc::new(SeenContents::default()) };
        let inputs = Inputs { files: round.files, ..Inputs::default() };
        let renewal = Arc::new(Renewal::of(round.places));
        let sinks = self.sinks(&renewal).await?;
        let (counters, stop) = (Arc::clone(&self.counters), Arc::clone(&self.stop));
        let pipeline = Pipeline::start(&settings, inputs, knowledge, sinks.1.len(), counters, stop)?;
        let finished = pipeline.run(sinks).await?;
        account.add(renewal.take());
        Ok(finished.peak_budget)
    }

    async fn sinks(&self, renewal: &Arc<Renewal>) -> Result<(RenewalSink, Vec<RenewalSink>)> {
        let registry = self.sink(renewal).await?;
        let mut sinks = Vec::new();
        for _ in 0..self.settings.connections.max(1) {
            sinks.push(self.sink(renewal).await?);
        }
        Ok((registry, sinks))
    }

    async fn sink(&self, renewal: &Arc<Renewal>) -> Result<RenewalSink> {
        let settings = SinkSettings { writer: self.settings.writer, synchronous_commit: true };
        let database = PostgresSink::connect(self.target.clone(), settings).await?;
        Ok(RenewalSink::new(database, Arc::clone(renewal)))
    }

    async fn refresh_statistics(&mut self, renewed: usize) -> Result<()> {
        let contents = library::estimate_contents(&mut self.connection).await?;
        let renewed = i64::try_from(renewed).unwrap_or(i64::MAX);
        if renewed > 0 && renewed.saturating_mul(WORTH_STATISTICS) >= contents {
            library::refresh_statistics(&mut self.connection).await?;
        }
        Ok(())
    }

    /// The two sides of the account: what was not analysed, and which rows are behind now.
    async fn check(&mut self, account: &Account) -> Result<()> {
        let left: HashSet<i64> = account.left().into_iter().map(|content| account.id(content)).collect();
        let behind =
            behind(&mut self.connection, self.settings.criteria, self.settings.within.as_ref()).await?;
        let unexpected = behind.iter().filter(|id| !left.contains(id)).count();
        if unexpected == 0 {
            return Ok(());
        }
        let message = format!(
            "the account does not balance: {} files were not analysed, but {} rows are behind, {unexpected} of others",
            left.len(),
            behind.len()
        );
        Err(Error::new(ErrorKind::Run, message)
            .with_hint("run the same command again; if it stays so, please report it"))
    }

    /// Finds out what contents are called.
    async fn name(&mut self, left: &mut [Left]) -> Result<()> {
        if left.is_empty() {
            return Ok(());
        }
        let ids: Vec<i64> = left.iter().map(|left| left.file_id).collect();
        let names: Vec<(i64, String)> = sqlx::query_as(include_str!("../database/analyze/names.sql"))
            .bind(ids)
            .fetch_all(&mut self.connection)
            .await
            .map_err(|error| failed("looking up names", error))?;
        let mut names: HashMap<i64, String> = names.into_iter().collect();
        for left in left {
            if let Some(path) = names.remove(&left.file_id) {
                left.path = path;
            }
        }
        Ok(())
    }

    async fn end(mut self, run_id: i32, result: Result<Report>) -> Result<Report> {
        let state = match &result {
            Ok(report) if report.complete => RunState::Finished,
            Ok(_) => RunState::Interrupted,
            Err(_) => RunState::Failed,
        };
        let counted = self.counters.snapshot();
        let progress = serde_json::to_value(counted).unwrap_or_default();
        let written = library::finish_run(&mut self.connection, run_id, state, &progress, None).await;
        let report = result?;
        written?;
        Ok(report.timed(counted, self.began.elapsed()))
    }
}
