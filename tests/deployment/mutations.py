"""Templates broken in one place each, with the check that must notice, and for which parameters."""

from collections.abc import Iterable
from dataclasses import dataclass

from changes import Change, given, value
from parameter_sets import DOMAIN, GATEWAY, OWN_AGENTS
from templates import MAIN, POLICIES, Texts, texts

CONSOLE = "stacks/console.yaml"
LOCKS = "stacks/locks.yaml"
MONITORING = "stacks/monitoring.yaml"
USERS = "stacks/users.yaml"


@dataclass(frozen=True)
class Edit:
    """A text that is in a file once or more, and what stands there instead the first time."""

    file: str
    old: str
    new: str

    def applied(self, before: Texts) -> Texts:
        """The templates with this edit."""
        text = before[self.file]
        assert self.old in text, f"{self.file} has no {self.old!r}"
        return {**before, self.file: text.replace(self.old, self.new, 1)}


@dataclass(frozen=True)
class Mutation:
    """What a check must notice."""

    check: str
    # A set of parameters.
    given: str
    edit: Edit


@dataclass(frozen=True)
class Stale:
    """What must be noticed when a parameter changes: that the change takes no effect."""

    change: Change
    edits: tuple[Edit, ...]


@dataclass(frozen=True)
class Unwired:
    """A parameter that no longer reaches what is written down."""

    parameter: str
    edit: Edit


def broken(edits: Iterable[Edit]) -> Texts:
    """The templates with all edits."""
    changed = texts()
    for edit in edits:
        changed = edit.applied(changed)
    return changed


def breaks(
    check: str, old: str, new: str, given: str = "one runtime and nothing else", file: str = MAIN
) -> Mutation:
    """In the main template, and the smallest deployment, unless something else is said."""
    return Mutation(check, given, Edit(file, old, new))


OPEN_ROUTE = """        Surprise:
          Type: Api
          Properties:
            RestApiId: !Ref Api
            Path: /surprise
            Method: GET
            ResponseTransferMode: RESPONSE_STREAM
            TimeoutInMillis: 10000
            Auth:
              Authorizer: NONE
"""
WHOAMI = """            Path: /whoami
            Method: GET
"""
HEALTH = """            Path: /healthz
            Method: GET
"""
DEFINED = "[NONE: [], !If [HasAuth, GatehouseAuthorizer: [], NONE: []]]"
OTHER_METHODS = "            x-amazon-apigateway-any-method: *takes-get\n"
NEXT_PATH = "          /agents/{agent}/a2a:\n"
ROTATION = "RotationLambdaARN: !GetAtt RotationFunction.Arn"
# The end of the comment on the one condition of RotationPermission.
LAST_WORDS = "is called for.\n"
TURNS = "        - PolicyName: turns\n"
CALLED = "callers name functions that are made and called"
CHECKED = "actions exist"
CLEAR = "methods are protected"
NO_OTHER = "other methods are refused"
FIRST = "what must come first comes first"
KNOWN = "everything named is made"
ONE_WAY = "there is one way in"
SLOW = "strangers are slowed down"
SPARED = "strangers have a function of their own"
STREAMS = "methods stream in time"
TAKEN = "the registry takes all properties"

MUTATIONS = [
    # Names of what is not there.
    breaks(KNOWN, "DestinationArn: !GetAtt AccessLogs.Arn", "DestinationArn: !GetAtt Domain.Arn"),
    breaks(KNOWN, "Value: !GetAtt ProxyRole.Arn", "Value: !GetAtt PolicyRole.Arn"),
    breaks(KNOWN, "DependsOn: RotationPermission", "DependsOn: MachineRotationPermission"),
    breaks(KNOWN, "!GetAtt ProxyLogs.Arn", "!GetAtt ProxyLogs.Name"),
    breaks(KNOWN, "Users.Outputs.IssuerUrl", "Users.Outputs.Issuer"),
    breaks(KNOWN, "!Ref TurnsTable", "!Ref UsersTable", "own agents and table, asserted users"),
    breaks(
        KNOWN,
        "        NamePrefix: !Ref PolicyPrefix\n",
        "        Prefix: !Ref PolicyPrefix\n",
        "a gateway's policies",
    ),
    breaks(
        KNOWN, "MakeMachineClient: !If [HasToolTokens,", "MakeMachineClient: !If [HasGateway,", "own agents"
    ),
    breaks(KNOWN, "ClientId: !Ref ConsoleClient", "ClientId: !Ref MachineClient", file=USERS),
    # Order.
    breaks("nothing waits for itself", "    DependsOn: Api\n", "    DependsOn: ApiliveStage\n"),
    breaks(FIRST, "    DependsOn: Api\n", ""),
    breaks(FIRST, "AccessLog: !If [ManagesAccount, !Ref ApiAccount, account]", "AccessLog: x"),
    breaks(FIRST, "    DependsOn: RotationPermission\n", ""),
    breaks(
        FIRST,
        "    DependsOn: [MachineRotationPermission, PretokenPermission]\n",
        "    DependsOn: MachineRotationPermission\n",
        given="own agents",
    ),
    breaks(FIRST, "    DependsOn: GatewayRights\n", "", "a gateway's policies"),
    # Properties.
    breaks(TAKEN, "RotateImmediatelyOnUpdate: true", "RotateNow: true"),
    breaks(TAKEN, "    Runtime: provided.al2023\n", "    Runtime: 7\n"),
    breaks(
        TAKEN,
        "        - gatehouse-${Unique}\n        - Unique: !Select [2, !Split",
        "        - ${AWS::StackName}-policies-${Unique}\n        - Unique: !Select [2, !Split",
        given="a gateway's policies",
    ),
    breaks(TAKEN, "UserPoolTier: ESSENTIALS", "UserPoolTier: SOME", file=USERS),
    breaks(
        TAKEN,
        "        Name: !Select [2, !Split",
        "        Name: !Sub the-console-of-${AWS::StackName}\n        X: !Select [2, !Split",
        given="a console",
        file=CONSOLE,
    ),
    breaks(
        TAKEN,
        "Name: !Sub ${NamePrefix}_engine",
        "Name: !Sub ${NamePrefix}-engine",
        given="a gateway's policies",
        file=POLICIES,
    ),
    breaks(TAKEN, "      ResourceArn: !Ref Runtime1\n", "", file=LOCKS),
    breaks(TAKEN, "TreatMissingData: notBreaching", "TreatMissingDate: x", "alarms", file=MONITORING),
    breaks("quotas hold", "ENABLE_AUTH: !Ref EnableAuth", f"ENABLE_AUTH: {'x' * 2500}", "long settings"),
    breaks(
        "quotas hold", TURNS, f"        - PolicyName: more\n          PolicyDocument: {'y' * 9000}\n{TURNS}"
    ),
    # Callers.
    breaks(CALLED, ROTATION, "RotationLambdaARN: !Sub arn:aws:lambda:us-east-1:123456789012:function:other"),
    breaks(CALLED, ROTATION, "RotationLambdaARN: !Sub ${RotationFunction.Arn}:live"),
    breaks(CALLED, "FunctionArn: !GetAtt AuthorizerFunction.Arn", "FunctionArn: !GetAtt ProxyFunction.Arn"),
    # Methods.
    breaks(STREAMS, "ResponseTransferMode: RESPONSE_STREAM", "ResponseTransferMode: STREAM"),
    breaks(STREAMS, "            ResponseTransferMode: RESPONSE_STREAM\n", ""),
    breaks(STREAMS, "            TimeoutInMillis: 900000\n", ""),
    breaks(STREAMS, "      Timeout: 900\n", "      Timeout: 29\n"),
    breaks(CLEAR, WHOAMI, f"{WHOAMI}            Auth:\n              Authorizer: NONE\n"),
    breaks(CLEAR, DEFINED, "[NONE: []]"),
    breaks(CLEAR, DEFINED, "[GatehouseAuthorizer: []]", "open"),
    breaks(CLEAR, "        InvokePreflight:\n", f"{OPEN_ROUTE}        InvokePreflight:\n"),
    breaks(CLEAR, HEALTH, HEALTH.replace("healthz", "health")),
    # Other methods.
    breaks(NO_OTHER, f"{OTHER_METHODS}{NEXT_PATH}", NEXT_PATH, "open"),
    breaks(NO_OTHER, "                type: mock\n", "                type: http\n"),
    breaks(
        NO_OTHER,
        "                type: mock\n",
        "                type: mock\n                uri: https://other.example/\n",
    ),
    breaks(NO_OTHER, "passthroughBehavior: never", "passthroughBehavior: when_no_match"),
    breaks(NO_OTHER, """'{"statusCode": 405}'""", """'{"statusCode": 200}'"""),
    breaks(NO_OTHER, '                    statusCode: "405"\n', '                    statusCode: "200"\n'),
    breaks(NO_OTHER, "\"'POST, OPTIONS'\"", "\"'GET, POST, OPTIONS'\""),
    breaks(NO_OTHER, "                    Allow: {schema: {type: string}}\n", ""),
    breaks(
        NO_OTHER,
        "&takes-get\n              security: [NONE: []]\n",
        "&takes-get\n              security: [GatehouseAuthorizer: []]\n",
    ),
    breaks(
        SPARED,
        "        InvokePreflight:\n",
        f"{OPEN_ROUTE.replace('NONE', 'GatehouseAuthorizer')}        InvokePreflight:\n",
    ),
    breaks(SPARED, HEALTH, HEALTH.replace("healthz", "health")),
    breaks(
        SLOW,
        "        - ResourcePath: /~1healthz\n          HttpMethod: GET\n",
        "        - ResourcePath: /~1health\n          HttpMethod: GET\n",
    ),
    breaks(SLOW, "          ThrottlingRateLimit: !Ref OpenThrottlingRate\n", ""),
    breaks(SLOW, "          ThrottlingBurstLimit: !Ref ThrottlingBurst\n", ""),
    breaks(
        "the authorizer is asked as it must be", "FunctionPayloadType: REQUEST", "FunctionPayloadType: TOKEN"
    ),
    breaks("the authorizer is asked as it must be", "Headers: [Authorization]", "Headers: [X-Api-Key]"),
    breaks("the authorizer is asked as it must be", "ReauthorizeEvery: 300", "ReauthorizeEvery: 3600"),
    # Ways in.
    breaks(
        ONE_WAY, "      CodeUri: proxy\n", "      CodeUri: proxy\n      FunctionUrlConfig: {AuthType: NONE}\n"
    ),
    breaks(ONE_WAY, "Principal: cognito-idp.amazonaws.com", 'Principal: "*"'),
    breaks(ONE_WAY, f"{LAST_WORDS}      SourceAccount: !Ref AWS::AccountId\n", LAST_WORDS),
    breaks(ONE_WAY, "[HasDomain, true, false]", "[HasDomain, false, false]", "a domain in a zone"),
    breaks(ONE_WAY, "[IsPrivate, PRIVATE, REGIONAL]", "[IsPrivate, REGIONAL, REGIONAL]", "private"),
    breaks(ONE_WAY, "aws:SourceVpce: !Ref VpcEndpointId", "aws:SourceVpc: !Ref VpcEndpointId", "private"),
    # Actions.
    breaks(CHECKED, "bedrock-agentcore:StopRuntimeSession", "bedrock-agentcore:StopRuntimeSessions"),
    breaks(CHECKED, "secretsmanager:UpdateSecretVersionStage", "secretsmanager:UpdateSecretVersionStages"),
    breaks(CHECKED, "cognito-idp:AddUserPoolClientSecret", "cognito-idp:AddClientSecret", "own agents"),
    breaks(CHECKED, "execute-api:Invoke\n", "execute-api:Invokes\n", "private"),
    breaks(
        CHECKED, "bedrock-agentcore:InvokeAgentRuntimeForUser", "bedrock-agentcore:InvokeForUser", file=LOCKS
    ),
    breaks(CHECKED, "sns:Publish", "sns:Publishes", "alarms", file=MONITORING),
    breaks(CHECKED, "s3:GetObject", "s3:GetObjects", "a console", file=CONSOLE),
]

# The alias of SAM, which publishes a version when the code changes: on everything, since Globals ask for it.
ALIAS = Edit(MAIN, "    Handler: bootstrap\n", "    Handler: bootstrap\n    AutoPublishAlias: live\n")
# The property that was meant to help, and looks at parameters' names, not at their values.
ALL_PROPERTIES = Edit(
    MAIN,
    "      Description: Checks each call again and streams it to its agent.\n",
    "      Description: Checks each call again.\n      AutoPublishAliasAllProperties: true\n",
)
ANY_ARN = Edit(USERS, "function:[A-Za-z0-9_-]+$", "function:[A-Za-z0-9_:-]+$")


def called_by_alias(function: str, place: str) -> Edit:
    """A place that names a function, and names its alias instead."""
    return Edit(MAIN, f"{place}: !GetAtt {function}.Arn", f"{place}: !Ref {function}.Alias")


STALE = [
    Stale(value("EnableAuth", "true", "false"), (ALIAS,)),
    Stale(value("EnableAuth", "true", "false"), (ALIAS, ALL_PROPERTIES)),
    Stale(given("Agents", OWN_AGENTS), (ALIAS, called_by_alias("AuthorizerFunction", "FunctionArn"))),
    Stale(
        value("DefaultRole", "viewer", "reader"),
        (
            ALIAS,
            ANY_ARN,
            Edit(
                MAIN, ":function:gatehouse-pretoken-${Unique}", ":function:gatehouse-pretoken-${Unique}:live"
            ),
        ),
    ),
    Stale(
        value("Architecture", "arm64", "x86_64"),
        (ALIAS, called_by_alias("RotationFunction", "RotationLambdaARN")),
    ),
    Stale(
        value("Architecture", "arm64", "x86_64", GATEWAY),
        (ALIAS, called_by_alias("PolicyFunction", "ServiceToken")),
    ),
    Stale(value("EnableAuth", "true", "false"), (Edit(MAIN, "AlwaysDeploy: true", "AlwaysDeploy: false"),)),
    Stale(given("DomainName", DOMAIN), (Edit(MAIN, "AlwaysDeploy: true", "AlwaysDeploy: false"),)),
]

UNWIRED = [
    Unwired(
        "EnrichUserTokens",
        Edit(MAIN, "ENRICH_USER_TOKENS: !Ref EnrichUserTokens", 'ENRICH_USER_TOKENS: "false"'),
    ),
    Unwired("GatewayArn", Edit(MAIN, "ToolToken: !If [HasGateway, user, none]", "ToolToken: none")),
    Unwired("EnableAuth", Edit(MAIN, "      Environment: *proxy-environment\n", "")),
    Unwired("AuthorizationServer", Edit(MAIN, '"${AuthorizationServer}"', '"issuer"')),
    Unwired("PublicUrl", Edit(MAIN, '!If [HasDomain, !Sub "https://${DomainName}", !Ref PublicUrl]', '""')),
    Unwired("SettingsFromFiles", Edit(MAIN, "      Layers: *layers\n", "")),
    Unwired(
        "Architecture", Edit(MAIN, "    Architectures: [!Ref Architecture]\n", "    Architectures: [arm64]\n")
    ),
]
