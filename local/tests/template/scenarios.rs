//! The sets of parameters that are deployed in the field, and those that must be refused.

use serde_json::Value;

use crate::resolve::Parameters;

/// One runtime, and nothing else said.
const RUNTIME: (&str, &str) = (
    "RuntimeArns",
    "arn:aws:bedrock-agentcore:us-east-1:123456789012:runtime/demo-AbCdEf1234",
);
const GATEWAY: [(&str, &str); 3] = [
    (
        "GatewayArn",
        "arn:aws:bedrock-agentcore:us-east-1:123456789012:gateway/tools-abcdefghij",
    ),
    (
        "GatewayRoleArn",
        "arn:aws:iam::123456789012:role/service-role/tools",
    ),
    ("OwnPolicies", "true"),
];
const OWN_ISSUER: (&str, &str) = (
    "TrustedIssuers",
    r#"[{"discoveryUrl": "https://login.example.com/.well-known/openid-configuration"}]"#,
);
const OWN_CLIENT: [(&str, &str); 5] = [
    (
        "UserPoolArn",
        "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_EXAMPLE",
    ),
    ("TokenEndpoint", "https://login.example.com/token"),
    ("MachineClientId", "client"),
    (
        "MachineSecretArn",
        "arn:aws:secretsmanager:us-east-1:123456789012:secret:client-AbCdEf",
    ),
    ("ToolScopes", "tools/call"),
];
const ROTATES: (&str, &str) = ("RotateMachineSecret", "true");
const GOOGLE: [(&str, &str); 2] = [
    ("GoogleClientId", "client.apps.googleusercontent.com"),
    (
        "GoogleSecretArn",
        "arn:aws:secretsmanager:us-east-1:123456789012:secret:google-AbCdEf",
    ),
];
const OIDC: [(&str, &str); 3] = [
    ("OidcIssuer", "https://login.example.com"),
    ("OidcClientId", "client"),
    (
        "OidcSecretArn",
        "arn:aws:secretsmanager:us-east-1:123456789012:secret:oidc-AbCdEf",
    ),
];
const SAML: (&str, &str) = ("SamlMetadataUrl", "https://login.example.com/metadata");
const DOMAIN: [(&str, &str); 3] = [
    ("DomainName", "agents.example.com"),
    (
        "CertificateArn",
        "arn:aws:acm:us-east-1:123456789012:certificate/0123",
    ),
    ("HostedZoneId", "Z0123"),
];
const OWN_AGENTS: (&str, &str) = ("Agents", r#"{"demo": {}}"#);
const PRIVATE: (&str, &str) = ("VpcEndpointId", "vpce-0123456789abcdef0");
const ACCOUNT: (&str, &str) = ("ManageApiGatewayAccount", "false");
const ORIGIN: (&str, &str) = ("AllowedOrigins", "https://a.example");
const OPEN: (&str, &str) = ("EnableAuth", "false");
const FILES: (&str, &str) = ("SettingsFromFiles", "true");
const AGENTS_FILE: (&str, &str) = ("SettingsFromFiles", "agents");
const SERVED: (&str, &str) = ("AuthorizationServer", "door");
const ADDRESS: (&str, &str) = ("PublicUrl", "https://agents.example.com/live");
const RESERVED: [(&str, &str); 3] = [
    ("AuthorizerConcurrency", "50"),
    ("OpenRoutesConcurrency", "5"),
    ("PretokenConcurrency", "20"),
];
const AROUND: [(&str, &str); 5] = [
    ("ArchiveDays", "365"),
    ("EnableWaf", "true"),
    ("EnableConsole", "true"),
    ("EnableDashboard", "true"),
    ("AlarmEmail", "ops@example.com"),
];

fn with(groups: &[&[(&str, &str)]]) -> Parameters {
    let pairs = groups.iter().copied().flatten().chain([&RUNTIME]);
    let pairs = pairs.map(|(name, value)| ((*name).to_owned(), Value::from(*value)));
    pairs.collect()
}

/// A set, and what is special about it.
type Scenario = (&'static str, Parameters);

pub(crate) fn all() -> Vec<Scenario> {
    let mut all = by_issuer();
    all.extend(by_door());
    all.extend(by_proof());
    all
}

/// Whose tokens are believed, and what agents are given.
fn by_issuer() -> Vec<Scenario> {
    vec![
        ("one runtime and nothing else", with(&[])),
        ("own issuer", with(&[&[OWN_ISSUER]])),
        (
            "own issuer with tool tokens",
            with(&[&[OWN_ISSUER], &OWN_CLIENT]),
        ),
        (
            "own issuer with a machine client that rotates",
            with(&[&[OWN_ISSUER, ROTATES], &OWN_CLIENT, &GATEWAY, &AROUND]),
        ),
        (
            "sign-in elsewhere",
            with(&[&GOOGLE, &OIDC, &[SAML], &AROUND]),
        ),
        ("a gateway's policies", with(&[&GATEWAY, &AROUND])),
        (
            "a gateway that is limited",
            with(&[&GATEWAY, &[("GatewayRequestsPerMinute", "60")]]),
        ),
        (
            "a gateway's policies, own issuer",
            with(&[&GATEWAY, &[OWN_ISSUER], &OWN_CLIENT]),
        ),
        (
            "own issuer with tool tokens, at its own name",
            with(&[&[OWN_ISSUER], &OWN_CLIENT, &DOMAIN]),
        ),
        (
            "own issuer with tool tokens, at an address",
            with(&[&[OWN_ISSUER, ADDRESS], &OWN_CLIENT]),
        ),
        (
            "own issuer with tool tokens, private",
            with(&[&[OWN_ISSUER, PRIVATE, OWN_AGENTS], &OWN_CLIENT]),
        ),
        (
            "a gateway, own issuer and agents",
            with(&[&GATEWAY, &[OWN_ISSUER, OWN_AGENTS]]),
        ),
    ]
}

/// How the door stands there.
fn by_door() -> Vec<Scenario> {
    vec![
        ("open", with(&[&[OPEN]])),
        ("open, own issuer", with(&[&[OPEN, OWN_ISSUER]])),
        ("private", with(&[&[PRIVATE], &GATEWAY, &[ACCOUNT]])),
        (
            "private, own issuer, open",
            with(&[&[PRIVATE, OWN_ISSUER, OPEN]]),
        ),
        (
            "everything around it",
            with(&[&DOMAIN, &AROUND, &GATEWAY, &[ORIGIN]]),
        ),
        ("agents from a file", with(&[&[AGENTS_FILE], &AROUND])),
        (
            "settings from files",
            with(&[&[FILES], &OWN_CLIENT, &[ROTATES]]),
        ),
        (
            "a gateway, and settings from files",
            with(&[&[FILES], &GATEWAY]),
        ),
        (
            "an address, no return and no locks",
            with(&[
                &AROUND,
                &[ADDRESS, ("ReturnUrls", ""), ("LockRuntimes", "false")],
            ]),
        ),
        ("metadata of the door", with(&[&DOMAIN, &[SERVED]])),
        ("no page to return to", with(&[&[("ReturnUrls", "")]])),
        (
            "no denials, and refresh tokens that stay",
            with(&[&[("EnableDenials", "false"), ("RotateRefreshTokens", "false")]]),
        ),
        (
            "private, with an address, and with concurrency reserved",
            with(&[&[PRIVATE, ADDRESS], &RESERVED]),
        ),
    ]
}

/// Whose word counts for whom.
fn by_proof() -> Vec<Scenario> {
    vec![
        (
            "own agents and table",
            with(&[&[
                OWN_AGENTS,
                ("DirectoryTable", "people"),
                ("IdentityProof", "asserted"),
                ("AssertingClients", "client"),
            ]]),
        ),
        (
            "named clients of a proof",
            with(&[&[
                OWN_AGENTS,
                ("ProvingClients", "one,two"),
                ("UserTokenClients", "three"),
            ]]),
        ),
    ]
}

/// Sets that make no sense, and what is said to them.
pub(crate) fn senseless() -> Vec<(Parameters, &'static str)> {
    let mut all = senseless_groups();
    all.extend(senseless_sources());
    all
}

/// Settings that come from two places, or an address from two.
fn senseless_sources() -> Vec<(Parameters, &'static str)> {
    vec![
        (with(&[&DOMAIN, &[ADDRESS]]), "leave PublicUrl empty"),
        (with(&[&[SERVED]]), "needs DomainName"),
        (with(&[&[SERVED, ADDRESS]]), "needs DomainName"),
        (
            with(&[&DOMAIN, &[SERVED, OWN_ISSUER]]),
            "into the issuer's entry",
        ),
        (with(&[&[FILES, OWN_AGENTS]]), "so Agents must be empty"),
        (
            with(&[&[AGENTS_FILE, OWN_AGENTS]]),
            "so Agents must be empty",
        ),
        (
            with(&[&[FILES, OWN_ISSUER]]),
            "so TrustedIssuers must be empty",
        ),
        (
            with(&[&[FILES], &GOOGLE]),
            "with TrustedIssuers there is none",
        ),
        (
            with(&[&[AGENTS_FILE], &OWN_CLIENT]),
            "this stack's pool has all of them",
        ),
    ]
}

/// Parameters that belong together, and are not together.
fn senseless_groups() -> Vec<(Parameters, &'static str)> {
    vec![
        (with(&[&OWN_CLIENT]), "this stack's pool has all of them"),
        (
            with(&[&[OWN_ISSUER], &GOOGLE]),
            "with TrustedIssuers there is none",
        ),
        (
            with(&[&[OWN_ISSUER], &[OWN_CLIENT[1]]]),
            "tool tokens need all of",
        ),
        (with(&[&[ROTATES]]), "is rotated without it"),
        (
            with(&[&[OWN_ISSUER, ROTATES], &OWN_CLIENT[1..]]),
            "needs both UserPoolArn and MachineSecretArn",
        ),
        (
            with(&[&[OWN_ISSUER, ROTATES], &OWN_CLIENT[..1]]),
            "needs both UserPoolArn and MachineSecretArn",
        ),
        (with(&[&[GOOGLE[0]]]), "Google needs both"),
        (with(&[&OIDC[1..]]), "needs all of OidcIssuer"),
        (with(&[&[GATEWAY[0]]]), "policies need both"),
        (with(&[&[GATEWAY[1]]]), "policies need both"),
        (with(&[&[("IdentityProof", "asserted")]]), "go together"),
        (with(&[&[("AssertingClients", "client")]]), "go together"),
        (with(&[&[DOMAIN[0]]]), "both DomainName and CertificateArn"),
        (with(&[&[DOMAIN[2]]]), "both DomainName and CertificateArn"),
        (with(&[&DOMAIN, &[PRIVATE]]), "a private door is reached by"),
        (with(&[&[OPEN], &GATEWAY]), "nobody is known"),
        (
            with(&[&[("GatewayRequestsPerMinute", "60")]]),
            "limits a gateway",
        ),
        (with(&[&GATEWAY[..2]]), "say OwnPolicies=true"),
        (
            with(&[&[OWN_ISSUER], &GATEWAY]),
            "is given tool tokens, which need TokenEndpoint",
        ),
    ]
}
