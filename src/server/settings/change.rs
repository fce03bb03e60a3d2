//! Changing settings of the server for the time of a run: journalled first, then seen to be in force.
//!
//! Decides nothing: it is given the plan.

use sqlx::postgres::PgConnection;

use super::journal::{self, OpenSetting};
use super::standing::settings;
use super::{BackupFile, IN_FORCE_WITHIN, LOOKS_EVERY, SYNC, SettingsPlan, Turn, execute, failed, undo};
use crate::error::Result;
use crate::server::connect::Target;
use crate::server::settings::journal::Whose;

/// What became of a plan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changed {
    /// Settings that have other values now.
    pub names: Vec<String>,
    /// What could not be done after all, in words.
    pub refused: Vec<String>,
}

/// Changes what the plan wants changed. Killed at any point, the journal tells what to put back.
///
/// # Errors
/// What the server says; what was changed before stands in the journal.
pub async fn change(
    connection: &mut PgConnection,
    target: &Target,
    plan: &SettingsPlan,
    run_id: i32,
) -> Result<Changed> {
    let mut changed = Changed::default();
    let mut plan = plan.clone();
    // What cannot be undone is not begun: without fsync, only the system can bring the data to the disk.
    if plan.is_risky()
        && let Err(error) = execute(connection, SYNC).await
    {
        tracing::warn!(%error, "the server cannot be made to sync its disks");
        changed.refused.push("fsync and full_page_writes stay on: the server cannot run `sync`".to_owned());
        plan = plan.without(&["fsync", "full_page_writes"]);
    }
    if plan.changes().is_empty() {
        return Ok(changed);
    }
    let turn = Turn::wait(target).await?;
    let result = make(connection, &plan, run_id, &mut changed).await;
    turn.end().await;
    result.map(|()| changed)
}

async fn make(
    connection: &mut PgConnection,
    plan: &SettingsPlan,
    run_id: i32,
    changed: &mut Changed,
) -> Result<()> {
    journal::plan(connection, run_id, &plan.changes()).await?;
    BackupFile::of(connection).await?.write(connection).await?;
    let planned: Vec<OpenSetting> = journal::open(connection, Whose::Everyone)
        .await?
        .into_iter()
        .filter(|setting| setting.state == "planned")
        .collect();
    for setting in &planned {
        execute(connection, &setting.change).await?;
    }
    journal::applied(connection).await?;
    execute(connection, "SELECT pg_reload_conf()").await?;
    let resisting = until_in_force(connection, &planned).await?;
    for setting in planned {
        tracing::info!(name = setting.name, to = setting.wanted, from = setting.before(), "setting changed");
        changed.names.push(setting.name);
    }
    if !resisting.is_empty() {
        let names: Vec<&str> = resisting.iter().map(String::as_str).collect();
        changed.refused.push(format!("{} did not change after a reload", names.join(", ")));
        undo::put_back(connection, &names).await?;
        changed.names.retain(|name| !resisting.contains(name));
    }
    Ok(())
}

/// Waits until this session sees other values than before; names those that stay as they were.
async fn until_in_force(connection: &mut PgConnection, planned: &[OpenSetting]) -> Result<Vec<String>> {
    let names: Vec<&str> = planned.iter().map(|setting| setting.name.as_str()).collect();
    let began = tokio::time::Instant::now();
    loop {
        let now = settings(connection, &names).await.map_err(|error| failed("reading them", error))?;
        let resists = |setting: &&OpenSetting| {
            now.iter().any(|now| now.name == setting.name && now.setting == setting.setting)
        };
        let resisting: Vec<String> =
            planned.iter().filter(resists).map(|setting| setting.name.clone()).collect();
        if resisting.is_empty() || began.elapsed() > IN_FORCE_WITHIN {
            return Ok(resisting);
        }
        tokio::time::sleep(LOOKS_EVERY).await;
    }
}
