//! Mutations of the door itself: routes, answers, functions, settings.

use super::Break;
use crate::door::MAIN;

pub(super) const BREAKS: &[Break] = breaks! {
    "the authorizer is asked as it must be" in MAIN {
        "DefaultAuthorizer: GatehouseAuthorizer" => "DefaultAuthorizer: NONE";
    }
    "routes have the authorizer" in MAIN {
        "            Path: /whoami\n            Method: GET\n"
            => "            Path: /whoami\n            Method: GET\n            Auth:\n              Authorizer: NONE\n";
        "[NONE: [], !If [HasAuth, GatehouseAuthorizer: [], NONE: []]]" => "[NONE: []]";
        "[NONE: [], !If [HasAuth, GatehouseAuthorizer: [], NONE: []]]" => "[GatehouseAuthorizer: []]";
        "AlwaysDeploy: true" => "AlwaysDeploy: false";
    }
    "other methods are refused" in MAIN {
        "            x-amazon-apigateway-any-method: *takes-post\n" => "            x-amazon-apigateway-any-method: *takes-get\n";
        "                type: mock\n" => "                type: http\n";
        "                type: mock\n" => "                type: mock\n                uri: https://other.example/\n";
        "passthroughBehavior: never" => "passthroughBehavior: when_no_match";
        "'{\"statusCode\": 405}'" => "'{\"statusCode\": 200}'";
        "                    statusCode: \"405\"\n" => "                    statusCode: \"200\"\n";
        "\"'POST, OPTIONS'\"" => "\"'GET, POST, OPTIONS'\"";
        "&takes-get\n              security: [NONE: []]\n"
            => "&takes-get\n              security: [GatehouseAuthorizer: []]\n";
        "            x-amazon-apigateway-any-method: *takes-get\n"
            => "            x-amazon-apigateway-any-method: *takes-get\n            put: {security: [NONE: []]}\n";
    }
    "strangers are kept apart" in MAIN {
        "      Role: !GetAtt OpenRoutesRole.Arn\n" => "      Role: !GetAtt ProxyRole.Arn\n";
        "        - ResourcePath: /~1healthz\n          HttpMethod: GET\n"
            => "        - ResourcePath: /~1health\n          HttpMethod: GET\n";
        "          ThrottlingRateLimit: !Ref OpenThrottlingRate\n"
            => "          ThrottlingRateLimit: !Ref ThrottlingRate\n";
        "!If [ReservesOpenRoutes, !Ref OpenRoutesConcurrency, !Ref AWS::NoValue]" => "!Ref OpenRoutesConcurrency";
        "        Invoke:\n"
            => "        Stray:\n          Type: Api\n          Properties:\n            RestApiId: !Ref Api\n            Path: /healthz\n            Method: GET\n            Auth: {Authorizer: NONE}\n        Invoke:\n";
        "      Environment: *proxy-environment\n" => "      Environment: {Variables: {AGENTS: other}}\n";
        "                Resource: !GetAtt OpenRoutesLogs.Arn\n"
            => "                Resource: !GetAtt OpenRoutesLogs.Arn\n              - Effect: Allow\n                Action: bedrock-agentcore:InvokeAgentRuntime\n                Resource: !Ref RuntimeArns\n";
    }
    "settings come from files" in MAIN {
        "            - file:/opt/agents.json\n" => "            - !Ref Agents\n";
        "            - file:/opt/issuers.json\n" => "            - !Ref TrustedIssuers\n";
        "&layers !If [HasAgentsFile, [!Ref SettingsLayer], !Ref AWS::NoValue]" => "&layers []";
        "    Condition: HasAgentsFile\n" => "    Condition: HasIssuersFile\n";
    }
    "routes stream" in MAIN {
        "ResponseTransferMode: RESPONSE_STREAM" => "ResponseTransferMode: STREAM";
        "ResponseTransferMode: RESPONSE_STREAM\n" => "Unused: x\n";
        "TimeoutInMillis: 900000" => "TimeoutInMillis: 900001";
        "      Timeout: 900\n" => "      Timeout: 29\n";
    }
    "the authorizer is asked as it must be" in MAIN {
        "FunctionArn: !GetAtt AuthorizerFunction.Arn" => "FunctionArn: !GetAtt PretokenFunction.Arn";
        "ReauthorizeEvery: 300" => "ReauthorizeEvery: 3600";
        "FunctionPayloadType: REQUEST" => "FunctionPayloadType: TOKEN";
        "Headers: [Authorization]" => "Headers: [X-Api-Key]";
    }
    "what API Gateway answers by itself" in MAIN {
        "\n              Access-Control-Allow-Origin: \"'*'\"" => "\n              X-Other: \"'*'\"";
        "WWW-Authenticate: " => "X-Other: ";
        "X-Request-Id: context.requestId" => "X-Other: context.requestId";
        "Access-Control-Expose-Headers: \"'X-Request-Id'\"" => "X-Other: x";
        "https://${DomainName}/.well-known/oauth-protected-resource"
            => "https://elsewhere.example/.well-known/oauth-protected-resource";
        "${PublicUrl}/.well-known/oauth-protected-resource" => "${DomainName}/.well-known/oauth-protected-resource";
        "        DEFAULT_5XX:" => "        API_CONFIGURATION_ERROR:";
        "{\"status\": 401," => "{status: 401,";
    }
    "the stage is held within bounds" in MAIN {
        "ThrottlingRateLimit: " => "Unused: ";
        "DataTraceEnabled: false" => "DataTraceEnabled: true";
        "MetricsEnabled: false" => "MetricsEnabled: true";
    }
    "the access log tells no secret and no name" in MAIN {
        "!If [HasAuth, $context.path, $context.resourcePath]" => "$context.path";
        "!If [HasAuth, $context.path, $context.resourcePath]" => "$context.resourcePath";
        "{\"path\": \"${Path}\", \"request_id\"" => "{\"x\": \"y\", \"path\": \"${Path}\", \"request_id\"";
        "$context.identity.sourceIp" => "$context.identity.apiKey";
        "$context.resourcePath" => "$input.params('Authorization')";
        "$context.authorizer.token_id" => "$context.authorizer.principalId";
    }
    "no way around" in MAIN {
        "      CodeUri: proxy\n" => "      CodeUri: proxy\n      FunctionUrlConfig: {AuthType: NONE}\n";
        "PRIVATE, REGIONAL]" => "REGIONAL, REGIONAL]";
        "aws:SourceVpce:" => "aws:SourceVpc:";
        "[HasDomain, true, false]" => "[HasDomain, false, false]";
    }
    "functions are called without an alias" in MAIN {
        "    Handler: bootstrap\n" => "    Handler: bootstrap\n    AutoPublishAlias: live\n";
        "ServiceToken: !GetAtt PolicyFunction.Arn" => "ServiceToken: !Ref PolicyFunction.Alias";
        "FunctionArn: !GetAtt AuthorizerFunction.Arn" => "FunctionArn: !Ref AuthorizerFunction.Alias";
        ":function:gatehouse-pretoken-${Unique}" => ":function:gatehouse-pretoken-${Unique}:live";
        "RotationLambdaARN: !GetAtt RotationFunction.Arn" => "RotationLambdaARN: !Ref RotationFunction.Alias";
        "  AuthorizerLogs:\n" => "  Live:\n    Type: AWS::Lambda::Version\n    Properties: {}\n\n  AuthorizerLogs:\n";
    }
    "nothing is waited for too long" in MAIN {
        "      ServiceTimeout: 330\n" => "";
        "ServiceTimeout: 330" => "ServiceTimeout: 299";
    }
    "one caller a permission" in MAIN {
        "Principal: cognito-idp.amazonaws.com" => "Principal: \"*\"";
        "      SourceAccount: !Ref AWS::AccountId\n" => "";
        "      Principal: secretsmanager.amazonaws.com\n"
            => "      Principal: secretsmanager.amazonaws.com\n      SourceArn: arn:aws:secretsmanager:*:*:secret:*\n";
        "SourceArn: !If [HasOwnPool, !GetAtt Users.Outputs.UserPoolArn, !Ref UserPoolArn]"
            => "SourceArn: arn:aws:cognito-idp:*:*:userpool/*";
    }
    "settings are the functions' own" in MAIN {
        "          TOOL_SCOPES: " => "          TOOL_SCOPE: ";
        "          GROUP_MAP: !Ref GroupMap\n" => "";
    }
};
