//! What is to be analysed again, and where it is read: contents, their places, their sources as they are now.
//!
//! Held in memory: about 24 bytes a content, 24 a place and 150 a source.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use futures_util::TryStreamExt as _;
use sqlx::postgres::PgConnection;

use super::choice::{self, Place};
use super::criteria::{Criteria, Selection};
use super::standing::{KnownFile, Standing};
use super::within::Within;
use crate::discover::FoundFile;
use crate::error::{Error, ErrorKind, Result};
use crate::library::failed;
use crate::midi::{ANALYSER_VERSION, AnalysisLevel};
use crate::pipeline::KnownSources;

/// A source as the database tells it: id, path, the path's bytes where they are others, size, time.
type SourceFields = (i64, String, Option<Vec<u8>>, i64, i64);

/// A content that is to be analysed again.
#[derive(Clone, Copy, Debug)]
struct Content {
    id: i64,
    level: AnalysisLevel,
    /// Where its places begin.
    first: usize,
}

/// Contents, ascending by id, with their places.
#[derive(Debug, Default)]
struct Wanted {
    contents: Vec<Content>,
    places: Vec<Place>,
    /// The ids of the sources, in the order in which places name them.
    sources: Vec<i64>,
}

impl Wanted {
    async fn load(
        connection: &mut PgConnection,
        criteria: Criteria,
        within: Option<&Within>,
    ) -> Result<Self> {
        let sources = match within {
            Some(within) => Some(within.sources(connection).await?),
            None => None,
        };
        let mut rows = sqlx::query_as::<_, (i64, String, Option<i64>, Option<i64>)>(include_str!(
            "../../database/analyze/places.sql"
        ))
        .bind(ANALYSER_VERSION)
        .bind(criteria.lower_levels())
        .bind(criteria.md5)
        .bind(criteria.selection == Selection::All)
        .bind(sources)
        .bind(within.map(|within| within.but_of_run))
        .fetch(connection);
        let mut wanted = Self::default();
        let mut positions = HashMap::<i64, u32>::new();
        while let Some((id, stored, source, ordinal)) =
            rows.try_next().await.map_err(|error| failed("looking for what is to be analysed", error))?
        {
            if wanted.contents.last().is_none_or(|content| content.id != id) {
                let level = criteria.level_for(&stored);
                wanted.contents.push(Content { id, level, first: wanted.places.len() });
            }
            if let Some((source_id, ordinal)) = source.zip(ordinal) {
                let next = u32::try_from(positions.len()).map_err(|_| too_many())?;
                let source = *positions.entry(source_id).or_insert(next);
                if source == next {
                    wanted.sources.push(source_id);
                }
                wanted.places.push(Place { source, ordinal });
            }
        }
        if u32::try_from(wanted.contents.len()).is_err() {
            return Err(too_many());
        }
        for content in 0..wanted.contents.len() {
            let places = wanted.range(content);
            if let Some(places) = wanted.places.get_mut(places) {
                places.sort_unstable_by_key(|place| (place.source, place.ordinal));
            }
        }
        Ok(wanted)
    }

    fn range(&self, content: usize) -> std::ops::Range<usize> {
        let first =
            |index: usize| self.contents.get(index).map_or(self.places.len(), |content| content.first);
        first(content)..first(content + 1)
    }

    fn places(&self, content: usize) -> &[Place] {
        self.places.get(self.range(content)).unwrap_or_default()
    }
}

fn too_many() -> Error {
    Error::new(ErrorKind::Run, "there are more than four billion contents or sources to be analysed")
}

/// Contents, where they are read, and what became of the sources they lie in.
#[derive(Debug)]
pub(super) struct Worklist {
    wanted: Wanted,
    standings: Vec<Standing>,
    /// By content: which of its places is read first.
    chosen: Vec<Option<u32>>,
}

/// What one run of the pipeline reads.
#[derive(Debug, Default)]
pub(super) struct Round {
    /// The sources that are opened.
    pub(super) files: Vec<FoundFile>,
    /// By source: ordinals, with the content's id.
    pub(super) places: HashMap<i64, Vec<(i64, i64)>>,
}

impl Round {
    /// The sources as the pipeline knows those whose reading is to go on.
    pub(super) fn known(&self) -> KnownSources {
        KnownSources::to_be_read(&self.files)
    }
}

impl Worklist {
    /// Asks the library what is to be analysed, looks at the sources, and chooses where each content is read.
    pub(super) async fn draw_up(
        connection: &mut PgConnection,
        criteria: Criteria,
        within: Option<&Within>,
    ) -> Result<Self> {
        let wanted = Wanted::load(connection, criteria, within).await?;
        let known: Vec<SourceFields> = sqlx::query_as(include_str!("../../database/analyze/sources.sql"))
            .bind(&wanted.sources)
            .fetch_all(connection)
            .await
            .map_err(|error| failed("reading the sources", error))?;
        let looking = tokio::task::spawn_blocking(move || {
            let known = known.into_iter().map(|(id, path, path_raw, size_bytes, mtime_ns)| {
                (id, Standing::of(KnownFile { path, path_raw, size_bytes, mtime_ns }))
            });
            let mut known: HashMap<i64, Standing> = known.collect();
            let away = || Standing::Away("its source is not known any more");
            let standings: Vec<Standing> =
                wanted.sources.iter().map(|id| known.remove(id).unwrap_or_else(away)).collect();
            let sizes: Vec<_> =
                standings.iter().map(|standing| standing.intact().map(|file| file.size)).collect();
            let contents = (0..wanted.contents.len()).map(|content| wanted.places(content));
            let chosen = choice::choose(contents, &sizes);
            Self { wanted, standings, chosen }
        });
        looking.await.map_err(|error| {
            Error::new(ErrorKind::Run, "looking at the sources ended unexpectedly").with_cause(error)
        })
    }

    /// How many contents are to be analysed.
    pub(super) fn len(&self) -> usize {
        self.wanted.contents.len()
    }

    /// Their ids, ascending.
    pub(super) fn ids(&self) -> impl Iterator<Item = i64> + '_ {
        self.wanted.contents.iter().map(|content| content.id)
    }

    /// Contents of which another level is asked than `level`.
    pub(super) fn others(&self, level: AnalysisLevel) -> Arc<HashMap<i64, AnalysisLevel>> {
        let others = self.wanted.contents.iter().filter(|content| content.level != level);
        Arc::new(others.map(|content| (content.id, content.level)).collect())
    }

    /// One place of each content that can be read, in few sources.
    pub(super) fn first_round(&self) -> Round {
        let places = (0..self.len()).filter_map(|content| {
            let chosen = usize::try_from((*self.chosen.get(content)?)?).ok()?;
            Some((content, *self.wanted.places(content).get(chosen)?))
        });
        self.round(places)
    }

    /// Every other place of the contents at these positions.
    pub(super) fn second_round(&self, contents: &[usize]) -> Round {
        let places = contents.iter().flat_map(|&content| {
            let chosen = self.chosen.get(content).copied().flatten();
            let places = (0_u32..).zip(self.wanted.places(content));
            places.filter(move |(number, _)| Some(*number) != chosen).map(move |(_, place)| (content, *place))
        });
        self.round(places)
    }

    fn round(&self, places: impl Iterator<Item = (usize, Place)>) -> Round {
        let mut round = Round::default();
        let mut opened = BTreeSet::new();
        for (content, place) in places {
            let Some(content) = self.wanted.contents.get(content) else { continue };
            let source = usize::try_from(place.source).unwrap_or(usize::MAX);
            let Some(id) = self.wanted.sources.get(source) else { continue };
            if self.standings.get(source).is_some_and(|standing| standing.intact().is_some()) {
                opened.insert(source);
                round.places.entry(*id).or_default().push((place.ordinal, content.id));
            }
        }
        let files = opened.into_iter().filter_map(|source| self.standings.get(source)?.intact());
        round.files = files.cloned().collect();
        round
    }

    /// The places of the content at this position: the source's id, the ordinal, and what became of the source.
    pub(super) fn places(&self, content: usize) -> impl Iterator<Item = (i64, i64, &Standing)> + '_ {
        self.wanted.places(content).iter().filter_map(|place| {
            let source = usize::try_from(place.source).ok()?;
            Some((*self.wanted.sources.get(source)?, place.ordinal, self.standings.get(source)?))
        })
    }

    /// Sources that are not what they were, streams left aside.
    pub(super) fn away(&self) -> usize {
        self.standings.iter().filter(|standing| matches!(standing, Standing::Away(_))).count()
    }
}

/// The ids of rows that say less than is asked, now.
pub(super) async fn behind(
    connection: &mut PgConnection,
    criteria: Criteria,
    within: Option<&Within>,
) -> Result<Vec<i64>> {
    let criteria = Criteria { selection: Selection::Missing, ..criteria };
    let wanted = Wanted::load(connection, criteria, within).await?;
    Ok(wanted.contents.iter().map(|content| content.id).collect())
}
