//! Batches, and what is done about those that are refused: halves of halves, down to the row that is to blame.

use std::ops::Range;
use std::time::Duration;

use super::operation::{Applied, Operation};
use super::{CatalogSettings, Outcome, RefusedRow};
use crate::error::Result;
use crate::sink::{PostgresSink, SinkError, SinkErrorKind};
use crate::writer::{BatchLimits, recover, run_error};

/// Applies an operation to all rows.
pub(super) async fn apply<O: Operation>(
    sink: &mut PostgresSink,
    operation: &O,
    rows: Vec<O::Row>,
    settings: &CatalogSettings,
) -> Result<Outcome> {
    let mut sorted: Vec<(usize, O::Row)> = rows.into_iter().enumerate().collect();
    sorted.sort_by_key(|(_, row)| O::rank(row));
    let (positions, rows): (Vec<_>, Vec<_>) = sorted.into_iter().unzip();
    // What is still to be applied, the next piece last.
    let mut pieces = cut::<O>(&rows, settings.batch);
    pieces.reverse();
    let mut outcome = Outcome::default();
    while let Some(piece) = pieces.pop() {
        let batch = rows.get(piece.clone()).unwrap_or_default();
        let positions = positions.get(piece.clone()).unwrap_or_default();
        match attempt(sink, operation, batch, settings.retry_pauses).await {
            Ok(applied) => note::<O>(&mut outcome, batch, positions, &applied),
            Err(error) if !is_refusal(&error) => return Err(run_error(error)),
            Err(_) if batch.len() > 1 => {
                let middle = piece.start + batch.len() / 2;
                pieces.push(middle..piece.end);
                pieces.push(piece.start..middle);
            }
            Err(error) => outcome.refused.extend(positions.iter().map(|position| RefusedRow {
                position: *position,
                sqlstate: error.sqlstate.clone(),
                message: error.message.clone(),
            })),
        }
    }
    outcome.missing.sort_unstable();
    outcome.refused.sort_unstable_by_key(|row| row.position);
    Ok(outcome)
}

/// Whether a row of the batch is to blame. A conflict that merging did not settle is another unique index of the user's.
fn is_refusal(error: &SinkError) -> bool {
    matches!(error.kind, SinkErrorKind::Refused | SinkErrorKind::Conflict)
}

/// One application, with its retries.
async fn attempt<O: Operation>(
    sink: &mut PostgresSink,
    operation: &O,
    batch: &[O::Row],
    pauses: &[Duration],
) -> std::result::Result<Applied, SinkError> {
    let mut pauses = pauses.iter();
    loop {
        match operation.apply(sink, batch).await {
            Err(error) if error.kind == SinkErrorKind::Transient => {
                recover(sink, &mut pauses, error).await?;
            }
            result => return result,
        }
    }
}

/// Where batches end.
fn cut<O: Operation>(rows: &[O::Row], limits: BatchLimits) -> Vec<Range<usize>> {
    let (mut pieces, mut start, mut weight) = (Vec::new(), 0, 0);
    for (position, row) in rows.iter().enumerate() {
        if position > start && (position - start >= limits.items || weight >= limits.bytes) {
            pieces.push(start..position);
            (start, weight) = (position, 0);
        }
        weight += O::weight(row);
    }
    if start < rows.len() {
        pieces.push(start..rows.len());
    }
    pieces
}

fn note<O: Operation>(outcome: &mut Outcome, batch: &[O::Row], positions: &[usize], applied: &Applied) {
    outcome.inserted += applied.inserted;
    for (row, position) in batch.iter().zip(positions) {
        let (id, _) = O::rank(row);
        if applied.missing.contains(&id) {
            outcome.missing.push(*position);
        } else if applied.collided.contains(&id) {
            let message =
                "another content in the library has the same 63-bit id; the two cannot both be stored";
            outcome.refused.push(RefusedRow {
                position: *position,
                sqlstate: None,
                message: message.to_owned(),
            });
        } else {
            outcome.applied += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::operation::Remove;

    #[test]
    fn batches_end_where_they_are_full() {
        let cut = |rows, items, bytes| cut::<Remove>(&vec![1; rows], BatchLimits { items, bytes });
        assert!(cut(0, 3, 1_000).is_empty());
        assert_eq!(cut(3, 3, 1_000), vec![std::ops::Range { start: 0, end: 3 }]);
        assert_eq!(cut(7, 3, 1_000), [0..3, 3..6, 6..7]);
        assert_eq!(cut(5, 3, 16), [0..2, 2..4, 4..5]);
        assert_eq!(cut(2, 3, 0), [0..1, 1..2], "one row is always taken");
    }
}
