//! What an import does about sources that it need not read: what vanished is marked, what is back is active again, and with
//! `--verify` all is compared.

use std::sync::Arc;

use super::Import;
use crate::error::Result;
use crate::library;
use crate::pipeline::{Finished, KnownSources, PipelineSettings, SeenContents, Survey, Walked};
use crate::server::lock;
use crate::sink::SinkSettings;
use crate::vanished::{self, HeldBack, Vanished};
use crate::verification::{Verification, Verified};

/// What is done about sources that need not be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RescanSettings {
    /// Whether everything that is not found below a root is believed to be gone.
    pub accept_vanished: bool,
    /// Whether what seems unchanged is read again and compared.
    pub verify: bool,
}

/// Sources by what the walk found of them; each file on disk is one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Sources {
    pub(super) survey: Survey,
    pub(super) vanished: u64,
    pub(super) held_back: Vec<HeldBack>,
    pub(super) verified: Verified,
}

impl Import {
    /// Reads again what seems unchanged, and forgets what is not, for the import to read.
    pub(super) async fn verify(&mut self, run_id: i32) -> Result<Verified> {
        let inputs = self.settings.inputs.clone();
        let known = library::known_sources(&mut self.connection, inputs.roots_alone()).await?;
        let contents = SeenContents::default();
        self.know(&contents).await?;
        let verification = Verification {
            target: &self.target,
            sink: SinkSettings { writer: self.settings.writer, synchronous_commit: true },
            connections: self.settings.connections,
            pipeline: PipelineSettings { run_id, ..self.settings.pipeline.clone() },
            counters: &self.counters,
            stop: &self.stop,
        };
        verification.run(&mut self.connection, &inputs, Arc::new(known), contents).await
    }

    /// What the walk has missed.
    pub(super) async fn missed(&mut self, known: &KnownSources, walked: &Walked) -> Result<Vanished> {
        let roots = self.settings.inputs.roots.as_ref();
        Vanished::find(&mut self.connection, roots, known, walked, self.settings.rescan.accept_vanished).await
    }

    /// Brings the library up to date with what is on the disk and need not be read. A run that was stopped concludes nothing
    /// from what it has not met.
    pub(super) async fn settle(
        &mut self,
        finished: &Finished,
        known: &KnownSources,
        foreseen: Option<Vanished>,
    ) -> Result<Sources> {
        let mut sources = Sources { survey: finished.survey, ..Sources::default() };
        let Some(walked) = finished.walked.as_ref().filter(|_| !self.stop.is_asked()) else {
            return Ok(sources);
        };
        lock::keep(&mut self.connection, &self.target, "loader import").await?;
        vanished::bring_back(&mut self.connection, &walked.returned).await?;
        let vanished = match foreseen {
            Some(vanished) => vanished,
            None => self.missed(known, walked).await?,
        };
        vanished.mark(&mut self.connection).await?;
        vanished::settle(&mut self.connection).await?;
        sources.vanished = vanished.gone.len() as u64;
        sources.held_back = vanished.held_back;
        Ok(sources)
    }
}
