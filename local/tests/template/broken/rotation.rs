//! Mutations of the rotation of secrets.

use super::{Break, MONITORING};
use crate::door::MAIN;

pub(super) const BREAKS: &[Break] = &[
    (
        "what goes wrong is told",
        MAIN,
        "RotationFunction: !Ref RotationFunction",
        "RotationFunction: !Ref ProxyFunction",
    ),
    (
        "the signing key changes",
        MAIN,
        "      SecretId: !Ref SigningSecret\n",
        "      SecretId: !Ref GoogleSecretArn\n",
    ),
    (
        "the signing key changes",
        MAIN,
        "RotateImmediatelyOnUpdate: true",
        "RotateImmediatelyOnUpdate: false",
    ),
    (
        "the signing key changes",
        MAIN,
        "RotationLambdaARN: !GetAtt RotationFunction.Arn",
        "RotationLambdaARN: !GetAtt ProxyFunction.Arn",
    ),
    (
        "the signing key changes",
        MAIN,
        "FunctionName: !Ref RotationFunction\n",
        "FunctionName: !Ref ProxyFunction\n",
    ),
    (
        "the signing key changes",
        MAIN,
        "Type: AWS::SecretsManager::RotationSchedule",
        "Type: AWS::SecretsManager::ResourcePolicy",
    ),
    (
        "the signing key changes",
        MAIN,
        "                  - secretsmanager:UpdateSecretVersionStage\n                Resource: !Ref SigningSecret",
        "                  - secretsmanager:UpdateSecretVersionStage\n                Resource: !Ref GoogleSecretArn",
    ),
    (
        "the signing key changes",
        MAIN,
        "      Principal: secretsmanager.amazonaws.com\n",
        "      Principal: events.amazonaws.com\n",
    ),
    (
        "the machine client's secret changes",
        MAIN,
        "  MachineSchedule:\n    Type: AWS::SecretsManager::RotationSchedule",
        "  MachineSchedule:\n    Type: AWS::SecretsManager::ResourcePolicy\n    Unused: x",
    ),
    (
        "the machine client's secret changes",
        MAIN,
        "RotationLambdaARN: !GetAtt MachineRotationFunction.Arn\n      RotateImmediatelyOnUpdate: true",
        "RotationLambdaARN: !GetAtt MachineRotationFunction.Arn\n      RotateImmediatelyOnUpdate: false",
    ),
    (
        "the machine client's secret changes",
        MAIN,
        "RotationLambdaARN: !GetAtt MachineRotationFunction.Arn",
        "RotationLambdaARN: !GetAtt RotationFunction.Arn",
    ),
    (
        "the machine client's secret changes",
        MAIN,
        "DependsOn: [MachineRotationPermission, PretokenPermission]",
        "DependsOn: [MachineRotationPermission]",
    ),
    (
        "the machine client's secret changes",
        MAIN,
        "  RotatesMachineSecret: !And\n    - !Condition HasToolTokens\n",
        "  RotatesMachineSecret: !And\n    - !Condition HasAuth\n",
    ),
    (
        "the machine client's secret changes",
        MAIN,
        "- !Or [!Condition HasOwnPool, !Equals [!Ref RotateMachineSecret, \"true\"]]",
        "- !Condition HasOwnPool",
    ),
    (
        "the machine client's secret changes",
        MAIN,
        "                  - cognito-idp:ListUserPoolClientSecrets\n                Resource: !If [HasOwnPool, ",
        "                  - cognito-idp:ListUserPoolClientSecrets\n                Resource: !If [HasAuth, ",
    ),
    (
        "the machine client's secret changes",
        MAIN,
        "          USER_POOL_ARN: !If [HasOwnPool, ",
        "          USER_POOL_ARN: !If [HasAuth, ",
    ),
    (
        "the machine client's secret changes",
        MAIN,
        "      Timeout: 30\n",
        "      Timeout: 90\n",
    ),
    (
        "what goes wrong is told",
        MAIN,
        "        MachineRotationFunction: !If [RotatesMachineSecret, !Ref MachineRotationFunction, \"\"]\n",
        "",
    ),
    (
        "what goes wrong is told",
        MONITORING,
        "          Value: !Ref MachineRotationFunction\n",
        "          Value: !Ref RotationFunction\n",
    ),
    (
        "what goes wrong is told",
        MONITORING,
        "              - !If [WatchesMachineRotation, !Ref MachineSecretArn, !Ref AWS::NoValue]\n",
        "",
    ),
];
