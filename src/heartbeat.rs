//! Writes a run's progress into its row once a second, over a connection of its own, for `loader status`.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::error::Result;
use crate::library;
use crate::progress::Counters;
use crate::server::connect::{self, Target};

/// The beating of a run's heart.
pub(crate) struct Heartbeat {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

/// Starts writing progress.
pub(crate) async fn start(target: &Target, run_id: i32, counters: Arc<Counters>) -> Result<Heartbeat> {
    let mut connection = connect::connect(target, "loader progress").await?;
    let (stop, mut stopped) = oneshot::channel();
    let target = target.clone();
    let task = tokio::spawn(async move {
        while tokio::time::timeout(Duration::from_secs(1), &mut stopped).await.is_err() {
            let progress = serde_json::to_value(counters.snapshot()).unwrap_or_default();
            if let Err(error) = library::heartbeat(&mut connection, run_id, &progress).await {
                // The writers will notice if the server is gone; progress alone is no reason to fail.
                tracing::warn!(%error, "progress could not be written");
                let again = connect::connect(&target, "loader progress");
                tokio::select! {
                    made = again => if let Ok(made) = made { connection = made },
                    _ = &mut stopped => return,
                }
            }
        }
    });
    Ok(Heartbeat { stop, task })
}

impl Heartbeat {
    /// Stops, after the write under way.
    pub(crate) async fn stop(self) {
        let _ = self.stop.send(());
        let _ = self.task.await;
    }
}
