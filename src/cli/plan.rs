//! `loader plan`, `loader import --dry-run`, and the plan that every import shows first.

use serde::Serialize;

use super::Everywhere;
use super::import::ImportArguments;
use super::terminal::{Terminal, bytes, counted, duration, grouped, safe, safe_line};
use crate::error::{ExitStatus, Result};
use crate::import::{IndexPlan, Plan};
use crate::mode::UNLOGGED;
use crate::server::settings::{Needs, SettingsPlan};
use crate::vanished::HeldBack;

/// Shows what an import would do: looks at the files and, where there is one, at the library; changes nothing.
pub(super) async fn run(
    arguments: &ImportArguments,
    everywhere: &Everywhere,
    terminal: &Terminal,
) -> Result<ExitStatus> {
    let settings = arguments.resolve(everywhere, terminal)?;
    let plan = Plan::look(&settings, everywhere.database()).await?;
    warn_of(&plan.held_back, terminal);
    let again = arguments.again();
    let shown = format!("{}{}", text(&plan), told_again(again, &plan));
    print(&Printed { plan: &plan, again }, &shown, everywhere, terminal)
}

/// The plan for programs; with what of the unchanged is read all the same.
#[derive(Serialize)]
struct Printed<'p> {
    #[serde(flatten)]
    plan: &'p Plan,
    #[serde(flatten)]
    again: Again,
}

/// What is done with sources that are unchanged.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(super) struct Again {
    /// Whether they are read and compared.
    pub(super) verify: bool,
    /// Whether they are analysed again.
    pub(super) force: bool,
}

/// A line for each reason to read what is unchanged.
fn told_again(again: Again, plan: &Plan) -> String {
    let unchanged = counted(plan.unchanged_sources, "unchanged file");
    let mut text = String::new();
    if again.verify {
        text.push_str(&format!(
            "verify:   first, {unchanged} read and compared; what differs is read anew\n"
        ));
    }
    if again.force {
        text.push_str(&format!("force:    afterwards, what lies in {unchanged} is analysed again\n"));
    }
    text
}

/// Prints what a command would do, for people or for programs, where that is all it was asked.
pub(super) fn print(
    plan: &impl Serialize,
    text: &str,
    everywhere: &Everywhere,
    terminal: &Terminal,
) -> Result<ExitStatus> {
    if everywhere.json {
        terminal.print_json(plan)?;
    } else {
        terminal.print(text)?;
    }
    terminal.say("nothing was done; the same command without --dry-run does it");
    Ok(ExitStatus::Success)
}

/// The plan, before an import begins.
pub(super) fn show(plan: &Plan, terminal: &Terminal) {
    announce(&text(plan), terminal);
}

/// Says what is about to be done, on the terminal and in the log.
pub(super) fn announce(text: &str, terminal: &Terminal) {
    for line in text.lines() {
        tracing::info!("plan: {line}");
    }
    terminal.say(text.trim_end());
}

/// Asks whether to go on, where the server's data would be at risk and there is somebody to ask.
pub(super) fn is_agreed_to(plan: &Plan, terminal: &Terminal) -> bool {
    let is_risky = plan.settings.as_ref().is_some_and(SettingsPlan::is_risky);
    !is_risky
        || terminal.asks("the server's data will be at risk until this run has ended; go on?").unwrap_or(true)
}

fn text(plan: &Plan) -> String {
    let so_far = if plan.walk_ended { "" } else { " so far" };
    let mut lines = vec![
        ("database", format!("{} ({})", safe(&plan.database), plan.database_from)),
        ("mode", format!("{}: {}", plan.mode.word(), plan.risk)),
        (
            "to read",
            format!(
                "{}, {}{so_far}: {} added, {} modified; {} unchanged{}",
                counted(plan.new_sources, "file"),
                bytes(plan.new_bytes),
                grouped(plan.new_sources - plan.modified_sources),
                grouped(plan.modified_sources),
                grouped(plan.unchanged_sources),
                vanished(plan),
            ),
        ),
        (
            "work",
            format!(
                "{} tasks, {} connections, {} rows a batch by {}, {} MiB of memory",
                plan.jobs,
                plan.connections,
                grouped(plan.batch_size as u64),
                plan.writer,
                plan.memory >> 20
            ),
        ),
    ];
    lines.push(("indexes", indexes(plan)));
    if plan.new_sources > 0 && plan.walk_ended {
        lines.push(("disk", format!("about {} for what is new, on the server", bytes(plan.disk_bytes))));
    }
    if let Some(command) = &plan.backup {
        lines.push(("backup", format!("first, if you want one: {}", safe(command))));
    }
    let mut text: String =
        lines.iter().map(|(name, value)| format!("{:<10}{value}\n", format!("{name}:"))).collect();
    match &plan.settings {
        Some(changes) => text.push_str(&settings(changes, plan.keep_mode)),
        None => text.push_str("settings: shown once the server runs (loader db start)\n"),
    }
    text
}

/// What is no longer there, or back.
fn vanished(plan: &Plan) -> String {
    let mut text = String::new();
    if plan.returned_sources > 0 {
        text.push_str(&format!(", {} of them back", grouped(plan.returned_sources)));
    }
    match plan.vanished_sources {
        Some(vanished) => text.push_str(&format!(", {} vanished", grouped(vanished))),
        None => text.push_str(", those that vanished not known yet"),
    }
    text
}

/// Says, for each root that is hardly there any more, that nothing of it is marked as vanished, and how it would be.
pub(super) fn warn_of(held_back: &[HeldBack], terminal: &Terminal) {
    for HeldBack { root, away, known } in held_back {
        let line = format!(
            "{} of the {} files known below '{}' are not there; none of them is marked as vanished. Is a disk not mounted? If \
             they are gone, loader import --accept-vanished marks them",
            grouped(*away),
            grouped(*known),
            safe_line(root)
        );
        tracing::warn!("{line}");
        terminal.warn(&line);
    }
}

fn indexes(plan: &Plan) -> String {
    let words = plan.indexes.words();
    if plan.keep_mode && plan.indexes.suspends() {
        return "suspended, and left so at the end (--keep-mode)".to_owned();
    }
    let counted = match plan.indexes {
        IndexPlan::Suspended => format!("{} {words}", plan.standing_indexes),
        IndexPlan::SuspendedAlready => words.to_owned(),
        IndexPlan::Kept => return words.to_owned(),
    };
    if plan.walk_ended {
        format!("{counted}, in about {}", duration(plan.index_build_seconds))
    } else {
        counted
    }
}

/// The settings that change, and those that do not although the mode would have them otherwise.
fn settings(changes: &SettingsPlan, is_kept: bool) -> String {
    let mut text = String::new();
    let changed: Vec<_> = changes.settings.iter().filter(|setting| setting.during != setting.now).collect();
    if changed.is_empty() {
        text.push_str("settings: none is changed\n");
    } else {
        text.push_str("settings: now → during → after, how, and what that was measured to bring\n");
    }
    for setting in changed {
        let (now, during) = (safe(&setting.now), safe(&setting.during));
        let stays = is_kept && setting.needs == Needs::Reload;
        let after = if stays { &during } else { &now };
        let how = match setting.needs {
            Needs::Nothing => "in the run's own connections",
            Needs::Reload => "for the whole server, as superuser, by a reload",
            Needs::Restart => "by a restart",
        };
        text.push_str(&format!("  {}: {now} → {during} → {after}\n", setting.name));
        text.push_str(&format!("      {how}; {}\n", setting.gain));
    }
    for refusal in &changes.refused {
        text.push_str(&format!(
            "  left as it is: {}\n      {}\n",
            refusal.names.join(", "),
            safe(&refusal.why)
        ));
    }
    let left =
        changes.settings.iter().filter(|setting| setting.during == setting.now && setting.refused.is_none());
    let left: Vec<_> = left.map(|setting| format!("{} {}", setting.name, safe(&setting.now))).collect();
    if !left.is_empty() {
        text.push_str("  as they are:\n");
        for few in left.chunks(2) {
            text.push_str(&format!("      {}\n", few.join(", ")));
        }
        text.push_str(&format!("  {UNLOGGED}\n"));
    }
    if !changes.clients.is_empty() {
        text.push_str("clients:  other programs use this database; dropping an index waits for them\n");
        for client in &changes.clients {
            text.push_str(&format!("  {}\n", safe(client)));
        }
    }
    text
}
