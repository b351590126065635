//! The signature: over these bytes, by this key.

use graviola::hashing::{Sha256, hmac::Hmac};
use mint::encode;
use serde_json::json;

use crate::book::Book;
use crate::draft::{BODY, Draft, Token, body_hash, good};

/// The order of the group of P-256 (FIPS 186-5, SP 800-186 section 3.2.1.3).
const ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6,
    0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];

pub(crate) fn write(book: &mut Book) {
    values(book);
    keys(book);
    messages(book);
}

fn halves(signature: &[u8]) -> (&[u8], &[u8]) {
    signature.split_at(32)
}

/// The other signature with the same meaning: `s` and the order of the group less `s` verify alike.
pub(crate) fn mirrored(signature: &[u8]) -> Vec<u8> {
    let (first, second) = halves(signature);
    let mut borrowed = 0;
    let mut other = [0; 32];
    for at in (0..32).rev() {
        let difference = i16::from(ORDER[at]) - i16::from(second[at]) - borrowed;
        borrowed = i16::from(difference < 0);
        other[at] = difference.rem_euclid(256).try_into().expect("a byte");
    }
    [first, &other].concat()
}

/// As ASN.1 has it, which JWS does not (RFC 7518, section 3.4).
fn der(signature: &[u8]) -> Vec<u8> {
    let integer = |half: &[u8]| {
        let digits: Vec<u8> = half.iter().copied().skip_while(|byte| *byte == 0).collect();
        let sign = if digits.first().is_some_and(|byte| *byte > 127) {
            vec![0]
        } else {
            vec![]
        };
        let length = u8::try_from(sign.len() + digits.len()).expect("a short number");
        [vec![2, length], sign, digits].concat()
    };
    let (first, second) = halves(signature);
    let both = [integer(first), integer(second)].concat();
    [
        vec![0x30, u8::try_from(both.len()).expect("a short sequence")],
        both,
    ]
    .concat()
}

type Change = fn(&[u8]) -> Vec<u8>;

const CHANGED: &[(&str, &str, Change)] = &[
    ("signature_empty", "no signature", |_| vec![]),
    ("signature_63_bytes", "a byte less", |good| {
        good[..63].to_vec()
    }),
    ("signature_65_bytes", "a byte more", |good| {
        [good, &[0]].concat()
    }),
    ("signature_zero_before", "a zero before it", |good| {
        [&[0], good].concat()
    }),
    (
        "signature_zero_between",
        "a zero between its halves",
        |good| [halves(good).0, &[0], halves(good).1].concat(),
    ),
    (
        "signature_zeros",
        "zeros, which a careless verifier takes for a good one",
        |_| vec![0; 64],
    ),
    ("signature_ones", "all bits set", |_| vec![0xff; 64]),
    ("signature_r_zero", "`r` is 0", |good| {
        [&[0; 32], halves(good).1].concat()
    }),
    ("signature_s_zero", "`s` is 0", |good| {
        [halves(good).0, &[0; 32]].concat()
    }),
    (
        "signature_r_order",
        "`r` is the order of the group",
        |good| [&ORDER[..], halves(good).1].concat(),
    ),
    (
        "signature_s_order",
        "`s` is the order of the group",
        |good| [halves(good).0, &ORDER[..]].concat(),
    ),
    ("signature_swapped", "`s` before `r`", |good| {
        [halves(good).1, halves(good).0].concat()
    }),
    ("signature_der", "in ASN.1", der),
    ("signature_twice", "twice", |good| good.repeat(2)),
    ("signature_96_bytes", "as long as that of ES384", |good| {
        [good, &good[..32]].concat()
    }),
    ("signature_first_bit", "the first bit changed", |good| {
        changed(good, 0, 0x80)
    }),
    ("signature_last_bit", "the last bit changed", |good| {
        changed(good, 63, 1)
    }),
    (
        "signature_middle_bit",
        "a bit in the middle changed",
        |good| changed(good, 32, 1),
    ),
];

fn changed(bytes: &[u8], at: usize, bit: u8) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[at] ^= bit;
    bytes
}

fn values(book: &mut Book) {
    let mut chapter = book.chapter("signature");
    for (id, comment, change) in CHANGED {
        let step = good().bend(|token| token.signed(&change(&token.signature)));
        chapter.case(id, comment, step.refused("proof_signature"));
    }
    chapter.case(
        "signature_mirrored",
        "the other signature with the same meaning is one of the key's as well",
        good()
            .bend(|token| token.signed(&mirrored(&token.signature)))
            .accepted(),
    );
}

fn with_hmac(token: &Token, secret: &[u8]) -> String {
    let mut hmac = Hmac::<Sha256>::new(secret);
    hmac.update(token.message().as_bytes());
    token.signed(hmac.finish().as_ref())
}

fn keys(book: &mut Book) {
    let mut chapter = book.chapter("key substitution");
    let refused = |draft: Draft| draft.refused("proof_signature");
    chapter.case(
        "key_other_same_id",
        "another's key that calls itself `k1`",
        refused(good().signed_by("other")),
    );
    chapter.case(
        "key_other_published",
        "the door publishes two keys, and the wrong one is named",
        refused(good().signed_by("k2").keys("k1_k2")),
    );
    chapter.case(
        "key_second_published",
        "the door publishes two keys, and the second one is named",
        good()
            .signed_by("k2")
            .member("kid", "k2")
            .keys("k1_k2")
            .accepted(),
    );
    chapter.case(
        "key_third_published",
        "the door publishes three keys",
        good()
            .signed_by("k3")
            .member("kid", "k3")
            .keys("k1_k2_k3")
            .accepted(),
    );
    chapter.case(
        "key_id_twice_first",
        "two keys of one id: the first one counts",
        good().keys("k1_other").accepted(),
    );
    chapter.case(
        "key_id_twice_second",
        "and the second one does not",
        refused(good().keys("other_k1")),
    );
    chapter.case(
        "key_in_head",
        "a key that the assertion brings along",
        good()
            .signed_by("other")
            .member(
                "jwk",
                json!({"kty": "EC", "crv": "P-256", "x": "AAAA", "y": "AAAA"}),
            )
            .refused("proof_form"),
    );
    chapter.case(
        "key_hmac_of_id",
        "an HMAC whose secret is the key id, under `ES256`",
        refused(good().bend(|token| with_hmac(&token, b"k1"))),
    );
    chapter.case(
        "key_hmac_declared",
        "an HMAC under `HS256`",
        good()
            .member("alg", "HS256")
            .bend(|token| with_hmac(&token, b"k1"))
            .refused("proof_type"),
    );
}

/// The good claims, with one text replaced in the payload after it was signed.
fn altered(from: &'static str, to: &'static str) -> Draft {
    good().bend(move |mut token| {
        let payload = String::from_utf8(token.payload).expect("JSON is text");
        assert!(payload.contains(from), "there is no `{from}` to replace");
        token.payload = payload.replacen(from, to, 1).into_bytes();
        token.compact()
    })
}

fn messages(book: &mut Book) {
    let mut chapter = book.chapter("signed bytes");
    let other_body = Box::leak(body_hash(b"{}").into_boxed_str());
    let this_body = Box::leak(body_hash(BODY).into_boxed_str());
    for (id, comment, from, to) in [
        (
            "signed_subject",
            "another subject",
            "\"sub\":\"alice\"",
            "\"sub\":\"mallory\"",
        ),
        (
            "signed_one_letter",
            "one letter of the subject",
            "\"sub\":\"alice\"",
            "\"sub\":\"alicf\"",
        ),
        (
            "signed_group",
            "a group more",
            "[\"staff\"]",
            "[\"staff\",\"admin\"]",
        ),
        (
            "signed_expiry",
            "a later end",
            "\"exp\":1800000060",
            "\"exp\":1800000061",
        ),
        (
            "signed_audience",
            "another agent",
            "\"aud\":\"demo\"",
            "\"aud\":\"fin\"",
        ),
        ("signed_body", "another body", &*this_body, &*other_body),
        ("signed_space", "a space more", "{", "{ "),
        ("signed_empty", "no claims", "{", ""),
    ] {
        chapter.case(id, comment, altered(from, to).refused("proof_signature"));
    }
    chapter.case(
        "signed_head",
        "the header in other words",
        good()
            .bend(|token| {
                let head = r#"{"kid":"k1","alg":"ES256","typ":"gatehouse-identity+jwt"}"#;
                format!(
                    "{}.{}.{}",
                    encode(head.as_bytes()),
                    encode(&token.payload),
                    encode(&token.signature)
                )
            })
            .refused("proof_signature"),
    );
}
