//! What the decoding libraries have in common here, and the reader that feeds them.
//!
//! A [`Codec`] turns bytes into bytes as far as both sides allow; [`Fed`] gives it what a reader yields. Bytes that were
//! decoded before an error are always handed out before the error is: where a stream breaks must not depend on how
//! large the pieces are in which it is read.

use std::io::{self, BufRead, Read};

/// Turns bytes into bytes.
pub(in crate::archive) trait Codec {
    /// Decodes from `input` into `to`, which is not empty; an empty `input` says that no more will come.
    fn run(&mut self, input: &[u8], to: &mut [u8]) -> Step;
}

/// What a codec did.
pub(in crate::archive) struct Step {
    /// Bytes taken from the input.
    pub(in crate::archive) consumed: usize,
    /// Bytes put into the output, also before an error.
    pub(in crate::archive) produced: usize,
    /// How it goes on.
    pub(in crate::archive) flow: io::Result<Flow>,
}

/// How it goes on after a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::archive) enum Flow {
    /// Call again.
    More,
    /// The stream is over; what follows, if anything, is no part of it.
    Over,
}

impl Step {
    /// Nothing was done, and this is how it goes on.
    pub(in crate::archive) const fn idle(flow: io::Result<Flow>) -> Self {
        Self { consumed: 0, produced: 0, flow }
    }
}

impl<C: Codec + ?Sized> Codec for Box<C> {
    fn run(&mut self, input: &[u8], to: &mut [u8]) -> Step {
        (**self).run(input, to)
    }
}

/// The error of a stream that ends in the middle.
pub(in crate::archive) fn cut() -> io::Error {
    io::ErrorKind::UnexpectedEof.into()
}

/// Bytes of one call, which are no more than its buffers have.
pub(in crate::archive) fn length(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or_default()
}

/// How often in a row a codec may do nothing before it is taken to be stuck.
const IDLE_STEPS: u32 = 64;

/// A codec fed from a reader.
pub(in crate::archive) struct Fed<R, C> {
    reader: R,
    codec: C,
    error: Option<io::Error>,
    over: bool,
}

impl<R: BufRead, C: Codec> Fed<R, C> {
    pub(in crate::archive) const fn new(reader: R, codec: C) -> Self {
        Self { reader, codec, error: None, over: false }
    }

    /// What is fed from.
    pub(in crate::archive) const fn reader(&self) -> &R {
        &self.reader
    }
}

impl<R: BufRead, C: Codec> Read for Fed<R, C> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let mut idle = 0;
        while !to.is_empty() {
            if let Some(error) = self.error.take() {
                return Err(error);
            }
            if self.over {
                break;
            }
            let step = self.codec.run(self.reader.fill_buf()?, to);
            self.reader.consume(step.consumed);
            idle = if step.consumed > 0 { 0 } else { idle + 1 };
            match step.flow {
                Ok(Flow::More) if idle <= IDLE_STEPS => {}
                Ok(Flow::More) => {
                    self.error =
                        Some(io::Error::new(io::ErrorKind::InvalidData, "it cannot be decoded any further"));
                }
                Ok(Flow::Over) => self.over = true,
                Err(error) => self.error = Some(error),
            }
            self.over |= self.error.is_some();
            if step.produced > 0 {
                return Ok(step.produced);
            }
        }
        Ok(0)
    }
}
