//! What became of each content: analysed, or not and why.
//!
//! wanted = analysed + not found + refused, and, of a run that was stopped, unfinished.

use std::borrow::Cow;
use std::collections::HashMap;

use serde::Serialize;

use super::standing::Standing;
use super::worklist::Worklist;
use crate::entry::Ordinal;
use crate::reject::Stage;
use crate::sink::{Refused, Renewed};

/// Why a content was not analysed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// It lies at none of its places any more, or none can be read.
    NotFound,
    /// It came by a stream, which is read once.
    InStream,
    /// It was found, and the analysis or the database refused it.
    Refused,
    /// The run was stopped before its turn.
    Unfinished,
}

/// What has become of the contents so far.
#[derive(Debug)]
pub(super) struct Account {
    ids: Vec<i64>,
    analysed: Vec<bool>,
    refusals: HashMap<(i64, i64), Refused>,
}

impl Account {
    /// Nothing yet.
    pub(super) fn open(worklist: &Worklist) -> Self {
        let ids: Vec<i64> = worklist.ids().collect();
        Self { analysed: vec![false; ids.len()], ids, refusals: HashMap::new() }
    }

    /// Adds what came of a round.
    pub(super) fn add(&mut self, renewed: Renewed) {
        for id in renewed.contents {
            let position = self.ids.binary_search(&id).ok();
            if let Some(analysed) = position.and_then(|position| self.analysed.get_mut(position)) {
                *analysed = true;
            }
        }
        self.refusals.extend(renewed.refusals);
    }

    /// How many contents were analysed.
    pub(super) fn analysed(&self) -> usize {
        self.analysed.iter().filter(|analysed| **analysed).count()
    }

    /// The positions of those that were not.
    pub(super) fn left(&self) -> Vec<usize> {
        let left = self.analysed.iter().enumerate().filter(|(_, analysed)| !**analysed);
        left.map(|(position, _)| position).collect()
    }

    /// The id at this position.
    pub(super) fn id(&self, content: usize) -> i64 {
        self.ids.get(content).copied().unwrap_or_default()
    }

    /// Why the content at this position was not analysed, in a word and a sentence.
    pub(super) fn why(
        &self,
        worklist: &Worklist,
        content: usize,
        is_stopped: bool,
    ) -> (Why, Cow<'static, str>) {
        let places: Vec<_> = worklist.places(content).collect();
        let refusals: Vec<_> =
            places.iter().filter_map(|(source, ordinal, _)| self.refusal(*source, *ordinal)).collect();
        let of_content = |refused: &&&Refused| {
            [Stage::Midi, Stage::Database].iter().any(|stage| stage.word() == refused.stage)
        };
        let sentence = |refused: &Refused| format!("{}: {}", refused.reason, refused.detail).into();
        if let Some(refused) = refusals.iter().find(of_content) {
            return (Why::Refused, sentence(refused));
        }
        let is_intact = places.iter().any(|(.., standing)| standing.intact().is_some());
        if is_stopped && is_intact {
            return (Why::Unfinished, "the run was stopped before its turn".into());
        }
        if let Some(refused) = refusals.first() {
            return (Why::NotFound, sentence(refused));
        }
        let away = places.iter().find_map(|(.., standing)| match standing {
            Standing::Away(why) => Some(*why),
            Standing::Intact(_) | Standing::Stream => None,
        });
        match away {
            _ if is_intact => (Why::NotFound, "something else lies there now".into()),
            Some(why) => (Why::NotFound, why.into()),
            None if places.is_empty() => (Why::NotFound, "no place of it is known".into()),
            None => (Why::InStream, "it came by a stream, which cannot be read again".into()),
        }
    }

    /// What was refused at a place, or around it: the outer archive's member it lies in, the source as a whole.
    fn refusal(&self, source: i64, ordinal: i64) -> Option<&Refused> {
        let at = |ordinal: i64| self.refusals.get(&(source, ordinal));
        at(ordinal).or_else(|| at(Ordinal(ordinal).member().0)).or_else(|| at(-1))
    }
}
