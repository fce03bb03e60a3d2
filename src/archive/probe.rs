//! Looks into a file to tell what it is where its first bytes do not: what is compressed may be a tar or one file, and a
//! program may carry an archive behind it.
//!
//! Decodes at most the first kilobyte; refuses nothing, for what cannot be decoded is found out when it is read.

use std::io::Read;

use super::limits::Limits;
use super::lzh::LzhDirectory;
use super::stream::Decoder;
use super::zip;
use crate::format::{Compression, Container, Format, HEAD, is_program};

/// What a recognised file turns out to be. `bytes` is the whole file, or all of it that is at hand.
#[must_use]
pub fn look_inside(format: Format, bytes: &[u8]) -> Format {
    let Format::Container(container) = format else { return format };
    match container {
        Container::Zip if is_program(bytes) && !zip::has_directory(bytes) => behind_program(bytes),
        _ if container.compression() == Compression::None => format,
        _ => Format::Container(container.holding(&decoded_head(container.compression(), bytes))),
    }
}

/// What a self-extracting program without a zip's directory carries: a RAR within its first 2 MiB or an LZH within 64 KiB, as
/// their readers look for them, or a zip whose end is missing; else nothing that concerns this program.
fn behind_program(bytes: &[u8]) -> Format {
    const SIGNATURE: &[u8] = b"Rar!\x1a\x07";
    let start = bytes.get(..bytes.len().min(2 << 20)).unwrap_or_default();
    let limits = Limits::default();
    if cfg!(feature = "rar") && start.windows(SIGNATURE.len()).any(|window| window == SIGNATURE) {
        Format::Container(Container::Rar)
    } else if bytes.starts_with(b"MZ") && LzhDirectory::read(bytes, &limits).is_ok() {
        Format::Container(Container::Lzh)
    } else if zip::has_member(bytes) {
        Format::Container(Container::Zip)
    } else {
        Format::Other
    }
}

/// The first decoded bytes, as many as can be had up to [`HEAD`].
fn decoded_head(compression: Compression, bytes: &[u8]) -> Vec<u8> {
    let mut head = Vec::with_capacity(HEAD);
    if let Ok(decoder) = Decoder::new(compression, bytes, &Limits::default()) {
        let _ = decoder.take(HEAD as u64).read_to_end(&mut head);
    }
    head
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::stream::tests::ENCODERS;

    #[test]
    fn compressed_files_are_looked_into() {
        let mut tar = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_gnu();
        header.set_size(4);
        tar.append_data(&mut header, "a.mid", &b"MThd"[..]).unwrap();
        let tar = tar.into_inner().unwrap();
        let (single, tarball) = (Container::Single, Container::Tar);
        let mut cases = vec![
            (tarball(Compression::Gzip), b"\x1f\x8b\x08\0".to_vec(), tarball(Compression::Gzip)),
            (tarball(Compression::None), tar.clone(), tarball(Compression::None)),
            (Container::Zip, b"PK\x03\x04".to_vec(), Container::Zip),
        ];
        for (compression, encode) in ENCODERS {
            let cut = |mut bytes: Vec<u8>| {
                bytes.truncate(bytes.len() - 2);
                bytes
            };
            cases.extend([
                (single(compression), encode(&tar), tarball(compression)),
                (single(compression), encode(&tar.repeat(500)), tarball(compression)),
                (single(compression), cut(encode(&tar.repeat(500))), tarball(compression)),
                (tarball(compression), encode(b"MThd"), single(compression)),
                (single(compression), encode(b""), single(compression)),
                (tarball(compression), encode(b"")[..3].to_vec(), tarball(compression)),
            ]);
        }
        for (container, bytes, expected) in cases {
            let found = look_inside(Format::Container(container), &bytes);
            assert_eq!(found, Format::Container(expected), "{container:?}");
        }
        let program = b"MZ a program and nothing behind it";
        assert_eq!(look_inside(Format::Container(Container::Zip), program), Format::Other);
        let cut =
            [&program[..], b"PK\x03\x04\x14\0\0\0\x08\0", &[0; 16], b"\x05\0\0\0a.mid", b"\x03"].concat();
        assert_eq!(look_inside(Format::Container(Container::Zip), &cut), Format::Container(Container::Zip));
        if cfg!(feature = "rar") {
            let carrying = [&program[..], b"Rar!\x1a\x07\0"].concat();
            let found = look_inside(Format::Container(Container::Zip), &carrying);
            assert_eq!(found, Format::Container(Container::Rar));
        }
    }
}
