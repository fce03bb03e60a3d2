//! What a re-analysis is about to do, told before it does it.

use serde::Serialize;
use serde_json::{Value, json};

use super::criteria::Criteria;
use super::worklist::Worklist;
use super::{Account, ReanalysisSettings, Why};
use crate::error::Result;
use crate::server::connect::{self, Target};
use crate::server::schema;

/// What is about to happen.
#[derive(Clone, Debug, Serialize)]
pub struct Plan {
    /// Where the library is, without password.
    pub database: String,
    /// How that database was found.
    pub database_from: &'static str,
    /// Which rows, and what they are to be.
    #[serde(flatten)]
    pub criteria: Criteria,
    /// The analyser's version.
    pub analyser_version: i16,
    /// Contents to be analysed.
    pub wanted: usize,
    /// Of these, such that cannot be found any more.
    pub not_found: usize,
    /// Of these, such that came by a stream.
    pub in_streams: usize,
    /// Sources to be opened.
    pub sources: usize,
    /// Their bytes on disk.
    pub source_bytes: u64,
    /// Sources that are gone or changed.
    pub sources_away: usize,
    /// Rows in a batch.
    pub batch_size: usize,
    /// Database connections.
    pub connections: usize,
    /// Tasks at once.
    pub jobs: usize,
    /// Bytes that may be held.
    pub memory: usize,
}

impl Plan {
    /// Looks at the library and at the sources; changes nothing.
    ///
    /// # Errors
    /// As for the run itself.
    pub async fn look(settings: &ReanalysisSettings, target: &Target) -> Result<Self> {
        let mut connection = connect::connect(target, "loader analyze").await?;
        schema::check(&mut connection).await?;
        let worklist =
            Worklist::draw_up(&mut connection, settings.criteria, settings.within.as_ref()).await?;
        Ok(Self::new(settings, target, &worklist))
    }

    pub(super) fn new(settings: &ReanalysisSettings, target: &Target, worklist: &Worklist) -> Self {
        let account = Account::open(worklist);
        let round = worklist.first_round();
        // As if the run were stopped at once: what could be read is unfinished.
        let lost = account.left().into_iter().map(|content| account.why(worklist, content, true).0);
        let lost: Vec<Why> = lost.filter(|why| *why != Why::Unfinished).collect();
        Self {
            database: target.shown.clone(),
            database_from: target.origin.name(),
            criteria: settings.criteria,
            analyser_version: crate::midi::ANALYSER_VERSION,
            wanted: worklist.len(),
            not_found: lost.len(),
            in_streams: lost.iter().filter(|why| **why == Why::InStream).count(),
            sources: round.files.len(),
            source_bytes: round.files.iter().map(|file| file.size).sum(),
            sources_away: worklist.away(),
            batch_size: settings.pipeline.batch.items,
            connections: settings.connections,
            jobs: settings.pipeline.jobs,
            memory: settings.pipeline.memory,
        }
    }
}

/// What `runs.options` holds: the resolved settings, without secrets.
pub(super) fn options(settings: &ReanalysisSettings) -> Value {
    json!({
        "selection": settings.criteria.selection,
        "analysis": settings.criteria.level,
        "md5": settings.criteria.md5,
        "batch_size": settings.pipeline.batch.items,
        "connections": settings.connections,
        "jobs": settings.pipeline.jobs,
        "memory": settings.pipeline.memory,
    })
}
