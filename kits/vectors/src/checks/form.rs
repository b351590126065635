//! The form of a compact JWS: length, parts, encoding.

use mint::encode;

use crate::book::Book;
use crate::draft::{Token, good};

type Bend = fn(Token) -> String;

/// Encoded parts that are bent in one place.
const BENT: &[(&str, &str, Bend)] = &[
    ("form_one_part", "one part", |token| token.head),
    ("form_two_parts", "two parts", |token| token.message()),
    ("form_four_parts", "four parts", |token| {
        format!("{}.{}", token.compact(), token.head)
    }),
    ("form_five_parts", "five parts, as a JWE has", |token| {
        format!("{}.AAAA.AAAA", token.compact())
    }),
    ("form_trailing_stop", "a full stop behind it", |token| {
        format!("{}.", token.compact())
    }),
    ("form_leading_stop", "a full stop before it", |token| {
        format!(".{}", token.compact())
    }),
    ("form_no_head", "an empty header", |token| {
        token.compact().split_off(token.head.len())
    }),
    ("form_padded_head", "padding behind the header", |token| {
        token.compact().replacen('.', "=.", 1)
    }),
    ("form_padded_claims", "padding behind the claims", |token| {
        format!("{}=.{}", token.message(), encode(&token.signature))
    }),
    (
        "form_padded_signature",
        "padding behind the signature",
        |token| format!("{}=", token.compact()),
    ),
    ("form_padded_twice", "two signs of padding", |token| {
        format!("{}==", token.compact())
    }),
    ("form_space", "a space inside", |token| {
        token.compact().replacen('.', ". ", 1)
    }),
    ("form_tab", "a tab inside", |token| {
        token.compact().replacen('.', ".\t", 1)
    }),
    ("form_comma", "two in one header", |token| {
        format!("{0},{0}", token.compact())
    }),
    (
        "form_bearer",
        "the word of another scheme before it",
        |token| format!("Bearer {}", token.compact()),
    ),
    ("form_quoted", "in quotes", |token| {
        format!("\"{}\"", token.compact())
    }),
    (
        "form_standard_base64",
        "signs of standard base64",
        |token| format!("{}.+/+/", token.message()),
    ),
    ("form_percent", "an escape", |token| {
        token.compact().replacen('.', "%2E", 1)
    }),
    (
        "form_other_letters",
        "letters that are not ASCII",
        |token| format!("{}Ã©", token.compact()),
    ),
    ("form_not_utf8", "a byte that is no UTF-8", |token| {
        format!("{}\u{ff}", token.compact())
    }),
    ("form_json", "the JSON serialization", |token| {
        format!(
            r#"{{"protected":"{}","payload":"{}","signature":"{}"}}"#,
            token.head,
            encode(&token.payload),
            encode(&token.signature)
        )
    }),
];

/// A last sign with other unused bits, which a lenient decoder reads as the same bytes.
fn other_spelling(part: &str) -> String {
    const SIGNS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut bytes = part.as_bytes().to_vec();
    let last = bytes.len() - 1;
    let at = SIGNS.iter().position(|sign| *sign == bytes[last]);
    assert!(part.len() % 4 > 1, "a part with unused bits");
    bytes[last] = SIGNS[at.expect("a sign of base64url") | 1];
    assert_ne!(bytes, part.as_bytes(), "unused bits are zero");
    bytes.into_iter().map(char::from).collect()
}

/// Three parts, each with unused bits in its last sign.
fn spellable() -> crate::draft::Draft {
    let mut draft = good();
    for filling in 0..3 {
        draft = good().claim("filling", "x".repeat(filling));
        if !draft.claims_text().len().is_multiple_of(3) {
            break;
        }
    }
    draft.head(r#"{"alg":"ES256","kid":"k1","typ":"gatehouse-identity+jwt"} "#)
}

pub(crate) fn write(book: &mut Book) {
    let mut form = book.chapter("form");
    for (id, comment, bend) in BENT {
        form.case(id, comment, good().bend(bend).refused("proof_form"));
    }
    for (id, text) in [
        ("form_word", "forged"),
        ("form_dots", ".."),
        ("form_three_dots", "..."),
        ("form_null", "null"),
        ("form_undefined", "undefined"),
    ] {
        form.case(
            id,
            &format!("the text `{text}`"),
            good().text(text).refused("proof_form"),
        );
    }
    for (id, comment, more) in [
        ("form_one_sign_more", "a part of 4n+1 signs", "A"),
        ("form_signature_1_sign", "a signature of one sign", ""),
    ] {
        let step = good().bend(move |token| match more {
            "" => format!("{}.A", token.message()),
            more => token.compact().replacen(
                '.',
                &format!("{}.", more.repeat(5 - token.head.len() % 4)),
                1,
            ),
        });
        form.case(id, comment, step.refused("proof_form"));
    }
    form.case(
        "form_spelling_good",
        "each part in its one spelling",
        spellable().accepted(),
    );
    for (id, comment, at) in [
        ("form_spelling_head", "the header in another spelling", 0),
        ("form_spelling_claims", "the claims in another spelling", 1),
        (
            "form_spelling_signature",
            "the signature in another spelling",
            2,
        ),
    ] {
        let step = spellable().bend(move |token| {
            let compact = token.compact();
            let mut parts: Vec<String> = compact.split('.').map(str::to_owned).collect();
            parts[at] = other_spelling(&parts[at]);
            parts.join(".")
        });
        form.case(id, comment, step.refused("proof_form"));
    }
    let mut size = book.chapter("assertion size");
    size.case(
        "size_assertion_4096",
        "as long as AgentCore passes on",
        good().of_length(4096).accepted(),
    );
    size.case(
        "size_assertion_4097",
        "one byte longer",
        good().of_length(4097).refused("proof_form"),
    );
    size.case(
        "size_assertion_8192",
        "twice as long",
        good().of_length(8192).refused("proof_form"),
    );
    size.case(
        "size_assertion_64k",
        "a header of 64,000 bytes",
        good().text("a".repeat(64_000)).refused("proof_form"),
    );
}
