//! Finds members whose data overlap: the way to pack petabytes into one zip.
//!
//! Marks; refuses nothing itself. Of members that overlap, all are marked, because nothing tells which is the forged one.

use super::record::{Member, Trouble};

/// Marks every member that shares data with another.
pub(super) fn mark(members: &mut [Member]) {
    // Almost every archive has its data in the order of its directory, and nothing needs to be sorted.
    if members.windows(2).all(|pair| matches!(pair, [one, two] if end(one) <= two.data)) {
        return;
    }
    // The empty ones share nothing, and of those that are not there nothing is read.
    let is_there = |member: &Member| !matches!(member.trouble(), Some(Trouble::NoHeader | Trouble::Cut));
    let full = |member: &Member| member.compressed > 0 && is_there(member);
    let mut order: Vec<u32> =
        (0_u32..).zip(members.iter()).filter(|(_, member)| full(member)).map(|(index, _)| index).collect();
    let at = |members: &[Member], index: u32| {
        members
            .get(usize::try_from(index).unwrap_or(usize::MAX))
            .map_or((0, 0), |member| (member.data, end(member)))
    };
    order.sort_unstable_by_key(|index| at(members, *index));
    let mut reach = 0;
    let mut farthest = None;
    for index in order {
        let (start, end) = at(members, index);
        if start < reach {
            for overlapping in [Some(index), farthest].into_iter().flatten() {
                if let Some(member) = members.get_mut(usize::try_from(overlapping).unwrap_or(usize::MAX)) {
                    *member = member.troubled(Trouble::Overlap);
                }
            }
        }
        if end > reach {
            (reach, farthest) = (end, Some(index));
        }
    }
}

fn end(member: &Member) -> u64 {
    member.data.saturating_add(u64::from(member.compressed))
}
