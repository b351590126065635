//! Addressee and time: the door, the agent, and when.

use crate::book::Book;
use crate::draft::{DOOR, NOW, good};

pub(crate) fn write(book: &mut Book) {
    let mut chapter = book.chapter("issuer");
    for (id, comment, issuer) in [
        ("issuer_other", "another door", "https://other.example"),
        ("issuer_slash", "a slash more", "https://door.example/"),
        (
            "issuer_port",
            "with the usual port",
            "https://door.example:443",
        ),
        ("issuer_http", "another scheme", "http://door.example"),
        ("issuer_upper", "in another case", "https://DOOR.example"),
        (
            "issuer_suffix",
            "a longer name",
            "https://door.example.evil.example",
        ),
        ("issuer_prefix", "a shorter name", "https://door.exampl"),
        (
            "issuer_user",
            "a user before it",
            "https://door.example@evil.example",
        ),
        ("issuer_path", "a path behind it", "https://door.example/x"),
        ("issuer_space", "a space behind it", "https://door.example "),
        ("issuer_empty", "none", ""),
    ] {
        chapter.case(
            id,
            comment,
            good().claim("iss", issuer).refused("proof_issuer"),
        );
    }
    let mut chapter = book.chapter("audience");
    for (id, comment, agent) in [
        ("audience_other", "another agent", "finance"),
        ("audience_upper", "in another case", "Demo"),
        ("audience_suffix", "a longer name", "demo2"),
        ("audience_prefix", "a shorter name", "dem"),
        ("audience_space", "a space behind it", "demo "),
        ("audience_two", "two names in one text", "demo finance"),
        ("audience_door", "the door", DOOR),
        ("audience_empty", "none", ""),
    ] {
        chapter.case(
            id,
            comment,
            good().claim("aud", agent).refused("proof_audience"),
        );
    }
    let mut chapter = book.chapter("early");
    let made = |at: u64| good().claim("iat", at).claim("exp", at + 60);
    chapter.case("early_29", "made in 29 seconds", made(NOW + 29).accepted());
    chapter.case(
        "early_30",
        "made in 30 seconds: the clocks may differ",
        made(NOW + 30).accepted(),
    );
    chapter.case(
        "early_31",
        "made in 31 seconds",
        made(NOW + 31).refused("proof_early"),
    );
    chapter.case(
        "early_day",
        "made in a day",
        made(NOW + 86_400).refused("proof_early"),
    );
    chapter.case(
        "early_milliseconds",
        "in milliseconds",
        made(NOW * 1000).refused("proof_early"),
    );
    let last = good().claim("iat", u64::MAX).claim("exp", u64::MAX);
    chapter.case(
        "early_last",
        "at the end of time",
        last.refused("proof_early"),
    );
    let beyond = good()
        .claim("iat", (1_u64 << 53) + 1)
        .claim("exp", (1_u64 << 53) + 2);
    chapter.case(
        "early_beyond_doubles",
        "a time that a floating-point number does not hold",
        beyond.refused("proof_early"),
    );
    let mut chapter = book.chapter("expired");
    chapter.case(
        "expired_at_89",
        "29 seconds after the end",
        good().at(89).accepted(),
    );
    chapter.case(
        "expired_at_90",
        "30 seconds after the end",
        good().at(90).refused("proof_expired"),
    );
    chapter.case(
        "expired_at_91",
        "31 seconds after the end",
        good().at(91).refused("proof_expired"),
    );
    chapter.case(
        "expired_day",
        "a day later",
        good().at(86_400).refused("proof_expired"),
    );
    chapter.case(
        "expired_short",
        "an end just passed",
        good()
            .claim("exp", NOW - 29)
            .claim("iat", NOW - 60)
            .accepted(),
    );
    chapter.case(
        "expired_short_30",
        "an end 30 seconds ago",
        good()
            .claim("exp", NOW - 30)
            .claim("iat", NOW - 60)
            .refused("proof_expired"),
    );
    chapter.case(
        "expired_zero",
        "an end in 1970",
        good()
            .claim("exp", 0)
            .claim("iat", 0)
            .refused("proof_expired"),
    );
    let mut chapter = book.chapter("lifetime");
    chapter.case(
        "lifetime_59",
        "for 59 seconds",
        good().claim("exp", NOW + 59).accepted(),
    );
    chapter.case(
        "lifetime_60",
        "for 60 seconds",
        good().claim("exp", NOW + 60).accepted(),
    );
    chapter.case(
        "lifetime_61",
        "for 61 seconds",
        good().claim("exp", NOW + 61).refused("proof_lifetime"),
    );
    chapter.case(
        "lifetime_old",
        "made long ago, and not expired",
        good().claim("iat", 0).refused("proof_lifetime"),
    );
    chapter.case(
        "lifetime_30_years",
        "for 30 years",
        good()
            .claim("exp", NOW + 946_080_000)
            .refused("proof_lifetime"),
    );
    chapter.case(
        "lifetime_for_ever",
        "for ever",
        good().claim("exp", u64::MAX).refused("proof_lifetime"),
    );
    chapter.case(
        "lifetime_beyond_doubles",
        "an end that a floating-point number does not hold",
        good()
            .claim("exp", (1_u64 << 53) + 1)
            .refused("proof_lifetime"),
    );
    chapter.case(
        "lifetime_shifted",
        "61 seconds around now",
        good()
            .claim("iat", NOW - 30)
            .claim("exp", NOW + 31)
            .refused("proof_lifetime"),
    );
    chapter.case(
        "lifetime_60_shifted",
        "60 seconds around now",
        good()
            .claim("iat", NOW - 30)
            .claim("exp", NOW + 30)
            .accepted(),
    );
}
