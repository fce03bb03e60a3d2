//! What a user has made around the library and set on the server survives a ludicrous run exactly, and one that was killed.

use std::os::unix::fs::{MetadataExt as _, chown};
use std::path::Path;

use fs_err as fs;
use sqlx::{AssertSqlSafe, Executor as _};

use super::injection::inject;
use super::moments::reach;
use super::stage::{Stage, import};
use super::state::{State, assert_nothing_left};
use super::verdict::judge;
use super::{Case, Fault, Phase};
use crate::dice::Dice;
use crate::harness::{connect_to, passable_directory};
use crate::indexes::{NEVER_DROPPED, OWN};
use crate::rows::{Rows, collection, make_large};

/// Beside the indexes and the table of [`OWN`] and [`NEVER_DROPPED`]: places, comments, foreign keys, options.
const BELONGINGS: &str = "
    CREATE INDEX own_placed ON files (warnings) TABLESPACE own_space;
    CREATE INDEX own_partial ON file_locations (name) WHERE extension = 'mid';
    COMMENT ON INDEX own_partial IS 'Which of them are called so?';
    ALTER INDEX files_damaged SET TABLESPACE own_space;
    COMMENT ON INDEX files_size IS 'Mine now';
    COMMENT ON TABLE files IS 'What I have collected';
    COMMENT ON COLUMN files.size_bytes IS 'It''s in bytes';
    COMMENT ON CONSTRAINT musical_metadata_file_id_fkey ON musical_metadata IS 'Nothing without its file';
    ALTER TABLE file_locations ALTER CONSTRAINT file_locations_file_id_fkey DEFERRABLE INITIALLY DEFERRED;
    ALTER TABLE files ALTER COLUMN size_bytes SET STATISTICS 300;
    ALTER TABLE files SET (fillfactor = 90, autovacuum_vacuum_scale_factor = 0.3);
    INSERT INTO theirs SELECT id, 'a note on ' || id FROM files ORDER BY id LIMIT 20;
    CREATE TABLE favourites (
        file_id bigint PRIMARY KEY REFERENCES files ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
        source_id bigint CONSTRAINT \"from where\" REFERENCES sources
    );
    INSERT INTO favourites SELECT file_id, source_id FROM theirs JOIN file_locations USING (file_id)
        ON CONFLICT DO NOTHING;
    COMMENT ON CONSTRAINT \"from where\" ON favourites IS 'Where I found it';
";

/// What a user has set, for the server, the database and the role. `ALTER SYSTEM` runs in no transaction. The setting that a
/// ludicrous run changes too comes last, where putting it back writes it.
const SETTINGS: [&str; 8] = [
    "ALTER SYSTEM SET work_mem = '7MB'",
    "ALTER SYSTEM SET log_line_prefix = E'it''s \\\\ %m '",
    "ALTER SYSTEM SET max_wal_size = '300MB'",
    "ALTER DATABASE loader SET work_mem = '6MB'",
    "ALTER DATABASE loader SET default_tablespace = 'own_space'",
    "ALTER ROLE loader SET maintenance_work_mem = '96MB'",
    "ALTER ROLE loader IN DATABASE loader SET random_page_cost = 1.3",
    "SELECT pg_reload_conf()",
];

/// Makes it all in a library that has rows.
async fn settle_in(stage: &Stage) {
    // A folder of the server's own account.
    let place = stage.directory().join("own space");
    fs::create_dir(&place).unwrap();
    let owner = fs::metadata(&stage.cluster().layout().data).unwrap();
    chown(&place, Some(owner.uid()), Some(owner.gid())).unwrap();
    let space = format!("CREATE TABLESPACE own_space LOCATION '{}'", place.display());
    let mut connection = connect_to(&stage.url()).await;
    connection.execute(AssertSqlSafe(space)).await.unwrap();
    for statements in [OWN, NEVER_DROPPED, BELONGINGS] {
        sqlx::raw_sql(AssertSqlSafe(statements)).execute(&mut connection).await.unwrap();
    }
    for statement in SETTINGS {
        connection.execute(statement).await.unwrap();
    }
}

/// The rows of a user's own tables.
async fn theirs(stage: &Stage) -> Vec<String> {
    sqlx::query_scalar(
        "SELECT t::text FROM theirs AS t UNION ALL SELECT f::text FROM favourites AS f ORDER BY 1",
    )
    .fetch_all(&mut connect_to(&stage.url()).await)
    .await
    .unwrap()
}

#[tokio::test]
async fn what_a_user_made_survives_a_ludicrous_run() {
    let folders: Vec<_> = (0..4).map(|_| passable_directory()).collect();
    for (folder, files) in folders.iter().zip([60, 280, 360, 440]) {
        // The same contents in part: there is always something new, and always something that is there.
        collection(folder.path(), files);
        make_large(folder.path());
    }
    let command = |folder: &Path| import(folder, "ludicrous", "copy");
    let mut dice = Dice::seeded();
    let mut stage = Stage::set(Fault::LoaderKilled).await.unwrap();
    stage.clear().await;
    let mut expected = Vec::new();
    for folder in &folders {
        stage.finish(&command(folder.path())).finished();
        expected.push(Rows::of(&stage.url()).await);
    }

    stage.clear().await;
    stage.finish(&command(folders[0].path())).finished();
    settle_in(&stage).await;
    let (before, rows) = (State::of(&stage).await, theirs(&stage).await);
    assert!(before.count("index") >= 39 + 7 && rows.len() >= 40, "{before:?}");

    let faults = [(Fault::LoaderKilled, Phase::MidLoad), (Fault::ServerKilled, Phase::Building)];
    for (number, folder) in folders.iter().enumerate().skip(1) {
        let command = command(folder.path());
        let what = if number == 1 {
            stage.finish(&command).finished().says(&["suspended while loading"]);
            "undisturbed".to_owned()
        } else {
            let (fault, phase) = faults[number - 2];
            let case = Case { mode: "ludicrous", fault, phase };
            let moment = reach(&stage, case, &command, &mut dice).await;
            let suffered = inject(&stage, case, moment, &mut dice).await;
            judge(case, &suffered, stage.left().await);
            stage.finish(&["restore"]).expect(&[0]);
            before.assert_same(&State::of(&stage).await, &format!("{case}: after loader restore"));
            stage.finish(&command).finished();
            case.to_string()
        };
        before.assert_same(&State::of(&stage).await, &what);
        assert_nothing_left(&stage, &what).await;
        assert_eq!(theirs(&stage).await, rows, "{what}");
        expected[number].assert_same(&Rows::of(&stage.url()).await, &what);
    }
}
