//! The words of a file and where they stand, as PostgreSQL keeps them: which places, in which order, in the binary form of a
//! `tsvector`. What is a word was decided before.

/// The longest word that PostgreSQL indexes, in bytes; longer ones are left to it.
pub(super) const LONGEST: usize = 2_046;

/// Words of a file, beyond which PostgreSQL's positions come to their end.
pub(super) const MOST_WORDS: u16 = 16_000;

/// Places of a word that PostgreSQL keeps: the first ones of each text, and of all texts together.
const PLACES_IN_TEXT: usize = 255;
const PLACES_IN_FILE: usize = 256;

/// Weights of the texts as they stand above a position.
pub(super) const WEIGHT_A: u16 = 3 << 14;
pub(super) const WEIGHT_B: u16 = 2 << 14;
pub(super) const WEIGHT_D: u16 = 0;
const POSITION: u16 = (1 << 14) - 1;

/// Words that are not in the text itself begin here.
const LEARNT: u32 = 1 << 31;

/// A word by its beginning and end, and where it stands, the weight above the position.
type Place = (u32, u32, u16);

/// The words of one file after the other; its memory is used again.
#[derive(Debug, Default)]
pub(super) struct Places {
    /// All texts in lower case, one behind the other. Words are stretches of it.
    pub(super) text: Vec<u8>,
    /// Words of other origin, one behind the other.
    learnt: Vec<u8>,
    found: Vec<Place>,
    position: u16,
}

/// How far it had come.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    places: usize,
    position: u16,
}

impl Places {
    /// Begins a file.
    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.learnt.clear();
        self.found.clear();
        self.position = 0;
    }

    /// How far it has come.
    pub(super) const fn mark(&self) -> Mark {
        Mark { places: self.found.len(), position: self.position }
    }

    /// Forgets what came since.
    pub(super) fn return_to(&mut self, mark: Mark) {
        self.found.truncate(mark.places);
        self.position = mark.position;
    }

    /// The next word, a stretch of the text; none where PostgreSQL would not keep it like that.
    pub(super) fn push(&mut self, begin: usize, end: usize, weight: u16) -> Option<()> {
        self.position += 1;
        if end - begin > LONGEST || self.position > MOST_WORDS {
            return None;
        }
        self.found.push((u32::try_from(begin).ok()?, u32::try_from(end).ok()?, weight | self.position));
        Some(())
    }

    /// Words of other origin, each with its position among them; none where PostgreSQL's positions come to their end.
    pub(super) fn push_learnt(&mut self, words: &[(Box<[u8]>, u16)], weight: u16) -> Option<()> {
        if self.is_full() {
            return None;
        }
        let first = self.position;
        for (word, place) in words {
            self.position = first.saturating_add(*place);
            let begin = u32::try_from(self.learnt.len()).ok()?;
            let end = u32::try_from(self.learnt.len() + word.len()).ok()?;
            if self.position > MOST_WORDS || end >= LEARNT {
                return None;
            }
            self.learnt.extend_from_slice(word);
            self.found.push((LEARNT | begin, LEARNT | end, weight | self.position));
        }
        Some(())
    }

    /// Whether no word can come any more.
    pub(super) const fn is_full(&self) -> bool {
        self.position >= MOST_WORDS
    }

    /// Ends a text: forgets the places that PostgreSQL does not keep, of this text, which began at `mark`, and of all until
    /// now. What comes behind is then counted from the last place that is left, for `||` knows no other.
    pub(super) fn end_text(&mut self, mark: Mark) {
        let Self { text, learnt, found, .. } = self;
        if found.len() <= PLACES_IN_TEXT {
            return;
        }
        let word = |place: &Place| word_at(text, learnt, place);
        // Most texts have no word so often, which needs no sorting to be seen.
        let mut alike = [0_usize; 256];
        for place in &*found {
            let (word, ends) =
                (word(place), |byte: Option<&u8>| usize::from(byte.copied().unwrap_or_default()));
            let bucket = ends(word.first()) * 7 + ends(word.last()) * 31 + word.len();
            if let Some(count) = alike.get_mut(bucket % 256) {
                *count += 1;
            }
        }
        if alike.iter().all(|count| *count <= PLACES_IN_TEXT) {
            return;
        }
        let first_of = |places: &mut Vec<Place>, most: usize| {
            places.sort_by(|one, other| word(one).cmp(word(other)));
            let same = places.chunk_by(|one, other| word(one) == word(other));
            *places = same.flat_map(|same| same.iter().take(most).copied()).collect();
            places.sort_by_key(|(.., place)| *place & POSITION);
        };
        let mut own = found.split_off(mark.places.min(found.len()));
        first_of(&mut own, PLACES_IN_TEXT);
        found.append(&mut own);
        first_of(found, PLACES_IN_FILE);
        self.position = found.last().map_or(0, |(.., place)| *place & POSITION);
    }

    /// Writes the words in order, each with its places.
    pub(super) fn encode(&mut self, to: &mut Vec<u8>) {
        let Self { text, learnt, found, .. } = self;
        let word = |place: &Place| word_at(text, learnt, place);
        // Places come in order, and a stable sort leaves them so.
        found.sort_by(|one, other| word(one).cmp(word(other)));
        let start = to.len();
        to.extend_from_slice(&[0; 4]);
        let mut count = 0_i32;
        for same in found.chunk_by(|one, other| word(one) == word(other)) {
            let Some((first, number)) = same.first().zip(u16::try_from(same.len()).ok()) else { continue };
            count += 1;
            to.extend_from_slice(word(first));
            to.push(0);
            to.extend_from_slice(&number.to_be_bytes());
            to.extend(same.iter().flat_map(|(.., place)| place.to_be_bytes()));
        }
        if let Some(place) = to.get_mut(start..start + 4) {
            place.copy_from_slice(&count.to_be_bytes());
        }
    }
}

/// The word at a place: of the texts, or of what was learnt.
fn word_at<'w>(text: &'w [u8], learnt: &'w [u8], (begin, end, _): &Place) -> &'w [u8] {
    let all = if *begin >= LEARNT { learnt } else { text };
    let bound = |at: &u32| usize::try_from(at & !LEARNT).unwrap_or_default();
    all.get(bound(begin)..bound(end)).unwrap_or_default()
}
