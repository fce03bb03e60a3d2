//! What an import is about to do, told before it does it.

use std::sync::Arc;

use serde::Serialize;
use serde_json::{Value, json};
use sqlx::postgres::PgConnection;

use super::ImportSettings;
use crate::error::Result;
use crate::library;
use crate::mode::{IndexPolicy, Mode};
use crate::pipeline::{KnownSources, Survey, survey};
use crate::server::cluster::State;
use crate::server::connect::{self, Found, Named, Target};
use crate::server::indexes::{self, Choice};
use crate::server::schema;
use crate::server::settings::{Consent, SettingsPlan, Standing};
use crate::sink::WriterKind;
use crate::vanished::{HeldBack, Vanished};

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
    /// Indexes that stand, or will once there is a library; what is suspended already is not among them.
    pub standing_indexes: usize,
    /// About how many seconds building them again takes.
    pub index_build_seconds: f64,
    /// About how many bytes of the server's disk the new rows and their indexes take.
    pub disk_bytes: u64,
    /// Contents in the library that are known beforehand.
    pub known_contents: usize,
    /// Whether the walk had found everything when the plan was made.
    pub walk_ended: bool,
    /// Sources to be read.
    pub new_sources: u64,
    /// Those among them that the library knows: changed, or not read to their end before.
    pub modified_sources: u64,
    /// Their bytes on disk.
    pub new_bytes: u64,
    /// Roughly how many entries they hold.
    pub new_entries: u64,
    /// Sources that have not changed.
    pub unchanged_sources: u64,
    /// Those among the unchanged that had vanished and are back.
    pub returned_sources: u64,
    /// What could not be listed or looked at.
    pub unreadable: u64,
    /// Sources that are no longer there, and will be marked so; none before the walk has ended.
    pub vanished_sources: Option<u64>,
    /// Roots where too much is away to be believed; nothing of them will be marked.
    pub held_back: Vec<HeldBack>,
    /// What happens to PostgreSQL's settings; none where the server does not run yet.
    pub settings: Option<SettingsPlan>,
    /// Whether what is changed and suspended stays so at the end.
    pub keep_mode: bool,
    /// The command that would save the library first, for a shell; none while it is empty.
    pub backup: Option<String>,
}

impl Plan {
    /// Looks at the files and, where one runs, at the library; changes nothing and starts nothing.
    ///
    /// # Errors
    /// [`crate::error::ErrorKind::Unreachable`] and [`crate::error::ErrorKind::Schema`], as for the import.
    pub async fn look(settings: &ImportSettings, named: Named<'_>) -> Result<Self> {
        let mut standing_indexes = None;
        let (target, known, contents, suspended, mut connection) = match connect::look(named)? {
            Found::Reachable(target) => {
                let mut connection = connect::connect(&target, "loader plan").await?;
                let (mut known, mut contents, mut suspended) = (KnownSources::default(), 0, false);
                // A database without a library is one where everything is new; one of an earlier version is brought up to
                // date by the import, not by its plan.
                if schema::exists(&mut connection).await? {
                    known = library::known_sources(&mut connection, settings.inputs.roots_alone()).await?;
                    contents = library::count_contents(&mut connection).await?;
                    if schema::check(&mut connection).await.is_ok() {
                        suspended = indexes::is_suspended(&mut connection).await?;
                        standing_indexes = Some(indexes::count_suspendable(&mut connection).await?);
                    }
                }
                (target, known, contents, suspended, Some(connection))
            }
            Found::Asleep(mut target, state) => {
                let what = if state == State::Absent { "it will be created" } else { "it will be started" };
                target.shown = format!("{}, {what}", target.shown);
                (target, KnownSources::default(), 0, false, None)
            }
        };
        let known = Arc::new(known);
        let (survey, walked) = survey(settings.inputs.clone(), Arc::clone(&known)).await;
        let vanished = match &mut connection {
            Some(connection) => {
                let roots = settings.inputs.roots.as_ref();
                Vanished::find(connection, roots, &known, &walked, settings.rescan.accept_vanished).await?
            }
            None => Vanished::default(),
        };
        let decided = IndexPlan::decide(settings.mode.policy().indexes, suspended, contents, &survey);
        let reads = survey.new_sources > 0;
        let changes = match &mut connection {
            Some(connection) => Some(self::settings(connection, settings, decided, contents, reads).await?),
            None => None,
        };
        Ok(Self::new(settings, &target, survey, decided, contents, changes)
            .foreseeing(Some(&vanished))
            .with_indexes(standing_indexes))
    }

    /// The same with as many indexes as were counted; where none were, those of a new library are meant.
    #[must_use]
    pub(super) fn with_indexes(self, counted: Option<usize>) -> Self {
        Self { standing_indexes: counted.unwrap_or(self.standing_indexes), ..self }
    }

    pub(super) fn new(
        settings: &ImportSettings,
        target: &Target,
        survey: Survey,
        decided: IndexPlan,
        known_contents: usize,
        changes: Option<SettingsPlan>,
    ) -> Self {
        let weighed = indexes::Plan::weigh(known_contents as u64, survey.new_entries, settings.connections);
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
            indexes: decided,
            standing_indexes: indexes::Manifest::parse().map_or(0, |manifest| manifest.definitions().len()),
            index_build_seconds: weighed.build.as_secs_f64(),
            disk_bytes: indexes::disk_bytes(survey.new_entries),
            known_contents,
            walk_ended: survey.ended,
            new_sources: survey.new_sources,
            modified_sources: survey.modified_sources,
            new_bytes: survey.new_bytes,
            new_entries: survey.new_entries,
            unchanged_sources: survey.skipped_sources,
            returned_sources: survey.returned_sources,
            unreadable: survey.unreadable,
            vanished_sources: None,
            held_back: Vec::new(),
            settings: changes,
            keep_mode: settings.keep_mode,
            backup: (known_contents > 0).then(|| backup_command(&target.shown)),
        }
    }

    /// The same, knowing what has vanished.
    pub(super) fn foreseeing(mut self, vanished: Option<&Vanished>) -> Self {
        self.vanished_sources = vanished.map(|vanished| vanished.gone.len() as u64);
        self.held_back = vanished.map(|vanished| vanished.held_back.clone()).unwrap_or_default();
        self
    }

    /// Whether nothing is to be read or refused.
    #[must_use]
    pub const fn is_idle(&self) -> bool {
        self.walk_ended && self.new_sources == 0 && self.unreadable == 0
    }
}

/// What a run would do to the settings of the connected server; nothing where it `reads` nothing.
pub(super) async fn settings(
    connection: &mut PgConnection,
    settings: &ImportSettings,
    indexes: IndexPlan,
    known_contents: usize,
    reads: bool,
) -> Result<SettingsPlan> {
    if !reads {
        return Ok(SettingsPlan::default());
    }
    let standing = Standing::read(connection, &SettingsPlan::names()).await?;
    let consent = Consent {
        accepts_cluster_risk: settings.accept_cluster_risk,
        has_rows: known_contents > 0,
        builds_indexes: indexes.suspends() && !settings.keep_mode,
    };
    Ok(SettingsPlan::of(settings.mode, &standing, consent))
}

/// The command that saves a library, its password left to the environment.
fn backup_command(url: &str) -> String {
    format!("pg_dump --format=custom --file=loader.dump '{}'", url.replace('\'', "'\\''"))
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
        "keep_mode": settings.keep_mode,
        "accept_cluster_risk": settings.accept_cluster_risk,
        "accept_vanished": settings.rescan.accept_vanished,
        "verify": settings.rescan.verify,
    })
}

const fn writer_word(writer: WriterKind) -> &'static str {
    match writer {
        WriterKind::Copy => "copy",
        WriterKind::Unnest => "unnest",
    }
}
