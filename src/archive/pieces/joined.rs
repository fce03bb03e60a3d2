//! Pieces in order again: a reader of the whole stream, most of which others have decoded.
//!
//! Follows the stream itself and keeps its limits. What others decoded is a help: used where it fits, dropped where it does
//! not, and done here where it is missing. So it depends neither on the order of threads nor on guesses what comes out.

use std::io::{self, Read};

use super::bits::{MAGIC_BITS, Mark, mark_at, number_at};
use super::bzip2::{FIRST, level_at, piece};
use super::end::End;
use super::frames::Frames;
use super::reader::PieceReader;
use super::{Decoded, Kind, Outcome, Piece, Pieces, Place};
use crate::archive::allowance::Allowance;
use crate::archive::stream::{Trouble, refused};
use crate::reject::Refusal;

/// How many pieces may turn out to start where none does before no more are asked for: a stream full of false magic
/// numbers is decoded here, in order, and not many times over.
const FALSE_STARTS: u32 = 16;

/// Reads a stream whose pieces `supply` yields decoded, in the order of [`Pieces::next`], each with a guard that is dropped
/// when the piece is read: a permit for its memory, or `()`. It may yield fewer, or none: what is missing is decoded here. It
/// is dropped when no more is needed of it.
pub struct Joined<'a, S, G>
where
    S: Iterator<Item = (Decoded, G)>,
{
    bytes: &'a [u8],
    chain: Chain,
    supply: Option<S>,
    ahead: Option<(Decoded, G)>,
    false_starts: u32,
    current: Current<'a, G>,
    allowance: Allowance,
    refusal: Option<Refusal>,
}

/// What is being read.
enum Current<'a, G> {
    Between,
    Content { content: io::Cursor<Vec<u8>>, trouble: Option<Trouble>, end: End, _guard: G },
    Stream(PieceReader<'a>),
    Over,
}

impl<'a, S, G> Joined<'a, S, G>
where
    S: Iterator<Item = (Decoded, G)>,
{
    /// Reads `bytes`, which `pieces` were found in, from its start, however many of the pieces were taken already.
    pub fn new(pieces: &Pieces, bytes: &'a [u8], supply: S, allowance: Allowance) -> Self {
        Self {
            bytes,
            chain: Chain::of(pieces, bytes),
            supply: Some(supply),
            ahead: None,
            false_starts: 0,
            current: Current::Between,
            allowance,
            refusal: None,
        }
    }

    /// Decoded bytes handed out so far.
    #[must_use]
    pub const fn output(&self) -> u64 {
        self.allowance.decoded()
    }

    /// What was decoded of this piece elsewhere.
    fn supplied(&mut self, piece: &Piece) -> Option<(Decoded, G)> {
        while let Some(supply) = &mut self.supply {
            let Some((decoded, guard)) = self.ahead.take().or_else(|| supply.next()) else {
                self.supply = None;
                break;
            };
            if decoded.piece.place == piece.place && decoded.piece.start == piece.start {
                return Some((decoded, guard));
            }
            if decoded.piece.position() > piece.position() {
                self.ahead = Some((decoded, guard));
                break;
            }
            self.false_starts += 1;
            if self.false_starts > FALSE_STARTS {
                self.supply = None;
            }
        }
        None
    }

    /// Reads on; nothing at the end.
    fn advance(&mut self, to: &mut [u8]) -> Result<usize, Refusal> {
        loop {
            let (read, position) = match &mut self.current {
                Current::Over => return Ok(0),
                Current::Between => {
                    self.current = self.enter()?;
                    continue;
                }
                Current::Content { content, trouble, end, .. } => {
                    let read = content.read(to).unwrap_or_default();
                    if read > 0 {
                        return Ok(read);
                    }
                    let result = trouble.take().map_or(Ok(*end), Err);
                    self.current = Current::Between;
                    let end = result.map_err(|trouble| self.refuse(&trouble))?;
                    self.chain.pass(end).map_err(|trouble| self.refuse(&trouble))?;
                    continue;
                }
                Current::Stream(reader) => match reader.read(to) {
                    Ok(read) => (read, reader.position()),
                    Err(error) => {
                        let trouble = Trouble::of(&error);
                        return Err(self.refuse(&trouble));
                    }
                },
            };
            if read > 0 {
                self.allowance.count(position, read as u64)?;
                return Ok(read);
            }
            if let Current::Stream(reader) = std::mem::replace(&mut self.current, Current::Between) {
                self.chain.pass(reader.end()).map_err(|trouble| self.refuse(&trouble))?;
            }
        }
    }

    /// The next piece, or the end.
    fn enter(&mut self) -> Result<Current<'a, G>, Refusal> {
        let next = self.chain.next(self.bytes).map_err(|trouble| self.refuse(&trouble))?;
        let Some(piece) = next else {
            (self.supply, self.ahead) = (None, None);
            return Ok(Current::Over);
        };
        if let Some((decoded, guard)) = self.supplied(&piece)
            && let Outcome::Whole { content, trouble, end } = decoded.outcome
        {
            let position = if let End::Bit { bit, .. } = end { bit / 8 } else { piece.end };
            // What is read of it is counted at once: it is there already.
            self.allowance.count(position, content.len() as u64)?;
            return Ok(Current::Content { content: io::Cursor::new(content), trouble, end, _guard: guard });
        }
        Ok(Current::Stream(PieceReader::new(&piece, self.bytes, self.allowance.limits())))
    }

    fn refuse(&self, trouble: &Trouble) -> Refusal {
        trouble.refusal(self.allowance.decoded(), self.allowance.limits())
    }
}

impl<S, G> Read for Joined<'_, S, G>
where
    S: Iterator<Item = (Decoded, G)>,
{
    /// Reads decoded bytes. After an error every further call gives the same one; [`crate::archive::stream::refusal_of`]
    /// tells it.
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        if to.is_empty() {
            return Ok(0);
        }
        if let Some(refusal) = &self.refusal {
            return Err(refused(refusal.clone()));
        }
        self.advance(to).map_err(|refusal| {
            self.refusal = Some(refusal.clone());
            (self.supply, self.ahead, self.current) = (None, None, Current::Over);
            refused(refusal)
        })
    }
}

impl<S, G> std::fmt::Debug for Joined<'_, S, G>
where
    S: Iterator<Item = (Decoded, G)>,
{
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Joined")
            .field("allowance", &self.allowance)
            .field("refusal", &self.refusal)
            .finish_non_exhaustive()
    }
}

impl Piece {
    /// Where it starts, in bits: the order of pieces.
    const fn position(&self) -> u64 {
        match self.place {
            Place::Bzip2 { bit, .. } => bit,
            Place::Xz { .. } | Place::Zstandard => self.start.saturating_mul(8),
        }
    }
}

/// The pieces that there really are.
enum Chain {
    /// Where bzip2 goes on, in a stream of this digit whose blocks so far have this checksum.
    Bzip2 { bit: u64, level: u8, check: u32, trouble: Option<Trouble> },
    /// Those of other formats are told by headers and an index.
    Told(Pieces),
}

impl Chain {
    fn of(pieces: &Pieces, bytes: &[u8]) -> Self {
        match &pieces.kind {
            Kind::Bzip2(_) => {
                let level = level_at(bytes, 0).unwrap_or(b'9');
                Self::Bzip2 { bit: FIRST, level, check: 0, trouble: None }
            }
            Kind::Xz(records) => Self::Told(Pieces { kind: Kind::Xz(records.restarted()) }),
            Kind::Zstandard(_) => Self::Told(Pieces { kind: Kind::Zstandard(Frames::start()) }),
        }
    }

    /// The next piece; none at the end.
    fn next(&mut self, bytes: &[u8]) -> Result<Option<Piece>, Trouble> {
        let (bit, level, check) = match self {
            Self::Told(pieces) => return Ok(pieces.next(bytes)),
            Self::Bzip2 { trouble: Some(trouble), .. } => return Err(trouble.clone()),
            Self::Bzip2 { bit, level, check, .. } => (bit, level, check),
        };
        loop {
            match mark_at(bytes, *bit) {
                Mark::Block => return Ok(Some(piece(*bit, *level, (*bit + MAGIC_BITS).div_ceil(8)))),
                Mark::Cut => return Err(Trouble::Truncated),
                Mark::None => return Err(damaged("neither a block nor the end of the stream")),
                Mark::StreamEnd => {}
            }
            let Some(stored) = number_at(bytes, *bit + MAGIC_BITS, 32) else {
                return Err(Trouble::Truncated);
            };
            if stored != u64::from(*check) {
                return Err(damaged("the checksum of a stream is wrong"));
            }
            let at = (*bit + MAGIC_BITS + 32).div_ceil(8);
            let rest = usize::try_from(at).ok().and_then(|at| bytes.get(at..)).unwrap_or_default();
            match stream_at(rest) {
                StreamStart::Stream(digit) => (*bit, *level, *check) = (at * 8 + FIRST, digit, 0),
                StreamStart::Cut => return Err(Trouble::Truncated),
                StreamStart::None => return Ok(None),
            }
        }
    }

    /// The piece that was told of last is over, and ended so.
    fn pass(&mut self, end: End) -> Result<(), Trouble> {
        let Self::Bzip2 { bit, check, trouble, .. } = self else { return Ok(()) };
        let found = match end {
            End::Bit { bit: behind, check: block } => {
                (*bit, *check) = (behind, check.rotate_left(1) ^ block);
                return Ok(());
            }
            End::Cut => Trouble::Truncated,
            End::Damaged | End::Unknown => damaged("what follows a block is neither a block nor the end"),
        };
        *trouble = Some(found.clone());
        Err(found)
    }
}

/// What stands behind a bzip2 stream.
enum StreamStart {
    Stream(u8),
    /// What may be the start of one, and the bytes end there.
    Cut,
    /// Nothing, or nothing of ours.
    None,
}

fn stream_at(rest: &[u8]) -> StreamStart {
    match rest {
        [b'B', b'Z', b'h', digit @ b'1'..=b'9', ..] => StreamStart::Stream(*digit),
        [b'B'] | [b'B', b'Z'] | [b'B', b'Z', b'h'] => StreamStart::Cut,
        _ => StreamStart::None,
    }
}

fn damaged(text: &str) -> Trouble {
    Trouble::Damaged(format!("bzip2: {text}"))
}
