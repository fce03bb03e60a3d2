//! Groups out of rows, one place after the other, that arrive sorted by group.
//!
//! Similar contents are no equivalence: a content that joined the group of one with a lower id leads none and joins no
//! other. Of the library only the ids of those that joined a group and whose own turn is still to come are kept.

use std::collections::HashSet;

use sqlx::postgres::PgRow;
use sqlx::{FromRow, Row as _};

use super::{By, Copy, DuplicatesSettings, Group, Member, Policy};
use crate::digest::Digest;

/// A place of a content, as the queries under `database/duplicates/` tell it.
#[derive(Debug)]
pub(super) struct Place {
    group_key: i64,
    equal: i64,
    id: i64,
    digest: Vec<u8>,
    size_bytes: i32,
    parse_status: String,
    n_notes: i32,
    n_events: i32,
    path: String,
    mtime_ns: i64,
    is_under: bool,
}

impl FromRow<'_, PgRow> for Place {
    fn from_row(row: &PgRow) -> sqlx::Result<Self> {
        Ok(Self {
            group_key: row.try_get("group_key")?,
            equal: row.try_get("equal")?,
            id: row.try_get("id")?,
            digest: row.try_get("digest")?,
            size_bytes: row.try_get("size_bytes")?,
            parse_status: row.try_get("parse_status")?,
            n_notes: row.try_get("n_notes")?,
            n_events: row.try_get("n_events")?,
            path: row.try_get("path")?,
            mtime_ns: row.try_get("mtime_ns")?,
            is_under: row.try_get("is_under")?,
        })
    }
}

/// Collects groups.
pub(super) struct Grouping {
    is_by_similarity: bool,
    is_exact: bool,
    least: usize,
    limit: Option<u64>,
    policy: Option<Policy>,
    done: u64,
    /// The group whose rows are arriving.
    open: Option<Open>,
    joined: HashSet<i64>,
}

struct Open {
    key: i64,
    members: Vec<Member>,
    is_under: bool,
}

impl Grouping {
    pub(super) fn new(settings: &DuplicatesSettings) -> Self {
        Self {
            is_by_similarity: matches!(settings.by, By::Similar(_)),
            is_exact: settings.by == By::Exact,
            least: usize::try_from(settings.min_copies.max(2)).unwrap_or(usize::MAX),
            limit: settings.limit,
            policy: settings.policy,
            done: 0,
            open: None,
            joined: HashSet::new(),
        }
    }

    /// Whether there are as many groups as are wanted.
    pub(super) fn is_full(&self) -> bool {
        self.limit.is_some_and(|limit| self.done >= limit)
    }

    /// Takes a row; gives the group that ended before it.
    pub(super) fn add(&mut self, place: Place) -> Option<Group> {
        let ended = if self.open.as_ref().is_some_and(|open| open.key != place.group_key) {
            self.finish()
        } else {
            None
        };
        let open = self.open.get_or_insert_with(|| Open {
            key: place.group_key,
            members: Vec::new(),
            is_under: false,
        });
        open.is_under |= place.is_under;
        let copy = Copy { path: place.path, modified_ns: place.mtime_ns, keep: false };
        match open.members.last_mut() {
            Some(last) if last.file_id == place.id => last.copies.push(copy),
            _ => open.members.push(Member {
                file_id: place.id,
                digest: Digest::from_bytes(place.digest.try_into().unwrap_or_default()),
                size_bytes: place.size_bytes.unsigned_abs().into(),
                parse_status: place.parse_status,
                notes: place.n_notes.unsigned_abs().into(),
                events: place.n_events.unsigned_abs().into(),
                similarity: similarity(place.equal),
                copies: vec![copy],
            }),
        }
        ended
    }

    /// The last group.
    pub(super) fn finish(&mut self) -> Option<Group> {
        let Open { key, mut members, is_under } = self.open.take()?;
        if self.is_full() {
            return None;
        }
        if self.is_by_similarity {
            // Groups come by the id of who leads them: nobody asks for this one again.
            if self.joined.remove(&key) {
                return None;
            }
            members.retain(|member| !self.joined.contains(&member.file_id));
        }
        let copies = if self.is_exact {
            members.iter().map(|member| member.copies.len()).sum()
        } else {
            members.len()
        };
        if copies < self.least {
            return None;
        }
        if self.is_by_similarity {
            self.joined.extend(members.iter().map(|member| member.file_id).filter(|id| *id != key));
        }
        if !is_under {
            return None;
        }
        self.done += 1;
        let mut group = Group { number: self.done, members };
        if let Some(policy) = self.policy {
            policy.mark(&mut group);
        }
        Some(group)
    }
}

/// The share of a MinHash's places.
#[expect(clippy::cast_precision_loss, reason = "between 0 and 32")]
fn similarity(equal: i64) -> f64 {
    equal as f64 / 32.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(group_key: i64, id: i64) -> Place {
        Place {
            group_key,
            equal: 32,
            id,
            digest: vec![0; 32],
            size_bytes: 10,
            parse_status: "clean".to_owned(),
            n_notes: 1,
            n_events: 2,
            path: format!("/{id}"),
            mtime_ns: 0,
            is_under: true,
        }
    }

    fn groups(by: By, limit: Option<u64>, rows: &[(i64, i64)]) -> Vec<Vec<i64>> {
        let settings = DuplicatesSettings { by, min_copies: 2, under: None, limit, policy: None };
        let mut grouping = Grouping::new(&settings);
        let mut groups = Vec::new();
        for (key, id) in rows {
            groups.extend(grouping.add(place(*key, *id)));
        }
        groups.extend(grouping.finish());
        let ids = |group: &Group| group.members.iter().map(|member| member.file_id).collect();
        groups.iter().map(ids).collect()
    }

    #[test]
    fn a_content_is_in_one_group_of_similar_ones() {
        // 1 is like 2 and 3, 2 like 3 and 4, 4 like 5.
        let rows = [(1, 1), (1, 2), (1, 3), (2, 2), (2, 3), (2, 4), (4, 4), (4, 5)];
        assert_eq!(groups(By::Similar(0.5), None, &rows), [vec![1, 2, 3], vec![4, 5]]);
        assert_eq!(groups(By::Similar(0.5), Some(1), &rows), [vec![1, 2, 3]]);
    }

    #[test]
    fn places_make_exact_groups_and_contents_the_others() {
        let rows = [(7, 7), (7, 7), (8, 8)];
        assert_eq!(groups(By::Exact, None, &rows), [vec![7]]);
        assert!(groups(By::Notes, None, &rows).is_empty());
        assert_eq!(groups(By::Notes, None, &[(-4, 7), (-4, 8), (-4, 8)]), [vec![7, 8]]);
    }
}
