//! xz, and the `.lzma` of LZMA Utils before it; both by liblzma.
//!
//! xz streams follow one another, padded by zeros in fours. A `.lzma` file holds one stream, and only zeros may follow it:
//! other bytes are damage, as xz itself says of them.

use std::io;

use liblzma::stream::{Action, CONCATENATED, Status, Stream};

use super::codec::{Codec, Flow, Step, cut, length};

/// Decodes either format.
pub(super) struct Lzma {
    stream: Stream,
    is_xz: bool,
    /// Whether the one stream of a `.lzma` is decoded.
    ended: bool,
}

impl Lzma {
    /// A decoder of xz that takes at most so much memory.
    pub(super) fn xz(memory: u64) -> io::Result<Self> {
        let stream = Stream::new_stream_decoder(memory.max(1), CONCATENATED)?;
        Ok(Self { stream, is_xz: true, ended: false })
    }

    /// A decoder of `.lzma` that takes at most so much memory.
    pub(super) fn alone(memory: u64) -> io::Result<Self> {
        let stream = Stream::new_lzma_decoder(memory.max(1))?;
        Ok(Self { stream, is_xz: false, ended: false })
    }
}

impl Codec for Lzma {
    fn run(&mut self, input: &[u8], to: &mut [u8]) -> Step {
        if self.ended {
            let flow = if input.is_empty() {
                Ok(Flow::Over)
            } else if input.iter().all(|byte| *byte == 0) {
                Ok(Flow::More)
            } else {
                Err(io::Error::new(io::ErrorKind::InvalidData, "something else follows it"))
            };
            return Step { consumed: input.len(), produced: 0, flow };
        }
        let action = if input.is_empty() { Action::Finish } else { Action::Run };
        let (read, written) = (self.stream.total_in(), self.stream.total_out());
        let result = self.stream.process(input, to, action);
        let consumed = length(self.stream.total_in() - read);
        let produced = length(self.stream.total_out() - written);
        let flow = match result {
            Ok(Status::StreamEnd) if self.is_xz => Ok(Flow::Over),
            Ok(Status::StreamEnd) => {
                self.ended = true;
                Ok(Flow::More)
            }
            Ok(_) if input.is_empty() && produced == 0 => Err(cut()),
            Ok(_) => Ok(Flow::More),
            Err(error) => Err(error.into()),
        };
        Step { consumed, produced, flow }
    }
}
