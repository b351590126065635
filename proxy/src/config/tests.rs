use std::collections::BTreeMap;

use shared::settings::FileError;

use super::*;

const ISSUERS: &str = r#"[{"discoveryUrl": "https://issuer.example/.well-known/openid-configuration", "allowedClients": ["c"], "tokenUse": "access"}]"#;
const ARN: &str = "arn:aws:bedrock-agentcore:us-east-1:123456789012:runtime/demo-AbCdEf1234";
const GATEWAY: &str = "https://demo-abc.gateway.bedrock-agentcore.us-east-1.amazonaws.com/mcp";
const DEMO: &str = r#"{"demo": {"runtime": "arn:aws:bedrock-agentcore:us-east-1:123456789012:runtime/demo-AbCdEf1234", "allow": {}}}"#;

/// Good settings, and on top of them what a row changes.
fn read(rows: &[(&str, &str)]) -> Result<Config, Vec<String>> {
    let mut settings = BTreeMap::from([(TRUSTED_ISSUERS, ISSUERS), (AGENTS, DEMO)]);
    settings.extend(rows.iter().copied());
    Config::read(&|name| settings.get(name).map(|text| (*text).to_owned()))
        .map_err(|faults| faults.iter().map(Fault::to_string).collect())
}

#[test]
fn little_is_required() {
    let config = read(&[]).ok().unwrap();
    assert_eq!(config.limits.body_bytes, 6_291_456);
    assert_eq!(config.limits.first_byte, Duration::from_secs(285));
    assert_eq!(config.limits.idle, Duration::from_secs(840));
}

#[test]
fn every_setting_is_read() {
    let config = read(&[
        (ALLOWED_ORIGINS, "https://console.example.com"),
        (FIRST_BYTE_SECONDS, "5"),
        (IDLE_SECONDS, "6"),
        (MAX_BODY_BYTES, "7"),
        (TURNS_TABLE, "gatehouse-turns"),
        (DENIALS_TABLE, "gatehouse-denials"),
    ]);
    let config = config.ok().unwrap();
    assert_eq!(config.turns_table.as_deref(), Some("gatehouse-turns"));
    assert_eq!(config.denials_table.as_deref(), Some("gatehouse-denials"));
    let Limits {
        body_bytes,
        first_byte,
        idle,
    } = config.limits;
    assert_eq!(
        (body_bytes, first_byte.as_secs(), idle.as_secs()),
        (7, 5, 6)
    );
}

/// The one fault of settings that are good but for this.
fn fault(name: &str, text: &str) -> String {
    let faults = read(&[(name, text)]).err().unwrap();
    assert_eq!(faults.len(), 1, "{faults:?}");
    faults.concat()
}

#[test]
fn each_fault_is_named() {
    let seconds = "is not a whole number from 1 to 890";
    let client = "is not 1 to 128 visible ASCII characters";
    let scopes = "is not up to 50 scopes with single spaces between";
    let bytes = "is not a whole number from 1 to 6291456";
    let pool = "is not the id of a user pool, such as `us-east-1_Example01`";
    let table_name = "is not the name of a table: 3 to 255 of `A-Za-z0-9_.-`";
    let table = [
        (TRUSTED_ISSUERS, "", "is missing"),
        (AGENTS, "", "is missing"),
        (ALLOWED_ORIGINS, "*", "may not hold `*`; name the origins"),
        (FIRST_BYTE_SECONDS, "0", seconds),
        (FIRST_BYTE_SECONDS, "891", seconds),
        (IDLE_SECONDS, "ten", seconds),
        (MAX_BODY_BYTES, "6291457", bytes),
        (MAX_BODY_BYTES, "-1", bytes),
        (
            PUBLIC_URL,
            "https://api.example.com/",
            "has more than a plain path, or a slash at its end",
        ),
        (
            TOKEN_ENDPOINT,
            "http://pool.example/oauth2/token",
            "is neither https nor http on a loopback host",
        ),
        (MACHINE_CLIENT_ID, "a b", client),
        (MACHINE_CLIENT_ID, &"x".repeat(129), client),
        (MACHINE_SECRET_ARN, "machine", "is not the ARN of a secret"),
        (TOOL_SCOPES, "a  b", scopes),
        (TOOL_SCOPES, "a \"b\"", scopes),
        (TOOL_SCOPES, &["a"; 51].join(" "), scopes),
        (USER_POOL_ID, "us-east-1", pool),
        (USER_POOL_ID, "us-east-1_a/b", pool),
        (
            COGNITO_ENDPOINT,
            "http://pool.example",
            "is neither https nor http on a loopback host",
        ),
        (TURNS_TABLE, "ab", table_name),
        (TURNS_TABLE, "a table", table_name),
        (TURNS_TABLE, &"x".repeat(256), table_name),
        (DENIALS_TABLE, "a table", table_name),
    ];
    for (name, text, problem) in table {
        assert_eq!(fault(name, text), format!("`{name}` {problem}"), "{text}");
    }
}

const TOOL_TOKENS: [(&str, &str); 4] = [
    (TOKEN_ENDPOINT, "https://pool.example/oauth2/token"),
    (MACHINE_CLIENT_ID, "machine"),
    (
        MACHINE_SECRET_ARN,
        "arn:aws:secretsmanager:us-east-1:123456789012:secret:machine-AbCdEf",
    ),
    (TOOL_SCOPES, "gatehouse/tools other/scope"),
];

#[test]
fn an_agent_that_asks_for_tool_tokens_needs_their_settings() {
    for kind in ["user", "machine"] {
        let agents =
            format!(r#"{{"demo": {{"runtime": "{ARN}", "toolToken": "{kind}", "allow": {{}}}}}}"#);
        let mut rows = vec![(AGENTS, agents.as_str())];
        let faults = read(&rows).err().unwrap();
        let missing = TOOL_TOKENS.map(|(name, _)| format!("`{name}` is missing"));
        assert_eq!(faults, missing);
        rows.extend(TOOL_TOKENS);
        let settings = read(&rows).ok().unwrap().tool_tokens.unwrap();
        assert_eq!(settings.endpoint.as_str(), TOOL_TOKENS[0].1);
        assert_eq!(settings.client_id, "machine");
        assert_eq!(settings.secret.as_str(), TOOL_TOKENS[2].1);
        assert_eq!(settings.scopes, "gatehouse/tools other/scope");
    }
    assert!(read(&[]).ok().unwrap().tool_tokens.is_none());
    assert!(read(&TOOL_TOKENS[..2]).is_ok(), "given, and not needed");
}

/// The callers of an issuer that is not the pool are stated to it, if the door can sign and knows the pool.
#[test]
fn a_tool_token_of_a_user_needs_a_pool_and_a_key_or_callers_of_a_pool() {
    let agents =
        format!(r#"{{"demo": {{"runtime": "{ARN}", "toolToken": "user", "allow": {{}}}}}}"#);
    let issuer = |name: &str| {
        format!(
            r#"[{{"discoveryUrl": "{name}/.well-known/openid-configuration", "allowedClients": ["c"]}}]"#
        )
    };
    let (other, own) = (
        issuer("https://issuer.example"),
        issuer("https://pools.example/us-east-1_Ab"),
    );
    let signing = "arn:aws:secretsmanager:us-east-1:123456789012:secret:signing-AbCdEf";
    let endpoint = "https://pools.example";
    for (issuers, signing, pool, is_good) in [
        (&other, signing, "us-east-1_Ab", true),
        (&other, "", "us-east-1_Ab", false),
        (&other, signing, "", false),
        // The pool's own users have no tokens of use here (no `tokenUse`), and are not stated.
        (&own, signing, "us-east-1_Ab", false),
        (&own, signing, "us-east-1_Cd", true),
    ] {
        let mut rows = vec![
            (AGENTS, agents.as_str()),
            (TRUSTED_ISSUERS, issuers),
            (SIGNING_SECRET_ARN, signing),
            (USER_POOL_ID, pool),
            (COGNITO_ENDPOINT, endpoint),
        ];
        rows.extend(TOOL_TOKENS);
        let faults = read(&rows).err().unwrap_or_default();
        assert_eq!(
            faults.is_empty(),
            is_good,
            "{issuers} {signing} {pool}: {faults:?}"
        );
        let expected =
            "`AGENTS.demo.toolToken` is `user`, and no admitted caller can prove to be one";
        assert!(
            faults.iter().all(|fault| fault.starts_with(expected)),
            "{faults:?}"
        );
    }
}

#[test]
fn an_agent_with_limits_needs_the_table_that_counts() {
    let agents = format!(
        r#"{{"demo": {{"runtime": "{ARN}", "limits": {{"turnsAtOnce": 3}}, "allow": {{}}}}}}"#
    );
    let rows = [(AGENTS, agents.as_str())];
    assert_eq!(read(&rows).err().unwrap(), ["`TURNS_TABLE` is missing"]);
    let table = (TURNS_TABLE, "gatehouse-turns");
    assert!(read(&[rows[0], table]).is_ok());
}

#[test]
fn a_gateway_is_shown_one_token() {
    let agents = |members: &str| {
        format!(r#"{{"tools": {{"gateway": "{GATEWAY}", {members}, "allow": {{}}}}}}"#)
    };
    let signing = "arn:aws:secretsmanager:us-east-1:123456789012:secret:signing-AbCdEf";
    for members in [
        r#""auth": "iam""#,
        r#""auth": "jwt""#,
        r#""toolToken": "user""#,
    ] {
        let agents = agents(members);
        let mut rows = vec![(AGENTS, agents.as_str()), (SIGNING_SECRET_ARN, signing)];
        rows.extend(TOOL_TOKENS);
        assert!(read(&rows).is_ok(), "{members}");
    }
    let both = agents(r#""auth": "jwt", "toolToken": "user""#);
    let rows = [(AGENTS, both.as_str()), (SIGNING_SECRET_ARN, signing)];
    let problem = "is given with `auth` `jwt`, and a gateway can be shown one token only";
    let expected = format!("`AGENTS.tools.toolToken` {problem}");
    assert_eq!(read(&rows).err().unwrap(), [expected]);
}

#[test]
fn sessions_of_mcp_servers_cannot_be_sealed_without_keys() {
    for target in [
        format!(r#""gateway": "{GATEWAY}""#),
        format!(r#""runtime": "{ARN}", "protocol": "mcp""#),
    ] {
        let agents = format!(r#"{{"tools": {{{target}, "allow": {{}}}}}}"#);
        assert_eq!(fault(AGENTS, &agents), "`SIGNING_SECRET_ARN` is missing");
    }
}

#[test]
fn tokens_are_asked_for_unless_it_is_said_in_one_word_that_they_are_not() {
    for text in [
        "", " ", "true", "False", "FALSE", "false ", " false", "0", "no", "off", "none", "x",
    ] {
        let config = read(&[(ENABLE_AUTH, text)]).ok().unwrap();
        let is_required = matches!(config.authentication, Authentication::Required(_));
        assert!(is_required, "{text:?}");
        let faults = read(&[(ENABLE_AUTH, text), (TRUSTED_ISSUERS, "")]).err();
        assert_eq!(
            faults.unwrap(),
            ["`TRUSTED_ISSUERS` is missing"],
            "{text:?}"
        );
    }
    for issuers in [ISSUERS, ""] {
        let config = read(&[(ENABLE_AUTH, "false"), (TRUSTED_ISSUERS, issuers)]);
        let authentication = config.ok().unwrap().authentication;
        assert!(matches!(authentication, Authentication::Off), "{issuers}");
    }
    assert!(read(&[(ENABLE_AUTH, "false"), (TRUSTED_ISSUERS, "[]")]).is_err());
}

#[test]
fn an_open_door_has_no_agent_that_needs_its_callers_tokens() {
    let table = [
        (format!(r#""runtime": "{ARN}", "auth": "jwt""#), "auth"),
        (
            format!(r#""runtime": "{ARN}", "toolToken": "user""#),
            "toolToken",
        ),
        (
            format!(r#""runtime": "{ARN}", "toolToken": "machine""#),
            "toolToken",
        ),
        (format!(r#""gateway": "{GATEWAY}""#), "gateway"),
    ];
    for (members, field) in table {
        let agents = format!(r#"{{"demo": {{{members}, "allow": {{}}}}}}"#);
        let mut rows = vec![(AGENTS, agents.as_str()), (ENABLE_AUTH, "false")];
        rows.extend(TOOL_TOKENS);
        let faults = read(&rows).err().unwrap();
        let expected =
            format!("`AGENTS.demo.{field}` needs callers' tokens, and `ENABLE_AUTH` is `false`");
        assert!(faults.contains(&expected), "{faults:?}");
    }
}

#[test]
fn all_faults_are_told_at_once() {
    let faults = read(&[
        (TRUSTED_ISSUERS, "[]"),
        (AGENTS, "{"),
        (ALLOWED_ORIGINS, "null"),
        (COGNITO_ENDPOINT, "x"),
        (DENIALS_TABLE, "x"),
        (FIRST_BYTE_SECONDS, "x"),
        (IDLE_SECONDS, "x"),
        (MACHINE_CLIENT_ID, "a b"),
        (MACHINE_SECRET_ARN, "x"),
        (MAX_BODY_BYTES, "x"),
        (PUBLIC_URL, "x"),
        (SIGNING_SECRET_ARN, "x"),
        (TOKEN_ENDPOINT, "x"),
        (TOOL_SCOPES, " "),
        (TURNS_TABLE, "x"),
        (USER_POOL_ID, "x"),
    ]);
    let faults = faults.err().unwrap();
    // Every text of `ENABLE_AUTH` but one means that a token is asked for: none is wrong.
    for name in SETTINGS.into_iter().filter(|name| *name != ENABLE_AUTH) {
        assert!(
            faults
                .iter()
                .any(|fault| fault.starts_with(&format!("`{name}"))),
            "{name}: {faults:?}"
        );
    }
}

/// The faults of settings whose documents are in files of this content.
fn faults_of_files(rows: &[(&str, &str)], agents: &str, issuers: &str) -> Vec<String> {
    let mut settings = BTreeMap::from([(TRUSTED_ISSUERS, "file:i"), (AGENTS, "file:a")]);
    settings.extend(rows.iter().copied());
    let source = |name: &str| settings.get(name).map(|text| (*text).to_owned());
    let files = |path: &str| match path {
        "i" => Ok(issuers.as_bytes().to_vec()),
        "a" => Ok(agents.as_bytes().to_vec()),
        _ => Err(FileError::Absent),
    };
    let faults = Config::read_with(&source, &files).err().unwrap_or_default();
    faults.iter().map(Fault::to_string).collect()
}

#[test]
fn documents_may_be_in_files() {
    assert_eq!(faults_of_files(&[], DEMO, ISSUERS), [""; 0]);
    let open = [(ENABLE_AUTH, "false")];
    assert_eq!(faults_of_files(&open, DEMO, ISSUERS), [""; 0]);
    let open = [(ENABLE_AUTH, "false"), (TRUSTED_ISSUERS, "")];
    assert_eq!(faults_of_files(&open, DEMO, "unread"), [""; 0]);
}

#[test]
fn a_file_that_cannot_be_read_is_told_once() {
    let absent = "does not exist; a relative path starts at the working directory of the function";
    for name in [TRUSTED_ISSUERS, AGENTS] {
        let faults = faults_of_files(&[(name, "file:none")], DEMO, ISSUERS);
        assert_eq!(
            faults,
            [format!("`{name}` is in the file `none`, which {absent}")]
        );
    }
}

/// The proxy's own checks of agents name the line as the reader's do.
#[test]
fn a_contradiction_in_a_file_is_told_with_its_line() {
    let tools = |auth: &str| {
        format!(
            "{{\"tools\": {{\n\"gateway\": \"{GATEWAY}\",\n\"auth\": \"{auth}\",\n\"toolToken\": \"user\", \"allow\": {{}}}}}}"
        )
    };
    let secret = "arn:aws:secretsmanager:us-east-1:123456789012:secret:signing-AbCdEf";
    let mut rows = vec![(SIGNING_SECRET_ARN, secret)];
    rows.extend(TOOL_TOKENS);
    let faults = faults_of_files(&rows, &tools("jwt"), ISSUERS);
    let expected = "`a` line 4: `AGENTS.tools.toolToken` is given with `auth` `jwt`, and a gateway can be shown one token only";
    assert_eq!(faults, [expected]);
    rows.push((ENABLE_AUTH, "false"));
    let faults = faults_of_files(&rows, &tools("iam"), ISSUERS);
    let needs = "needs callers' tokens, and `ENABLE_AUTH` is `false`";
    let expected = [(2, "gateway"), (4, "toolToken")]
        .map(|(line, field)| format!("`a` line {line}: `AGENTS.tools.{field}` {needs}"));
    assert_eq!(faults, expected);
    let untrusted = DEMO.replace(
        "\"allow\": {",
        "\"allow\": {\n\"issuers\": [\"https://b.example\"]",
    );
    let expected = "`a` line 2: `AGENTS.demo.allow.issuers[0]` is not a trusted issuer";
    assert_eq!(faults_of_files(&[], &untrusted, ISSUERS), [expected]);
}

#[test]
fn a_door_that_serves_an_issuers_metadata_needs_an_address_without_path() {
    let issuers = r#"[{"discoveryUrl": "https://issuer.example/.well-known/openid-configuration",
        "allowedClients": ["c"], "authorizationServer": "door"}]"#;
    let with = |url: Option<&str>| {
        let mut rows = vec![(TRUSTED_ISSUERS, issuers)];
        rows.extend(url.map(|url| (PUBLIC_URL, url)));
        read(&rows).err().unwrap_or_default()
    };
    let none: [&str; 0] = [];
    assert_eq!(with(Some("https://api.example.com")), none);
    assert_eq!(with(Some("http://127.0.0.1:8080")), none);
    assert_eq!(with(None), ["`PUBLIC_URL` is missing"]);
    let path = "`PUBLIC_URL` has a path, and an entry of `TRUSTED_ISSUERS` has `authorizationServer` `door`";
    assert_eq!(with(Some("https://api.example.com/live")), [path]);
}
