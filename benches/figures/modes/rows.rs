//! The rows that all paths store: those of a generated collection, read and analysed by the loader's own pipeline and kept in
//! memory as the batches that its writers would have stored.
//!
//! Makes them; stores none. The collection is written, read and removed in parts, for it would take gigabytes.
#![allow(dead_code, reason = "each measurement uses its own part")]

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Result, ensure};
use loader::archive::Limits;
use loader::batch::Batch;
use loader::discover::Roots;
use loader::mapping::MapPolicy;
use loader::midi::AnalysisLevel;
use loader::pipeline::{Asked, Inputs, Knowledge, Pipeline, PipelineSettings, SeenContents};
use loader::priority::Priority;
use loader::progress::Counters;
use loader::record::SourceRow;
use loader::sample::{self, Container, SampleOptions};
use loader::sink::{Method, Resume, Sink, SinkError, SourceClose, Stored};
use loader::storage::AccessPolicy;
use loader::writer::BatchLimits;

/// The run that the rows belong to: the first of a new library.
pub(crate) const RUN: i32 = 1;

/// Files that are on the disk at a time.
const PART: u64 = 20_000;

/// Rows in the batches in which two writers store them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rows {
    /// The archives they lie in.
    pub(crate) sources: Vec<SourceRow>,
    /// For each writer.
    pub(crate) batches: [Vec<Batch>; 2],
}

impl Rows {
    /// About `pairs` rows of `files`, each with its metadata and place: files of `mean_size` bytes, a thousand in each archive, none
    /// twice, some damaged. Another `seed` gives others.
    pub(crate) fn generate(seed: u64, pairs: u64, mean_size: usize) -> Result<Self> {
        let mut rows = Self::default();
        let mut left = pairs;
        while left > 0 {
            let files = left.min(PART);
            // Seeds are apart by more than there can be parts.
            rows.read(seed * 1_000_000 + left, files, mean_size)?;
            left -= files;
        }
        Ok(rows)
    }

    /// How many contents there are.
    pub(crate) fn pairs(&self) -> u64 {
        self.batches.iter().flatten().map(|batch| batch.files().count() as u64).sum()
    }

    /// The first so many contents, to whole batches, and the rest.
    pub(crate) fn first(&self, pairs: u64) -> Self {
        let [one, other] = &self.batches;
        let mut first = Self { sources: self.sources.clone(), ..Self::default() };
        // By turns, as they came.
        let longest = one.len().max(other.len());
        for number in 0..longest {
            for (from, to) in self.batches.iter().zip(0..) {
                if first.pairs() < pairs
                    && let (Some(batch), Some(to)) = (from.get(number), first.batches.get_mut::<usize>(to))
                {
                    to.push(batch.clone());
                }
            }
        }
        first
    }

    fn read(&mut self, seed: u64, files: u64, mean_size: usize) -> Result<()> {
        let folder = tempfile::Builder::new().prefix("loader-bench-rows-").tempdir()?;
        let options = SampleOptions {
            seed,
            files,
            mean_size,
            duplicates: 0.0,
            layout: vec![Container::Tar],
            ..SampleOptions::default()
        };
        sample::write(&options, folder.path())?;
        let captures = [Capture::default(), Capture::default(), Capture::default()];
        let [registry, one, other] = captures.clone();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        runtime.block_on(run(folder.path(), registry, vec![one, other]))?;
        let [registry, one, other] = captures;
        self.sources.extend(registry.sources.lock().unwrap_or_else(PoisonError::into_inner).drain(..));
        for (batches, capture) in self.batches.iter_mut().zip([one, other]) {
            batches.extend(capture.batches.lock().unwrap_or_else(PoisonError::into_inner).drain(..));
        }
        Ok(())
    }
}

async fn run(folder: &Path, registry: Capture, writers: Vec<Capture>) -> Result<()> {
    let settings = PipelineSettings {
        run_id: RUN,
        jobs: std::thread::available_parallelism().map_or(1, usize::from),
        memory: 512 << 20,
        batch: BatchLimits::default(),
        map_policy: MapPolicy::Auto,
        access: AccessPolicy::default(),
        priority: Priority::default(),
        asked: Asked::all(AnalysisLevel::Standard),
        limits: Limits::default(),
    };
    let inputs = Inputs { roots: Some(Roots::resolve(&[folder.to_owned()])?), ..Inputs::default() };
    let knowledge = Knowledge { sources: Arc::default(), contents: Arc::new(SeenContents::default()) };
    let counters = Arc::new(Counters::default());
    let connections = writers.len();
    let pipeline =
        Pipeline::start(&settings, inputs, knowledge, connections, Arc::clone(&counters), Arc::default())?;
    pipeline.run((registry, writers)).await?;
    let counted = counters.snapshot();
    ensure!(counted.seen == counted.done(), "{} items read, {} kept", counted.seen, counted.done());
    Ok(())
}

/// A sink that keeps what it is given.
#[derive(Clone, Debug, Default)]
struct Capture {
    sources: Arc<Mutex<Vec<SourceRow>>>,
    batches: Arc<Mutex<Vec<Batch>>>,
}

impl Sink for Capture {
    async fn store(&mut self, batch: &Batch, _: Method) -> Result<Stored, SinkError> {
        self.batches.lock().unwrap_or_else(PoisonError::into_inner).push(batch.clone());
        Ok(Stored { inserted: batch.files().count() as u64, ..Stored::default() })
    }

    async fn register(&mut self, sources: &[SourceRow]) -> Result<Vec<Resume>, SinkError> {
        self.sources.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(sources);
        Ok(sources.iter().map(|_| Resume::default()).collect())
    }

    async fn close(&mut self, _: &[SourceClose]) -> Result<(), SinkError> {
        Ok(())
    }

    async fn reconnect(&mut self) -> Result<(), SinkError> {
        Ok(())
    }
}
