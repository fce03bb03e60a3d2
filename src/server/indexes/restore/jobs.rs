//! Work that several connections share.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use crate::server::indexes::Result;

/// Work that several connections take from, in order, until it is done or one of them fails.
pub(super) struct Jobs<'a, T>(Mutex<VecDeque<&'a T>>);

impl<'a, T> Jobs<'a, T> {
    pub(super) fn new(all: &'a [T]) -> Self {
        Self(Mutex::new(all.iter().collect()))
    }

    pub(super) fn take(&self) -> Option<&'a T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }

    /// Takes the rest away, so that the others stop after what they are at.
    pub(super) fn cancel(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// The results of all connections in one list, or the first error.
pub(super) fn gather<T>(results: Vec<Result<Vec<T>>>) -> Result<Vec<T>> {
    let mut all = Vec::new();
    for result in results {
        all.extend(result?);
    }
    Ok(all)
}
