//! Good settings, and every way in which they may be wrong.

use serde_json::json;
use shared::settings::Fault;

use super::*;
use crate::claims::RESERVED;

fn read(rows: &[(&str, &str)]) -> Result<Config, Vec<String>> {
    let source = |name: &str| {
        let row = rows.iter().find(|row| row.0 == name)?;
        Some(row.1.to_owned())
    };
    let said = |faults: Vec<Fault>| faults.iter().map(Fault::to_string).collect();
    Config::read(&source).map_err(said)
}

fn profile(department: &str, role: &str) -> Profile {
    Profile {
        department: department.to_owned(),
        role: role.to_owned(),
    }
}

#[test]
fn nothing_is_required() {
    let config = read(&[]).ok().unwrap();
    assert!(
        matches!(config.proof, IdentityProof::Token(clients) if clients == TokenProof::default())
    );
    assert_eq!(config.default, profile("guest", "viewer"));
    assert!(config.endpoint.is_none() && config.table.is_none());
    assert!(config.listed.is_empty() && config.groups.is_empty());
    assert!(config.client_claims.is_empty() && !config.enrich_user_tokens);
    let empty = [
        ASSERTING_CLIENTS,
        CLIENT_CLAIMS,
        COGNITO_ENDPOINT,
        DEFAULT_DEPARTMENT,
        DEFAULT_ROLE,
        DIRECTORY,
        DIRECTORY_TABLE,
        ENRICH_USER_TOKENS,
        GROUP_MAP,
        IDENTITY_PROOF,
        PROVING_CLIENTS,
        USER_TOKEN_CLIENTS,
    ]
    .map(|name| (name, ""));
    assert!(read(&empty).is_ok(), "empty counts as absent");
}

#[test]
fn good_settings_are_read() {
    let config = read(&[
        (IDENTITY_PROOF, "asserted"),
        (ASSERTING_CLIENTS, "one, two"),
        (DIRECTORY_TABLE, "directory-1"),
        (DIRECTORY, r#"{"a": {"department": "b c", "role": "d"}}"#),
        (
            GROUP_MAP,
            r#"[{"group": "z", "department": "b", "role": "d"}, {"group": "größte", "role": "e", "department": "f"}]"#,
        ),
        (DEFAULT_DEPARTMENT, "none"),
        (DEFAULT_ROLE, "no role"),
        (CLIENT_CLAIMS, r#"{"one": {"runtime_env": "prod"}, "two": {}}"#),
        (ENRICH_USER_TOKENS, "true"),
        (COGNITO_ENDPOINT, "http://127.0.0.1:9"),
    ])
    .ok()
    .unwrap();
    let clients = ["one", "two"].map(str::to_owned);
    assert!(matches!(config.proof, IdentityProof::Asserted(own) if own == clients.into()));
    assert_eq!(config.table.as_deref(), Some("directory-1"));
    assert_eq!(config.listed["a"], profile("b c", "d"));
    let groups = [
        ("z".to_owned(), profile("b", "d")),
        ("größte".to_owned(), profile("f", "e")),
    ];
    assert_eq!(config.groups, groups);
    assert_eq!(config.default, profile("none", "no role"));
    assert_eq!(config.client_claims["one"]["runtime_env"], "prod");
    assert!(config.enrich_user_tokens);
    assert_eq!(config.endpoint.unwrap().as_str(), "http://127.0.0.1:9");
}

#[test]
fn the_clients_of_a_proof_by_token_are_named() {
    let list = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect();
    let settings = [(PROVING_CLIENTS, "one, two"), (USER_TOKEN_CLIENTS, "three")];
    let config = read(&settings).ok().unwrap();
    let expected = TokenProof {
        proving: list(&["one", "two"]),
        users: list(&["three"]),
    };
    assert!(matches!(config.proof, IdentityProof::Token(clients) if clients == expected));
}

#[test]
fn every_fault_is_named_at_once() {
    let faults = read(&[
        (IDENTITY_PROOF, "trust me"),
        (ASSERTING_CLIENTS, "a b"),
        (PROVING_CLIENTS, "a b"),
        (USER_TOKEN_CLIENTS, ","),
        (DIRECTORY_TABLE, "a/b"),
        (DIRECTORY, "{"),
        (GROUP_MAP, "{}"),
        (DEFAULT_DEPARTMENT, "\"quoted\""),
        (DEFAULT_ROLE, " spaced"),
        (CLIENT_CLAIMS, "[]"),
        (ENRICH_USER_TOKENS, "yes"),
        (COGNITO_ENDPOINT, "http://a.example"),
    ])
    .err()
    .unwrap();
    let plain = "is not 1 to 128 printable ASCII characters without quotes, backslashes, and spaces at either end";
    assert_eq!(
        faults,
        [
            "`ASSERTING_CLIENTS` is not a list of client ids with commas between",
            "`PROVING_CLIENTS` is not a list of client ids with commas between",
            "`USER_TOKEN_CLIENTS` is not a list of client ids with commas between",
            "`IDENTITY_PROOF` is neither `token` nor `asserted`",
            "`AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER` is neither https nor http on a loopback host",
            "`DIRECTORY_TABLE` is not the name of a table: 3 to 255 of `A-Za-z0-9_.-`",
            "`DIRECTORY` is not JSON (line 1, column 1)",
            "`GROUP_MAP` is an object, not a list",
            &format!("`DEFAULT_DEPARTMENT` {plain}"),
            &format!("`DEFAULT_ROLE` {plain}"),
            "`CLIENT_CLAIMS` is a list, not an object",
            "`ENRICH_USER_TOKENS` is neither `true` nor `false`",
        ]
    );
}

#[test]
fn a_proof_and_its_clients_belong_together() {
    let missing = read(&[(IDENTITY_PROOF, "asserted")]).err().unwrap();
    assert_eq!(missing, ["`ASSERTING_CLIENTS` is missing"]);
    let without_effect = read(&[(ASSERTING_CLIENTS, "one")]).err().unwrap();
    let said = "`ASSERTING_CLIENTS` is given, and `IDENTITY_PROOF` is not `asserted`";
    assert_eq!(without_effect, [said]);
    for list in [",", "one,", "one,,two", "one;two", "one two"] {
        let settings = [(IDENTITY_PROOF, "asserted"), (ASSERTING_CLIENTS, list)];
        assert!(read(&settings).is_err(), "{list}");
    }
}

/// Each document has one fault, which must name this path.
fn assert_paths(setting: &str, documents: &[(&str, &str)]) {
    for (document, path) in documents {
        let faults = read(&[(setting, document)]).err().unwrap();
        assert_eq!(faults.len(), 1, "{document}: {faults:?}");
        assert!(faults[0].starts_with(&format!("`{path}` ")), "{faults:?}");
    }
}

#[test]
fn a_fault_of_the_list_is_named_by_its_path() {
    let long = "x".repeat(129);
    let too_long = format!(r#"{{"a": {{"department": "{long}", "role": "r"}}}}"#);
    let twice = r#"{"a": {"department": "d", "role": "r"}, "a": {"department": "e", "role": "r"}}"#;
    let documents = [
        (r#"{"a": 1}"#, "DIRECTORY.a"),
        (r#"{"a": {"role": "r"}}"#, "DIRECTORY.a.department"),
        (r#"{"a": {"department": "d"}}"#, "DIRECTORY.a.role"),
        (
            r#"{"a": {"department": "d", "role": 1}}"#,
            "DIRECTORY.a.role",
        ),
        (
            r#"{"a": {"department": "d", "role": "r", "x": 1}}"#,
            "DIRECTORY.a.x",
        ),
        (
            r#"{"a b\"": {"department": "d", "role": "r"}}"#,
            r#"DIRECTORY.a b\""#,
        ),
        (twice, "DIRECTORY.a"),
        (&too_long, "DIRECTORY.a.department"),
    ];
    assert_paths(DIRECTORY, &documents);
}

#[test]
fn a_fault_of_the_groups_is_named_by_its_path() {
    let twice = r#"[{"group": "a", "department": "d", "role": "r"}, {"group": "a", "department": "e", "role": "r"}]"#;
    let spaced = r#"[{"group": "a b", "department": "d", "role": "r"}]"#;
    let documents = [
        ("[]", "GROUP_MAP"),
        ("[1]", "GROUP_MAP[0]"),
        (
            r#"[{"department": "d", "role": "r"}]"#,
            "GROUP_MAP[0].group",
        ),
        (spaced, "GROUP_MAP[0].group"),
        (
            r#"[{"group": "a", "department": "d"}]"#,
            "GROUP_MAP[0].role",
        ),
        (twice, "GROUP_MAP[1]"),
    ];
    assert_paths(GROUP_MAP, &documents);
}

#[test]
fn a_fault_of_a_clients_claims_is_named_by_its_path() {
    let documents = [
        (r#"{"a b": {}}"#, "CLIENT_CLAIMS.a b"),
        (r#"{"a": {"x": 1}}"#, "CLIENT_CLAIMS.a.x"),
        (r#"{"a": {"x": ""}}"#, "CLIENT_CLAIMS.a.x"),
        (r#"{"a": {"iss": "x"}}"#, "CLIENT_CLAIMS.a.iss"),
        (r#"{"a": {"x": "1", "x": "2"}}"#, "CLIENT_CLAIMS.a.x"),
    ];
    assert_paths(CLIENT_CLAIMS, &documents);
}

#[test]
fn no_fixed_claim_is_cognitos_or_a_persons() {
    let persons = ["user_id", "department", "role", "preferred_username"];
    let cognitos = ["cognito:username", "cognito:groups", "cognito:", "dev:x"];
    let unfit = ["", "a\"b", "a\\b", "a\nb", " a", "\u{e9}"];
    for name in RESERVED
        .iter()
        .chain(&persons)
        .chain(&cognitos)
        .chain(&unfit)
    {
        let document = json!({"client": {*name: "x"}}).to_string();
        let faults = read(&[(CLIENT_CLAIMS, &document)]).err();
        assert_eq!(faults.map(|faults| faults.len()), Some(1), "{name}");
    }
    let free = json!({"client": {"runtime_env": "x", "subject": "x", "custom:x": "x"}});
    assert!(read(&[(CLIENT_CLAIMS, &free.to_string())]).is_ok());
}

/// The list of Cognito's guide, "Pre token generation Lambda trigger".
#[test]
fn the_reserved_claims_are_those_of_cognitos_guide() {
    let guide = "acr amr at_hash auth_time azp exp iat iss jti nbf nonce origin_jti token_use sub identities event_id \
                 device_key client_id version username aud scope";
    let mut names: Vec<&str> = guide.split_whitespace().collect();
    names.sort_unstable();
    assert_eq!(names, RESERVED);
}
