//! How a run works, resolved: for each setting a value and where it comes from.

use std::path::PathBuf;

use clap::ValueEnum;
use serde::Serialize;

use super::super::limits::LimitArguments;
use super::super::terminal::{Terminal, safe_line};
use super::super::work::{MapArgument, ProfileArgument, WriterArgument};
use super::{Configuration, Origin, Wishes};
use crate::mapping::MapPolicy;
use crate::midi::AnalysisLevel;
use crate::pipeline::{Asked, PipelineSettings};
use crate::priority::Priority;
use crate::profile::{Choice, Machine, Profile};
use crate::sink::WriterKind;
use crate::storage::AccessPolicy;
use crate::writer::BatchLimits;

/// How a run works.
#[derive(Clone, Debug)]
pub(in super::super) struct Effort {
    /// The profile in force.
    pub(in super::super) profile: Profile,
    /// Why, where `auto` has chosen it.
    pub(in super::super) why: Option<String>,
    /// Each setting, in words.
    pub(in super::super) settings: Vec<InForce>,
    pub(in super::super) jobs: usize,
    pub(in super::super) connections: usize,
    pub(in super::super) map_policy: MapPolicy,
    pub(in super::super) priority: Priority,
    pub(in super::super) analysis: AnalysisLevel,
    pub(in super::super) writer: WriterKind,
    is_chosen: bool,
    are_jobs_asked: bool,
    batch_size: usize,
    memory: usize,
    access: AccessPolicy,
}

/// One setting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(in super::super) struct InForce {
    /// What it is called everywhere.
    pub(in super::super) name: &'static str,
    /// As it would be written.
    pub(in super::super) value: String,
    /// Who says so.
    pub(in super::super) from: String,
}

impl InForce {
    /// A setting that is one of several words.
    pub(in super::super) fn new<T: ValueEnum>(name: &'static str, value: &T, from: &Origin) -> Self {
        Self { name, value: word(value), from: from.to_string() }
    }
}

/// Takes what is asked, else what the profile says, and notes it.
struct Resolution<'r> {
    configuration: &'r Configuration,
    flags: &'r Wishes,
    settings: Vec<InForce>,
}

impl Resolution<'_> {
    fn take<T>(
        &mut self,
        key: &'static str,
        wish: impl Fn(&Wishes) -> Option<T>,
        otherwise: (T, &Origin),
        word: impl Fn(&T) -> String,
    ) -> T {
        let otherwise = (otherwise.0, otherwise.1.clone());
        let (value, origin) = self.configuration.asked(self.flags, key, wish).unwrap_or(otherwise);
        self.settings.push(InForce { name: key, value: word(&value), from: origin.to_string() });
        value
    }
}

/// A value as the command line spells it.
fn word<T: ValueEnum>(value: &T) -> String {
    value.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}

impl Effort {
    /// Resolves for what lies at `paths`; nowhere, where that is not known beforehand.
    pub(in super::super) fn resolve(
        configuration: &Configuration,
        flags: &Wishes,
        paths: &[PathBuf],
    ) -> Self {
        let machine = Machine::look();
        let asked = configuration.asked(flags, "profile", |wishes| wishes.work.effort.profile);
        let is_chosen = asked.is_some();
        let (argument, origin) = asked.unwrap_or((ProfileArgument::Default, Origin::BuiltIn));
        let (profile, why) = if let Some(profile) = argument.named() {
            (profile, None)
        } else {
            let choice = Choice::for_paths(machine, paths);
            (choice.profile, Some(choice.why))
        };
        let policy = profile.policy();
        let by = if is_chosen { Origin::Profile(profile.word()) } else { Origin::BuiltIn };
        let mut told = Resolution { configuration, flags, settings: Vec::new() };
        told.settings.push(InForce::new("profile", &argument, &origin));

        let number = ToString::to_string;
        let jobs = told.take(
            "jobs",
            |wishes| wishes.work.effort.jobs.map(usize::from),
            (policy.jobs.out_of(machine.cores), &by),
            number,
        );
        let are_jobs_asked = configuration.asked(flags, "jobs", |wishes| wishes.work.effort.jobs).is_some();
        let connections = match jobs {
            1 => (1, &Origin::InOrder),
            _ => (policy.connections.out_of(machine.cores), &by),
        };
        let connections =
            told.take("connections", |wishes| wishes.work.connections.map(usize::from), connections, number);
        let batch_size = told.take(
            "batch-size",
            |wishes| wishes.work.batch_size.map(|rows| usize::try_from(rows).unwrap_or(usize::MAX)),
            (policy.batch_size, &by),
            number,
        );
        let memory = told.take(
            "memory",
            |wishes| wishes.work.memory.map(|memory| usize::try_from(memory).unwrap_or(usize::MAX)),
            (policy.memory.out_of(machine.memory), &by),
            number,
        );
        let map =
            told.take("mmap", |wishes| wishes.work.effort.mmap, (MapArgument::of(policy.map), &by), word);
        let depth = told.take(
            "read-ahead",
            |wishes| wishes.work.effort.read_ahead.map(usize::from),
            (policy.access.depth, &by),
            number,
        );
        let Priority { io, nice } = policy.priority;
        let io = told.take("io-priority", |wishes| wishes.work.effort.io_priority, (io, &by), word);
        let nice = told.take("nice", |wishes| wishes.work.effort.nice, (nice, &by), ToString::to_string);
        // No profile has a say in these.
        let built_in = &Origin::BuiltIn;
        let writer =
            told.take("writer", |wishes| wishes.work.writer, (WriterArgument::default(), built_in), word);
        let analysis =
            told.take("analysis", |wishes| wishes.analysis, (AnalysisLevel::default(), built_in), word);
        Self {
            profile,
            why,
            settings: told.settings,
            jobs,
            connections,
            map_policy: map.policy(),
            priority: Priority { io, nice },
            analysis,
            writer: writer.kind(),
            is_chosen,
            are_jobs_asked,
            batch_size,
            memory,
            access: AccessPolicy { depth, ..policy.access },
        }
    }

    /// Says which profile is in force, where somebody has asked for one.
    pub(in super::super) fn announce(&self, terminal: &Terminal) {
        if self.is_chosen {
            let line = self.line();
            tracing::info!("{line}");
            terminal.say(&line);
        }
    }

    /// `profile:  network, chosen by auto: '/mnt/music' lies on NFS; 2 cores, 7976 MiB of memory`
    fn line(&self) -> String {
        let word = self.profile.word();
        match &self.why {
            Some(why) => format!("profile:  {word}, chosen by auto: {}", safe_line(why)),
            None => format!("profile:  {word}"),
        }
    }

    /// Threads that read, where each thread reads and works on what it has read: more than jobs where they mostly wait.
    pub(in super::super) fn readers(&self) -> usize {
        if self.are_jobs_asked { self.jobs } else { self.jobs.max(self.access.depth) }
    }

    /// How the pipeline works, for a run whose id is not known yet.
    pub(in super::super) fn pipeline(&self, asked: Asked, limits: &LimitArguments) -> PipelineSettings {
        PipelineSettings {
            run_id: 0,
            jobs: self.jobs,
            memory: self.memory.saturating_mul(1 << 20),
            batch: BatchLimits { items: self.batch_size, ..BatchLimits::default() },
            map_policy: self.map_policy,
            access: self.access,
            priority: self.priority,
            asked,
            limits: limits.resolve(),
        }
    }
}
