//! Registers sources before they are read and closes them after their last item is committed; many at a time, in one
//! transaction each way.

use std::sync::Arc;

use tokio::sync::mpsc::UnboundedReceiver;

use super::context::{Registration, Stop};
use crate::sink::{Resume, Sink, SinkError, SinkErrorKind, SourceClose};
use crate::writer::{RETRY_PAUSES, recover, run_error};

/// How many are taken together.
const TOGETHER: usize = 1_024;

/// Works until nobody can ask any more.
pub(super) async fn run<S: Sink>(
    mut sink: S,
    mut registrations: UnboundedReceiver<Registration>,
    mut closes: UnboundedReceiver<SourceClose>,
    stop: Arc<Stop>,
) {
    let (mut asked, mut closed) = (Vec::new(), Vec::new());
    let (mut asking, mut closing) = (true, true);
    while asking || closing {
        let result = tokio::select! {
            biased;
            count = registrations.recv_many(&mut asked, TOGETHER), if asking => {
                asking = count > 0;
                register(&mut sink, &mut asked).await
            }
            count = closes.recv_many(&mut closed, TOGETHER), if closing => {
                closing = count > 0;
                close(&mut sink, &mut closed).await
            }
        };
        if let Err(error) = result {
            stop.fail(run_error(error));
            return;
        }
    }
}

async fn register<S: Sink>(sink: &mut S, asked: &mut Vec<Registration>) -> Result<(), SinkError> {
    if asked.is_empty() {
        return Ok(());
    }
    let (sources, answers): (Vec<_>, Vec<_>) =
        asked.drain(..).map(|registration| (registration.source, registration.answer)).unzip();
    let mut pauses = RETRY_PAUSES.iter();
    let resumes: Vec<Resume> = loop {
        match sink.register(&sources).await {
            Ok(resumes) => break resumes,
            Err(error) if error.kind == SinkErrorKind::Transient => recover(sink, &mut pauses, error).await?,
            Err(error) => return Err(error),
        }
    };
    for (answer, resume) in answers.into_iter().zip(resumes) {
        // Whoever asked has gone only where the run is being stopped.
        let _ = answer.send(resume);
    }
    Ok(())
}

async fn close<S: Sink>(sink: &mut S, closed: &mut Vec<SourceClose>) -> Result<(), SinkError> {
    let sources = std::mem::take(closed);
    if sources.is_empty() {
        return Ok(());
    }
    let mut pauses = RETRY_PAUSES.iter();
    loop {
        match sink.close(&sources).await {
            Ok(()) => return Ok(()),
            Err(error) if error.kind == SinkErrorKind::Transient => recover(sink, &mut pauses, error).await?,
            Err(error) => return Err(error),
        }
    }
}
