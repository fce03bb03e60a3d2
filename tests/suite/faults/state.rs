//! Everything of a database and its server that a run may change for a while and has to put back, in words that can be
//! compared: indexes, constraints, comments, tables, settings.

use fs_err as fs;
use sqlx::Executor as _;
use sqlx::postgres::PgConnection;

use super::stage::Stage;
use crate::harness::connect_to;
use crate::rows::number;

/// What is asked, with an empty search path, so that every name is whole.
const QUESTIONS: [(&str, &str); 7] = [
    (
        "index",
        "SELECT concat_ws(' | ', pg_get_indexdef(i.indexrelid), 'valid ' || i.indisvalid, 'ready ' || i.indisready,
                          'clustered ' || i.indisclustered, 'replica identity ' || i.indisreplident,
                          'tablespace ' || s.spcname, c.reloptions,
                          (SELECT string_agg(a.attnum || ' statistics ' || a.attstattarget, ', ' ORDER BY a.attnum)
                             FROM pg_attribute AS a WHERE a.attrelid = c.oid AND a.attstattarget >= 0),
                          obj_description(c.oid, 'pg_class'))
           FROM pg_index AS i
           JOIN pg_class AS c ON c.oid = i.indexrelid
           LEFT JOIN pg_tablespace AS s ON s.oid = c.reltablespace
          WHERE c.relnamespace::regnamespace::text !~ '^(pg_|information_schema$)'
          ORDER BY 1",
    ),
    (
        "constraint",
        "SELECT concat_ws(' | ', conrelid::regclass, conname, pg_get_constraintdef(c.oid), 'valid ' || convalidated,
                          obj_description(c.oid, 'pg_constraint'),
                          (SELECT string_agg(tgtype || ' ' || tgenabled::text, ', ' ORDER BY tgrelid::regclass::text, tgtype)
                             FROM pg_trigger WHERE tgconstraint = c.oid))
           FROM pg_constraint AS c
          WHERE connamespace::regnamespace::text !~ '^(pg_|information_schema$)'
          ORDER BY 1",
    ),
    (
        "foreign key",
        "SELECT concat_ws(' | ', schema_name, table_name, name, definition, comment, is_valid)
           FROM loader.foreign_keys ORDER BY 1",
    ),
    (
        "comment",
        "SELECT concat_ws(' | ', i.type, i.identity, d.description)
           FROM pg_description AS d, pg_identify_object(d.classoid, d.objoid, d.objsubid) AS i
          WHERE d.objoid >= 16384
          ORDER BY 1",
    ),
    (
        "table",
        "SELECT concat_ws(' | ', c.oid::regclass, relkind, relpersistence, relreplident, reloptions, relacl,
                          relowner::regrole, s.spcname,
                          (SELECT string_agg(a.attnum || ' statistics ' || a.attstattarget, ', ' ORDER BY a.attnum)
                             FROM pg_attribute AS a WHERE a.attrelid = c.oid AND a.attstattarget >= 0))
           FROM pg_class AS c
           LEFT JOIN pg_tablespace AS s ON s.oid = c.reltablespace
          WHERE relkind NOT IN ('i', 'I', 't') AND relnamespace::regnamespace::text !~ '^(pg_|information_schema$)'
          ORDER BY 1",
    ),
    (
        "setting of a database or role",
        "SELECT concat_ws(' | ', d.datname, r.rolname, s.setconfig)
           FROM pg_db_role_setting AS s
           LEFT JOIN pg_database AS d ON d.oid = s.setdatabase
           LEFT JOIN pg_roles AS r ON r.oid = s.setrole
          ORDER BY 1",
    ),
    (
        "setting",
        "SELECT concat_ws(' | ', name, setting, source, 'restart ' || pending_restart) FROM pg_settings ORDER BY 1",
    ),
];

/// What stood at some moment, each thing in a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct State {
    lines: Vec<String>,
    /// The file of `ALTER SYSTEM`, byte for byte.
    automatic: String,
}

impl State {
    pub(super) async fn of(stage: &Stage) -> Self {
        let mut connection = connect_to(&stage.url()).await;
        connection.execute("SET search_path = ''").await.unwrap();
        let mut lines = Vec::new();
        for (what, question) in QUESTIONS {
            let answers = sqlx::query_scalar::<_, String>(question).fetch_all(&mut connection).await;
            let answers = answers.unwrap_or_else(|error| panic!("{what}: {error}"));
            lines.extend(answers.iter().map(|answer| format!("{what}: {answer}")));
        }
        let file = stage.cluster().layout().data.join("postgresql.auto.conf");
        Self { lines, automatic: fs::read_to_string(file).unwrap() }
    }

    /// How many things of a kind stand.
    pub(super) fn count(&self, what: &str) -> usize {
        let prefix = format!("{what}: ");
        self.lines.iter().filter(|line| line.starts_with(&prefix)).count()
    }

    /// Fails, with the first differences, unless `found` is the same.
    #[track_caller]
    pub(super) fn assert_same(&self, found: &Self, what: &str) {
        let lacks = |state: &Self, other: &Self| {
            let missing = state.lines.iter().filter(|line| !other.lines.contains(line)).take(6);
            missing.map(|line| format!("\n  {line}")).collect::<String>()
        };
        assert!(
            self.lines == found.lines,
            "{what}: not as before\n was and is not:{}\n is and was not:{}",
            lacks(self, found),
            lacks(found, self)
        );
        assert_eq!(self.automatic, found.automatic, "{what}: postgresql.auto.conf");
    }
}

/// Checks that nothing is left that a run has changed for a while: no journal holds anything, no table is unlogged, and no file
/// remembers settings.
pub(super) async fn assert_nothing_left(stage: &Stage, what: &str) {
    let mut connection = connect_to(&stage.url()).await;
    let connection: &mut PgConnection = &mut connection;
    for (question, query) in [
        ("suspended indexes", "SELECT count(*) FROM loader.suspended_indexes"),
        ("suspended foreign keys", "SELECT count(*) FROM loader.suspended_foreign_keys"),
        ("changed settings", "SELECT count(*) FROM loader.changed_settings WHERE state <> 'restored'"),
        ("tables in the journal of unlogged ones", "SELECT count(*) FROM loader.unlogged_tables"),
        ("unlogged relations", "SELECT count(*) FROM pg_class WHERE relpersistence = 'u'"),
        ("invalid indexes", "SELECT count(*) FROM pg_index WHERE NOT indisvalid OR NOT indisready"),
        ("foreign keys not valid", "SELECT count(*) FROM pg_constraint WHERE NOT convalidated"),
    ] {
        assert_eq!(number(connection, query).await, 0, "{what}: {question}");
    }
    let folder = stage.state_directory();
    let files = fs::read_dir(&folder).into_iter().flatten().flatten();
    let names: Vec<String> = files.map(|file| file.file_name().to_string_lossy().into_owned()).collect();
    let left: Vec<_> = names.iter().filter(|name| name.starts_with("SETTINGS_BACKUP")).collect();
    assert!(left.is_empty(), "{what}: files of settings are left: {left:?}");
}
