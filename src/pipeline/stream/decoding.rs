//! Decodes standard input on the async side, by async-compression, and keeps the limits of a stream there.
//!
//! What comes out is read on the other side, by [`Decoded`]. An error says the same as [`crate::archive::stream::Decoder`]
//! says of a file; only how much came before it may differ by a part of a buffer, for async-compression drops what was
//! decoded in the step that fails.

use std::io::Read;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::task::{Poll, ready};
use std::time::{Duration, Instant};

use async_compression::tokio::bufread::{
    BzDecoder, GzipDecoder, Lz4Decoder, LzmaDecoder, XzDecoder, ZstdDecoder,
};
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader, ReadBuf};
use tokio::runtime::Handle;
use tokio::sync::mpsc::{Receiver, Sender, channel};

use crate::archive::Limits;
use crate::archive::allowance::Allowance;
use crate::archive::meter::Meter;
use crate::archive::stream::{Trouble, refusal_of, refused, stalled};
use crate::format::Compression;
use crate::pipeline::context::Stop;
use crate::reject::{Reason, Refusal};

/// How much travels at once between decoding and reading, and how many pieces may wait.
const PIECE: usize = 256 << 10;
const PIECES: usize = 8;
/// How often it is looked whether the run is to stop.
const TICK: Duration = Duration::from_millis(100);
/// Input that no decoder needs to yield its next byte: a block of bzip2 or LZ4 and much more. Who sends less than that and
/// sends on is slow, not stalled.
const SWALLOWED: u64 = 16 << 20;

/// Decodes `input`, whose bytes are counted by `meter` on both sides.
pub(super) fn decode(
    runtime: &Handle,
    stop: &Arc<Stop>,
    limits: &Limits,
    meter: Arc<Meter>,
    compression: Compression,
    input: impl AsyncRead + Unpin + Send + 'static,
) -> Decoded {
    let (sender, receiver) = channel(PIECES);
    let arrived = Arc::new(AtomicU64::new(0));
    let watched = Watched { input, arrived: Arc::clone(&arrived), meter: Arc::clone(&meter) };
    let bytes = BufReader::with_capacity(PIECE, watched);
    let allowance = Allowance::new(limits).with_meter(meter);
    let pump = Pump { compression, sender, stop: Arc::clone(stop), arrived, allowance };
    runtime.spawn(pump.run(bytes, limits.decoder_memory));
    Decoded { receiver, stop: Arc::clone(stop), piece: Vec::new(), position: 0, over: false }
}

/// Counts what arrives.
struct Watched<R> {
    input: R,
    arrived: Arc<AtomicU64>,
    meter: Arc<Meter>,
}

impl<R: AsyncRead + Unpin> AsyncRead for Watched<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let before = to.filled().len();
        let result = ready!(Pin::new(&mut self.input).poll_read(context, to));
        let more = to.filled().len().saturating_sub(before) as u64;
        self.arrived.fetch_add(more, Relaxed);
        self.meter.add_input(more);
        Poll::Ready(result)
    }
}

/// Why no more is decoded.
enum Halt {
    /// The run is to stop, or nobody reads any more.
    Asked,
    Refused(Refusal),
}

impl From<Refusal> for Halt {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// Hands decoded pieces over.
struct Pump {
    compression: Compression,
    /// An empty piece is the end.
    sender: Sender<Result<Vec<u8>, Refusal>>,
    stop: Arc<Stop>,
    arrived: Arc<AtomicU64>,
    allowance: Allowance,
}

impl Pump {
    async fn run(mut self, bytes: impl AsyncBufRead + Unpin, memory: u64) {
        let result = self.decode(bytes, memory).await;
        let last = match result {
            Ok(()) => Ok(Vec::new()),
            Err(Halt::Refused(refusal)) => Err(refusal),
            Err(Halt::Asked) => return,
        };
        let _ = self.sender.send(last).await;
    }

    async fn decode(&mut self, mut bytes: impl AsyncBufRead + Unpin, memory: u64) -> Result<(), Halt> {
        macro_rules! all_members {
            ($decoder:expr) => {{
                let mut decoder = $decoder;
                decoder.multiple_members(true);
                self.pump(&mut decoder).await
            }};
        }
        match self.compression {
            Compression::None => self.pump(&mut bytes).await,
            Compression::Gzip => all_members!(GzipDecoder::new(bytes)),
            Compression::Bzip2 => all_members!(BzDecoder::new(bytes)),
            Compression::Xz => all_members!(XzDecoder::with_mem_limit(bytes, memory.max(1))),
            Compression::Zstandard => {
                // The range that the format allows.
                let window = memory.max(1).ilog2().clamp(10, 31);
                let window = async_compression::zstd::DParameter::window_log_max(window);
                all_members!(ZstdDecoder::with_params(bytes, &[window]))
            }
            Compression::Lz4 => all_members!(Lz4Decoder::new(bytes)),
            Compression::Lzma => {
                let mut decoder = LzmaDecoder::with_mem_limit(bytes, memory.max(1));
                self.pump(&mut decoder).await?;
                self.expect_zeros(decoder.get_mut()).await
            }
        }
    }

    /// Sends decoded pieces until the end.
    async fn pump(&mut self, decoder: &mut (impl AsyncRead + Unpin)) -> Result<(), Halt> {
        loop {
            let mut piece = Vec::with_capacity(PIECE);
            let result = self.fill(decoder, &mut piece).await;
            let over = piece.len() < PIECE;
            if !piece.is_empty() && self.sender.send(Ok(piece)).await.is_err() {
                return Err(Halt::Asked);
            }
            result?;
            if over {
                return Ok(());
            }
        }
    }

    /// Decodes until the piece is full, or to the end.
    async fn fill(
        &mut self,
        decoder: &mut (impl AsyncRead + Unpin),
        piece: &mut Vec<u8>,
    ) -> Result<(), Halt> {
        while piece.len() < PIECE {
            let decoded = match self.patiently(decoder.read_buf(piece)).await? {
                Ok(decoded) => decoded,
                Err(error) => match self.explain(&error) {
                    Some(refusal) => return Err(refusal.into()),
                    None => 0,
                },
            };
            if decoded == 0 {
                break;
            }
            if self.compression != Compression::None {
                self.allowance.count(self.arrived.load(Relaxed), decoded as u64)?;
            }
        }
        Ok(())
    }

    /// Nothing but zeros may follow the end of what is compressed.
    async fn expect_zeros(&self, bytes: &mut (impl AsyncBufRead + Unpin)) -> Result<(), Halt> {
        let only_zeros = async {
            loop {
                let rest = bytes.fill_buf().await?;
                if rest.is_empty() || rest.iter().any(|byte| *byte != 0) {
                    return std::io::Result::Ok(rest.is_empty());
                }
                let length = rest.len();
                bytes.consume(length);
            }
        };
        match self.patiently(only_zeros).await? {
            Ok(true) => Ok(()),
            Ok(false) => Err(self.refuse(&Trouble::Damaged("something else follows it".to_owned())).into()),
            Err(error) => Err(refusal_of(&error).into()),
        }
    }

    /// The result of `work`, which ends with the next decoded byte or without any; or why it is not waited for any longer.
    async fn patiently<T>(&self, work: impl Future<Output = T>) -> Result<T, Halt> {
        let stall = self.allowance.limits().stall;
        let tick = TICK.min(stall.max(Duration::from_millis(1)));
        let (begun, first) = (Instant::now(), self.arrived.load(Relaxed));
        let (mut moved, mut last) = (begun, first);
        tokio::pin!(work);
        loop {
            if let Ok(result) = tokio::time::timeout(tick, &mut work).await {
                return Ok(result);
            }
            if self.stop.is_asked() {
                return Err(Halt::Asked);
            }
            let arrived = self.arrived.load(Relaxed);
            if arrived != last {
                (moved, last) = (Instant::now(), arrived);
            }
            let swallows = arrived - first > SWALLOWED && begun.elapsed() > stall;
            if swallows || moved.elapsed() > stall {
                return Err(stalled(self.allowance.limits()).into());
            }
        }
    }

    /// What an error of the decoder stands for; none if it means no more than that something else follows the last member.
    fn explain(&self, error: &std::io::Error) -> Option<Refusal> {
        if self.compression == Compression::None || error.raw_os_error().is_some() {
            return Some(refusal_of(error));
        }
        let trouble = match self.compression {
            // The first member's header was recognised, so it is that of a later one.
            Compression::Gzip if error.to_string() == "Invalid gzip header" => return None,
            Compression::Bzip2 if is_no_stream(error) => return None,
            // liblzma says in this way that it has nothing to go on with.
            Compression::Xz | Compression::Lzma if error.kind() == std::io::ErrorKind::OutOfMemory => {
                Trouble::Truncated
            }
            _ => Trouble::of(error),
        };
        Some(self.refuse(&trouble))
    }

    fn refuse(&self, trouble: &Trouble) -> Refusal {
        trouble.refusal(self.allowance.decoded(), self.allowance.limits())
    }
}

/// Whether a bzip2 stream was expected and something else is there.
fn is_no_stream(error: &std::io::Error) -> bool {
    let error = error.get_ref().and_then(|inner| inner.downcast_ref::<bzip2::Error>());
    matches!(error, Some(bzip2::Error::DataMagic))
}

/// Decoded bytes, as they arrive.
#[derive(Debug)]
pub(super) struct Decoded {
    receiver: Receiver<Result<Vec<u8>, Refusal>>,
    stop: Arc<Stop>,
    piece: Vec<u8>,
    position: usize,
    over: bool,
}

impl Decoded {
    fn receive(&mut self) -> std::io::Result<()> {
        match self.receiver.blocking_recv() {
            Some(piece) => {
                self.piece = piece.map_err(refused)?;
                self.position = 0;
                self.over = self.piece.is_empty();
                Ok(())
            }
            None if self.stop.is_asked() => {
                self.over = true;
                Ok(())
            }
            None => {
                let detail = "decoding it ended unexpectedly; what came before was kept";
                Err(refused(Refusal::new(Reason::ReaderPanicked, detail)))
            }
        }
    }
}

impl Read for Decoded {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.position >= self.piece.len() && !self.over {
            self.receive()?;
        }
        let rest = self.piece.get(self.position..).unwrap_or_default();
        let length = rest.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..length), rest.get(..length)) {
            to.copy_from_slice(from);
        }
        self.position += length;
        Ok(length)
    }
}

#[cfg(test)]
mod tests;
