//! The JSON of the claims: one strict object.

use crate::book::Book;
use crate::draft::{Draft, good};

const ALICE: &str = "\"sub\":\"alice\"";

/// The good claims with one text replaced before they are signed.
fn written(from: &str, to: &str) -> Draft {
    let text = good().claims_text();
    assert!(text.contains(from), "there is no `{from}` to replace");
    good().claims(text.replacen(from, to, 1))
}

/// The good claims and one more, whose value is this text.
fn with(value: &str) -> Draft {
    written("{", &format!("{{\"more\":{value},"))
}

pub(crate) fn write(book: &mut Book) {
    objects(book);
    values(book);
    encodings(book);
}

fn objects(book: &mut Book) {
    let mut chapter = book.chapter("claims JSON");
    let text = good().claims_text();
    for (id, comment, text) in [
        (
            "json_white_space",
            "white space around and inside",
            format!(" {}\r\n", text.replace(',', ",\n\t")),
        ),
        (
            "json_escaped",
            "letters as escapes",
            text.replace("alice", r"\u0061\u006cice")
                .replace("\"sub\"", r#""\u0073ub""#),
        ),
        (
            "json_escaped_slash",
            "an escaped slash",
            text.replace('/', r"\/"),
        ),
    ] {
        chapter.case(id, comment, good().claims(text).accepted());
    }
    for (id, comment, text) in [
        ("json_none", "no bytes at all", String::new()),
        ("json_not_json", "no JSON", "claims".to_owned()),
        ("json_list", "a list", format!("[{text}]")),
        ("json_text", "a text", format!("{text:?}")),
        ("json_null", "`null`", "null".to_owned()),
        (
            "json_empty_object",
            "an object without members",
            "{}".to_owned(),
        ),
        ("json_two", "two objects", format!("{text}{text}")),
        ("json_trailing", "text behind it", format!("{text}x")),
        (
            "json_trailing_comma",
            "a comma behind the last member",
            text.replacen("\"username\":\"alice\"}", "\"username\":\"alice\",}", 1),
        ),
        ("json_comma_only", "two commas", text.replacen(',', ",,", 1)),
        (
            "json_cut",
            "cut short",
            text.trim_end_matches('}').to_owned(),
        ),
        (
            "json_single_quotes",
            "single quotes",
            text.replace('"', "'"),
        ),
        ("json_comment", "a comment", text.replacen('{', "{/**/", 1)),
        (
            "json_byte_order_mark",
            "a byte order mark",
            format!("\u{feff}{text}"),
        ),
        ("json_nul", "a NUL behind it", format!("{text}\0")),
        (
            "json_form_feed",
            "white space that JSON does not have",
            format!("\u{c}{text}"),
        ),
        (
            "json_no_break_space",
            "white space that only Unicode has",
            format!("{text}\u{a0}"),
        ),
    ] {
        chapter.case(id, comment, good().claims(text).refused("proof_claims"));
    }
    let mut chapter = book.chapter("duplicate members");
    for (id, comment, to) in [
        (
            "twice_subject_first",
            "the subject twice",
            r#""sub":"mallory","sub":"alice""#,
        ),
        (
            "twice_subject_last",
            "the subject twice, in the other order",
            r#""sub":"alice","sub":"mallory""#,
        ),
        (
            "twice_subject_equal",
            "the subject twice, the same",
            r#""sub":"alice","sub":"alice""#,
        ),
        (
            "twice_subject_escaped",
            "the subject twice, once as an escape",
            r#""sub":"alice","\u0073ub":"mallory""#,
        ),
        (
            "twice_unknown",
            "an unknown claim twice",
            r#""sub":"alice","more":1,"more":2"#,
        ),
        (
            "twice_empty_name",
            "a claim without a name twice",
            r#""sub":"alice","":1,"":2"#,
        ),
        (
            "twice_proto",
            "`__proto__` twice",
            r#""sub":"alice","__proto__":1,"__proto__":2"#,
        ),
    ] {
        chapter.case(id, comment, written(ALICE, to).refused("proof_claims"));
    }
    chapter.case(
        "twice_below",
        "a member of an unknown claim twice: it is not read",
        with(r#"{"a":1,"a":2}"#).accepted(),
    );
    chapter.case(
        "twice_in_two_cases",
        "names of members have a case",
        written(ALICE, r#""sub":"alice","Sub":"mallory""#).accepted(),
    );
    chapter.case(
        "twice_groups",
        "the groups twice",
        written("\"groups\"", r#""groups":["admin"],"groups""#).refused("proof_claims"),
    );
}

fn values(book: &mut Book) {
    let mut chapter = book.chapter("claims JSON");
    for (id, comment, value) in [
        (
            "value_proto",
            "an unknown claim inside an unknown claim",
            r#"{"__proto__":{"sub":"mallory"}}"#,
        ),
        (
            "value_numbers",
            "numbers of all forms",
            "[0,-0,-1,1.5,-1.5e-3,1E+2,18446744073709551615,-9223372036854775808]",
        ),
        (
            "value_long_number",
            "a number of 100 digits",
            &"9".repeat(100),
        ),
        ("value_small_number", "a number next to zero", "1e-400"),
        (
            "value_escapes",
            "all escapes",
            r#""\"\\\/\b\f\n\r\t\u00e9\ud83e\udd8a""#,
        ),
        ("value_nul", "an escaped NUL", r#""\u0000""#),
        (
            "value_not_a_character",
            "a code point that is no character",
            r#""\uffff""#,
        ),
    ] {
        chapter.case(id, comment, with(value).accepted());
    }
    for (id, comment, value) in [
        ("value_nan", "`NaN`", "NaN"),
        ("value_infinity", "`Infinity`", "Infinity"),
        ("value_minus_infinity", "`-Infinity`", "-Infinity"),
        (
            "value_large_exponent",
            "a number that no machine holds",
            "1e400",
        ),
        (
            "value_many_digits",
            "a number of 400 digits",
            &"9".repeat(400),
        ),
        ("value_leading_zero", "a number with a leading zero", "01"),
        ("value_plus", "a number with a plus", "+1"),
        ("value_hexadecimal", "a hexadecimal number", "0x1"),
        (
            "value_point_first",
            "a number that begins with a point",
            ".5",
        ),
        ("value_point_last", "a number that ends with a point", "5."),
        ("value_minus_alone", "a minus alone", "-"),
        ("value_no_exponent", "an exponent without digits", "1e"),
        ("value_other_digits", "digits of another script", "١"),
        ("value_true_upper", "`True`", "True"),
        ("value_undefined", "`undefined`", "undefined"),
        ("value_missing", "no value", ""),
        ("value_control", "a control character", "\"a\nb\""),
        (
            "value_delete_escape",
            "an escape that JSON does not have",
            r#""\x41""#,
        ),
        (
            "value_short_escape",
            "an escape of three digits",
            r#""\u123""#,
        ),
        (
            "value_signed_escape",
            "an escape with a sign",
            r#""\u+123""#,
        ),
        (
            "value_first_surrogate",
            "the first half of a surrogate pair",
            r#""\ud800""#,
        ),
        (
            "value_second_surrogate",
            "the second half of a surrogate pair",
            r#""\udc00""#,
        ),
        (
            "value_surrogates_swapped",
            "a surrogate pair in the wrong order",
            r#""\udc00\ud800""#,
        ),
        (
            "value_surrogate_below",
            "half of a surrogate pair deep down",
            r#"[{"a":["\ud800"]}]"#,
        ),
        (
            "value_surrogate_name",
            "half of a surrogate pair in a name",
            r#"{"\ud800":1}"#,
        ),
        (
            "value_surrogate_hidden",
            "half of a surrogate pair in a member that is given twice",
            r#"{"a":"\ud800","a":1}"#,
        ),
        ("value_unquoted_name", "a name without quotes", "{a:1}"),
    ] {
        chapter.case(id, comment, with(value).refused("proof_claims"));
    }
    chapter.case(
        "value_surrogate_subject",
        "half of a surrogate pair in the subject",
        written("\"alice\"", r#""\ud800""#).refused("proof_claims"),
    );
    let mut chapter = book.chapter("claims depth");
    // The claims are the first level.
    let nested = |levels: usize| {
        with(&format!(
            "{}{}",
            "[".repeat(levels - 1),
            "]".repeat(levels - 1)
        ))
    };
    chapter.case("depth_127", "127 levels", nested(127).accepted());
    chapter.case(
        "depth_128",
        "128 levels",
        nested(128).refused("proof_claims"),
    );
    chapter.case(
        "depth_1000",
        "1,000 levels",
        nested(1000).refused("proof_claims"),
    );
    let objects = |levels: usize| {
        with(&format!(
            "{}1{}",
            "{\"a\":".repeat(levels - 1),
            "}".repeat(levels - 1)
        ))
    };
    chapter.case(
        "depth_objects_127",
        "127 levels of objects",
        objects(127).accepted(),
    );
    chapter.case(
        "depth_objects_128",
        "128 levels of objects",
        objects(128).refused("proof_claims"),
    );
    let flat = with(&format!("[{}1]", "[],".repeat(200)));
    chapter.case(
        "depth_flat",
        "200 lists beside each other are not deep",
        flat.accepted(),
    );
}

fn encodings(book: &mut Book) {
    let mut chapter = book.chapter("claims JSON");
    let text = good().claims_text();
    let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    chapter.case(
        "json_utf16",
        "in UTF-16",
        good().claims(utf16).refused("proof_claims"),
    );
    let utf32: Vec<u8> = text
        .chars()
        .flat_map(|letter| u32::from(letter).to_be_bytes())
        .collect();
    chapter.case(
        "json_utf32",
        "in UTF-32",
        good().claims(utf32).refused("proof_claims"),
    );
    let with_bytes = |bytes: &[u8]| {
        let (before, after) = text.split_once("alice").expect("a subject");
        good().claims([before.as_bytes(), bytes, after.as_bytes()].concat())
    };
    for (id, comment, bytes) in [
        ("json_not_utf8", "a byte that is no UTF-8", &[0xff][..]),
        ("json_latin1", "a letter of ISO 8859-1", &[0xe9]),
        ("json_overlong", "an overlong form of UTF-8", &[0xc0, 0xaf]),
        (
            "json_surrogate_bytes",
            "half of a surrogate pair, encoded",
            &[0xed, 0xa0, 0x80],
        ),
        (
            "json_beyond_unicode",
            "a code point beyond Unicode",
            &[0xf4, 0x90, 0x80, 0x80],
        ),
        ("json_cut_utf8", "a character that is cut", &[0xe2, 0x82]),
    ] {
        chapter.case(id, comment, with_bytes(bytes).refused("proof_claims"));
    }
}
