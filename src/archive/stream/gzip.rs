//! gzip members one after the other (RFC 1952).
//!
//! Unlike flate2's `MultiGzDecoder` it takes what follows the last member and is none, as gzip does, for padding.

use std::io::{self, BufRead, Read};

use flate2::bufread::GzDecoder;

/// Decodes members to the end.
pub(super) enum Gzip<R> {
    /// Before a member; whether one came before it.
    Between(R, bool),
    Within(Box<GzDecoder<R>>),
    Ended,
}

impl<R: BufRead> Gzip<R> {
    pub(super) const fn new(reader: R) -> Self {
        Self::Between(reader, false)
    }
}

impl<R: BufRead> Read for Gzip<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        if to.is_empty() {
            return Ok(0);
        }
        loop {
            match std::mem::replace(self, Self::Ended) {
                Self::Between(mut reader, later) => {
                    let padding = match reader.fill_buf() {
                        Ok(buffer) => later && buffer.first() != Some(&0x1f),
                        Err(error) => {
                            *self = Self::Between(reader, later);
                            return Err(error);
                        }
                    };
                    if padding {
                        return Ok(0);
                    }
                    *self = Self::Within(Box::new(GzDecoder::new(reader)));
                }
                Self::Within(mut decoder) => match decoder.read(to) {
                    Ok(0) => *self = Self::Between(decoder.into_inner(), true),
                    result => {
                        *self = Self::Within(decoder);
                        return result;
                    }
                },
                Self::Ended => return Ok(0),
            }
        }
    }
}
