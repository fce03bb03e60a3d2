//! What an import is about to do, told before it does it.

use std::collections::HashMap;

use serde::Serialize;
use serde_json::{Value, json};

use super::ImportSettings;
use crate::error::Result;
use crate::library;
use crate::mode::{IndexPolicy, Mode};
use crate::pipeline::{Survey, survey};
use crate::server::cluster::State;
use crate::server::connect::{self, Found, Target};
use crate::server::indexes::{self, Choice};
use crate::server::schema;
use crate::sink::WriterKind;

/// What happens to the secondary indexes, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum IndexPlan {
    /// They stay: the new rows are few, in all or beside the old.
    Kept,
    /// They are dropped and built again at the end.
    Suspended,
    /// An earlier run has suspended them; they are built again at the end.
    SuspendedAlready,
}

impl IndexPlan {
    /// Chooses, for a library of `known` contents.
    #[must_use]
    pub fn decide(policy: IndexPolicy, already: bool, known: usize, survey: &Survey) -> Self {
        match policy {
            _ if already => Self::SuspendedAlready,
            _ if survey.new_sources == 0 => Self::Kept,
            IndexPolicy::Suspend if known == 0 => Self::Suspended,
            // Building them again for less than a batch is never worth it.
            IndexPolicy::Suspend => Self::weigh(0, survey),
            IndexPolicy::WhereItPays => Self::weigh(known, survey),
        }
    }

    fn weigh(known: usize, survey: &Survey) -> Self {
        match indexes::Plan::weigh(known as u64, survey.new_entries, 1).choice {
            Choice::Suspend => Self::Suspended,
            Choice::Keep => Self::Kept,
        }
    }

    /// Whether they have to be built again at the end.
    #[must_use]
    pub const fn suspends(self) -> bool {
        !matches!(self, Self::Kept)
    }

    /// In words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Kept => "kept while loading: suspending them would not pay",
            Self::Suspended => "suspended while loading, built again at the end",
            Self::SuspendedAlready => "suspended by an earlier run, built again at the end",
        }
    }
}

/// What is about to happen.
#[derive(Clone, Debug, Serialize)]
pub struct Plan {
    /// Where rows go, without password.
    pub database: String,
    /// How that database was found.
    pub database_from: &'static str,
    /// The mode.
    pub mode: Mode,
    /// What the mode puts at stake.
    pub risk: &'static str,
    /// How rows travel.
    pub writer: &'static str,
    /// Rows in a batch.
    pub batch_size: usize,
    /// Database connections.
    pub connections: usize,
    /// Tasks at once.
    pub jobs: usize,
    /// Bytes that may be held.
    pub memory: usize,
    /// What happens to the indexes.
    pub indexes: IndexPlan,
    /// Contents in the library that are known beforehand.
    pub known_contents: usize,
    /// Whether the walk had found everything when the plan was made.
    pub walk_ended: bool,
    /// Sources to be read.
    pub new_sources: u64,
    /// Their bytes on disk.
    pub new_bytes: u64,
    /// Roughly how many entries they hold.
    pub new_entries: u64,
    /// Sources that have not changed.
    pub unchanged_sources: u64,
}

impl Plan {
    /// Looks at the files and, where one runs, at the library; changes nothing and starts nothing.
    ///
    /// # Errors
    /// [`crate::error::ErrorKind::Unreachable`] and [`crate::error::ErrorKind::Schema`], as for the import.
    pub async fn look(settings: &ImportSettings, database_url: Option<&str>) -> Result<Self> {
        let (target, known, contents, suspended) = match connect::look(database_url)? {
            Found::Reachable(target) => {
                let mut connection = connect::connect(&target, "loader plan").await?;
                // A database without a library is one where everything is new.
                if schema::check(&mut connection).await.is_ok() {
                    let known = library::known_sources(&mut connection).await?;
                    let contents = library::count_contents(&mut connection).await?;
                    let suspended = indexes::is_suspended(&mut connection).await?;
                    (target, known, contents, suspended)
                } else {
                    (target, HashMap::new(), 0, false)
                }
            }
            Found::Asleep(mut target, state) => {
                let what = if state == State::Absent { "it will be created" } else { "it will be started" };
                target.shown = format!("{}, {what}", target.shown);
                (target, HashMap::new(), 0, false)
            }
        };
        let survey = survey(settings.inputs.clone(), known).await;
        let decided = IndexPlan::decide(settings.mode.policy().indexes, suspended, contents, &survey);
        Ok(Self::new(settings, &target, survey, decided, contents))
    }

    pub(super) fn new(
        settings: &ImportSettings,
        target: &Target,
        survey: Survey,
        indexes: IndexPlan,
        known_contents: usize,
    ) -> Self {
        Self {
            database: target.shown.clone(),
            database_from: target.origin.name(),
            mode: settings.mode,
            risk: settings.mode.policy().risk,
            writer: writer_word(settings.writer),
            batch_size: settings.pipeline.batch.items,
            connections: settings.connections,
            jobs: settings.pipeline.jobs,
            memory: settings.pipeline.memory,
            indexes,
            known_contents,
            walk_ended: survey.ended,
            new_sources: survey.new_sources,
            new_bytes: survey.new_bytes,
            new_entries: survey.new_entries,
            unchanged_sources: survey.skipped_sources,
        }
    }
}

/// What `runs.options` holds: the resolved settings, without secrets.
pub(super) fn options(settings: &ImportSettings) -> Value {
    let roots = settings.inputs.roots.as_ref().map(super::super::discover::Roots::paths).unwrap_or_default();
    json!({
        "roots": roots.iter().map(|path| path.to_string_lossy().replace('\0', "\u{fffd}")).collect::<Vec<_>>(),
        "standard_input": settings.inputs.standard_input,
        "writer": writer_word(settings.writer),
        "batch_size": settings.pipeline.batch.items,
        "connections": settings.connections,
        "jobs": settings.pipeline.jobs,
        "memory": settings.pipeline.memory,
        "analysis": settings.pipeline.asked.level,
        "md5": settings.pipeline.asked.md5,
    })
}

const fn writer_word(writer: WriterKind) -> &'static str {
    match writer {
        WriterKind::Copy => "copy",
        WriterKind::Unnest => "unnest",
    }
}
