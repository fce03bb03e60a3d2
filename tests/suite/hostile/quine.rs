//! A zip that contains itself, and that again, without end (after Russ Cox, "Zip Files All The Way Down").
//!
//! Deflate copies what it has written. With two operations of five bytes each, `print` (a stored block's header) and
//! `repeat` (a block that copies), a stream can be written that inflates to itself between a head and a tail; the rest is to
//! find lengths for which `repeat` takes just five bytes, and a checksum that is the checksum of what holds it.

use super::forge::ZipMember;
use super::{Case, run};

/// The name's length makes the head 60 bytes long, of which 65 can be repeated in 20 bits.
const NAME: &[u8] = b"itself/and/itself/and/more.zip";
const HEAD: usize = 60;
/// The tail with its comment of one byte.
const TAIL: usize = 46 + NAME.len() + 22 + 1;

#[tokio::test]
async fn a_zip_that_contains_itself() {
    let quine = quine();
    let mut content = Vec::new();
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(&quine)).unwrap();
    std::io::copy(&mut archive.by_index(0).unwrap(), &mut content).unwrap();
    assert_eq!(content, quine, "it is not what it contains");

    let name = std::str::from_utf8(NAME).unwrap();
    let at_depth = |depth: usize| vec![name; depth].join("!/");
    run(vec![
        Case::new("r.zip", quine.clone()).refuses([(at_depth(5), "limit_depth")]),
        Case::new("r-2.zip", quine.clone())
            .with(&["--max-depth", "2"])
            .refuses([(at_depth(3), "limit_depth")]),
        Case::new("r-0.zip", quine).with(&["--max-depth", "0"]).refuses([(at_depth(1), "limit_depth")]),
    ])
    .await;
}

/// Prints the next `bytes`, that is: the header of a stored block.
fn print(bytes: usize) -> Vec<u8> {
    let length = u16::try_from(bytes).unwrap();
    [&[0][..], &length.to_le_bytes(), &(!length).to_le_bytes()].concat()
}

/// Repeats what was printed last.
#[derive(Clone, Copy)]
enum Repeat {
    /// Twenty bytes, as two copies of ten.
    Twenty,
    /// The head and a header: 65 bytes.
    Head,
    /// Itself and the tail, 104 bytes: a copy of 103 and the comment's byte as a literal. Ends the stream.
    Tail,
}

/// Bits in the order of deflate: the first is the lowest bit of the first byte.
#[derive(Default)]
struct Bits(Vec<bool>);

impl Bits {
    /// A number, lowest bit first.
    fn number(&mut self, value: u32, width: u32) {
        self.0.extend((0..width).map(|bit| value >> bit & 1 == 1));
    }

    /// A code, highest bit first.
    fn code(&mut self, value: u32, width: u32) {
        self.0.extend((0..width).rev().map(|bit| value >> bit & 1 == 1));
    }

    fn bytes(&self) -> Vec<u8> {
        assert_eq!(self.0.len(), 40);
        self.0.chunks(8).map(|byte| byte.iter().rev().fold(0, |sum, bit| sum << 1 | u8::from(*bit))).collect()
    }
}

impl Repeat {
    /// Five bytes: a block with the fixed codes (RFC 1951 3.2.6).
    fn bytes(self) -> Vec<u8> {
        let mut bits = Bits::default();
        bits.number(u32::from(matches!(self, Self::Tail)), 1);
        bits.number(1, 2);
        match self {
            Self::Twenty => {
                for _ in 0..2 {
                    // Length 10 is symbol 264; distance 20 is the code of 17 to 24.
                    bits.code(264 - 256, 7);
                    bits.code(8, 5);
                    bits.number(20 - 17, 3);
                }
            }
            Self::Head => {
                // Length 65 lies in 59 to 66, distance 65 in 65 to 96.
                bits.code(276 - 256, 7);
                bits.number(65 - 59, 3);
                bits.code(12, 5);
                bits.number(0, 5);
            }
            Self::Tail => {
                // Length 103 lies in 99 to 114, distance 104 in 97 to 128.
                bits.code(279 - 256, 7);
                bits.number(103 - 99, 4);
                bits.code(13, 5);
                bits.number(104 - 97, 5);
                // The literal 255.
                bits.code(0b1_1111_1111, 9);
            }
        }
        bits.code(0, 7);
        if matches!(self, Self::Head) {
            // A block of nothing fills it up.
            bits.number(0, 1);
            bits.number(1, 2);
            bits.code(0, 7);
        }
        bits.bytes()
    }
}

fn with_checksum(crc: u32, length: usize) -> Vec<u8> {
    let member = ZipMember {
        name: NAME.to_vec(),
        method: 8,
        crc,
        compressed: (length - HEAD - TAIL) as u64,
        uncompressed: length as u64,
        ..ZipMember::default()
    };
    let head = member.local_header();
    let mut tail = member.record(0);
    let start = u32::try_from(length - TAIL).unwrap();
    let size = u32::try_from(tail.len()).unwrap();
    tail.extend(b"PK\x05\x06\0\0\0\0\x01\0\x01\0");
    tail.extend(size.to_le_bytes());
    tail.extend(start.to_le_bytes());
    tail.extend([1, 0, 0xff]);
    assert_eq!((head.len(), tail.len()), (HEAD, TAIL));
    let [twenty, of_head, of_tail] = [Repeat::Twenty, Repeat::Head, Repeat::Tail].map(Repeat::bytes);
    let (print_head, print_tail) = (print(HEAD + 5), print(TAIL + 5));
    let (none, one, four) = (print(0), print(5), print(20));
    [
        &head[..],
        // Prints the head and this header; then once more.
        &print_head,
        &head,
        &print_head,
        &of_head,
        &one,
        &of_head,
        &one,
        &one,
        &four,
        &of_head,
        &one,
        &one,
        &four,
        &twenty,
        &four,
        &twenty,
        &four,
        &twenty,
        &four,
        &twenty,
        &four,
        &twenty,
        &none,
        &none,
        &print_tail,
        &twenty,
        &none,
        &none,
        &print_tail,
        &of_tail,
        &tail,
        &of_tail,
        &tail,
    ]
    .concat()
}

/// The zip. A checksum is affine in each bit of what it is made of, so the one that the zip has to hold solves a system of 32
/// equations.
fn quine() -> Vec<u8> {
    let length = with_checksum(0, 1_000).len();
    let of = |crc: u32| libdeflater::crc32(&with_checksum(crc, length));
    let constant = of(0);
    // Row by row: which bits of the checksum that it holds change a bit of the one that it has.
    let mut rows: Vec<(u32, bool)> = (0..32)
        .map(|row| {
            let mut bits = 1_u32 << row;
            for column in 0..32 {
                bits ^= ((of(1 << column) ^ constant) >> row & 1) << column;
            }
            (bits, constant >> row & 1 == 1)
        })
        .collect();
    let mut pivots = Vec::new();
    for column in 0..32 {
        let done = pivots.len();
        let Some(pivot) = (done..32).find(|row| rows[*row].0 >> column & 1 == 1) else { continue };
        rows.swap(done, pivot);
        let (bits, value) = rows[done];
        for (index, row) in rows.iter_mut().enumerate() {
            if index != done && row.0 >> column & 1 == 1 {
                *row = (row.0 ^ bits, row.1 ^ value);
            }
        }
        pivots.push(column);
    }
    assert!(rows[pivots.len()..].iter().all(|(_, value)| !value), "no checksum fits: change a byte");
    let crc = pivots.iter().zip(&rows).fold(0, |crc, (column, (_, value))| crc | u32::from(*value) << column);
    let zip = with_checksum(crc, length);
    assert_eq!(libdeflater::crc32(&zip), crc);
    zip
}
