//! Sizes and times as PostgreSQL writes them, made comparable.
//!
//! Knows the units of `postgresql.conf` and nothing of what they are for.

/// A number with a unit in bytes or milliseconds; none where it is neither. `unit` is that of a bare number, as in
/// `pg_settings.unit`: `8kB`, `MB`, `min`.
pub(super) fn quantity(text: &str, unit: &str) -> Option<u128> {
    let text = text.trim();
    let split = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    let (number, own_unit) = text.split_at(split);
    let number: u128 = number.parse().ok()?;
    let own_unit = own_unit.trim();
    number.checked_mul(factor(if own_unit.is_empty() { unit } else { own_unit })?)
}

fn factor(unit: &str) -> Option<u128> {
    // Settings in pages have units such as 8kB.
    let split = unit.find(|character: char| !character.is_ascii_digit())?;
    let (count, name) = unit.split_at(split);
    let count: u128 = if count.is_empty() { 1 } else { count.parse().ok()? };
    let one = match name {
        "B" | "ms" => 1,
        "kB" => 1 << 10,
        "MB" => 1 << 20,
        "GB" => 1 << 30,
        "TB" => 1 << 40,
        "s" => 1_000,
        "min" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    count.checked_mul(one)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_those_of_postgresql() {
        for (one, unit, other) in [
            ("8GB", "MB", "8192"),
            ("30min", "s", "1800"),
            ("16MB", "8kB", "2048"),
            ("1024 kB", "MB", "1"),
            ("1h", "min", "60"),
        ] {
            assert_eq!(quantity(one, unit), quantity(other, unit), "{one} = {other} {unit}");
            assert!(quantity(one, unit).is_some());
        }
        for (text, unit) in [("off", ""), ("minimal", ""), ("12", ""), ("12XB", ""), ("-1", "MB"), ("", "MB")]
        {
            assert_eq!(quantity(text, unit), None, "{text} {unit}");
        }
    }
}
