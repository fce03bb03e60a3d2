//! `loader restore`: puts back what an import that was killed left suspended.

use super::Everywhere;
use super::terminal::{Terminal, duration};
use crate::error::{ExitStatus, Result};
use crate::server::indexes::{self, RestoreEvent, RestoreSettings};
use crate::server::{connect, lock, schema};

/// Builds suspended indexes again and puts foreign keys back.
pub(super) async fn run(everywhere: &Everywhere, terminal: &Terminal) -> Result<ExitStatus> {
    let target = connect::resolve(everywhere.database_url.as_deref()).await?;
    let mut connection = connect::connect(&target, "loader restore").await?;
    schema::check(&mut connection).await?;
    lock::acquire(&mut connection).await?;
    let status = indexes::status(&mut connection).await?;
    if !status.is_suspended() {
        terminal.say("nothing is suspended");
        return Ok(ExitStatus::Success);
    }
    let (building, proving) = (status.suspended.len(), status.suspended_keys.len());
    terminal.say(&format!("building {building} indexes, putting back {proving} foreign keys"));
    let tell = |event: RestoreEvent<'_>| match event {
        RestoreEvent::Finished(index, elapsed) => {
            terminal.say(&format!("{} in {}", index.name, duration(elapsed.as_secs_f64())));
        }
        RestoreEvent::Validated(key, elapsed) => {
            terminal.say(&format!("{} in {}", key.name, duration(elapsed.as_secs_f64())));
        }
        _ => {}
    };
    let restored = indexes::restore(&target.options, RestoreSettings::default(), &tell).await?;
    for name in restored.absent {
        terminal.warn(&format!(
            "the index {name} is missing and was not suspended by loader; make it: loader db migrate"
        ));
    }
    for name in restored.invalid {
        terminal.warn(&format!("the index {name} is invalid; mend it: REINDEX INDEX {name}"));
    }
    let (indexes, keys) = (restored.indexes.len(), restored.keys.len());
    terminal.say(&format!("{indexes} indexes are in place again, and {keys} foreign keys"));
    Ok(ExitStatus::Success)
}
