//! bzip2 streams one after the other.
//!
//! What follows a stream and does not start like one is passed over, as bzip2 itself does ("trailing garbage after EOF
//! ignored"); what starts like one and is none is damage.

use std::io;

use bzip2::{Decompress, Error, Status};

use super::codec::{Codec, Flow, Step, cut, length};

/// Decodes streams to the end.
pub(super) struct Bzip2 {
    state: State,
    /// Whether a whole stream was decoded.
    later: bool,
}

enum State {
    Between,
    Within(Decompress),
}

impl Bzip2 {
    pub(super) const fn new() -> Self {
        Self { state: State::Between, later: false }
    }
}

impl Codec for Bzip2 {
    fn run(&mut self, input: &[u8], to: &mut [u8]) -> Step {
        let decompress = match &mut self.state {
            State::Within(decompress) => decompress,
            State::Between if input.is_empty() => {
                return Step::idle(if self.later { Ok(Flow::Over) } else { Err(cut()) });
            }
            state @ State::Between => {
                *state = State::Within(Decompress::new(false));
                return Step::idle(Ok(Flow::More));
            }
        };
        let (read, written) = (decompress.total_in(), decompress.total_out());
        let result = decompress.decompress(input, to);
        let consumed = length(decompress.total_in() - read);
        let produced = length(decompress.total_out() - written);
        let flow = match result {
            Ok(Status::StreamEnd) => {
                self.state = State::Between;
                self.later = true;
                Ok(Flow::More)
            }
            Ok(Status::MemNeeded) => Err(io::ErrorKind::OutOfMemory.into()),
            Ok(_) if input.is_empty() && produced == 0 => Err(cut()),
            Ok(_) => Ok(Flow::More),
            Err(Error::DataMagic) if self.later => Ok(Flow::Over),
            Err(error) => Err(error.into()),
        };
        Step { consumed, produced, flow }
    }
}
