//! Key documents: what of them is used, and when there is nothing to use.

use crate::book::Book;
use crate::draft::good;

pub(crate) fn write(book: &mut Book) {
    let mut chapter = book.chapter("key document");
    for (keys, comment) in [
        ("jwk_without_alg", "a key need not name its algorithm"),
        ("jwk_without_use", "nor its use"),
        (
            "jwk_use_sig",
            "one that names its use, and no algorithm or operation",
        ),
        ("jwk_use_null", "a use that is null is not there"),
        ("jwk_key_ops_verify", "a key for verifying"),
        ("jwk_key_ops_sign_verify", "a key for verifying too"),
        (
            "jwk_key_ops_null",
            "a list of operations that is null is not there",
        ),
        ("jwk_alg_null", "an algorithm that is null is not there"),
        ("jwk_names_null", "other names that are null are not there"),
        ("jwk_names", "other names are not compared"),
        (
            "use_enc_then_k1",
            "a key of this id for another use is passed over",
        ),
        (
            "alg_es384_then_k1",
            "a key of this id for another algorithm is passed over",
        ),
        ("jwk_more_members", "other members are ignored"),
        ("jwk_private_half", "a private half is ignored"),
        (
            "odd_entries_then_k1",
            "entries that are no keys are passed over",
        ),
        ("rsa_then_k1", "an RSA key of this id is passed over"),
        ("p384_then_k1", "a key on P-384 of this id is passed over"),
        (
            "secp256k1_then_k1",
            "a point off the curve of this id is passed over",
        ),
        (
            "ed25519_then_k1",
            "an Ed25519 key of this id is passed over",
        ),
        ("oct_then_k1", "a shared secret of this id is passed over"),
        ("k1_is_entry_100", "a hundred entries are looked at"),
        (
            "kid_twice_in_entry",
            "of a member given twice below, the last one counts",
        ),
        ("white_space_around", "white space around it"),
        ("byte_order_mark", "a byte order mark in front of it"),
        ("other_members", "other members beside `keys`"),
        ("as_long_as_is_read", "a document of 65,536 bytes"),
    ] {
        chapter.case(
            &format!("keys_{keys}"),
            comment,
            good().keys(keys).accepted(),
        );
    }
    for (keys, comment) in [
        ("jwk_without_kid", "a key without an id"),
        ("jwk_kid_null", "a key id that is null"),
        ("jwk_kid_number", "a key id that is a number"),
        ("jwk_kid_list", "a key id that is a list"),
        ("jwk_use_enc", "a key for encryption"),
        ("jwk_use_upper", "a use in another case"),
        ("jwk_use_list", "a use that is a list"),
        ("jwk_key_ops_sign", "a key for signing only"),
        ("jwk_key_ops_empty", "a key for nothing"),
        ("jwk_key_ops_text", "an operation that is not in a list"),
        ("jwk_key_ops_upper", "an operation in another case"),
        ("jwk_alg_es384", "a key for another algorithm"),
        ("jwk_alg_rs256", "a key for an algorithm of another kind"),
        ("jwk_alg_unknown", "a key for an algorithm that is unknown"),
        ("jwk_alg_lower", "an algorithm in another case"),
        ("jwk_alg_number", "an algorithm that is a number"),
        ("jwk_x5t_number", "a thumbprint that is a number"),
        ("jwk_issuer_list", "an issuer that is a list"),
        ("jwk_kty_lower", "a kind of key in another case"),
        ("jwk_kty_missing", "a key without a kind"),
        ("jwk_kty_rsa", "a point that calls itself RSA"),
        (
            "jwk_crv_other",
            "a point of P-256 that calls itself one of P-384",
        ),
        ("jwk_crv_lower", "a curve in another case"),
        ("jwk_crv_missing", "a key without a curve"),
        ("jwk_x_missing", "half a point"),
        ("jwk_y_missing", "the other half"),
        ("jwk_x_empty", "an empty coordinate"),
        ("jwk_x_number", "a coordinate that is a number"),
        ("jwk_x_padded", "a coordinate with padding"),
        ("jwk_x_not_base64", "a coordinate that is not base64url"),
        ("jwk_x_long", "a coordinate of 36 bytes"),
        ("jwk_off_curve", "a point off the curve"),
        ("jwk_zero", "the point of zeros"),
        ("only_rsa", "an RSA key alone"),
        ("only_p384", "a key on P-384 alone"),
        ("only_secp256k1", "a point of another curve alone"),
        ("only_ed25519", "an Ed25519 key alone"),
        ("only_oct", "a shared secret alone"),
        ("k1_is_entry_101", "a key behind a hundred entries"),
        ("not_json", "no JSON"),
        ("empty", "no bytes"),
        ("null", "`null`"),
        ("list", "a list of keys"),
        ("no_keys_member", "no list of keys"),
        ("keys_null", "a list that is null"),
        ("keys_object", "keys by their ids"),
        ("keys_empty", "an empty list"),
        ("keys_twice", "two lists"),
        ("keys_twice_escaped", "two lists, one by an escape"),
        ("trailing_text", "text behind it"),
        ("trailing_comma", "a comma behind the last entry"),
        ("byte_order_mark_twice", "two byte order marks"),
        ("byte_order_mark_behind", "a byte order mark behind it"),
        ("longer_than_is_read", "a document of 65,537 bytes"),
        ("down", "the door is down"),
        ("status_201", "status 201"),
        ("status_404", "status 404"),
        ("status_500", "status 500"),
        ("redirect", "a redirect is not followed"),
    ] {
        let comment = format!("{comment}: there are no keys");
        chapter.case(
            &format!("keys_{keys}"),
            &comment,
            good().keys(keys).refused("keys_unavailable"),
        );
    }
    chapter.case(
        "keys_k2_and_k1_is_entry_101",
        "a key behind a hundred entries is unknown",
        good()
            .keys("k2_and_k1_is_entry_101")
            .refused("proof_signature"),
    );
    chapter.case(
        "keys_without_this",
        "the door publishes another key",
        good().keys("k2").refused("proof_signature"),
    );
}
