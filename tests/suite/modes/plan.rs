//! What a plan tells of a server, without changing anything.

use super::Stage;

#[tokio::test]
async fn it_tells_what_would_change_and_changes_nothing() {
    let stage = Stage::set();
    let before = stage.standing().await;
    let folder = stage.folder.path().to_str().unwrap();
    let ended = stage.loader(&["plan", "--mode", "ludicrous", folder]).run().expect(&[0]);
    for words in [
        "ludicrous: as fast; if the power fails while fsync is off, the server's data may be ruined",
        "39 suspended while loading, built again at the end, in about ",
        "disk:     about ",
        "fsync: on → off → on",
        "for the whole server, as superuser, by a reload; 0 to 12 % of loading",
        "synchronous_commit: on → off → on",
        "as they are:\n",
        "max_wal_size ",
        "wal_level minimal",
        "no mode makes tables unlogged",
    ] {
        assert!(ended.stdout.contains(words), "{words}:\n{}", ended.stdout);
    }
    assert!(ended.stdout.lines().all(|line| line.chars().count() <= 110), "{}", ended.stdout);
    before.assert_same(&stage.standing().await, "afterwards");

    let plan = stage
        .loader(&["import", "--dry-run", "--json", "--mode", "ludicrous", folder])
        .run()
        .expect(&[0])
        .json();
    let setting = |name: &str| {
        let all = plan["settings"]["settings"].as_array().unwrap();
        all.iter().find(|setting| setting["name"] == name).unwrap_or_else(|| panic!("{name}: {plan}")).clone()
    };
    for name in ["max_wal_size", "checkpoint_timeout", "wal_level", "wal_buffers", "work_mem"] {
        let setting = setting(name);
        assert_eq!(
            setting["now"], setting["during"],
            "the private cluster has it as it should be: {setting}"
        );
        assert!(!setting["gain"].as_str().unwrap().is_empty());
    }
    assert_eq!(setting("wal_level")["needs"], "restart");
    assert_eq!(setting("fsync")["after"], "on");
    assert!(plan["disk_bytes"].as_u64().unwrap() > 0 && plan["index_build_seconds"].as_f64().unwrap() > 0.0);
    assert!(plan["backup"].is_null(), "an empty library needs none");

    stage.loader(&["import", folder]).run().finished();
    let ended = stage.loader(&["plan", folder]).run().expect(&[0]);
    assert!(
        ended.stdout.contains("pg_dump --format=custom --file=loader.dump 'postgresql:///loader?host="),
        "{}",
        ended.stdout
    );
}

/// Others' sessions are named before an index goes.
#[tokio::test]
async fn it_names_who_else_is_connected() {
    let stage = Stage::set();
    stage.loader(&["db", "migrate"]).run().expect(&[0]);
    let folder = stage.folder.path().to_str().unwrap();
    let programs = loader::server::binaries::Binaries::find().unwrap().directory;
    let psql = programs.join("psql");
    let psql = if psql.exists() { psql } else { "psql".into() };
    let mut session = std::process::Command::new(psql)
        .args(["-X", "-d", &stage.url()])
        .env("PGAPPNAME", "sequencer")
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::null())
        .spawn()
        .expect("psql is there");
    crate::program::until("it is connected", async || {
        let mut connection = crate::harness::connect_to(&stage.url()).await;
        crate::rows::number(
            &mut connection,
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'sequencer'",
        )
        .await
            > 0
    })
    .await;
    let ended = stage.loader(&["plan", "--mode", "fast", folder]).run().expect(&[0]);
    drop(session.stdin.take());
    session.wait().unwrap();
    assert!(ended.stdout.contains("sequencer, server process "), "{}", ended.stdout);
}
