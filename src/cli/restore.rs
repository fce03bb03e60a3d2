//! `loader restore`: puts back what an import that was killed left suspended.

use super::Everywhere;
use super::terminal::{Terminal, duration};
use crate::error::{ExitStatus, Result};
use crate::server::indexes::{self, RestoreEvent, RestoreSettings};
use crate::server::{connect, lock, schema};

/// Builds suspended indexes again.
pub(super) async fn run(everywhere: &Everywhere, terminal: &Terminal) -> Result<ExitStatus> {
    let target = connect::resolve(everywhere.database_url.as_deref()).await?;
    let mut connection = connect::connect(&target, "loader restore").await?;
    schema::check(&mut connection).await?;
    lock::acquire(&mut connection).await?;
    let suspended = indexes::status(&mut connection).await?.suspended.len();
    if suspended == 0 {
        terminal.say("nothing is suspended");
        return Ok(ExitStatus::Success);
    }
    terminal.say(&format!("building {suspended} indexes"));
    let tell = |event: RestoreEvent<'_>| {
        if let RestoreEvent::Finished(index, elapsed) = event {
            terminal.say(&format!("{} in {}", index.name, duration(elapsed.as_secs_f64())));
        }
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
    terminal.say(&format!("{} indexes are in place again", restored.indexes.len()));
    Ok(ExitStatus::Success)
}
