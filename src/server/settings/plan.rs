//! What a mode would change of a server that stands so: now → during → after, and what is refused for which reason.
//!
//! A pure function over the table of modes and the [`Standing`]; asks and changes nothing.

use serde::Serialize;

use super::quantity::quantity;
use super::standing::{SettingNow, Standing};
use crate::mode::{LEVERS, Lever, Mode, Reach, Scope};

/// What was agreed to, and what is at stake.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Consent {
    /// `--accept-cluster-risk`: others' data, and the library's own, may be risked.
    pub accepts_cluster_risk: bool,
    /// Whether the library holds rows already.
    pub has_rows: bool,
    /// Whether connections that build indexes will be made.
    pub builds_indexes: bool,
}

/// What changing a setting takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Needs {
    /// Nothing: it is set in the run's own connections.
    Nothing,
    /// A superuser, `ALTER SYSTEM` and a reload.
    Reload,
    /// A restart of the server.
    Restart,
}

/// One setting in a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SettingPlan {
    /// Its name.
    pub name: &'static str,
    /// Its value now.
    pub now: String,
    /// Its value while the run is at work.
    pub during: String,
    /// Its value afterwards.
    pub after: String,
    /// What the change takes.
    pub needs: Needs,
    /// What it was measured to bring.
    pub gain: &'static str,
    /// Why it is left alone though the mode wants it otherwise.
    pub refused: Option<String>,
}

/// Settings that are left alone for the same reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// Their names.
    pub names: Vec<&'static str>,
    /// The reason, and what would change it.
    pub why: String,
}

/// What a mode would do to the settings of a server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SettingsPlan {
    /// Every setting of the table of modes that this server knows.
    pub settings: Vec<SettingPlan>,
    /// What is not possible or not done, by reason.
    pub refused: Vec<Refusal>,
    /// Other programs that are connected to the database.
    pub clients: Vec<String>,
}

impl SettingsPlan {
    /// What a mode would do.
    #[must_use]
    pub fn of(mode: Mode, standing: &Standing, consent: Consent) -> Self {
        let mut plan = Self { clients: standing.clients.clone(), ..Self::default() };
        for lever in &LEVERS {
            let Some(now) = standing.setting(lever.name) else { continue };
            let setting = one(lever, lever.wanted_by(mode), now, standing, consent);
            if let Some(why) = &setting.refused {
                match plan.refused.iter_mut().find(|refusal| refusal.why == *why) {
                    Some(refusal) => refusal.names.push(lever.name),
                    None => plan.refused.push(Refusal { names: vec![lever.name], why: why.clone() }),
                }
            }
            plan.settings.push(setting);
        }
        plan
    }

    /// The names of all settings that a plan is made of, and of what it depends on.
    #[must_use]
    pub fn names() -> Vec<&'static str> {
        LEVERS.iter().map(|lever| lever.name).chain(["allow_alter_system"]).collect()
    }

    /// What is to be changed with `ALTER SYSTEM`: name and value.
    #[must_use]
    pub fn changes(&self) -> Vec<(&'static str, &str)> {
        let is_change =
            |setting: &&SettingPlan| setting.needs == Needs::Reload && setting.during != setting.now;
        self.settings
            .iter()
            .filter(is_change)
            .map(|setting| (setting.name, setting.during.as_str()))
            .collect()
    }

    /// Whether what is changed puts the server's data at risk.
    #[must_use]
    pub fn is_risky(&self) -> bool {
        self.changes().iter().any(|(name, _)| {
            LEVERS.iter().any(|lever| lever.name == *name && lever.reach == Reach::EveryByte)
        })
    }

    /// The same without these.
    #[must_use]
    pub fn without(mut self, names: &[&str]) -> Self {
        for setting in self.settings.iter_mut().filter(|setting| names.contains(&setting.name)) {
            setting.during.clone_from(&setting.now);
        }
        self
    }
}

fn one(
    lever: &Lever,
    wanted: Option<&'static str>,
    now: &SettingNow,
    standing: &Standing,
    consent: Consent,
) -> SettingPlan {
    let needs = match (lever.scope, now.context.as_str()) {
        (_, "postmaster") => Needs::Restart,
        (Scope::Writers | Scope::Builders, _) | (Scope::Nowhere, "user" | "superuser") => Needs::Nothing,
        _ => Needs::Reload,
    };
    let left = |refused| SettingPlan {
        name: lever.name,
        now: now.shown.clone(),
        during: now.shown.clone(),
        after: now.shown.clone(),
        needs,
        gain: lever.gain,
        refused,
    };
    let Some(wanted) = wanted else { return left(None) };
    if is_met(lever, wanted, now) || (lever.scope == Scope::Builders && !consent.builds_indexes) {
        return left(None);
    }
    let refused = match lever.scope {
        Scope::Writers | Scope::Builders => None,
        Scope::Server => refusal(lever, now, standing, consent),
        Scope::Nowhere => Some(restart(now)),
    };
    match refused {
        Some(why) => left(Some(why)),
        None => SettingPlan { during: wanted.to_owned(), ..left(None) },
    }
}

/// Whether a setting is as a mode wants it.
fn is_met(lever: &Lever, wanted: &str, now: &SettingNow) -> bool {
    if now.setting == wanted {
        return true;
    }
    if lever.is_choice && now.setting != now.boot_value {
        return true;
    }
    match (quantity(&now.setting, &now.unit), quantity(wanted, &now.unit)) {
        (Some(now), Some(wanted)) => now == wanted || (lever.at_least && now > wanted),
        _ => false,
    }
}

fn restart(now: &SettingNow) -> String {
    if now.pending_restart {
        return "another value waits for the server's next restart already".to_owned();
    }
    "it would take a restart, which loader leaves to the server's owner; its private cluster is made so"
        .to_owned()
}

/// Why a setting of the server must be left alone, if it must.
fn refusal(lever: &Lever, now: &SettingNow, standing: &Standing, consent: Consent) -> Option<String> {
    let around = &standing.surroundings;
    if !around.is_superuser {
        return Some("only a superuser may change settings of the server; connect as one".to_owned());
    }
    if standing.setting("allow_alter_system").is_some_and(|setting| setting.setting == "off") {
        return Some("the server forbids ALTER SYSTEM (allow_alter_system = off)".to_owned());
    }
    if matches!(now.source.as_str(), "command line" | "environment variable") {
        return Some(format!("it was set on the server's {}, which beats ALTER SYSTEM", now.source));
    }
    if lever.reach == Reach::EveryByte && !around.runs_programs {
        return Some(
            "the data could not be made to reach the disk afterwards: the role may run no program".to_owned(),
        );
    }
    if consent.accepts_cluster_risk || lever.reach == Reach::Harmless {
        return None;
    }
    let at_stake = at_stake(lever, standing, consent);
    (!at_stake.is_empty())
        .then(|| format!("{}; --accept-cluster-risk changes it all the same", at_stake.join(", ")))
}

/// What would be risked, in words.
fn at_stake(lever: &Lever, standing: &Standing, consent: Consent) -> Vec<String> {
    let around = &standing.surroundings;
    let mut found = Vec::new();
    if !around.other_databases.is_empty() {
        let (first, rest) = around.other_databases.split_at(around.other_databases.len().min(3));
        let more = if rest.is_empty() { String::new() } else { format!(" and {} more", rest.len()) };
        found.push(format!("the server holds other databases ({}{more})", first.join(", ")));
    }
    if lever.reach == Reach::EveryByte {
        for (count, what) in [(around.standbys, "standbys"), (around.slots, "replication slots")] {
            if count > 0 {
                found.push(format!("it has {what} ({count})"));
            }
        }
        if around.is_archiving {
            found.push("its log is archived".to_owned());
        }
        if consent.has_rows {
            found.push("the library holds rows already".to_owned());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::settings::standing::Surroundings;

    fn stock() -> Standing {
        let setting = |(name, setting, unit, context): (&str, &str, &str, &str)| SettingNow {
            name: name.to_owned(),
            setting: setting.to_owned(),
            unit: unit.to_owned(),
            boot_value: setting.to_owned(),
            context: context.to_owned(),
            source: "default".to_owned(),
            shown: format!("{setting}{}", if unit == "8kB" { "" } else { unit }),
            pending_restart: false,
        };
        let settings = [
            ("synchronous_commit", "on", "", "user"),
            ("maintenance_work_mem", "65536", "kB", "user"),
            ("max_parallel_maintenance_workers", "2", "", "user"),
            ("fsync", "on", "", "sighup"),
            ("full_page_writes", "on", "", "sighup"),
            ("autovacuum", "on", "", "sighup"),
            ("max_wal_size", "1024", "MB", "sighup"),
            ("checkpoint_timeout", "300", "s", "sighup"),
            ("wal_level", "replica", "", "postmaster"),
            ("wal_buffers", "512", "8kB", "postmaster"),
            ("work_mem", "4096", "kB", "user"),
        ];
        let surroundings =
            Surroundings { is_superuser: true, runs_programs: true, ..Surroundings::default() };
        Standing { settings: settings.map(setting).to_vec(), surroundings, clients: Vec::new() }
    }

    fn changed(plan: &SettingsPlan) -> Vec<&'static str> {
        plan.changes().into_iter().map(|(name, _)| name).collect()
    }

    type Change = fn(&mut Standing, &mut Consent);

    const SERVER: [&str; 5] =
        ["fsync", "full_page_writes", "autovacuum", "max_wal_size", "checkpoint_timeout"];

    #[test]
    fn ludicrous_changes_what_a_reload_can_change() {
        let plan = SettingsPlan::of(Mode::Ludicrous, &stock(), Consent::default());
        assert_eq!(changed(&plan), SERVER);
        let wal_level = plan.settings.iter().find(|setting| setting.name == "wal_level").unwrap();
        assert_eq!((wal_level.needs, wal_level.during.as_str()), (Needs::Restart, "replica"));
        assert!(wal_level.refused.as_ref().unwrap().contains("restart"));
        for mode in [Mode::Normal, Mode::Fast] {
            let plan = SettingsPlan::of(mode, &stock(), Consent::default());
            assert_eq!((changed(&plan), plan.refused), (vec![], vec![]), "{mode:?}");
        }
    }

    #[test]
    fn what_is_as_wanted_stays() {
        let mut standing = stock();
        for (name, value) in [("max_wal_size", "512"), ("checkpoint_timeout", "1800"), ("fsync", "off")] {
            let position = standing.settings.iter().position(|setting| setting.name == name).unwrap();
            standing.settings[position].setting = value.to_owned();
        }
        let plan = SettingsPlan::of(Mode::Ludicrous, &standing, Consent::default());
        assert_eq!(changed(&plan), ["full_page_writes", "autovacuum"]);
    }

    #[test]
    fn nobody_elses_data_is_risked_without_consent() {
        let harmless = ["max_wal_size", "checkpoint_timeout"];
        let bold = Consent { accepts_cluster_risk: true, ..Consent::default() };
        let cases: [(&str, Change, &[&str]); 5] = [
            (
                "other databases (shop)",
                |s, _| s.surroundings.other_databases = vec!["shop".to_owned()],
                &harmless,
            ),
            ("standbys (1)", |s, _| s.surroundings.standbys = 1, &SERVER[2..]),
            ("replication slots (2)", |s, _| s.surroundings.slots = 2, &SERVER[2..]),
            ("archived", |s, _| s.surroundings.is_archiving = true, &SERVER[2..]),
            ("holds rows", |_, c| c.has_rows = true, &SERVER[2..]),
        ];
        for (what, change, expected) in cases {
            let (mut standing, mut consent) = (stock(), Consent::default());
            change(&mut standing, &mut consent);
            let plan = SettingsPlan::of(Mode::Ludicrous, &standing, consent);
            assert_eq!(changed(&plan), expected, "{what}");
            assert!(
                plan.refused.iter().any(|refusal| refusal.why.contains(what)),
                "{what}: {:?}",
                plan.refused
            );
            let plan = SettingsPlan::of(
                Mode::Ludicrous,
                &standing,
                Consent { accepts_cluster_risk: true, ..consent },
            );
            assert_eq!(changed(&plan), SERVER, "{what}, accepted");
        }
        for (what, change, expected) in [
            ("superuser", (|s, _| s.surroundings.is_superuser = false) as Change, &[][..]),
            ("no program", |s, _| s.surroundings.runs_programs = false, &SERVER[2..]),
            ("command line", |s, _| s.settings[3].source = "command line".to_owned(), &SERVER[1..]),
        ] {
            let (mut standing, mut consent) = (stock(), bold);
            change(&mut standing, &mut consent);
            let plan = SettingsPlan::of(Mode::Ludicrous, &standing, consent);
            assert_eq!(changed(&plan), expected, "{what}");
            assert!(
                plan.refused.iter().any(|refusal| refusal.why.contains(what)),
                "{what}: {:?}",
                plan.refused
            );
        }
    }
}
