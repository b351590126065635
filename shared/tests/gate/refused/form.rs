//! Bearers, token forms and header parameters.

use serde_json::{Value, json};
use shared::gate::Refusal as R;

use super::{Row, bent, claims_with_first, good_token};
use crate::ask::{Ask, good_claims, good_header};

pub(super) fn bearer() -> Vec<Row> {
    let token = good_token();
    let padded = |length: usize| "a".repeat(length);
    rows! {
        NoBearer:
            "empty header" => Ask::header(b"");
            "scheme alone" => Ask::header(b"Bearer");
            "scheme and space" => Ask::header(b"Bearer ");
            "another scheme" => Ask::header(format!("Basic {token}").as_bytes());
            "no scheme" => Ask::header(token.as_bytes());
            "tab for space" => Ask::header(format!("Bearer\t{token}").as_bytes());
            "bytes that are no text" => Ask::header(b"Bearer \xff\xfe");
            "a character across the scheme's end" => Ask::header("Bearer\u{e9}x".as_bytes());
        TokenTooLong:
            "A06 8193 bytes" => Ask::token(&padded(8193));
            "A06 one megabyte" => Ask::token(&padded(1 << 20));
        TokenParts:
            "A06 8192 bytes go on to the next check" => Ask::token(&padded(8192));
    }
}

pub(super) fn form() -> Vec<Row> {
    let header = good_header().to_string();
    let claims = good_claims().to_string();
    let payload = |text: &[u8]| Ask::raw(header.as_bytes(), text);
    let twice = |claims: &str| format!("{claims}{claims}");
    rows! {
        TokenParts:
            "A04 one part" => bent(|h, _, _| h.to_owned());
            "A04 two parts" => bent(|h, p, _| format!("{h}.{p}"));
            "A04 four parts" => bent(|h, p, s| format!("{h}.{p}.{s}.{s}"));
            "A04 C10 five parts, as an encrypted token" => bent(|h, p, s| format!("{h}.{s}.{s}.{p}.{s}"));
            "A04 leading dot" => bent(|h, p, s| format!(".{h}.{p}.{s}"));
            "A04 trailing dot" => bent(|h, p, s| format!("{h}.{p}.{s}."));
            "A04 doubled dot" => bent(|h, p, s| format!("{h}..{p}.{s}"));
            "A05 thousands of dots" => Ask::token(&".".repeat(8000));
            "A13 JSON serialization" => Ask::token(r#"{"payload":"e30","signatures":[]}"#);
        TokenEncoding:
            "A08 padded signature" => bent(|h, p, s| format!("{h}.{p}.{s}=="));
            "A08 padded payload" => bent(|h, p, s| format!("{h}.{p}=.{s}"));
            "A08 padded header" => bent(|h, p, s| format!("{h}=.{p}.{s}"));
            "A08 standard alphabet" => bent(|h, p, _| format!("{h}.{p}.+/+/"));
            "A08 newline at the end" => bent(|h, p, s| format!("{h}.{p}.{s}\n"));
            "A08 space inside" => bent(|h, p, s| format!("{h}.{p}.{} {}", &s[..9], &s[9..]));
            "A08 A09 last bits not zero" => bent(|h, p, s| format!("{h}.{p}.{}B", &s[..s.len() - 1]));
        HeaderJson:
            "A10 member of the header twice" => Ask::raw(
                br#"{"alg":"none","alg":"RS256","kid":"rsa-1"}"#,
                claims.as_bytes(),
            );
            "A12 header is a list" => Ask::raw(br#"["alg","RS256"]"#, claims.as_bytes());
            "A11 header is no UTF-8" => Ask::raw(b"{\"alg\":\"RS256\",\"x\":\"\xff\"}", claims.as_bytes());
        PayloadJson:
            "A12 payload is a list" => payload(b"[]");
            "A12 payload is a text" => payload(b"\"alice\"");
            "A12 payload is a number" => payload(b"7");
            "A12 payload is null" => payload(b"null");
            "payload is empty" => payload(b"");
            "text after the payload" => payload(twice(&claims).as_bytes());
            "A11 payload starts with a byte-order mark" => payload(format!("\u{feff}{claims}").as_bytes());
            "A11 payload is no UTF-8" => payload(b"{\"iss\":\"\xc3\x28\"}");
            "A11 lone surrogate" => claims_with_first(r#""x":"\ud800""#);
            "A07 nesting" => claims_with_first(&format!(r#""x":{}{}"#, "[".repeat(2000), "]".repeat(2000)));
            "A10 two `iss`" => claims_with_first(r#""iss":"https://evil.test""#);
            "A10 two `exp`" => claims_with_first(r#""exp":99999999999"#);
            "A10 two `aud`" => claims_with_first(r#""aud":"x""#);
            "A10 two `token_use`" => claims_with_first(r#""token_use":"id""#);
            "A10 two `cognito:groups`" => claims_with_first(r#""cognito:groups":["admin"]"#);
            "A10 a member of a claim twice" => claims_with_first(r#""x":{"roles":["staff"],"roles":["admin"]}"#);
            "A10 a member twice in a list, once escaped" => claims_with_first(r#""x":[[{"a":1,"\u0061":2}]]"#);
            "A10 a name twice, once escaped" => claims_with_first(r#""\u0069ss":"https://evil.test""#);
            "A15 number with leading zero" => claims_with_first(r#""x":007"#);
            "A15 NaN" => claims_with_first(r#""x":NaN"#);
    }
}

pub(super) fn header_parameters() -> Vec<Row> {
    let mut rows = rows! {
        Critical:
            "C01 unknown extension" => Ask::parameter("crit", json!(["exp"]));
            "C01 empty list" => Ask::parameter("crit", json!([]));
            "C01 no list" => Ask::parameter("crit", json!("b64"));
            "C01 null" => Ask::parameter("crit", Value::Null);
        Unencoded:
            "C02 b64 false" => Ask::parameter("b64", json!(false));
            "C02 b64 true" => Ask::parameter("b64", json!(true));
        Nested:
            "C09 nested token" => Ask::parameter("cty", json!("JWT"));
            "C10 encrypted" => Ask::parameter("enc", json!("A256GCM"));
            "C11 compressed" => Ask::parameter("zip", json!("DEF"));
        AlgorithmUnknown:
            "A02 alg with a space" => Ask::parameter("alg", json!("RS256 "));
            "alg in lower case" => Ask::parameter("alg", json!("rs256"));
            "alg is a list" => Ask::parameter("alg", json!(["RS256"]));
            "alg is missing" => Ask::raw(br#"{"kid":"rsa-1"}"#, good_claims().to_string().as_bytes());
        KeyIdForm:
            "C06 kid is a number" => Ask::parameter("kid", json!(1));
            "C06 kid is null" => Ask::parameter("kid", Value::Null);
            "C06 kid is a list" => Ask::parameter("kid", json!(["rsa-1"]));
            "C06 kid is empty" => Ask::parameter("kid", json!(""));
            "C06 kid with a newline" => Ask::parameter("kid", json!("rsa-1\nlevel: info"));
            "C06 kid beyond ASCII" => Ask::parameter("kid", json!("\u{1f511}"));
            "C06 kid of 257 bytes" => Ask::parameter("kid", json!("k".repeat(257)));
        KeyUnknown:
            "C06 kid of 256 bytes is only unknown" => Ask::parameter("kid", json!("k".repeat(256)));
            "C06 kid is a path" => Ask::parameter("kid", json!("../../etc/passwd"));
            "C06 kid is a URL" => Ask::parameter("kid", json!("https://evil.test/key"));
            "C06 kid is a query" => Ask::parameter("kid", json!("'or'1'='1"));
    };
    for typ in [
        "dpop+jwt",
        "logout+jwt",
        "secevent+jwt",
        "id_token",
        "",
        "application/",
        "JWTx",
    ] {
        rows.push((
            "C08 another type of token",
            Ask::parameter("typ", json!(typ)),
            R::Type,
        ));
    }
    rows.push((
        "C08 type is no text",
        Ask::parameter("typ", json!(1)),
        R::Type,
    ));
    rows
}
