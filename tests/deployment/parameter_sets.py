"""The sets of parameters that are deployed in the field, and those that must be refused."""

from collections.abc import Mapping

from names import ACCOUNT, REGION

Parameters = Mapping[str, str]

# CloudFormation's longest name of a stack.
LONGEST_NAME = "g" * 128
AGENTCORE = f"arn:aws:bedrock-agentcore:{REGION}:{ACCOUNT}"
SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret"

RUNTIME = {"RuntimeArns": f"{AGENTCORE}:runtime/demo-AbCdEf1234"}
RUNTIMES = {"RuntimeArns": ",".join(f"{AGENTCORE}:runtime/{'r' * 40}{n}-AbCdEf1234" for n in range(10))}
GATEWAY = {
    "GatewayArn": f"{AGENTCORE}:gateway/tools-abcdefghij",
    "GatewayRoleArn": f"arn:aws:iam::{ACCOUNT}:role/service-role/tools",
    "OwnPolicies": "true",
}
OWN_ISSUER = {
    "TrustedIssuers": '[{"discoveryUrl": "https://login.example.com/.well-known/openid-configuration",'
    ' "allowedAudience": ["gatehouse"]}]'
}
OWN_POOL = {"UserPoolArn": f"arn:aws:cognito-idp:{REGION}:{ACCOUNT}:userpool/{REGION}_EXAMPLE"}
OWN_CLIENT = {
    "TokenEndpoint": "https://login.example.com/token",
    "MachineClientId": "client",
    "MachineSecretArn": f"{SECRET}:client-AbCdEf",
    "ToolScopes": "tools/call",
}
ROTATES = {"RotateMachineSecret": "true"}
GOOGLE = {"GoogleClientId": "client.apps.googleusercontent.com", "GoogleSecretArn": f"{SECRET}:google-AbCdEf"}
OIDC = {
    "OidcIssuer": "https://login.example.com",
    "OidcClientId": "client",
    "OidcSecretArn": f"{SECRET}:oidc-AbCdEf",
}
SAML = {"SamlMetadataUrl": "https://login.example.com/metadata"}
DOMAIN = {
    "DomainName": "agents.example.com",
    "CertificateArn": f"arn:aws:acm:{REGION}:{ACCOUNT}:certificate/0123",
}
ZONE = {"HostedZoneId": "Z0123456789"}
OWN_AGENTS = {
    "Agents": f'{{"staff": {{"runtime": "{RUNTIME["RuntimeArns"]}", "allow": {{"groups": ["staff"]}}}}}}'
}
FILES = {"SettingsFromFiles": "true"}
AGENTS_FILE = {"SettingsFromFiles": "agents"}
NO_LOCKS = {"LockRuntimes": "false"}
NO_RETURN = {"ReturnUrls": ""}
SERVED = {"AuthorizationServer": "door"}
ADDRESS = {"PublicUrl": "https://agents.example.com/live"}
RESERVED = {"AuthorizerConcurrency": "50", "OpenRoutesConcurrency": "5", "PretokenConcurrency": "20"}
PRIVATE = {"VpcEndpointId": "vpce-0123456789abcdef0"}
NO_ACCOUNT = {"ManageApiGatewayAccount": "false"}
ORIGIN = {"AllowedOrigins": "https://a.example"}
OPEN = {"EnableAuth": "false"}
FIREWALL = {"EnableWaf": "true"}
CONSOLE = {"EnableConsole": "true"}
ARCHIVE = {"ArchiveDays": "365"}
ALARMS = {"AlarmEmail": "ops@example.com"}
DASHBOARD = {"EnableDashboard": "true"}
AROUND = FIREWALL | CONSOLE | ALARMS | DASHBOARD
TABLE = {"DirectoryTable": "people"}
ASSERTED = {"IdentityProof": "asserted", "AssertingClients": "client"}

# As long as people write them, and all that share the 4 KB of a function's variables.
LONG_SETTINGS = {
    "Agents": "{"
    + ", ".join(
        f'"agent-{n}": {{"runtime": "{AGENTCORE}:runtime/{"r" * 40}{n}-AbCdEf1234", '
        '"allow": {"groups": ["staff"]}}'
        for n in range(10)
    )
    + "}",
    "TrustedIssuers": "["
    + ", ".join(
        f'{{"discoveryUrl": "https://cognito-idp.{REGION}.amazonaws.com/{REGION}_Pool0000{n}/.well-known/'
        f'openid-configuration", "allowedClients": ["0123456789abcdefghijklmnop"]}}'
        for n in range(3)
    )
    + "]",
    "AllowedOrigins": "https://console.example.com,https://staging.example.com",
}

# What is special about a set -> the set.
SETS: Mapping[str, Parameters] = {
    "one runtime and nothing else": RUNTIME,
    "ten runtimes": RUNTIMES,
    # By issuer: whose tokens are believed, and what agents are given.
    "own issuer": RUNTIME | OWN_ISSUER,
    "own issuer with a pool": RUNTIME | OWN_ISSUER | OWN_POOL,
    "own issuer with tool tokens": RUNTIME | OWN_ISSUER | OWN_POOL | OWN_CLIENT,
    "own issuer with a machine client that rotates": (
        RUNTIME | OWN_ISSUER | OWN_POOL | OWN_CLIENT | ROTATES | OWN_AGENTS | ALARMS
    ),
    "sign-in elsewhere": RUNTIME | GOOGLE | OIDC | SAML | {"SignInPrefix": "gatehouse-example"},
    "a gateway's policies": RUNTIME | GATEWAY,
    "a gateway's policies, own issuer": RUNTIME | GATEWAY | OWN_ISSUER | OWN_POOL | OWN_CLIENT,
    "a gateway, own issuer and agents": RUNTIME | GATEWAY | OWN_ISSUER | OWN_AGENTS,
    "own agents": RUNTIME | OWN_AGENTS,
    "own agents and table, asserted users": RUNTIME | OWN_AGENTS | TABLE | ASSERTED,
    "long settings": RUNTIMES | LONG_SETTINGS | OWN_POOL | OWN_CLIENT | ROTATES,
    "agents from a file": RUNTIME | AGENTS_FILE,
    "settings from files": RUNTIME | FILES,
    "settings from files, with tool tokens": RUNTIME | FILES | OWN_POOL | OWN_CLIENT | ROTATES,
    "a gateway, and settings from files": RUNTIME | FILES | GATEWAY,
    # By door: how it stands there.
    "open": RUNTIME | OPEN,
    "open, own issuer": RUNTIME | OPEN | OWN_ISSUER,
    "private": RUNTIME | PRIVATE | GATEWAY | NO_ACCOUNT,
    "private, own issuer, open": RUNTIME | PRIVATE | OWN_ISSUER | OPEN,
    "a domain without a zone": RUNTIME | DOMAIN,
    "a domain in a zone": RUNTIME | DOMAIN | ZONE,
    "metadata of the door": RUNTIME | DOMAIN | SERVED,
    "the account's role is set already": RUNTIME | NO_ACCOUNT,
    "for the other processor": RUNTIME | {"Architecture": "x86_64"},
    "runtimes that others lock": RUNTIME | NO_LOCKS,
    "an address and reserved concurrency": RUNTIME | ADDRESS | RESERVED,
    "private, with an address and reserved concurrency": RUNTIME | PRIVATE | ADDRESS | RESERVED,
    # By surroundings.
    "a firewall": RUNTIME | FIREWALL,
    "a console": RUNTIME | CONSOLE,
    "a console beside other origins, and a domain": RUNTIME | CONSOLE | ORIGIN | DOMAIN,
    "no page to return to": RUNTIME | NO_RETURN,
    "a console, and no other page to return to": RUNTIME | CONSOLE | NO_RETURN | ADDRESS,
    "alarms": RUNTIME | ALARMS | OWN_AGENTS,
    "a dashboard alone": RUNTIME | DASHBOARD,
    "everything around it": RUNTIME | DOMAIN | ZONE | AROUND | GATEWAY | ORIGIN | GOOGLE | OIDC | SAML,
    "everything around it, own issuer": (
        RUNTIME | DOMAIN | ZONE | AROUND | GATEWAY | OWN_ISSUER | OWN_POOL | OWN_CLIENT | ROTATES
    ),
}

# A set that makes no sense, and what is said to it.
SENSELESS: list[tuple[Parameters, str]] = [
    (RUNTIME | OWN_POOL | OWN_CLIENT, "this stack's pool has all of them"),
    (RUNTIME | OWN_ISSUER | GOOGLE, "with TrustedIssuers there is none"),
    (RUNTIME | OWN_ISSUER | {"TokenEndpoint": OWN_CLIENT["TokenEndpoint"]}, "tool tokens need all of"),
    (RUNTIME | ROTATES, "is rotated without it"),
    (RUNTIME | OWN_ISSUER | OWN_CLIENT | ROTATES, "needs both UserPoolArn and MachineSecretArn"),
    (RUNTIME | OWN_ISSUER | OWN_POOL | ROTATES, "needs both UserPoolArn and MachineSecretArn"),
    (RUNTIME | {"GoogleClientId": "client"}, "Google needs both"),
    (RUNTIME | {"GoogleSecretArn": GOOGLE["GoogleSecretArn"]}, "Google needs both"),
    (RUNTIME | {"OidcIssuer": OIDC["OidcIssuer"]}, "needs all of OidcIssuer"),
    (RUNTIME | {"GatewayArn": GATEWAY["GatewayArn"], "OwnPolicies": "true"}, "policies need both"),
    (RUNTIME | {"GatewayRoleArn": GATEWAY["GatewayRoleArn"], "OwnPolicies": "true"}, "policies need both"),
    (RUNTIME | GATEWAY | {"OwnPolicies": "false"}, "say OwnPolicies=true"),
    (RUNTIME | OWN_ISSUER | GATEWAY, "is given tool tokens, which need TokenEndpoint"),
    (RUNTIME | {"IdentityProof": "asserted"}, "go together"),
    (RUNTIME | {"AssertingClients": "client"}, "go together"),
    (RUNTIME | {"DomainName": "agents.example.com"}, "both DomainName and CertificateArn"),
    (RUNTIME | ZONE, "both DomainName and CertificateArn"),
    (RUNTIME | DOMAIN | ADDRESS, "leave PublicUrl empty"),
    (RUNTIME | SERVED, "needs DomainName"),
    (RUNTIME | SERVED | ADDRESS, "needs DomainName"),
    (RUNTIME | SERVED | DOMAIN | OWN_ISSUER, "into the issuer's entry"),
    (RUNTIME | FILES | OWN_AGENTS, "so Agents must be empty"),
    (RUNTIME | AGENTS_FILE | OWN_AGENTS, "so Agents must be empty"),
    (RUNTIME | FILES | OWN_ISSUER, "so TrustedIssuers must be empty"),
    (RUNTIME | FILES | GOOGLE, "with TrustedIssuers there is none"),
    (RUNTIME | AGENTS_FILE | OWN_POOL | OWN_CLIENT, "this stack's pool has all of them"),
    (RUNTIME | DOMAIN | PRIVATE, "a private door is reached by"),
    (RUNTIME | {"GatewayRequestsPerMinute": "60"}, "limits a gateway"),
    (RUNTIME | OPEN | GATEWAY, "nobody is known"),
]

# A value that is refused by itself, and what is said of it.
REFUSED: list[tuple[Parameters, str]] = [
    ({}, "`RuntimeArns` is needed"),
    ({"RuntimeArns": "demo"}, "must be runtime ARNs"),
    ({"RuntimeArns": f"{RUNTIME['RuntimeArns']},demo"}, "must be runtime ARNs"),
    (RUNTIME | {"EnableAuth": "no"}, "is none of true, false"),
    (RUNTIME | {"Agents": "{}"}, "must be a JSON object"),
    (RUNTIME | {"TrustedIssuers": "[]"}, "must be a JSON list"),
    (RUNTIME | {"RequestsPerAddress": "1"}, "too small"),
    (RUNTIME | {"RotationDays": "1001"}, "too large"),
    (RUNTIME | {"DefaultRole": ""}, "too short"),
    (RUNTIME | {"AllowedOrigins": "https://A.example"}, "in lower case"),
    (RUNTIME | {"SignInPrefix": "my-cognito"}, "which Cognito reserves"),
    (RUNTIME | {"PublicUrl": "https://agents.example.com/"}, "without a slash at its end"),
    (RUNTIME | {"AuthorizerConcurrency": "-1"}, "too small"),
    (RUNTIME | {"Agents": '{"a": "' + "x" * 4096 + '"}'}, "longer than 4096 bytes"),
    (RUNTIME | {"NoSuchParameter": "x"}, "there is no parameter"),
]
