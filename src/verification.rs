//! Reads again what has not changed by size and time, and finds what has changed all the same.
//!
//! The import's own pipeline with sinks that compare ([`crate::sink::ComparisonSink`]). What is the same is not written. What
//! differs is forgotten, so that the import which follows reads it like any changed source; were that killed, the next one.

use std::sync::Arc;

use sqlx::postgres::PgConnection;

use crate::error::Result;
use crate::library::failed;
use crate::pipeline::{
    Inputs, Knowledge, KnownSources, Pipeline, PipelineSettings, SeenContents, Stop, unchanged,
};
use crate::progress::{Counters, Phase};
use crate::server::connect::Target;
use crate::sink::{Comparison, ComparisonSink, PostgresSink, SinkSettings};

/// What was compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Verified {
    /// Sources that were read again.
    pub(crate) sources: u64,
    /// Those that were not what is stored.
    pub(crate) differing: u64,
}

/// What a verification works with.
pub(crate) struct Verification<'v> {
    pub(crate) target: &'v Target,
    pub(crate) sink: SinkSettings,
    pub(crate) connections: usize,
    pub(crate) pipeline: PipelineSettings,
    pub(crate) counters: &'v Arc<Counters>,
    pub(crate) stop: &'v Arc<Stop>,
}

impl Verification<'_> {
    /// Compares the sources below the inputs that are known and seem unchanged, and forgets what differs. `contents` are those
    /// that the library holds: they need no analysis to be compared.
    ///
    /// # Errors
    /// What made it fail; nothing is lost then.
    pub(crate) async fn run(
        &self,
        connection: &mut PgConnection,
        inputs: &Inputs,
        known: Arc<KnownSources>,
        contents: SeenContents,
    ) -> Result<Verified> {
        self.counters.enter(Phase::Verifying);
        let files = unchanged(inputs.clone(), known).await;
        let sources = files.len() as u64;
        if files.is_empty() {
            return Ok(Verified::default());
        }
        let knowledge =
            Knowledge { sources: Arc::new(KnownSources::to_be_read(&files)), contents: Arc::new(contents) };
        let inputs = Inputs { files, ..Inputs::default() };
        let comparison = Arc::new(Comparison::default());
        let sinks = self.sinks(&comparison).await?;
        let (counters, stop) = (Arc::clone(self.counters), Arc::clone(self.stop));
        let pipeline = Pipeline::start(&self.pipeline, inputs, knowledge, sinks.1.len(), counters, stop)?;
        pipeline.run(sinks).await?;
        let differing = comparison.take();
        if !differing.is_empty() {
            sqlx::query(include_str!("../database/verification/forget.sql"))
                .bind(&differing)
                .execute(&mut *connection)
                .await
                .map_err(|error| failed("forgetting what is not on the disk any more", error))?;
        }
        let unread = comparison.take_unread();
        if !unread.is_empty() {
            sqlx::query(include_str!("../database/verification/reopen.sql"))
                .bind(&unread)
                .execute(connection)
                .await
                .map_err(|error| failed("noting what could not be read", error))?;
        }
        // The import counts from the beginning.
        self.counters.clear();
        Ok(Verified { sources, differing: differing.len() as u64 })
    }

    async fn sinks(&self, comparison: &Arc<Comparison>) -> Result<(ComparisonSink, Vec<ComparisonSink>)> {
        let open = || async {
            let database = PostgresSink::connect(self.target.clone(), self.sink.clone()).await?;
            Ok::<_, crate::error::Error>(ComparisonSink::new(database, Arc::clone(comparison)))
        };
        let registry = open().await?;
        let mut sinks = Vec::new();
        for _ in 0..self.connections.max(1) {
            sinks.push(open().await?);
        }
        Ok((registry, sinks))
    }
}
