//! The definition of a block: its coders and how their streams are connected.
//!
//! Reads and checks it; what a coder does is in [`super::method`]. Source: `7zFormat.txt`, "Folder".

use super::scan::{Scan, damaged};
use crate::reject::Refusal;

/// Most coders and most input streams of a block, as 7-Zip has it.
const MOST: u64 = 32;

/// A block's definition.
#[derive(Clone, Debug)]
pub(super) struct Folder<'h> {
    pub(super) coders: Vec<Coder<'h>>,
    /// Which input stream takes the output of which coder.
    pairs: Vec<(u64, u64)>,
    /// The input streams that are stored in the archive.
    packed: Vec<u64>,
}

/// A step of the decoding.
#[derive(Clone, Copy, Debug)]
pub(super) struct Coder<'h> {
    pub(super) method: &'h [u8],
    pub(super) properties: &'h [u8],
    inputs: u64,
}

impl<'h> Folder<'h> {
    pub(super) fn read(scan: &mut Scan<'h>) -> Result<Self, Refusal> {
        let count = scan.number()?;
        if count == 0 || count > MOST {
            return Err(damaged(&format!("a block has {count} coders, and 1 to {MOST} are possible")));
        }
        let mut coders = Vec::new();
        let mut inputs = 0_u64;
        for _ in 0..count {
            let coder = Coder::read(scan)?;
            inputs = inputs.saturating_add(coder.inputs);
            coders.push(coder);
        }
        if inputs > MOST || inputs < count {
            return Err(damaged(&format!(
                "the {count} coders of a block have {inputs} inputs, and {count} to {MOST} are possible"
            )));
        }
        let mut pairs: Vec<(u64, u64)> = Vec::new();
        for _ in 1..count {
            let (input, output) = (scan.number()?, scan.number()?);
            let used = pairs.iter().any(|pair| pair.0 == input || pair.1 == output);
            if used || input >= inputs || output >= count {
                return Err(damaged("the coders of a block are not connected one to one"));
            }
            pairs.push((input, output));
        }
        let mut packed = Vec::new();
        if inputs == count {
            packed.extend((0..inputs).find(|input| !pairs.iter().any(|pair| pair.0 == *input)));
        } else {
            for _ in count - 1..inputs {
                packed.push(scan.number()?);
            }
        }
        Ok(Self { coders, pairs, packed })
    }

    /// How many streams of it are stored in the archive.
    pub(super) const fn packed_streams(&self) -> u64 {
        self.packed.len() as u64
    }

    /// The coder whose output no other takes: the content is its.
    pub(super) fn last(&self) -> Option<usize> {
        (0..self.coders.len()).find(|coder| !self.pairs.iter().any(|pair| pair.1 == *coder as u64))
    }

    /// The coders in the order in which the data passes them; none if they form no simple row.
    pub(super) fn row(&self) -> Option<Vec<usize>> {
        if self.coders.iter().any(|coder| coder.inputs != 1) {
            return None;
        }
        let mut row = Vec::new();
        let mut next = self.packed.first().copied();
        while let Some(coder) = next {
            if row.len() == self.coders.len() {
                return None;
            }
            row.push(usize::try_from(coder).ok()?);
            next = self.pairs.iter().find(|pair| pair.1 == coder).map(|pair| pair.0);
        }
        (row.len() == self.coders.len()).then_some(row)
    }
}

impl<'h> Coder<'h> {
    fn read(scan: &mut Scan<'h>) -> Result<Self, Refusal> {
        let flags = scan.byte()?;
        if flags & 0xc0 != 0 {
            return Err(damaged("a coder has flags that are not known"));
        }
        let method = scan.take(u64::from(flags & 0x0f))?;
        let (inputs, outputs) = if flags & 0x10 == 0 { (1, 1) } else { (scan.number()?, scan.number()?) };
        if outputs != 1 {
            return Err(damaged(&format!("a coder has {outputs} outputs, and only one is possible")));
        }
        let length = if flags & 0x20 == 0 { 0 } else { scan.number()? };
        let properties = scan.take(length)?;
        Ok(Self { method, properties, inputs })
    }
}
