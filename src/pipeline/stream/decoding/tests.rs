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
            Compression::Lzma => setting.decode(compression, std::io::Cursor::new(encode(&vec![0; 8 << 20]))),
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
