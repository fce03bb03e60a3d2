//! The key that notes are in: Krumhansl & Schmuckler's algorithm.
//!
//! How long each pitch class sounds is correlated with the profile of each of the 24 keys; the best correlation wins
//! (Krumhansl 1990, "Cognitive Foundations of Musical Pitch", chapter 4; profiles of Krumhansl & Kessler 1982). What the
//! file declares is another question ([`super::key_signature`]).

/// How well each pitch class fits into a major key, counted from the tonic.
const MAJOR: [f64; 12] = [6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88];

/// And into a minor key.
const MINOR: [f64; 12] = [6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17];

/// Names of the major keys; where two spellings are possible, the one with fewer accidentals.
const MAJOR_NAMES: [&str; 12] = ["C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"];

/// Names of the minor keys.
const MINOR_NAMES: [&str; 12] = ["Cm", "C#m", "Dm", "Ebm", "Em", "Fm", "F#m", "Gm", "G#m", "Am", "Bbm", "Bm"];

/// A key and how well it fits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::midi) struct Key {
    /// Pitch class of the tonic, 0 (C) to 11 (B).
    pub(in crate::midi) tonic: i16,
    /// Whether it is a minor key.
    pub(in crate::midi) is_minor: bool,
    /// Pearson's correlation, -1 to 1.
    pub(in crate::midi) correlation: f64,
}

impl Key {
    /// Its name, as `C`, `F#m`, `Bb`.
    pub(in crate::midi) fn name(&self) -> String {
        let names = if self.is_minor { &MINOR_NAMES } else { &MAJOR_NAMES };
        usize::try_from(self.tonic)
            .ok()
            .and_then(|tonic| names.get(tonic))
            .copied()
            .unwrap_or_default()
            .to_owned()
    }

    /// Its mode, as it is stored.
    pub(in crate::midi) const fn mode(&self) -> &'static str {
        if self.is_minor { "minor" } else { "major" }
    }
}

/// The best key and the second best for these weights of the pitch classes; none where all weigh the same. Of equals the one
/// with the lower tonic comes first, major before minor.
pub(in crate::midi) fn find(weights: &[f64; 12]) -> Option<(Key, Key)> {
    let weights = centred(weights)?;
    let mut best: [Option<Key>; 2] = [None, None];
    let (major, minor) = (centred(&MAJOR)?, centred(&MINOR)?);
    for tonic in 0_i16..12 {
        for (is_minor, profile) in [(false, &major), (true, &minor)] {
            let turned = profile.iter().cycle().skip(usize::try_from((12 - tonic) % 12).ok()?);
            let correlation: f64 = weights.iter().zip(turned).map(|(weight, fit)| weight * fit).sum();
            let key = Key { tonic, is_minor, correlation };
            let [first, second] = best;
            if first.is_none_or(|first| correlation > first.correlation) {
                best = [Some(key), first];
            } else if second.is_none_or(|second| correlation > second.correlation) {
                best = [first, Some(key)];
            }
        }
    }
    let [first, second] = best;
    first.zip(second)
}

/// The values less their mean, scaled to a length of 1; none where all are the same.
fn centred(values: &[f64; 12]) -> Option<[f64; 12]> {
    let mean = values.iter().sum::<f64>() / 12.0;
    let less = values.map(|value| value - mean);
    let length = less.iter().map(|value| value * value).sum::<f64>().sqrt();
    // What rounding leaves of equal weights is no difference.
    (length > mean.abs() * 1e-9).then(|| less.map(|value| value / length))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The pitch classes of a scale with its triad weighted twice.
    fn weights(tonic: usize, scale: [usize; 7], third: usize) -> [f64; 12] {
        let mut weights = [0.0; 12];
        for step in scale {
            weights[(tonic + step) % 12] += 1.0;
        }
        for step in [0, third, 7] {
            weights[(tonic + step) % 12] += 1.0;
        }
        weights
    }

    #[test]
    fn every_key_is_found_from_its_scale_and_triad() {
        for tonic in 0..12 {
            for (is_minor, scale, third) in
                [(false, [0, 2, 4, 5, 7, 9, 11], 4), (true, [0, 2, 3, 5, 7, 8, 10], 3)]
            {
                let (best, second) = find(&weights(tonic, scale, third)).unwrap();
                assert_eq!((usize::try_from(best.tonic).unwrap(), best.is_minor), (tonic, is_minor));
                assert!(best.correlation > second.correlation && best.correlation <= 1.0 + 1e-12);
            }
        }
    }

    #[test]
    fn a_profile_correlates_fully_with_itself() {
        let (best, _) = find(&MINOR).unwrap();
        assert_eq!((best.name().as_str(), best.mode()), ("Cm", "minor"));
        assert!((best.correlation - 1.0).abs() < 1e-12);
    }

    #[test]
    fn equal_weights_have_no_key() {
        assert_eq!(find(&[0.0; 12]), None);
        assert_eq!(find(&[0.1; 12]), None);
    }
}
