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

fn group(issuer: Option<&str>, group: &str, profile: Profile) -> GroupProfile {
    GroupProfile {
        issuer: issuer.map(str::to_owned),
        group: group.to_owned(),
        profile,
    }
}

const ISSUERS: &str = r#"[
    {"discoveryUrl": "https://a.example/.well-known/openid-configuration", "allowedClients": ["c"]},
    {"discoveryUrl": "https://b.example/.well-known/openid-configuration", "allowedClients": ["c"],
        "issuer": ["https://b.example/{tenantid}", "urn:{tenantid}"], "tenants": ["t-1"]}
]"#;
const STATEMENTS: [(&str, &str); 2] = [
    (PUBLIC_URL, "https://door.example/live"),
    (TRUSTED_ISSUERS, ISSUERS),
];

/// These settings, with a door whose statements count.
fn read_stating(rows: &[(&str, &str)]) -> Result<Config, Vec<String>> {
    read(&[&STATEMENTS[..], rows].concat())
}

#[test]
fn users_and_groups_of_issuers_are_read() {
    let config = read_stating(&[
        (
            DIRECTORY,
            r#"{"https://a.example#al ice": {"department": "b", "role": "d"}, "alice": {"department": "e", "role": "f"}}"#,
        ),
        (
            GROUP_MAP,
            r#"[{"group": "Finance Team", "issuer": "https://a.example", "department": "b", "role": "d"},
                {"group": "staff", "issuer": "https://a.example", "department": "b", "role": "d"},
                {"group": "staff", "issuer": "https://b.example/t-1", "department": "b", "role": "d"},
                {"group": "staff", "department": "b", "role": "d"}]"#,
        ),
    ]);
    let config = config.map_err(|faults| faults.join("; ")).ok().unwrap();
    assert_eq!(config.listed["https://a.example#al ice"], profile("b", "d"));
    assert_eq!(config.listed["alice"], profile("e", "f"));
    let groups = [
        group(Some("https://a.example"), "Finance Team", profile("b", "d")),
        group(Some("https://a.example"), "staff", profile("b", "d")),
        group(Some("https://b.example/t-1"), "staff", profile("b", "d")),
        group(None, "staff", profile("b", "d")),
    ];
    assert_eq!(config.groups, groups);
    let statements = config.statements.unwrap();
    assert_eq!(statements.door.as_str(), "https://door.example/live");
    assert_eq!(statements.trust.issuers().len(), 2);
}

/// A slip in an issuer's name would leave its users with the default, and say nothing.
#[test]
fn users_and_groups_of_strange_issuers_are_faults() {
    let said =
        "is of an issuer by whose name the `TRUSTED_ISSUERS` of this function know no callers";
    for (issuer, is_known) in [
        ("https://a.example", true),
        ("https://b.example/t-1", true),
        ("https://a.example/", false),
        ("https://c.example", false),
        // Its callers are known by its first name, filled with their tenant.
        ("urn:t-1", false),
        ("https://b.example/t-2", false),
        ("https://b.example/{tenantid}", false),
    ] {
        let directory = json!({format!("{issuer}#alice"): {"department": "d", "role": "r"}});
        let map = json!([{"group": "g", "issuer": issuer, "department": "d", "role": "r"}]);
        for (setting, document, path) in [
            (
                DIRECTORY,
                directory.to_string(),
                format!("DIRECTORY.{issuer}#alice"),
            ),
            (GROUP_MAP, map.to_string(), "GROUP_MAP[0].issuer".to_owned()),
        ] {
            let faults = read_stating(&[(setting, &document)])
                .err()
                .unwrap_or_default();
            let expected = Vec::from_iter((!is_known).then(|| format!("`{path}` {said}")));
            assert_eq!(faults, expected);
            // Without a door, no statement is about anyone.
            let faults = read(&[(setting, &document)]).err().unwrap_or_default();
            assert_eq!(faults, [format!("`{path}` {said}")]);
        }
    }
}

#[test]
fn a_door_and_the_issuers_it_may_speak_for_belong_together() {
    assert!(read_stating(&[]).is_ok());
    for (rows, problem) in [
        (&STATEMENTS[..1], "`TRUSTED_ISSUERS` is missing"),
        (&STATEMENTS[1..], "`PUBLIC_URL` is missing"),
    ] {
        assert_eq!(read(rows).err().unwrap(), [problem]);
    }
    for (url, problem) in [
        (
            "https://door.example/",
            "has a query, or a slash at its end",
        ),
        (
            "https://door.example?a",
            "has a query, or a slash at its end",
        ),
        (
            "http://door.example",
            "is neither https nor http on a loopback host",
        ),
        ("door", "is not an absolute address"),
    ] {
        let faults = read(&[(PUBLIC_URL, url), STATEMENTS[1]]).err().unwrap();
        assert_eq!(faults, [format!("`PUBLIC_URL` {problem}")]);
    }
    let faults = read(&[STATEMENTS[0], (TRUSTED_ISSUERS, "[]")])
        .err()
        .unwrap();
    assert!(faults[0].starts_with("`TRUSTED_ISSUERS` "), "{faults:?}");
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
        PUBLIC_URL,
        TRUSTED_ISSUERS,
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
        group(None, "z", profile("b", "d")),
        group(None, "größte", profile("f", "e")),
    ];
    assert_eq!(config.groups, groups);
    assert!(config.statements.is_none());
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
        (
            r#"[{"group": "a", "issuer": "https://a.example/#b", "department": "d", "role": "r"}]"#,
            "GROUP_MAP[0].issuer",
        ),
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
