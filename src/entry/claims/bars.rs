//! Numbers of bars as a name says them: `4bar`, `8 bars`, `16-bar`, `2 Takte`.

use super::gap::Gap;
use super::words::{Role, Words};

/// What bars are called.
const BARS: &[&str] = &["bar", "bars", "takt", "takte", "measure", "measures"];

/// Numbers above this are something else.
const MOST: i16 = 999;

/// The number of bars that the name claims; none where it claims two.
pub(super) fn claimed(words: &mut Words) -> Option<i16> {
    let mut claimed = None;
    for at in 1..words.count() {
        if !words.is_any(at, BARS) {
            continue;
        }
        let Some(bars) = before(words, at) else { continue };
        if claimed.is_some_and(|other| other != bars) {
            words.take_back(Role::Bars);
            return None;
        }
        claimed = Some(bars);
        words.give(at - 1..=at, Role::Bars);
    }
    claimed
}

/// The number before the word for bars.
fn before(words: &Words, at: usize) -> Option<i16> {
    let gap = words.before(at);
    if !(gap == Gap::JOINED || gap.binds()) {
        return None;
    }
    // A blues of twelve bars is a form, not a length.
    if words.is(at + 1, "blues") {
        return None;
    }
    let number = at.checked_sub(1)?;
    let bars = words.number(number).and_then(|bars| i16::try_from(bars).ok())?;
    // `1.5 bars`, `2-4 bars`
    let goes_on = number.checked_sub(1).is_some_and(|first| words.is_number(first));
    let is_fraction_or_range = goes_on && matches!(words.gap_text(number), "." | "," | "-");
    ((1..=MOST).contains(&bars) && !is_fraction_or_range).then_some(bars)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars() {
        for (name, expected) in [
            ("4bar", Some(4)),
            ("8 bars", Some(8)),
            ("16-bar", Some(16)),
            ("Groove (4 Bars)", Some(4)),
            ("2 Takte", Some(2)),
            ("32_Measures", Some(32)),
            ("12 Bar Blues", None),
            ("bar4", None),
            ("0 bars", None),
            ("1.5 bars", None),
            ("2-4 bars", None),
            ("1000 bars", None),
            ("4 bars 8 bars", None),
            ("4 barsoap", None),
        ] {
            assert_eq!(claimed(&mut Words::cut(name)), expected, "{name}");
        }
    }
}
