//! Mutations of reach: users and their trigger, runtimes, the console's hosts.

use super::{Break, CONSOLE, LOCKS, USERS};
use crate::door::MAIN;

pub(super) const BREAKS: &[Break] = &[
    (
        "runtimes are locked",
        LOCKS,
        "\"Principal\": {\"AWS\": \"${ProxyRoleArn}\"}",
        "\"Principal\": \"*\"",
    ),
    (
        "runtimes are locked",
        LOCKS,
        "\"ArnNotEquals\": {",
        "\"ArnEquals\": {",
    ),
    (
        "runtimes are locked",
        LOCKS,
        "  EndpointLock7:\n    Type: AWS::BedrockAgentCore::ResourcePolicy\n",
        "  EndpointLock7:\n    Type: AWS::CloudFormation::WaitConditionHandle\n",
    ),
    (
        "runtimes are locked",
        LOCKS,
        "        - Locked: !Ref Runtime3\n",
        "        - Locked: !Ref Runtime4\n",
    ),
    (
        "runtimes are locked",
        MAIN,
        "        ProxyRoleArn: !GetAtt ProxyRole.Arn\n",
        "        ProxyRoleArn: !GetAtt OpenRoutesRole.Arn\n",
    ),
    (
        "runtimes are locked",
        MAIN,
        "    Condition: LocksRuntimes\n",
        "    Condition: HasAuth\n",
    ),
    (
        "the console reaches exact hosts",
        MAIN,
        "https://${Prefix}.${Auth}.",
        "https://*.${Auth}.",
    ),
    (
        "the console reaches exact hosts",
        CONSOLE,
        "${Door} ${SignIn} ${Connections};",
        "https: ${Door} ${SignIn} ${Connections};",
    ),
    (
        "the console reaches exact hosts",
        MAIN,
        "              - https://${Host}\n",
        "              - https://*.${Host}\n",
    ),
    (
        "the console reaches exact hosts",
        CONSOLE,
        "AllowedPattern: ^(https://[a-z0-9.-]+)?$",
        "AllowedPattern: ^(https://[a-z0-9.*-]+)?$",
    ),
    (
        "the trigger is asked for machines too",
        USERS,
        "LambdaVersion: V3_0",
        "LambdaVersion: V2_0",
    ),
    (
        "the trigger is asked for machines too",
        USERS,
        "PreTokenGenerationConfig:",
        "PreTokenGeneration:",
    ),
    (
        "the trigger is asked for machines too",
        USERS,
        "UserPoolTier: ESSENTIALS",
        "UserPoolTier: LITE",
    ),
    (
        "the trigger is asked for machines too",
        MAIN,
        "FunctionName: !Ref PretokenFunction\n",
        "FunctionName: !Ref ProxyFunction\n",
    ),
    (
        "the trigger is asked for machines too",
        MAIN,
        ":function:gatehouse-pretoken-${Unique}",
        ":function:gatehouse-proxy-${Unique}",
    ),
    (
        "the trigger is asked for machines too",
        MAIN,
        "        - gatehouse-pretoken-${Unique}\n        - Unique: !Select [4,",
        "        - gatehouse-pretoken-${Unique}\n        - Unique: !Select [3,",
    ),
    (
        "only the door proves users to the trigger",
        MAIN,
        "- !If [HasOwnMachineClient, !GetAtt Users.Outputs.MachineClientId, !Ref MachineClientId]\n          USER",
        "- !GetAtt Users.Outputs.ConsoleClientId\n          USER",
    ),
    (
        "only the door proves users to the trigger",
        MAIN,
        "- !If [HasOwnPool, !GetAtt Users.Outputs.ConsoleClientId, \"\"]",
        "- \"\"",
    ),
    (
        "only who is let in has a user",
        USERS,
        "AllowAdminCreateUserOnly: true",
        "AllowAdminCreateUserOnly: false",
    ),
    (
        "only who is let in has a user",
        USERS,
        "GenerateSecret: false",
        "GenerateSecret: true",
    ),
    (
        "only who is let in has a user",
        USERS,
        "[HasReturnUrls, [code], !Ref AWS::NoValue]",
        "[HasReturnUrls, [implicit], !Ref AWS::NoValue]",
    ),
    (
        "only who is let in has a user",
        USERS,
        "CallbackURLs: !If [HasReturnUrls, !Ref ReturnUrls, !Ref AWS::NoValue]",
        "CallbackURLs: !Ref ReturnUrls",
    ),
    (
        "only who is let in has a user",
        USERS,
        "    Condition: HasMachineClient\n",
        "",
    ),
    (
        "only who is let in has a user",
        USERS,
        "AllowedOAuthScopes: [gatehouse/tools]",
        "AllowedOAuthScopes: [gatehouse/invoke]",
    ),
    (
        "only who is let in has a user",
        USERS,
        "[ALLOW_ADMIN_USER_PASSWORD_AUTH]",
        "[ALLOW_USER_PASSWORD_AUTH]",
    ),
    (
        "only who is let in has a user",
        MAIN,
        "Client: !GetAtt Users.Outputs.ConsoleClientId",
        "Client: !GetAtt Users.Outputs.MachineClientId",
    ),
    (
        "the trigger is asked for machines too",
        MAIN,
        "    Condition: HasUserPool\n",
        "",
    ),
];
