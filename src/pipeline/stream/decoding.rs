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
mod tests {
    use super::*;
    use crate::archive::stream::tests::{ENCODERS, decode as decode_file, noise};

    struct Setting {
        runtime: tokio::runtime::Runtime,
        limits: Limits,
        meter: Arc<Meter>,
    }

    impl Setting {
        fn new(limits: Limits) -> Self {
            let runtime =
                tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
            let meter = Arc::new(Meter::new(&limits, 0));
            Self { runtime, limits, meter }
        }

        fn decode(
            &self,
            compression: Compression,
            input: impl AsyncRead + Unpin + Send + 'static,
        ) -> (Vec<u8>, Option<Reason>) {
            let (stop, meter) = (Arc::new(Stop::default()), Arc::clone(&self.meter));
            let mut decoded = decode(self.runtime.handle(), &stop, &self.limits, meter, compression, input);
            let mut out = Vec::new();
            let result = decoded.read_to_end(&mut out);
            (out, result.err().map(|error| refusal_of(&error).reason))
        }
    }

    /// What is sent for a while, over and over again, with a pause now and then.
    struct Endless {
        bytes: Vec<u8>,
        position: usize,
        pause: bool,
    }

    impl AsyncRead for Endless {
        fn poll_read(
            mut self: Pin<&mut Self>,
            context: &mut std::task::Context<'_>,
            to: &mut ReadBuf<'_>,
        ) -> Poll<std::io::Result<()>> {
            self.pause = !self.pause;
            if self.pause {
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            while to.remaining() > 0 {
                let at = self.position % self.bytes.len();
                let length = to.remaining().min(self.bytes.len() - at);
                to.put_slice(&self.bytes[at..at + length]);
                self.position += length;
            }
            Poll::Ready(Ok(()))
        }
    }

    /// Nothing, for ever.
    struct Silent;

    impl AsyncRead for Silent {
        fn poll_read(
            self: Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
            _: &mut ReadBuf<'_>,
        ) -> Poll<std::io::Result<()>> {
            Poll::Pending
        }
    }

    #[test]
    fn standard_input_is_decoded_as_a_file_is() {
        let setting = Setting::new(Limits::default());
        let content = noise(700_000);
        let zeros = [0; 512];
        for (compression, encode) in ENCODERS {
            let whole = encode(&content);
            let read = whole.len() as u64;
            let before = setting.meter.output();
            let decoded = setting.decode(compression, std::io::Cursor::new(whole.clone()));
            assert!(decoded == (content.clone(), None), "{compression:?}: {:?}", decoded.1);
            assert_eq!(setting.meter.output() - before, content.len() as u64, "of {read}");
            let mut flipped = whole.clone();
            let middle = flipped.len() / 2;
            flipped[middle] ^= 0x55;
            let mut inputs = vec![
                ("cut", whole[..whole.len() * 2 / 3].to_vec()),
                ("cut at its end", whole[..whole.len() - 1].to_vec()),
                ("cut at its start", whole[..7].to_vec()),
                ("damaged", flipped),
                ("followed by letters", [&whole, &b"letters and more"[..]].concat()),
            ];
            if compression != Compression::Lzma {
                inputs.push(("twice", [whole.clone(), encode(b""), whole.clone()].concat()));
            }
            // As Zstandard and LZ4 have it, zeros are damage like anything else.
            inputs.push(("followed by zeros", [&whole, &zeros[..]].concat()));
            for (what, bytes) in inputs {
                let expected = decode_file(compression, &bytes, &setting.limits);
                let (out, reason) = setting.decode(compression, std::io::Cursor::new(bytes));
                assert_eq!(reason, expected.1, "{compression:?} {what}");
                assert!(expected.0.starts_with(&out), "{compression:?} {what}");
                assert!(out.len() + PIECE > expected.0.len(), "{compression:?} {what}");
            }
        }
        let plain = setting.decode(Compression::None, std::io::Cursor::new(content.clone()));
        assert!(plain == (content, None));
    }

    #[test]
    fn the_limits_stop_a_bomb() {
        for (compression, encode) in ENCODERS {
            let bytes = encode(&vec![0; 1 << 20]);
            // lz4 reaches no more than 255 to 1.
            let setting = Setting::new(Limits { ratio: 20, ..Limits::default() });
            let endless = Endless { bytes: bytes.clone(), position: 0, pause: false };
            let (out, reason) = match compression {
                Compression::Lzma => {
                    setting.decode(compression, std::io::Cursor::new(encode(&vec![0; 8 << 20])))
                }
                _ => setting.decode(compression, endless),
            };
            // What was read ahead counts as input.
            assert_eq!(reason, Some(Reason::LimitRatio), "{compression:?}");
            assert!(out.len() < 40 << 20, "{compression:?}: {} bytes came out", out.len());

            let setting = Setting::new(Limits {
                output_grace: 1 << 20,
                output_ratio: 2,
                ratio: 1 << 40,
                ..Limits::default()
            });
            let (_, reason) = setting.decode(compression, std::io::Cursor::new(encode(&vec![0; 4 << 20])));
            assert_eq!(reason, Some(Reason::LimitOutput), "{compression:?}");
        }
    }

    #[test]
    fn a_giant_window_is_refused() {
        let setting = Setting::new(Limits { decoder_memory: 1 << 18, ..Limits::default() });
        for (compression, encode) in ENCODERS {
            if matches!(compression, Compression::Xz | Compression::Lzma | Compression::Zstandard) {
                let bytes = encode(&noise(1 << 20));
                let decoded = setting.decode(compression, std::io::Cursor::new(bytes));
                assert_eq!(decoded, (vec![], Some(Reason::LimitDecoderMemory)), "{compression:?}");
            }
        }
    }

    #[test]
    fn who_sends_nothing_or_nothing_of_use_stalls() {
        let setting = Setting::new(Limits { stall: Duration::from_millis(50), ..Limits::default() });
        let skipped = b"\x53\x2a\x4d\x18\x05\0\0\0skip!".to_vec();
        for (compression, encode) in ENCODERS {
            let begun = encode(&noise(300_000));
            let half = std::io::Cursor::new(begun[..begun.len() / 2].to_vec());
            let silent = setting.decode(compression, AsyncReadExt::chain(half, Silent));
            assert_eq!(silent.1, Some(Reason::LimitStall), "{compression:?}");
            let bytes = match compression {
                Compression::Zstandard => skipped.clone(),
                Compression::Lzma => vec![0; 100],
                _ => encode(b""),
            };
            let endless = Endless { bytes, position: 0, pause: false };
            let (out, reason) =
                setting.decode(compression, AsyncReadExt::chain(std::io::Cursor::new(begun), endless));
            assert_eq!((out.len(), reason), (300_000, Some(Reason::LimitStall)), "{compression:?}");
        }
        let silent = setting.decode(Compression::None, AsyncReadExt::chain(&b"x"[..], Silent));
        assert_eq!(silent, (b"x".to_vec(), Some(Reason::LimitStall)));
    }

    #[test]
    fn an_error_of_the_pipe_is_told_from_damage() {
        struct Broken;
        impl AsyncRead for Broken {
            fn poll_read(
                self: Pin<&mut Self>,
                _: &mut std::task::Context<'_>,
                _: &mut ReadBuf<'_>,
            ) -> Poll<std::io::Result<()>> {
                Poll::Ready(Err(std::io::Error::from_raw_os_error(libc::EIO)))
            }
        }
        let setting = Setting::new(Limits::default());
        for (compression, encode) in ENCODERS {
            let begun = encode(&noise(300_000));
            let half = std::io::Cursor::new(begun[..begun.len() / 2].to_vec());
            let broken = setting.decode(compression, AsyncReadExt::chain(half, Broken));
            assert_eq!(broken.1, Some(Reason::IoError), "{compression:?}");
        }
    }

    #[test]
    fn a_stopped_run_waits_for_nothing() {
        let setting = Setting::new(Limits::default());
        let stop = Arc::new(Stop::default());
        let (meter, handle) = (Arc::clone(&setting.meter), setting.runtime.handle());
        let mut decoded = decode(handle, &stop, &setting.limits, meter, Compression::Gzip, Silent);
        stop.ask();
        assert_eq!(decoded.read(&mut [0; 9]).unwrap(), 0);
    }
}
