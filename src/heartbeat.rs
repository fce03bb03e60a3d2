//! Writes a run's progress into its row once a second, over a connection of its own, for `loader status`. A run that is over
//! within a second needs none.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::library;
use crate::progress::Counters;
use crate::server::connect::{self, Target};

/// The beating of a run's heart.
pub(crate) struct Heartbeat {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

/// Starts writing progress.
pub(crate) fn start(target: &Target, run_id: i32, counters: Arc<Counters>) -> Heartbeat {
    let mut connection = None;
    let (stop, mut stopped) = oneshot::channel();
    let target = target.clone();
    let task = tokio::spawn(async move {
        while tokio::time::timeout(Duration::from_secs(1), &mut stopped).await.is_err() {
            // The writers will notice if the server is gone; progress alone is no reason to fail.
            if connection.is_none() {
                let made = tokio::select! {
                    made = connect::connect(&target, "loader progress") => made,
                    _ = &mut stopped => return,
                };
                connection =
                    made.inspect_err(|error| tracing::warn!(%error, "progress cannot be written")).ok();
            }
            let Some(connected) = &mut connection else { continue };
            let progress = serde_json::to_value(counters.snapshot()).unwrap_or_default();
            if let Err(error) = library::heartbeat(connected, run_id, &progress).await {
                tracing::warn!(%error, "progress could not be written");
                connection = None;
            }
        }
    });
    Heartbeat { stop, task }
}

impl Heartbeat {
    /// Stops, after the write under way.
    pub(crate) async fn stop(self) {
        let _ = self.stop.send(());
        let _ = self.task.await;
    }
}
