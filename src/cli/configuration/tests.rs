//! What goes before what, and what is refused.

use super::super::terminal::safe;
use super::*;
use crate::mapping::MapPolicy;
use crate::priority::IoPriority;
use crate::profile::Profile;

/// A configuration of this file and these variables.
fn configuration(text: &str, variables: &[(&str, &str)]) -> Result<Configuration> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.toml");
    fs_err::write(&path, text).unwrap();
    let variable = |name: &str| {
        variables.iter().find(|(known, _)| *known == name).map(|(_, value)| OsString::from(value))
    };
    Ok(Configuration { environment: from_environment(variable)?, file: ConfigurationFile::find(Some(path))? })
}

fn flags(typed: &[&str]) -> Wishes {
    Written::try_parse_from(typed).unwrap().wishes
}

/// The value of a setting, and the end of what tells where it comes from.
fn in_force(configuration: &Configuration, typed: &[&str], name: &str) -> (String, String) {
    let effort = Effort::resolve(configuration, &flags(typed), &[]);
    let setting = effort.settings.into_iter().find(|setting| setting.name == name).unwrap();
    let from = setting.from.rsplit('/').next().unwrap_or_default().to_owned();
    (setting.value, from)
}

#[test]
fn flags_before_variables_before_the_file_before_the_profile_before_what_is_built_in() {
    let said = |value: &str, from: &str| (value.to_owned(), from.to_owned());
    let all =
        configuration("# mine\nprofile = \"conservative\"\nmemory = 300\n", &[("LOADER_MEMORY", "200")]);
    let all = all.unwrap();
    assert_eq!(in_force(&all, &["--memory=100"], "memory"), said("100", "--memory"));
    assert_eq!(in_force(&all, &[], "memory"), said("200", "LOADER_MEMORY"));
    let file = configuration("# mine\nprofile = \"conservative\"\nmemory = 300\n", &[]).unwrap();
    assert_eq!(in_force(&file, &[], "memory"), said("300", "config.toml:3"));
    assert_eq!(in_force(&file, &[], "profile"), said("conservative", "config.toml:2"));
    let profile = configuration("profile = \"conservative\"", &[]).unwrap();
    assert_eq!(in_force(&profile, &[], "memory"), said("128", "profile conservative"));
    // The profile of a flag does not go before a number of the file: each setting is decided by itself.
    assert_eq!(in_force(&file, &["--profile=default"], "memory"), said("300", "config.toml:3"));
    assert_eq!(in_force(&file, &["--profile=default"], "nice"), said("0", "profile default"));
    let nothing = Configuration::default();
    assert_eq!(in_force(&nothing, &[], "memory"), said("512", "built in"));
    assert_eq!(in_force(&nothing, &[], "profile"), said("default", "built in"));
}

#[test]
fn one_job_has_one_connection_unless_more_are_asked() {
    let nothing = Configuration::default();
    assert_eq!(in_force(&nothing, &["--jobs=1"], "connections").0, "1");
    assert_eq!(in_force(&nothing, &["--jobs=1", "--connections=3"], "connections").0, "3");
    assert_eq!(in_force(&nothing, &["--jobs=2"], "connections").0, "2");
}

#[test]
fn a_profile_is_its_row_of_the_table() {
    let resolve = |profile: &str| Effort::resolve(&Configuration::default(), &flags(&[profile]), &[]);
    let conservative = resolve("--profile=conservative");
    assert_eq!((conservative.priority.io, conservative.priority.nice), (IoPriority::Idle, 10));
    assert_eq!(conservative.connections, 1);
    let network = resolve("--profile=network");
    assert_eq!((network.profile, network.map_policy), (Profile::Network, MapPolicy::Last));
    assert!(network.readers() > network.jobs, "who waits is not counted among those who work");
    assert!(resolve("--profile=auto").why.is_some());
}

#[test]
fn what_cannot_be_used_is_refused_with_its_line() {
    for (text, words) in [
        ("jobs = 2\nbatch_size = 5", &["line 2", "'batch_size'", "'batch-size' is one"][..]),
        ("\n\njobz = 5", &["line 3", "'jobz'", "'jobs' is one"]),
        ("zzz = 5", &["line 1", "'zzz'", "loader config example"]),
        ("jobs = 0", &["line 1", "jobs = 0", "0 is not in 1..=1024"]),
        ("memory = -1", &["memory = -1", "-1"]),
        ("nice = 0x14", &["nice = 20", "20 is not in 0..=19"]),
        ("mmap = \"some\"", &["mmap = some", "auto, always, never, last"]),
        ("profile = \"fast\"", &["conservative, default, aggressive, network, auto"]),
        ("jobs = [1]", &["jobs is a list or a table"]),
        ("[import]\njobs = 1", &["line 1", "no section 'import'"]),
        ("mode = \"ludicrous\"", &["chosen for each run", "--mode"]),
        ("jobs = 1\njobs = 2", &["line 2", "duplicate key"]),
        ("jobs", &["line 1"]),
    ] {
        let error = configuration(text, &[]).unwrap_err();
        let said = format!("{error}\n{}", error.hint().unwrap());
        assert_eq!(error.kind(), ErrorKind::Usage);
        assert!(words.iter().all(|word| said.contains(word)), "{text}: {said}");
    }
    let error = configuration("", &[("LOADER_BATCH_SIZE", "many")]).unwrap_err();
    assert!(error.to_string().starts_with("LOADER_BATCH_SIZE=many cannot be used"), "{error}");
    assert!(configuration("", &[("LOADER_BATCH_SIZE", "")]).is_ok(), "an empty variable is none");
}

#[test]
fn a_password_is_neither_asked_for_nor_shown() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.toml");
    let warning = |text: &str, mode| {
        fs_err::write(&path, text).unwrap();
        fs_err::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        ConfigurationFile::find(Some(path.clone())).unwrap().unwrap().warning()
    };
    let secret = "database-url = \"postgresql://ann:s3cret@db/music\"";
    let told = warning(secret, 0o644).unwrap();
    assert!(told.contains("chmod 600") && !told.contains("s3cret"), "{}", safe(&told));
    assert_eq!(warning(secret, 0o600), None);
    assert_eq!(warning("database-url = \"postgresql://ann@db/music\"", 0o644), None);
}

/// The example names every setting once, and is right once the marks are taken away.
#[test]
fn the_example_is_whole() {
    let example = include_str!("../../../docs/config.toml");
    assert!(configuration(example, &[]).is_ok());
    let lines =
        example.lines().filter_map(|line| line.strip_prefix('#').filter(|line| !line.starts_with(' ')));
    let text: String = lines.map(|line| format!("{line}\n")).collect();
    let configuration = configuration(&text, &[]).unwrap();
    let file = configuration.file().unwrap();
    for key in Written::keys() {
        assert!(file.line(&key) > 0, "{key} is missing in docs/config.toml");
    }
    // What it shows is what is built in, but for the number of cores.
    let written = Effort::resolve(&configuration, &Wishes::default(), &[]);
    let built_in = Effort::resolve(&Configuration::default(), &Wishes::default(), &[]);
    for (written, built_in) in written.settings.iter().zip(&built_in.settings) {
        assert!(written.name == "jobs" || written.value == built_in.value, "{written:?}");
    }
}
