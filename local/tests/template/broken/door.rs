//! What may go wrong with the door itself: routes, answers, functions, settings.

use super::Break;
use crate::door::MAIN;

pub(super) const BREAKS: &[Break] = &[
    (
        "the authorizer is asked as it must be",
        MAIN,
        "DefaultAuthorizer: GatehouseAuthorizer",
        "DefaultAuthorizer: NONE",
    ),
    (
        "routes have the authorizer",
        MAIN,
        "            Path: /whoami\n            Method: GET\n",
        "            Path: /whoami\n            Method: GET\n            Auth:\n              Authorizer: NONE\n",
    ),
    (
        "routes have the authorizer",
        MAIN,
        "[NONE: [], !If [HasAuth, GatehouseAuthorizer: [], NONE: []]]",
        "[NONE: []]",
    ),
    (
        "routes have the authorizer",
        MAIN,
        "[NONE: [], !If [HasAuth, GatehouseAuthorizer: [], NONE: []]]",
        "[GatehouseAuthorizer: []]",
    ),
    (
        "routes have the authorizer",
        MAIN,
        "AlwaysDeploy: true",
        "AlwaysDeploy: false",
    ),
    (
        "routes stream",
        MAIN,
        "ResponseTransferMode: RESPONSE_STREAM",
        "ResponseTransferMode: STREAM",
    ),
    (
        "routes stream",
        MAIN,
        "ResponseTransferMode: RESPONSE_STREAM\n",
        "Unused: x\n",
    ),
    (
        "routes stream",
        MAIN,
        "TimeoutInMillis: 900000",
        "TimeoutInMillis: 900001",
    ),
    (
        "routes stream",
        MAIN,
        "      Timeout: 900\n",
        "      Timeout: 29\n",
    ),
    (
        "the authorizer is asked as it must be",
        MAIN,
        "FunctionArn: !Ref AuthorizerFunction.Alias",
        "FunctionArn: !GetAtt AuthorizerFunction.Arn",
    ),
    (
        "the authorizer is asked as it must be",
        MAIN,
        "ReauthorizeEvery: 300",
        "ReauthorizeEvery: 3600",
    ),
    (
        "the authorizer is asked as it must be",
        MAIN,
        "FunctionPayloadType: REQUEST",
        "FunctionPayloadType: TOKEN",
    ),
    (
        "the authorizer is asked as it must be",
        MAIN,
        "Headers: [Authorization]",
        "Headers: [X-Api-Key]",
    ),
    (
        "what API Gateway answers by itself",
        MAIN,
        "Access-Control-Allow-Origin: \"'*'\"",
        "X-Other: \"'*'\"",
    ),
    (
        "what API Gateway answers by itself",
        MAIN,
        "WWW-Authenticate: ",
        "X-Other: ",
    ),
    (
        "what API Gateway answers by itself",
        MAIN,
        "        DEFAULT_5XX:",
        "        API_CONFIGURATION_ERROR:",
    ),
    (
        "what API Gateway answers by itself",
        MAIN,
        "{\"status\": 401,",
        "{status: 401,",
    ),
    (
        "the stage is held within bounds",
        MAIN,
        "ThrottlingRateLimit: ",
        "Unused: ",
    ),
    (
        "the stage is held within bounds",
        MAIN,
        "DataTraceEnabled: false",
        "DataTraceEnabled: true",
    ),
    (
        "the access log tells no secret",
        MAIN,
        "$context.identity.sourceIp",
        "$context.identity.apiKey",
    ),
    (
        "the access log tells no secret",
        MAIN,
        "$context.resourcePath",
        "$input.params('Authorization')",
    ),
    (
        "no way around",
        MAIN,
        "      CodeUri: proxy\n",
        "      CodeUri: proxy\n      FunctionUrlConfig: {AuthType: NONE}\n",
    ),
    (
        "no way around",
        MAIN,
        "PRIVATE, REGIONAL]",
        "REGIONAL, REGIONAL]",
    ),
    ("no way around", MAIN, "aws:SourceVpce:", "aws:SourceVpc:"),
    (
        "no way around",
        MAIN,
        "[HasDomain, true, false]",
        "[HasDomain, false, false]",
    ),
    (
        "functions are called by their alias",
        MAIN,
        "      AutoPublishAliasAllProperties: true\n",
        "",
    ),
    (
        "functions are called by their alias",
        MAIN,
        "ServiceToken: !Ref PolicyFunction.Alias",
        "ServiceToken: !GetAtt PolicyFunction.Arn",
    ),
    (
        "one caller a permission",
        MAIN,
        "Principal: cognito-idp.amazonaws.com",
        "Principal: \"*\"",
    ),
    (
        "one caller a permission",
        MAIN,
        "      SourceAccount: !Ref AWS::AccountId\n",
        "",
    ),
    (
        "one caller a permission",
        MAIN,
        "SourceArn: !If [HasOwnPool, !GetAtt Users.Outputs.UserPoolArn, !Ref UserPoolArn]",
        "SourceArn: arn:aws:cognito-idp:*:*:userpool/*",
    ),
    (
        "settings are the functions' own",
        MAIN,
        "          TOOL_SCOPES: ",
        "          TOOL_SCOPE: ",
    ),
    (
        "settings are the functions' own",
        MAIN,
        "          GROUP_MAP: !Ref GroupMap\n",
        "",
    ),
];
