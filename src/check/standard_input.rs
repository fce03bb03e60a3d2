//! Standard input in a check: what can be read from front to back is decoded as it comes; an archive whose directory is at
//! its end is held in memory first, up to the limit of nested archives.

use std::io::{Cursor, Read};
use std::sync::Arc;

use super::reading::Reader;
use crate::archive::meter::Meter;
use crate::archive::probe::look_inside;
use crate::archive::stream::Decoder;
use crate::archive::traverse::{Bytes, Numbers, Spot, Visitor as _};
use crate::format::{Compression, Container, Format};
use crate::reject::{Reason, Refusal};

/// What it is recognised by.
const PREFIX: u64 = 1 << 20;

/// What it is called: there is no path.
const NAME: &str = "standard input";

/// Reads it to its end.
pub(super) fn read(reader: &mut Reader<'_>) {
    reader.begin_source("-".to_owned(), 0);
    let mut input = std::io::stdin();
    let mut prefix = Vec::new();
    if let Err(error) = (&mut input).take(PREFIX).read_to_end(&mut prefix) {
        return reader.refuse_source(unreadable(&error));
    }
    match look_inside(Format::recognise(&prefix, ""), &prefix) {
        Format::Container(container @ (Container::Tar(_) | Container::Single(_))) => {
            decode(reader, container, Cursor::new(prefix).chain(input));
        }
        Format::Container(container) => {
            let limit = reader.settings.limits.nested_size;
            let mut bytes = prefix;
            let room = limit.saturating_add(1).saturating_sub(bytes.len() as u64);
            if let Err(error) = input.take(room).read_to_end(&mut bytes) {
                return reader.refuse_source(unreadable(&error));
            }
            if bytes.len() as u64 > limit {
                let detail = format!(
                    "a {} on standard input is held in memory, up to {limit} bytes; save it and check the file",
                    container.name()
                );
                return reader.refuse_source(Refusal::new(Reason::LimitNestedSize, detail));
            }
            let spot = Spot { held: bytes.len() as u64, ..Spot::default() };
            reader.begin_source("-".to_owned(), spot.held);
            let bytes = Bytes::new(Arc::new(bytes));
            reader.traverse(|traversal| {
                traversal.read(container, &bytes, NAME.as_bytes(), &spot, &mut Numbers::outer())
            });
        }
        Format::Midi | Format::Other => {
            decode(reader, Container::Single(Compression::None), Cursor::new(prefix).chain(input));
        }
        Format::Unsupported(kind) => reader.refuse_source(Format::unsupported(kind)),
    }
}

fn decode(reader: &mut Reader<'_>, container: Container, input: impl Read) {
    let meter = reader.meter();
    let input = Metered { input, meter: Arc::clone(&meter) };
    match Decoder::new(container.compression(), input, &reader.settings.limits) {
        Ok(decoder) => reader.traverse(|traversal| {
            let decoder = decoder.with_meter(meter);
            let mut numbers = Numbers::outer();
            traversal.read_decoded(container, decoder, NAME.as_bytes(), &Spot::default(), &mut numbers)
        }),
        Err(refusal) => reader.refuse_source(refusal),
    }
}

fn unreadable(error: &std::io::Error) -> Refusal {
    Refusal::new(Reason::IoError, format!("standard input could not be read: {error}"))
}

/// Tells the meter what arrives: nothing else says how long a stream is.
struct Metered<R> {
    input: R,
    meter: Arc<Meter>,
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
        let length = self.input.read(to)?;
        self.meter.add_input(length as u64);
        Ok(length)
    }
}
