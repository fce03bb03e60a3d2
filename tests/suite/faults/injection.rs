//! Makes things go wrong, waits for the end of the command that suffers it, and mends what a person would mend.

use std::time::{Duration, Instant};

use sqlx::AssertSqlSafe;

use super::dam::ITS_SESSIONS;
use super::moments::Moment;
use super::stage::Stage;
use super::{Case, Fault, Phase};
use crate::dice::Dice;
use crate::harness::connect_to;
use crate::program::{Ended, is_long, until};

/// How the command ended, and what had become of the server by then.
#[derive(Debug)]
pub(super) struct Suffered {
    pub(super) ended: Ended,
    pub(super) server: ServerFate,
}

/// What became of a server that was killed or stopped, while the command was still at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ServerFate {
    /// It was gone for good, or nothing was done to it.
    Gone,
    /// It was back before the command gave up, after an orderly stop.
    Restarted,
    /// The same after a crash, in which it has lost what was not on the disk.
    Crashed,
    /// It took so long to come back that the command may have given up just before.
    Late,
}

/// Lets a fault happen to a command that waits. Afterwards the server runs, has room, and is done with the command.
pub(super) async fn inject(stage: &Stage, case: Case, moment: Moment, dice: &mut Dice) -> Suffered {
    let Moment { mut running, dam } = moment;
    let mut server = ServerFate::Gone;
    let ended = match case.fault {
        Fault::LoaderKilled => {
            running.signal("-KILL");
            let ended = running.wait();
            dam.open().await;
            ended
        }
        Fault::ServerKilled | Fault::ServerStopped => {
            let is_orderly = case.fault == Fault::ServerStopped && dice.pick(&[true, false]);
            match case.fault {
                Fault::ServerKilled => stage.kill_server(),
                _ if is_orderly => assert!(stage.cluster().stop().unwrap(), "it ran"),
                _ => stage.stop_server_at_once(),
            }
            dam.open().await;
            // Those who store rows wait half a minute for a server to come back; nobody else does.
            let is_waited_for = matches!(case.phase, Phase::BeforeTheFirstBatch | Phase::MidLoad);
            if is_waited_for && (!is_long() || dice.pick(&[true, false])) {
                let down = Instant::now();
                stage.start_server();
                server = match is_orderly {
                    _ if down.elapsed() > Duration::from_secs(15) => ServerFate::Late,
                    true => ServerFate::Restarted,
                    false => ServerFate::Crashed,
                };
            }
            let ended = running.wait();
            stage.start_server();
            ended
        }
        Fault::ConnectionCut => {
            cut(stage).await;
            dam.open().await;
            running.wait()
        }
        Fault::DiskFull => {
            stage.fill_disk().await;
            dam.open().await;
            let ended = running.wait();
            stage.free_disk();
            ended
        }
    };
    stage.calm().await;
    Suffered { ended, server }
}

/// Ends every session of the program, and returns when they are gone.
async fn cut(stage: &Stage) {
    let mut connection = connect_to(&stage.url()).await;
    let all = AssertSqlSafe(format!("SELECT array_agg(pid) {ITS_SESSIONS}"));
    let all: Vec<i32> = sqlx::query_scalar(all).fetch_one(&mut connection).await.unwrap();
    // One that is already gone, because the program gave up without the one before, is as good as ended.
    let end = sqlx::query("SELECT pg_terminate_backend(pid) FROM unnest($1) AS pid").bind(&all);
    end.execute(&mut connection).await.unwrap();
    until("its sessions are gone", async || {
        let left = sqlx::query_scalar::<_, bool>(
            "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE pid = ANY ($1))",
        );
        !left.bind(&all).fetch_one(&mut connection).await.unwrap()
    })
    .await;
}
