//! Nearest known name to a misspelt one.

/// A name that differs in more places is probably another.
const MAX_DISTANCE: usize = 2;

/// More is no slip of a name.
const MAX_LENGTH: usize = 64;

/// The known name that was probably meant: at most two letters are wrong, missing or too many, and fewer than half of the
/// name's; upper and lower case count as the same.
pub fn nearest<'n>(name: &str, known: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    if name.len() > MAX_LENGTH {
        return None;
    }
    let name = name.to_lowercase();
    let distances = known.map(|known| (distance(&name, &known.to_lowercase()), known));
    let (distance, known) = distances.min()?;
    let is_near = distance <= MAX_DISTANCE && distance.saturating_mul(2) < known.chars().count();
    is_near.then_some(known)
}

/// Levenshtein's distance: the letters to change, add or take away until one text is the other.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (place, letter) in one.chars().enumerate() {
        let mut next = vec![place.saturating_add(1)];
        let cells = row.iter().zip(row.iter().skip(1)).zip(&other);
        for ((changed, added), known) in cells {
            let changed = changed.saturating_add(usize::from(letter != *known));
            let taken = next.last().copied().unwrap_or_default();
            next.push(
                changed
                    .min(added.saturating_add(1))
                    .min(taken.saturating_add(1)),
            );
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: [&str; 6] = [
        "allow",
        "allowedClients",
        "auth",
        "runtime",
        "scopes",
        "toolToken",
    ];

    #[test]
    fn a_slip_is_told_from_another_name() {
        for (name, meant) in [
            ("allowedClient", Some("allowedClients")),
            ("AllowedClients", Some("allowedClients")),
            ("tooltoken", Some("toolToken")),
            ("runtme", Some("runtime")),
            ("rumtine", Some("runtime")),
            ("allwo", Some("allow")),
            ("scope", Some("scopes")),
            ("users", None),
            ("a", None),
            ("", None),
            ("au", None),
            ("aut\u{e9}", Some("auth")),
        ] {
            assert_eq!(nearest(name, KNOWN.into_iter()), meant, "{name}");
        }
        assert_eq!(
            nearest(&"a".repeat(65), ["a".repeat(65).as_str()].into_iter()),
            None
        );
        assert_eq!(nearest("allow", [].into_iter()), None);
    }

    #[test]
    fn a_distance_is_the_same_both_ways() {
        for (one, other, expected) in [
            ("", "", 0),
            ("", "abc", 3),
            ("kitten", "sitting", 3),
            ("flaw", "lawn", 2),
            ("allwo", "allow", 2),
        ] {
            assert_eq!(distance(one, other), expected, "{one} {other}");
            assert_eq!(distance(other, one), expected, "{other} {one}");
        }
    }
}
