//! What a command has to answer that something went wrong with: its exit status and its words, and those of `loader status`
//! afterwards.

use super::injection::{ServerFate, Suffered};
use super::stage::{Left, Stage};
use super::{Case, Fault, Phase};
use crate::program::Ended;

/// Finished, with or without refusals.
const WHOLE: &[i32] = &[0, 3];
/// Stopped; the same command goes on.
const STOPPED: &[i32] = &[1];
/// The server is not there, or has gone; the same command goes on.
const GONE: &[i32] = &[1, 10];
/// Something is left suspended.
const SUSPENDED: &[i32] = &[13];

/// The statuses that a case may end with, by what became of the server.
fn statuses(case: Case, server: ServerFate) -> &'static [i32] {
    use Fault::{ConnectionCut, DiskFull, LoaderKilled, ServerKilled, ServerStopped};
    use Phase::{
        Applying, BeforeTheFirstBatch, Building, MidLoad, Planning, Restoring, RestoringSettings, Returning,
        Suspending,
    };
    match (case.fault, case.phase) {
        (LoaderKilled, _) => &[],
        (_, Building | Restoring | Planning | Applying | Returning | RestoringSettings) => SUSPENDED,
        // Dropping empty indexes makes some room: the load may just end, and the indexes then find none.
        (DiskFull, Suspending) => &[1, 13],
        (DiskFull, _) => STOPPED,
        (ServerKilled | ServerStopped, BeforeTheFirstBatch | MidLoad) => match server {
            // What was stored last may be lost with it where commits are not waited for.
            ServerFate::Crashed if case.mode != "normal" => STOPPED,
            ServerFate::Crashed | ServerFate::Restarted => WHOLE,
            ServerFate::Gone => GONE,
            ServerFate::Late => &[0, 1, 3, 10],
        },
        (ConnectionCut, BeforeTheFirstBatch | MidLoad) => WHOLE,
        (ServerKilled | ServerStopped | ConnectionCut, _) => GONE,
    }
}

/// Checks how the command ended. Tells whether it says that it has done everything.
pub(super) fn judge(case: Case, suffered: &Suffered, left: Left) -> bool {
    let Suffered { ended, server } = suffered;
    let statuses = statuses(case, *server);
    let Some(code) = ended.code else {
        assert_eq!((ended.signal, case.fault), (Some(9), Fault::LoaderKilled), "{case}: {}", ended.stderr);
        return false;
    };
    assert!(
        statuses.contains(&code),
        "{case}: expected status {statuses:?}, found {code}; left: {left:?}; stderr:\n{}",
        ended.stderr
    );
    if WHOLE.contains(&code) {
        assert!(left.is_nothing(), "{case}: a success has left {left:?}");
        return true;
    }
    ended.is_well_formed_error();
    if code == 13 {
        // A run that cannot say whether its settings were changed advises to look.
        let may_be_nothing = matches!(case.phase, Phase::Planning | Phase::Applying);
        assert!(may_be_nothing || !left.is_nothing(), "{case}: nothing is left:\n{}", ended.stderr);
        ended.says(&["hint: ", "loader restore"]);
    } else {
        ended.says(&["hint: ", "run the same command again"]);
    }
    if case.fault == Fault::DiskFull {
        ended.says(&["disk", "free"]);
    }
    false
}

/// Checks what `loader status` says of it, before anything is put back.
pub(super) fn judge_status(stage: &Stage, case: Case, is_done: bool, left: Left) {
    let ended = stage.program(["status"]).run();
    let Ended { code, stdout, stderr, .. } = &ended;
    let shown = format!("{case}: left {left:?}; loader status answers {code:?}\n{stdout}{stderr}");
    assert_eq!(*code, Some(if left.is_nothing() { 0 } else { 13 }), "{shown}");
    let state = stdout.lines().find(|line| line.starts_with("state:")).unwrap_or_else(|| panic!("{shown}"));
    if is_done {
        assert!(state.contains("finished"), "{shown}");
    } else {
        assert!(state.contains("killed") || state.contains("failed"), "{shown}");
        assert!(state.contains("the same command goes on"), "{shown}");
    }
    if left.indexes > 0 {
        assert!(stdout.contains(&format!("{} suspended", left.indexes)), "{shown}");
    }
    if !left.is_nothing() {
        assert!(stdout.contains("loader restore"), "{shown}");
    }
}
