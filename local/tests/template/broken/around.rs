//! Mutations around the door: rights, secrets, logs, stores, parameters.

use super::{ARCHIVE, Break, CONSOLE, MONITORING, USERS};
use crate::door::MAIN;

pub(super) const BREAKS: &[Break] = breaks! {
    "what goes wrong is told" in MONITORING {
        "      AlarmActions: [!Ref Alarms]\n" => "";
        "          Arn: !Ref Alarms\n" => "          Arn: !Ref Elsewhere\n";
    }
    "what goes wrong is told" in MAIN {
        "AlarmEmail: !Ref AlarmEmail" => "AlarmEmail: somebody@example.com";
    }
    "what goes wrong is told" in MONITORING {
        "            Resource: !Ref Alarms\n\n"
            => "            Resource: !Ref Alarms\n            Condition: {StringEquals: {aws:SourceAccount: x}}\n\n";
        "aws:SourceAccount: !Ref AWS::AccountId" => "aws:SourceAccount: \"*\"";
        "Threshold: !Ref FloodThreshold" => "Threshold: 100000000";
        "  OpenRoutesThrottleAlarm:\n" => "  OpenThrottleAlarm:\n";
    }
    "the firewall shows no token" in MAIN {
        "SampledRequestsEnabled: false" => "SampledRequestsEnabled: true";
        "  FirewallAssociation:\n    Type: AWS::WAFv2::WebACLAssociation\n    Condition: HasWaf\n"
            => "  FirewallAssociation:\n    Type: AWS::WAFv2::WebACLAssociation\n    Condition: IsPrivate\n";
    }
    "the firewall lets prompts pass" in MAIN {
        "                - Name: ReactJSRCE_BODY\n                  ActionToUse:\n                    Count: {}\n"
            => "";
        "                    Count: {}" => "                    Block: {}";
    }
    "rights are for one thing each" in MAIN {
        "Action: dynamodb:GetItem" => "Action: dynamodb:*";
        "Resource: !GetAtt ProxyLogs.Arn" => "Resource: \"*\"";
        "Resource: !Ref GatewayArn" => "Resource: !Sub ${GatewayArn}*";
        "iam:PassedToService:" => "aws:SourceVpc:";
    }
    "rights are for one thing each" in ARCHIVE {
        "- Effect: Deny" => "- Effect: Allow";
        "Resource: !GetAtt Stream.Arn" => "Resource: \"*\"";
    }
    "rights are for one thing each" in CONSOLE {
        "- Effect: Deny" => "- Effect: Allow";
    }
    "the proxy reaches agents" in MAIN {
        "                  - bedrock-agentcore:InvokeAgentRuntimeWithWebSocketStreamForUser\n" => "";
        "${Runtimes}/runtime-endpoint/*\n" => "${Runtimes}/endpoint/*\n";
        "                Resource: !Ref RuntimeArns\n" => "                Resource: !Select [0, !Ref RuntimeArns]\n";
    }
    "denials are only read" in MAIN {
        "                  Action: dynamodb:BatchGetItem\n                  Resource: !GetAtt DenialsTable.Arn\n"
            => "                  Action: [dynamodb:BatchGetItem, dynamodb:DeleteItem]\n                  Resource: !GetAtt DenialsTable.Arn\n";
        "                Resource: !GetAtt TurnsTable.Arn\n" => "                Resource: [!GetAtt TurnsTable.Arn, !GetAtt DenialsTable.Arn]\n";
        "                  Resource: !GetAtt DenialsTable.Arn\n" => "                  Resource: !GetAtt TurnsTable.Arn\n";
    }
    "roles are taken by services" in MAIN {
        "Service: lambda.amazonaws.com" => "AWS: \"*\"";
        "      Role: !GetAtt ProxyRole.Arn\n" => "";
    }
    "policies of others are listed" in MAIN {
        "AmazonAPIGatewayPushToCloudWatchLogs" => "AdministratorAccess";
    }
    "secrets stay where they are" in USERS {
        "Value: !Ref MachineClient" => "Value: !GetAtt MachineClient.ClientSecret";
        "GenerateSecretString:\n        PasswordLength: 32\n" => "SecretString: changeme\n";
        "GenerateSecretString:\n        PasswordLength: 32\n" => "SecretString: !GetAtt MachineClient.ClientSecret\n";
        "!Sub \"{{resolve:secretsmanager:${GoogleSecretArn}:SecretString:client_secret}}\"" => "!Ref GoogleSecretArn";
    }
    "secrets stay where they are" in MAIN {
        "DEFAULT_ROLE: !Ref DefaultRole" => "DEFAULT_ROLE: \"{{resolve:secretsmanager:x}}\"";
        "  GoogleSecretArn:\n" => "  GoogleSecret:\n";
    }
    "log lines do not stay for ever" in MAIN {
        "      RetentionInDays: !Ref LogRetentionDays\n" => "";
        "        LogGroup: !Ref ProxyLogs\n" => "";
    }
    "stores are closed" in MAIN {
        "SSEEnabled: true" => "SSEEnabled: false";
        "PointInTimeRecoveryEnabled: true" => "PointInTimeRecoveryEnabled: false";
        "AttributeName: expires" => "AttributeName: expiry";
        "AttributeName: until" => "AttributeName: created";
        "    Condition: HasDenials\n    DeletionPolicy: RetainExceptOnCreate\n" => "    Condition: HasDenials\n    DeletionPolicy: Delete\n";
    }
    "stores are closed" in ARCHIVE {
        "DeletionPolicy: RetainExceptOnCreate" => "DeletionPolicy: Delete";
        "      ObjectLockEnabled: true\n" => "";
        "            Days: !Ref Days\n" => "";
        "BlockPublicAcls: true" => "BlockPublicAcls: false";
    }
    "stores are closed" in CONSOLE {
        "BlockPublicPolicy: true" => "BlockPublicPolicy: false";
    }
    "stores are closed" in USERS {
        "DeletionPolicy: RetainExceptOnCreate" => "DeletionPolicy: Delete";
    }
    "nothing waits for itself" in MAIN {
        "        PretokenFunctionArn: !Sub\n          - arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:gatehouse-pretoken-${Unique}\n          - Unique: !Select [4, !Split [\"-\", !Select [2, !Split [\"/\", !Ref AWS::StackId]]]]\n"
            => "        PretokenFunctionArn: !GetAtt PretokenFunction.Arn\n";
        "PUBLIC_URL: !If [HasDomain, !Sub \"https://${DomainName}\", !Ref PublicUrl]"
            => "PUBLIC_URL: !Sub https://${Api}.execute-api.us-east-1.amazonaws.com/live";
    }
    "nothing waits for itself" in USERS {
        "DependsOn: ResourceServer" => "DependsOn: SignInStyle";
    }
    "the account's setting can be made" in MAIN {
        "    DependsOn: Api\n" => "";
        "AccessLog: !If [ManagesAccount, !Ref ApiAccount, account]" => "AccessLog: account";
        "    Condition: ManagesAccount\n    DeletionPolicy: Retain\n"
            => "    Condition: ManagesAccount\n    DeletionPolicy: RetainExceptOnCreate\n";
    }
    "nested stacks get what they ask for" in MAIN {
        "        ProxyLogs: !Ref ProxyLogs\n" => "";
    }
    "nested stacks get what they ask for" in USERS {
        "  IssuerUrl:\n" => "  Issuer:\n";
    }
    "nested stacks get what they ask for" in MONITORING {
        "  DoorName:\n    Type: String\n" => "  DoorName:\n    Type: String\n  Another:\n    Type: String\n";
    }
    "parameters are explained and bounded" in MAIN {
        "    Description: Client id at that provider.\n" => "";
        "    AllowedPattern: ^[A-Za-z0-9._-]*$\n" => "";
        "-[A-Za-z0-9]{6})?$" => ")?$";
        "[RuntimeArns, AgentName, Agents, " => "[RuntimeArns, Agents, ";
        "          - ConsoleConnections\n" => "          - ConsoleConnections\n          - Nothing\n";
        "Limit: !Ref RequestsPerAddress" => "Limit: 1000";
    }
};
