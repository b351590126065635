//! Mutations of reach: users and their trigger, runtimes, the console's hosts.

use super::{Break, CONSOLE, LOCKS, USERS};
use crate::door::MAIN;

pub(super) const BREAKS: &[Break] = breaks! {
    "runtimes are locked" in LOCKS {
        "\"Principal\": {\"AWS\": \"${ProxyRoleArn}\"}" => "\"Principal\": \"*\"";
        "\"ArnNotEquals\": {" => "\"ArnEquals\": {";
        "  EndpointLock7:\n    Type: AWS::BedrockAgentCore::ResourcePolicy\n"
            => "  EndpointLock7:\n    Type: AWS::CloudFormation::WaitConditionHandle\n";
        "        - Locked: !Ref Runtime3\n" => "        - Locked: !Ref Runtime4\n";
    }
    "runtimes are locked" in MAIN {
        "        ProxyRoleArn: !GetAtt ProxyRole.Arn\n" => "        ProxyRoleArn: !GetAtt OpenRoutesRole.Arn\n";
        "    Condition: LocksRuntimes\n" => "    Condition: HasAuth\n";
    }
    "the console reaches exact hosts" in MAIN {
        "https://${Prefix}.${Auth}." => "https://*.${Auth}.";
    }
    "the console reaches exact hosts" in CONSOLE {
        "${Door} ${SignIn} ${Connections};" => "https: ${Door} ${SignIn} ${Connections};";
    }
    "the console reaches exact hosts" in MAIN {
        "              - https://${Host}\n" => "              - https://*.${Host}\n";
    }
    "the console reaches exact hosts" in CONSOLE {
        "AllowedPattern: ^(https://[a-z0-9.-]+)?$" => "AllowedPattern: ^(https://[a-z0-9.*-]+)?$";
    }
    "the trigger is asked for machines too" in USERS {
        "LambdaVersion: V3_0" => "LambdaVersion: V2_0";
        "PreTokenGenerationConfig:" => "PreTokenGeneration:";
        "UserPoolTier: ESSENTIALS" => "UserPoolTier: LITE";
    }
    "the trigger is asked for machines too" in MAIN {
        "FunctionName: !Ref PretokenFunction\n" => "FunctionName: !Ref ProxyFunction\n";
        ":function:gatehouse-pretoken-${Unique}" => ":function:gatehouse-proxy-${Unique}";
        "        - gatehouse-pretoken-${Unique}\n        - Unique: !Select [4,"
            => "        - gatehouse-pretoken-${Unique}\n        - Unique: !Select [3,";
    }
    "only the door proves users to the trigger" in MAIN {
        "- !If [HasOwnMachineClient, !GetAtt Users.Outputs.MachineClientId, !Ref MachineClientId]\n          # The door"
            => "- !GetAtt Users.Outputs.ConsoleClientId\n          # The door";
        "- !If [HasOwnPool, !GetAtt Users.Outputs.ConsoleClientId, \"\"]" => "- \"\"";
    }
    "only the door states callers to the trigger" in MAIN {
        "!If [StatesCallers, !Select [1, !Split [\"/\", !Ref UserPoolArn]], \"\"]" => "!Ref UserPoolArn";
        "!If [StatesCallers, !Select [1" => "!If [HasAuth, !Select [1";
        "PUBLIC_URL: !If\n            - StatesCallers\n            - !If\n              - HasDomain\n              - !Sub https://${DomainName}"
            => "PUBLIC_URL: !If\n            - StatesCallers\n            - !If\n              - HasDomain\n              - !Ref PublicUrl";
        "- !Ref PublicUrl\n                - !Sub https://${Api}.execute-api" => "- \"\"\n                - !Sub https://${Api}.execute-api";
        "- !Sub https://${Api}.execute-api.${AWS::Region}.${AWS::URLSuffix}/live\n            - \"\""
            => "- !Sub https://${Api}.execute-api.${AWS::Region}.${AWS::URLSuffix}\n            - \"\"";
        "TRUSTED_ISSUERS: !If [StatesCallers, *issuers, \"\"]" => "TRUSTED_ISSUERS: *issuers";
        "TRUSTED_ISSUERS: !If [StatesCallers, *issuers, \"\"]" => "TRUSTED_ISSUERS: \"\"";
        "    - !Not [!Condition IsPrivate]\n  HasProving" => "  HasProving";
    }
    "settings come from files" in MAIN {
        "Layers: !If [HasIssuersFile, [!Ref SettingsLayer], !Ref AWS::NoValue]" => "Tracing: PassThrough";
        "Layers: !If [HasIssuersFile, [!Ref SettingsLayer]" => "Layers: !If [HasAgentsFile, [!Ref SettingsLayer]";
    }
    "only who is let in has a user" in USERS {
        "AllowAdminCreateUserOnly: true" => "AllowAdminCreateUserOnly: false";
        "GenerateSecret: false" => "GenerateSecret: true";
        "[HasReturnUrls, [code], !Ref AWS::NoValue]" => "[HasReturnUrls, [implicit], !Ref AWS::NoValue]";
        "CallbackURLs: !If [HasReturnUrls, !Ref ReturnUrls, !Ref AWS::NoValue]" => "CallbackURLs: !Ref ReturnUrls";
        "    Condition: HasMachineClient\n" => "";
        "AllowedOAuthScopes: [gatehouse/tools]" => "AllowedOAuthScopes: [gatehouse/invoke]";
        "        - ALLOW_ADMIN_USER_PASSWORD_AUTH\n" => "        - ALLOW_USER_PASSWORD_AUTH\n";
        "!If [RotatesRefreshTokens, !Ref AWS::NoValue, ALLOW_REFRESH_TOKEN_AUTH]"
            => "!If [RotatesRefreshTokens, ALLOW_REFRESH_TOKEN_AUTH, !Ref AWS::NoValue]";
    }
    "only who is let in has a user" in MAIN {
        "Client: !GetAtt Users.Outputs.ConsoleClientId" => "Client: !GetAtt Users.Outputs.MachineClientId";
    }
    "the trigger is asked for machines too" in MAIN {
        "    Condition: HasUserPool\n" => "";
    }
};
