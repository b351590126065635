//! Mutations of the rotation of secrets.

use super::{Break, MONITORING};
use crate::door::MAIN;

pub(super) const BREAKS: &[Break] = breaks! {
    "what goes wrong is told" in MAIN {
        "RotationFunction: !Ref RotationFunction" => "RotationFunction: !Ref ProxyFunction";
    }
    "the signing key changes" in MAIN {
        "      SecretId: !Ref SigningSecret\n" => "      SecretId: !Ref GoogleSecretArn\n";
        "RotateImmediatelyOnUpdate: true" => "RotateImmediatelyOnUpdate: false";
        "RotationLambdaARN: !GetAtt RotationFunction.Arn" => "RotationLambdaARN: !GetAtt ProxyFunction.Arn";
        "FunctionName: !Ref RotationFunction\n" => "FunctionName: !Ref ProxyFunction\n";
        "Type: AWS::SecretsManager::RotationSchedule" => "Type: AWS::SecretsManager::ResourcePolicy";
        "                  - secretsmanager:UpdateSecretVersionStage\n                Resource: !Ref SigningSecret"
            => "                  - secretsmanager:UpdateSecretVersionStage\n                Resource: !Ref GoogleSecretArn";
        "      Principal: secretsmanager.amazonaws.com\n" => "      Principal: events.amazonaws.com\n";
    }
    "the machine client's secret changes" in MAIN {
        "  MachineSchedule:\n    Type: AWS::SecretsManager::RotationSchedule"
            => "  MachineSchedule:\n    Type: AWS::SecretsManager::ResourcePolicy\n    Unused: x";
        "RotationLambdaARN: !GetAtt MachineRotationFunction.Arn\n      RotateImmediatelyOnUpdate: true"
            => "RotationLambdaARN: !GetAtt MachineRotationFunction.Arn\n      RotateImmediatelyOnUpdate: false";
        "RotationLambdaARN: !GetAtt MachineRotationFunction.Arn" => "RotationLambdaARN: !GetAtt RotationFunction.Arn";
        "DependsOn: [MachineRotationPermission, PretokenPermission]" => "DependsOn: [MachineRotationPermission]";
        "  RotatesMachineSecret: !And\n    - !Condition HasToolTokens\n"
            => "  RotatesMachineSecret: !And\n    - !Condition HasAuth\n";
        "- !Or [!Condition HasOwnPool, !Equals [!Ref RotateMachineSecret, \"true\"]]" => "- !Condition HasOwnPool";
        "                  - cognito-idp:ListUserPoolClientSecrets\n                Resource: !If [HasOwnPool, "
            => "                  - cognito-idp:ListUserPoolClientSecrets\n                Resource: !If [HasAuth, ";
        "          USER_POOL_ARN: !If [HasOwnPool, " => "          USER_POOL_ARN: !If [HasAuth, ";
        "      Timeout: 30\n" => "      Timeout: 90\n";
    }
    "what goes wrong is told" in MAIN {
        "        MachineRotationFunction: !If [RotatesMachineSecret, !Ref MachineRotationFunction, \"\"]\n" => "";
    }
    "what goes wrong is told" in MONITORING {
        "          Value: !Ref MachineRotationFunction\n" => "          Value: !Ref RotationFunction\n";
        "              - !If [WatchesMachineRotation, !Ref MachineSecretArn, !Ref AWS::NoValue]\n" => "";
    }
};
