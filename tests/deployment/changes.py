"""Changes of one parameter each, to see what they reach: two values, both of which CloudFormation takes."""

from dataclasses import dataclass

from names import ACCOUNT
from parameter_sets import (
    ADDRESS,
    AGENTCORE,
    ALARMS,
    ARCHIVE,
    ASSERTED,
    CONSOLE,
    DOMAIN,
    FIREWALL,
    GATEWAY,
    GOOGLE,
    OIDC,
    ORIGIN,
    OWN_AGENTS,
    OWN_CLIENT,
    OWN_ISSUER,
    OWN_POOL,
    PRIVATE,
    ROTATES,
    RUNTIME,
    SECRET,
    TABLE,
    ZONE,
    Parameters,
)

NOTHING: Parameters = {}
TOOLS = OWN_ISSUER | OWN_POOL | OWN_CLIENT


@dataclass(frozen=True)
class Change:
    """A parameter, and what is deployed before and after. What goes with it changes along."""

    parameter: str
    before: Parameters
    after: Parameters


def value(parameter: str, one: str, other: str, rest: Parameters = NOTHING) -> Change:
    """The parameter has one value, then another; the rest stays."""
    return Change(parameter, RUNTIME | rest | {parameter: one}, RUNTIME | rest | {parameter: other})


def given(parameter: str, added: Parameters, rest: Parameters = NOTHING) -> Change:
    """The parameter is not given, then is, with what goes with it."""
    assert parameter in added
    return Change(parameter, RUNTIME | rest, RUNTIME | rest | added)


ISSUER = OWN_ISSUER["TrustedIssuers"].replace("login.example.com", "other.example.com")

CHANGES: list[Change] = [
    value("RuntimeArns", RUNTIME["RuntimeArns"], f"{AGENTCORE}:runtime/other-AbCdEf1234"),
    value("AgentName", "demo", "other"),
    given("Agents", OWN_AGENTS),
    value("Agents", OWN_AGENTS["Agents"], OWN_AGENTS["Agents"].replace('["staff"]', '["admins"]')),
    given("TrustedIssuers", OWN_ISSUER),
    value("TrustedIssuers", OWN_ISSUER["TrustedIssuers"], ISSUER),
    value("EnableAuth", "true", "false"),
    value("EnableAuth", "false", "true"),
    given("AllowedOrigins", ORIGIN),
    value("AllowedOrigins", "https://a.example", "https://b.example", CONSOLE),
    value("SignInPrefix", "one", "other", OWN_AGENTS),
    value("ReturnUrls", "https://a.example/", "https://b.example/"),
    value("AuthorizationServer", "issuer", "door", DOMAIN),
    given("GoogleClientId", GOOGLE),
    value("GoogleClientId", "one", "other", GOOGLE),
    value("GoogleSecretArn", f"{SECRET}:one-AbCdEf", f"{SECRET}:other-AbCdEf", GOOGLE),
    given("OidcIssuer", OIDC),
    value("OidcIssuer", "https://one.example", "https://other.example", OIDC),
    value("OidcClientId", "one", "other", OIDC),
    value("OidcSecretArn", f"{SECRET}:one-AbCdEf", f"{SECRET}:other-AbCdEf", OIDC),
    value("AccessTokenMinutes", "30", "5"),
    value("RefreshTokenHours", "12", "8"),
    value("RotateRefreshTokens", "true", "false"),
    value("SamlMetadataUrl", "https://one.example", "https://other.example"),
    given("UserPoolArn", OWN_POOL, OWN_ISSUER),
    value(
        "UserPoolArn", OWN_POOL["UserPoolArn"], f"{OWN_POOL['UserPoolArn']}2", TOOLS | ROTATES | OWN_AGENTS
    ),
    given("TokenEndpoint", OWN_CLIENT, OWN_ISSUER),
    value(
        "TokenEndpoint",
        "https://one.example/token",
        "https://other.example/token",
        TOOLS | ROTATES | OWN_AGENTS,
    ),
    value("MachineClientId", "one", "other", TOOLS | ROTATES | OWN_AGENTS),
    value("MachineSecretArn", f"{SECRET}:one-AbCdEf", f"{SECRET}:other-AbCdEf", TOOLS | ROTATES | OWN_AGENTS),
    value("RotateMachineSecret", "false", "true", TOOLS | OWN_AGENTS),
    value("ToolScopes", "one/call", "other/call", TOOLS | ROTATES | OWN_AGENTS),
    given("GatewayArn", GATEWAY),
    value("GatewayArn", GATEWAY["GatewayArn"], f"{AGENTCORE}:gateway/other-abcdefghij", GATEWAY),
    value("GatewayRoleArn", GATEWAY["GatewayRoleArn"], f"arn:aws:iam::{ACCOUNT}:role/other", GATEWAY),
    value("OwnPolicies", "false", "true"),
    value("PolicyMode", "ENFORCE", "LOG_ONLY", GATEWAY),
    value("PolicyPrefix", "one", "other", GATEWAY),
    value("GatewayRequestsPerMinute", "0", "60", GATEWAY),
    value("GatewayRequestsPerMinute", "60", "120", GATEWAY),
    given("DirectoryTable", TABLE),
    value("DirectoryTable", "people", "others"),
    value("Directory", '{"one": {}}', '{"other": {}}'),
    value("GroupMap", '[{"group": "one"}]', '[{"group": "other"}]'),
    value("DefaultDepartment", "guest", "stranger"),
    value("DefaultRole", "viewer", "reader"),
    value("ClientClaims", '{"one": {}}', '{"other": {}}'),
    value("EnrichUserTokens", "false", "true"),
    given("IdentityProof", ASSERTED),
    value("AssertingClients", "one", "other", ASSERTED),
    value("ProvingClients", "one", "other"),
    value("UserTokenClients", "one", "other"),
    given("DomainName", DOMAIN),
    value("DomainName", "one.example.com", "other.example.com", DOMAIN),
    value("CertificateArn", DOMAIN["CertificateArn"], f"{DOMAIN['CertificateArn']}4", DOMAIN),
    given("HostedZoneId", ZONE, DOMAIN),
    given("VpcEndpointId", PRIVATE),
    given("PublicUrl", ADDRESS),
    value("PublicUrl", "https://one.example.com", "https://other.example.com", PRIVATE),
    value("SettingsFromFiles", "false", "agents"),
    value("SettingsFromFiles", "agents", "true"),
    value("LockRuntimes", "true", "false"),
    value("AuthorizerConcurrency", "0", "50"),
    value("OpenRoutesConcurrency", "0", "5"),
    value("PretokenConcurrency", "0", "20"),
    value("OpenThrottlingRate", "50", "20"),
    value("OpenThrottlingBurst", "100", "40"),
    value("FloodThreshold", "30000", "40000", ALARMS),
    value("ConsoleConnections", "https://one.example", "https://other.example", CONSOLE),
    value("EnableWaf", "false", "true"),
    value("RequestsPerAddress", "1000", "2000", FIREWALL),
    value("EnableConsole", "false", "true"),
    value("EnableConsole", "true", "false", ORIGIN),
    value("EnableDenials", "true", "false"),
    given("AlarmEmail", ALARMS),
    value("RefusalThreshold", "100", "200", ALARMS),
    value("EnableDashboard", "false", "true"),
    value("LogRetentionDays", "90", "30"),
    value("ArchiveDays", "0", "365"),
    value("ArchiveDays", "30", "365"),
    value("ArchiveMode", "GOVERNANCE", "COMPLIANCE", ARCHIVE),
    value("ManageApiGatewayAccount", "true", "false"),
    value("ThrottlingRate", "100", "50"),
    value("ThrottlingBurst", "200", "100"),
    value("RotationDays", "30", "60"),
    value("Architecture", "arm64", "x86_64"),
]
