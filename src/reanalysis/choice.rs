//! Which place of each content is read, so that few sources are opened.
//!
//! The fewest would be the smallest set cover, which nobody can find quickly; taking again and again the source that
//! gives most of what is still missing comes close (Chvátal, A Greedy Heuristic for the Set-Covering Problem, 1979).
//! Numbers only: contents, places and sources are positions in lists.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// A place of a content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// The source, by its position among the sources.
    pub(super) source: u32,
    /// The position within the source.
    pub(super) ordinal: i64,
}

/// Chooses one of the places of each content, by its position among them; none for one that has no place in a source with
/// a size. `contents` are the places of each, sorted by source; `sizes` the bytes of each source, none where it cannot
/// be read. Of two sources that give as much the smaller one is taken.
pub(super) fn choose<'p>(
    contents: impl Iterator<Item = &'p [Place]> + Clone,
    sizes: &[Option<u64>],
) -> Vec<Option<u32>> {
    let gives = Given::by_source(contents.clone(), sizes);
    let places: Vec<&[Place]> = contents.collect();
    let mut chosen: Vec<Option<u32>> = vec![None; places.len()];
    let mut missing = gives.counts();
    let mut best: BinaryHeap<_> = (0_u32..)
        .zip(&missing)
        .filter(|(_, count)| **count > 0)
        .map(|(source, count)| (*count, Reverse(size_of(sizes, source)), Reverse(source)))
        .collect();
    while let Some((promised, size, Reverse(source))) = best.pop() {
        let gives_now = missing.get(source as usize).copied().unwrap_or_default();
        if gives_now == 0 {
            continue;
        }
        if gives_now < promised {
            // Others have taken from it meanwhile.
            best.push((gives_now, size, Reverse(source)));
            continue;
        }
        for &content in gives.of(source) {
            let Some(choice @ None) = chosen.get_mut(content as usize) else { continue };
            let own = places.get(content as usize).copied().unwrap_or_default();
            let position = own.iter().position(|place| place.source == source);
            *choice = position.and_then(|position| u32::try_from(position).ok());
            for other in distinct_sources(own) {
                if let Some(count) = missing.get_mut(other as usize) {
                    *count = count.saturating_sub(1);
                }
            }
        }
    }
    chosen
}

fn size_of(sizes: &[Option<u64>], source: u32) -> u64 {
    sizes.get(source as usize).copied().flatten().unwrap_or_default()
}

/// The sources of a content's places, which are sorted by source.
fn distinct_sources(places: &[Place]) -> impl Iterator<Item = u32> + '_ {
    places.chunk_by(|a, b| a.source == b.source).filter_map(|same| same.first()).map(|place| place.source)
}

/// The contents that each source gives, one list behind the other.
struct Given {
    /// Where each source's list begins; one more for the end of the last.
    begins: Vec<usize>,
    contents: Vec<u32>,
}

impl Given {
    fn by_source<'p>(contents: impl Iterator<Item = &'p [Place]> + Clone, sizes: &[Option<u64>]) -> Self {
        let is_read = |source: &u32| sizes.get(*source as usize).is_some_and(Option::is_some);
        let mut begins = vec![0_usize; sizes.len() + 1];
        for source in contents.clone().flat_map(distinct_sources).filter(is_read) {
            if let Some(count) = begins.get_mut(source as usize + 1) {
                *count += 1;
            }
        }
        let mut sum = 0;
        for begin in &mut begins {
            sum += *begin;
            *begin = sum;
        }
        let mut next = begins.clone();
        let mut given = vec![0_u32; sum];
        for (content, places) in (0_u32..).zip(contents) {
            for source in distinct_sources(places).filter(is_read) {
                let Some(next) = next.get_mut(source as usize) else { continue };
                if let Some(slot) = given.get_mut(*next) {
                    *slot = content;
                }
                *next += 1;
            }
        }
        Self { begins, contents: given }
    }

    fn of(&self, source: u32) -> &[u32] {
        let at = |index: usize| self.begins.get(index).copied().unwrap_or_default();
        self.contents.get(at(source as usize)..at(source as usize + 1)).unwrap_or_default()
    }

    fn counts(&self) -> Vec<usize> {
        self.begins
            .windows(2)
            .map(|pair| pair.last().zip(pair.first()).map_or(0, |(end, begin)| end - begin))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each content as the sources it lies in.
    fn choice(contents: &[&[u32]], sizes: &[Option<u64>]) -> Vec<Option<u32>> {
        let places: Vec<Vec<Place>> = contents
            .iter()
            .map(|sources| {
                sources.iter().zip(0..).map(|(source, ordinal)| Place { source: *source, ordinal }).collect()
            })
            .collect();
        let chosen = choose(places.iter().map(Vec::as_slice), sizes);
        let source = |(places, chosen): (&Vec<Place>, Option<u32>)| {
            chosen.map(|chosen| places[chosen as usize].source)
        };
        places.iter().zip(chosen).map(source).collect()
    }

    #[test]
    fn the_source_that_gives_most_is_opened_first() {
        let sizes = [Some(9), Some(9), Some(9)];
        assert_eq!(choice(&[&[0, 2], &[1, 2], &[2]], &sizes), [Some(2); 3]);
        // Source 1 gives four, then source 2 the rest; source 0 is not needed.
        assert_eq!(
            choice(&[&[0, 1], &[0, 1], &[1], &[1], &[2], &[0, 2]], &[Some(1); 3]),
            [Some(1), Some(1), Some(1), Some(1), Some(2), Some(2)]
        );
    }

    #[test]
    fn the_smaller_one_of_two_that_give_the_same() {
        assert_eq!(choice(&[&[0, 1]], &[Some(100), Some(10)]), [Some(1)]);
        assert_eq!(choice(&[&[0, 1]], &[Some(10), Some(10)]), [Some(0)]);
    }

    #[test]
    fn what_cannot_be_read_is_not_chosen() {
        assert_eq!(choice(&[&[0, 1], &[0], &[]], &[None, Some(5)]), [Some(1), None, None]);
        assert_eq!(choice(&[], &[]), []);
    }

    #[test]
    fn copies_in_one_source_count_once() {
        // Source 0 has three copies of one content, source 1 two contents.
        assert_eq!(choice(&[&[0, 0, 0, 1], &[1]], &[Some(1), Some(1)]), [Some(1), Some(1)]);
    }
}
