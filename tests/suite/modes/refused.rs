//! What a mode leaves alone: others' data, and what the role or the server does not allow.

use super::Stage;
use crate::program::Program;

/// A plan of a ludicrous import: names and values of what would change, and the reasons for what would not.
fn planned(stage: &Stage, more: &[&str]) -> (Vec<String>, String) {
    let folder = stage.folder.path().to_str().unwrap();
    let plan = stage
        .loader(&[&["plan", "--json", "--mode", "ludicrous"], more, &[folder]].concat())
        .run()
        .expect(&[0])
        .json();
    let settings = plan["settings"]["settings"].as_array().expect("the server runs").iter();
    let changed = settings
        .filter(|setting| setting["needs"] == "reload" && setting["now"] != setting["during"])
        .map(|setting| setting["name"].as_str().unwrap().to_owned());
    (changed.collect(), plan["settings"]["refused"].to_string())
}

#[tokio::test]
async fn other_databases_keep_fsync_on_unless_that_is_accepted() {
    let stage = Stage::set();
    stage.run("CREATE DATABASE shop").await;
    let (changed, refused) = planned(&stage, &[]);
    assert!(
        !changed.contains(&"fsync".to_owned()) && refused.contains("other databases (shop)"),
        "{refused}"
    );
    let running = stage.import("ludicrous", &[]).await;
    assert_eq!((stage.setting("fsync").await, stage.setting("autovacuum").await), ("on".into(), "on".into()));
    running.wait().finished();
    let (changed, _) = planned(&stage, &["--accept-cluster-risk"]);
    // Nothing is left to be read, so nothing is changed.
    assert_eq!(changed, Vec::<String>::new());
    stage.run("TRUNCATE sources, files, file_locations, musical_metadata, rejects, file_songs").await;
    let (changed, _) = planned(&stage, &["--accept-cluster-risk"]);
    assert_eq!(changed, ["fsync", "full_page_writes", "autovacuum"]);
}

#[tokio::test]
async fn replication_and_rows_keep_fsync_on() {
    let stage = Stage::set();
    // The private cluster allows no senders; a slot needs a log that standbys can read.
    stage.loader(&["import", stage.folder.path().to_str().unwrap()]).run().finished();
    stage.run("UPDATE sources SET state = 'failed'").await;
    let (changed, refused) = planned(&stage, &[]);
    assert!(
        !changed.contains(&"fsync".to_owned()) && refused.contains("holds rows already"),
        "{changed:?} {refused}"
    );
}

#[tokio::test]
async fn a_role_without_rights_gets_what_is_left() {
    let stage = Stage::set();
    stage.run("CREATE ROLE musician LOGIN; ALTER DATABASE loader OWNER TO musician; GRANT ALL ON SCHEMA public TO musician").await;
    stage.run("CREATE EXTENSION pg_trgm").await;
    let before = stage.standing().await;
    let url = stage.url().replace("user=loader", "user=musician");
    // Only one role may use the socket: the password file of the cluster lets others in.
    let folder = stage.folder.path().to_str().unwrap();
    let arguments = ["import", "--mode", "ludicrous", "--database-url", &url, folder];
    let ended = Program::new(arguments).run();
    if ended.code == Some(10) {
        // Peer authentication keeps other roles out: then let them in.
        let file = stage.test.cluster.layout().data.join("pg_hba.conf");
        fs_err::write(file, "local all all trust\n").unwrap();
        stage.run("SELECT pg_reload_conf()").await;
        Program::new(arguments)
            .run()
            .finished()
            .says(&["only a superuser may change settings of the server"]);
    } else {
        ended.finished().says(&["only a superuser may change settings of the server"]);
    }
    before.assert_same(&stage.standing().await, "afterwards");
    // What is suspended and must be put back can be, without any rights on the server.
    Program::new(["restore", "--database-url", &url]).run().expect(&[0]);
}
