//! Brings a command to the moment that a case is about, and holds it there.

use std::ffi::OsString;

use super::dam::{AGAINST_BUILDING, AGAINST_SUSPENDING, AGAINST_WRITING, Dam, Waits};
use super::stage::Stage;
use super::{Case, Phase};
use crate::dice::Dice;
use crate::program::Running;

/// A command that waits, and what for.
#[derive(Debug)]
pub(super) struct Moment {
    pub(super) running: Running,
    pub(super) dam: Dam,
}

/// The tables that have indexes to suspend.
const TABLES: [&str; 4] = ["sources", "files", "file_locations", "musical_metadata"];

/// How many contents are stored in the middle of a load: less than a third of what there is.
const SOME: [i64; 3] = [1, 40, 80];

/// Runs an import, and for the last phase what comes after it, up to the moment of a case.
pub(super) async fn reach(stage: &Stage, case: Case, import: &[OsString], dice: &mut Dice) -> Moment {
    match case.phase {
        Phase::BeforeTheFirstBatch => writing(stage, case, import, 0).await,
        Phase::MidLoad => writing(stage, case, import, dice.pick(&SOME)).await,
        Phase::Suspending => suspending(stage, import, dice.pick(&TABLES)).await,
        Phase::Building => building(stage, import, dice.pick(&TABLES)).await,
        Phase::Restoring => {
            kill(stage, case, import, dice).await;
            restoring(stage, dice.pick(&TABLES)).await
        }
        Phase::Planning => changing(stage, import, None).await,
        Phase::Applying => changing(stage, import, Some(PLANNED)).await,
        Phase::Returning => changing(stage, import, Some(APPLIED)).await,
        Phase::RestoringSettings => {
            kill(stage, case, import, dice).await;
            assert!(stage.left().await.settings > 0, "the mode changes settings");
            restoring_settings(stage).await
        }
    }
}

/// An import that was killed in the middle: there is something to restore.
async fn kill(stage: &Stage, case: Case, import: &[OsString], dice: &mut Dice) {
    let Moment { mut running, dam } = writing(stage, case, import, dice.pick(&SOME)).await;
    running.signal("-KILL");
    running.wait();
    dam.open().await;
    stage.calm().await;
    assert!(!stage.left().await.is_nothing(), "there is something to restore");
}

/// An import that waits to write when so many contents, or a batch more, are stored.
async fn writing(stage: &Stage, case: Case, import: &[OsString], contents: i64) -> Moment {
    let mut dam = Dam::build(&stage.url(), "files", AGAINST_WRITING).await;
    let mut running = stage.program(import).start();
    let mut waits = dam.stops(&mut running).await;
    assert_eq!(waits == Waits::Suspending, case.suspends(), "{case}: it suspends first, or does not");
    while waits == Waits::Suspending || dam.number("SELECT count(*) FROM files").await < contents {
        dam.step(AGAINST_WRITING).await;
        waits = dam.stops(&mut running).await;
    }
    assert_eq!(waits, Waits::Writing);
    Moment { running, dam }
}

/// An import that waits to drop the indexes of a table.
async fn suspending(stage: &Stage, import: &[OsString], table: &'static str) -> Moment {
    let mut dam = Dam::build(&stage.url(), table, AGAINST_SUSPENDING).await;
    let mut running = stage.program(import).start();
    assert_eq!(dam.stops(&mut running).await, Waits::Suspending);
    Moment { running, dam }
}

/// An import that has stored everything and waits to build the indexes of a table.
async fn building(stage: &Stage, import: &[OsString], table: &'static str) -> Moment {
    let Moment { mut running, mut dam } = suspending(stage, import, table).await;
    let mut waits = Waits::Suspending;
    while waits == Waits::Suspending {
        dam.step(AGAINST_BUILDING).await;
        waits = dam.stops(&mut running).await;
    }
    assert_eq!(waits, Waits::Building);
    Moment { running, dam }
}

/// A `loader restore` that waits to build the indexes of a table.
async fn restoring(stage: &Stage, table: &'static str) -> Moment {
    let mut dam = Dam::build(&stage.url(), table, AGAINST_BUILDING).await;
    let mut running = stage.program(["restore"]).start();
    assert_eq!(dam.stops(&mut running).await, Waits::Building);
    Moment { running, dam }
}

/// Where it is written down which settings were changed, and that they are as before.
const SETTINGS: &str = "loader.changed_settings";
const PLANNED: &str = "SELECT count(*) FROM loader.changed_settings WHERE state = 'planned'";
const APPLIED: &str = "SELECT count(*) FROM loader.changed_settings WHERE state = 'applied'";

/// An import that waits to write about settings, for the first time after `written` finds what it has written.
async fn changing(stage: &Stage, import: &[OsString], written: Option<&'static str>) -> Moment {
    let mut dam = Dam::build(&stage.url(), SETTINGS, AGAINST_WRITING).await;
    let mut running = stage.program(import).start();
    assert_eq!(dam.stops(&mut running).await, Waits::Writing);
    while let Some(written) = written
        && dam.number(written).await == 0
    {
        dam.step(AGAINST_WRITING).await;
        assert_eq!(dam.stops(&mut running).await, Waits::Writing);
    }
    Moment { running, dam }
}

/// A `loader restore` that has put settings back and waits to write so.
async fn restoring_settings(stage: &Stage) -> Moment {
    let mut dam = Dam::build(&stage.url(), SETTINGS, AGAINST_WRITING).await;
    let mut running = stage.program(["restore"]).start();
    assert_eq!(dam.stops(&mut running).await, Waits::Writing);
    Moment { running, dam }
}
