//! An archive on disk whose directory tells which parts can be decoded apart (7z by block, RAR, LZH): each part becomes a
//! job of its own.
//!
//! Decoding such parts takes long and memory of its own, so it is for reader threads; tasks get what comes out.

use std::sync::Arc;

use super::context::Context;
use super::queue::Lane;
use super::reader::{Job, refuse_reading, shrunk};
use super::reading::Share;
use super::sequential::read_in_order;
use crate::archive::directory::Directory;
use crate::archive::open::open_directory;
use crate::archive::traverse::{Numbers, Spot, Stopped};
use crate::entry::NameDecoder;
use crate::format::Container;
use crate::mapping::Input;
use crate::progress::add;

/// An archive whose directory has been read.
#[derive(Debug)]
pub(super) struct OpenDirectory {
    share: Share,
    input: Arc<Input>,
    directory: Box<dyn Directory>,
    names: NameDecoder,
}

impl OpenDirectory {
    /// Reads the directory and hands out all parts.
    pub(super) fn read(
        context: &Arc<Context>,
        share: &Share,
        input: &Arc<Input>,
        container: Container,
    ) -> Result<(), Stopped> {
        let directory = open_directory(container, input.as_slice(), &context.limits)?;
        add(&context.counters.links, directory.skipped().missed());
        let (names, refusal) = (directory.name_decoder(), directory.refusal().cloned());
        let parts: Vec<u64> = directory.parts().iter().map(|part| container.cost(part.packed)).collect();
        let open = Arc::new(Self { share: share.another(), input: Arc::clone(input), directory, names });
        for (part, cost) in parts.into_iter().enumerate() {
            context.queue.push_next(
                Lane::Outer,
                cost,
                Job::Part(Arc::clone(&open), open.share.another(), part),
            );
        }
        open.release(context);
        refusal.map_or(Ok(()), |refusal| Err(refusal.into()))
    }

    /// Gives up the archive; whoever is last has its share back. Each job has a share of its own beside it: one that is never
    /// begun does not finish that, so the source stays unfinished.
    fn release(self: Arc<Self>, context: &Arc<Context>) {
        if let Some(open) = Arc::into_inner(self) {
            if !open.input.is_intact() {
                refuse_reading(context, open.share.reading(), shrunk(), true);
            }
            open.share.finish(context);
        }
    }
}

/// Reads one part, on this thread.
pub(super) fn read_part(context: &Arc<Context>, open: Arc<OpenDirectory>, share: Share, part: usize) {
    let first = open.directory.parts().get(part).map_or(0, |part| part.first);
    let read = read_in_order(context, share, |traversal| {
        let (spot, mut numbers) = (Spot::default(), Numbers::outer_from(first));
        traversal.read_part(&*open.directory, &open.names, open.input.as_slice(), part, &spot, &mut numbers)
    });
    if let Err(Stopped::Refused(refusal)) = read {
        refuse_reading(context, open.share.reading(), refusal, false);
    }
    open.release(context);
}
