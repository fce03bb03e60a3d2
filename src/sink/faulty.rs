//! A sink that fails on purpose, to show what the writer does about it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::{Method, Resume, Sink, SinkError, SinkErrorKind, SourceClose, Stored};
use crate::batch::{Batch, Item};
use crate::record::SourceRow;

/// What goes wrong.
#[derive(Clone)]
pub enum Fault {
    /// Any batch that holds such an item is refused.
    Refuse(Arc<dyn Fn(&Item) -> bool + Send + Sync>),
    /// The `n`th call of `store` fails with this kind before anything is stored.
    FailCall(usize, SinkErrorKind),
    /// The `n`th call of `store` is stored, but its answer is lost.
    LoseAnswer(usize),
}

/// A sink with faults in front of another.
#[derive(Clone)]
pub struct FaultySink<S> {
    inner: S,
    faults: Vec<Fault>,
    calls: Arc<AtomicUsize>,
}

impl<S> FaultySink<S> {
    /// `inner` with these faults.
    pub fn new(inner: S, faults: Vec<Fault>) -> Self {
        Self { inner, faults, calls: Arc::default() }
    }

    /// How often `store` was called.
    #[must_use]
    pub fn calls(&self) -> usize {
        self.calls.load(Ordering::Relaxed)
    }
}

fn fault(kind: SinkErrorKind) -> SinkError {
    SinkError { kind, sqlstate: None, message: "a fault made on purpose".to_owned() }
}

impl<S: Sink> Sink for FaultySink<S> {
    async fn store(&mut self, batch: &Batch, method: Method) -> Result<Stored, SinkError> {
        let call = self.calls.fetch_add(1, Ordering::Relaxed) + 1;
        let mut lost = false;
        for what in &self.faults {
            match what {
                Fault::Refuse(refused) if batch.items().iter().any(|item| refused(item)) => {
                    return Err(fault(SinkErrorKind::Refused));
                }
                Fault::FailCall(n, kind) if *n == call => return Err(fault(*kind)),
                Fault::LoseAnswer(n) => lost |= *n == call,
                Fault::Refuse(_) | Fault::FailCall(..) => {}
            }
        }
        let stored = self.inner.store(batch, method).await?;
        if lost { Err(fault(SinkErrorKind::Transient)) } else { Ok(stored) }
    }

    async fn register(&mut self, sources: &[SourceRow]) -> Result<Vec<Resume>, SinkError> {
        self.inner.register(sources).await
    }

    async fn close(&mut self, sources: &[SourceClose]) -> Result<(), SinkError> {
        self.inner.close(sources).await
    }

    async fn reconnect(&mut self) -> Result<(), SinkError> {
        self.inner.reconnect().await
    }
}
