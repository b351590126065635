"""Calls of services that make each type of resource; the types that moto lacks, with reasons."""

import json
from collections.abc import Mapping
from importlib import resources

from cloud import Cloud, Creator, Properties, only, package, patch, without
from names import PARTITION

NOT_IN_MOTO: Mapping[str, str] = {
    "AWS::BedrockAgentCore::Policy": "moto has no policies of AgentCore",
    "AWS::BedrockAgentCore::PolicyEngine": "moto has no policy engines of AgentCore",
    "AWS::BedrockAgentCore::ResourcePolicy": "moto has no resource policies of AgentCore",
    "AWS::CloudFormation::Stack": "its resources are made one by one, as those of the main stack are",
    "AWS::CloudFront::ResponseHeadersPolicy": "moto has no response headers policies",
    "AWS::Cognito::ManagedLoginBranding": "moto has no styles of sign-in pages",
    "AWS::Logs::QueryDefinition": "moto has no saved queries",
    "Custom::PolicyEngineAttachment": "its function makes it, and is shown in Lambda's emulator",
}


def managed_policies() -> list[str]:
    """The ARNs of the policies that AWS manages, as SAM knows them."""
    text = (
        resources.files("samtranslator")
        .joinpath("internal/data/aws_managed_policies.json")
        .read_text("utf-8")
    )
    return list(json.loads(text)[PARTITION].values())


def role(cloud: Cloud, name: str, properties: Properties) -> Mapping[str | None, str]:
    policies = properties.pop("Policies", [])
    managed = properties.pop("ManagedPolicyArns", [])
    cloud.call("iam", "create_role", properties, RoleName=name)
    for policy in policies:
        cloud.call("iam", "put_role_policy", policy, RoleName=name)
    # moto takes seconds to make the policies that AWS manages, so they are looked up.
    assert set(managed) <= set(managed_policies())
    return {}


def policy(cloud: Cloud, _: str, properties: Properties) -> Mapping[str | None, str]:
    for each in properties["Roles"]:
        # The gateway's role is another stack's.
        trust = {"Version": "2012-10-17", "Statement": []}
        cloud.call("iam", "create_role", {}, RoleName=each, AssumeRolePolicyDocument=trust)
        cloud.call("iam", "put_role_policy", without(properties, "Roles"), RoleName=each)
    return {}


def function(cloud: Cloud, name: str, properties: Properties) -> Mapping[str | None, str]:
    reserved = properties.pop("ReservedConcurrentExecutions", None)
    properties["Code"] = {"ZipFile": package()}
    cloud.call("lambda", "create_function", properties, FunctionName=name)
    if reserved is not None:
        cloud.call(
            "lambda", "put_function_concurrency", {}, FunctionName=name, ReservedConcurrentExecutions=reserved
        )
    return {}


def layer(cloud: Cloud, name: str, properties: Properties) -> Mapping[str | None, str]:
    properties = without(properties, "LayerName") | {"Content": {"ZipFile": package()}}
    made = cloud.call("lambda", "publish_layer_version", properties, LayerName=name)
    return {None: made["LayerVersionArn"]}


def permission(cloud: Cloud, name: str, properties: Properties) -> Mapping[str | None, str]:
    cloud.call("lambda", "add_permission", properties, StatementId=name)
    return {}


def log_group(cloud: Cloud, name: str, properties: Properties) -> Mapping[str | None, str]:
    cloud.call("logs", "create_log_group", {}, logGroupName=name)
    cloud.call("logs", "put_retention_policy", properties, logGroupName=name)
    return {}


def metric_filter(cloud: Cloud, name: str, properties: Properties) -> Mapping[str | None, str]:
    cloud.call("logs", "put_metric_filter", properties, filterName=name)
    return {}


def rest_api(cloud: Cloud, name: str, properties: Properties) -> Mapping[str | None, str]:
    body = properties["Body"]
    # moto cannot do without it; API Gateway can.
    body["info"].setdefault("description", "")
    for operation in (operation for path in body["paths"].values() for operation in path.values()):
        integration = operation.get("x-amazon-apigateway-integration", {})
        if integration.get("type") == "mock":
            # Neither can it do without these, which an integration that calls nothing does not have.
            integration.update({"httpMethod": "POST", "uri": "none"})
    kinds = properties["EndpointConfiguration"]["Types"]
    parameters = {"endpointConfigurationTypes": ",".join(kinds)}
    made = cloud.client("apigateway").import_rest_api(body=json.dumps(body).encode(), parameters=parameters)
    if "Policy" in properties:
        operations = patch(policy=json.dumps(properties["Policy"]))
        cloud.call("apigateway", "update_rest_api", {}, restApiId=made["id"], patchOperations=operations)
    root = made.get("rootResourceId", "")
    return {None: made["id"], "RootResourceId": root}


def deployment(cloud: Cloud, _: str, properties: Properties) -> Mapping[str | None, str]:
    return {None: cloud.call("apigateway", "create_deployment", properties)["id"]}


def stage(cloud: Cloud, _: str, properties: Properties) -> Mapping[str | None, str]:
    log = properties.pop("AccessLogSetting")
    settings = properties.pop("MethodSettings")
    cloud.call("apigateway", "create_stage", properties)
    operations = patch(
        accessLogSettings__destinationArn=log["DestinationArn"], accessLogSettings__format=log["Format"]
    )
    for one in settings:
        where = f"{one['ResourcePath'].removeprefix('/')}/{one['HttpMethod']}"
        for name, path in (
            ("ThrottlingRateLimit", "throttling/rateLimit"),
            ("ThrottlingBurstLimit", "throttling/burstLimit"),
        ):
            operations.append({"op": "replace", "path": f"/{where}/{path}", "value": str(one[name])})
    owner = {"restApiId": properties["RestApiId"], "stageName": properties["StageName"]}
    cloud.call("apigateway", "update_stage", owner, patchOperations=operations)
    return {}


def account(cloud: Cloud, _: str, properties: Properties) -> Mapping[str | None, str]:
    operations = patch(cloudwatchRoleArn=properties["CloudWatchRoleArn"])
    cloud.call("apigateway", "update_account", {}, patchOperations=operations)
    return {}


def domain_name(cloud: Cloud, _: str, properties: Properties) -> Mapping[str | None, str]:
    cloud.call("apigateway", "create_domain_name", properties)
    return {}


def base_path_mapping(cloud: Cloud, _: str, properties: Properties) -> Mapping[str | None, str]:
    cloud.call("apigateway", "create_base_path_mapping", properties)
    return {}


def record(cloud: Cloud, _: str, properties: Properties) -> Mapping[str | None, str]:
    # The zone is there before the stack, under another id in moto.
    zone = cloud.call("route53", "create_hosted_zone", {}, Name="example.com", CallerReference="one")[
        "HostedZone"
    ]["Id"]
    entry = without(properties, "HostedZoneId")
    entry["AliasTarget"] = {"EvaluateTargetHealth": False, **entry["AliasTarget"]}
    batch = {"Changes": [{"Action": "CREATE", "ResourceRecordSet": entry}]}
    cloud.call("route53", "change_resource_record_sets", {}, HostedZoneId=zone, ChangeBatch=batch)
    return {}


def firewall(cloud: Cloud, name: str, properties: Properties) -> Mapping[str | None, str]:
    made = cloud.call("wafv2", "create_web_acl", properties, Name=name)["Summary"]
    return {"Arn": made["ARN"]}


def association(cloud: Cloud, _: str, properties: Properties) -> Mapping[str | None, str]:
    cloud.call("wafv2", "associate_web_acl", properties)
    return {}


def table(cloud: Cloud, name: str, properties: Properties) -> Mapping[str | None, str]:
    recovery = properties.pop("PointInTimeRecoverySpecification")
    ends = properties.pop("TimeToLiveSpecification", None)
    properties["SSESpecification"] = {"Enabled": properties["SSESpecification"]["SSEEnabled"]}
    cloud.call("dynamodb", "create_table", properties, TableName=name)
    cloud.call(
        "dynamodb", "update_continuous_backups", {}, TableName=name, PointInTimeRecoverySpecification=recovery
    )
    if ends:
        cloud.call("dynamodb", "update_time_to_live", {}, TableName=name, TimeToLiveSpecification=ends)
    return {}


def secret(cloud: Cloud, name: str, properties: Properties) -> Mapping[str | None, str]:
    generated = cloud.call("secretsmanager", "get_random_password", properties.pop("GenerateSecretString"))
    text = generated["RandomPassword"]
    made = cloud.call("secretsmanager", "create_secret", properties, Name=name, SecretString=text)
    return {None: made["ARN"]}


def schedule(cloud: Cloud, _: str, properties: Properties) -> Mapping[str | None, str]:
    properties = dict(properties)
    # moto would run the function in a container.
    at_once = properties.pop("RotateImmediatelyOnUpdate")
    assert at_once
    cloud.call("secretsmanager", "describe_secret", only(properties, "SecretId"))
    cloud.call("lambda", "get_function", {}, FunctionName=properties["RotationLambdaARN"])
    return {}


def user_pool(cloud: Cloud, _: str, properties: Properties) -> Mapping[str | None, str]:
    factors = properties.pop("EnabledMfas")
    mode = properties.pop("MfaConfiguration")
    properties["PoolName"] = properties.pop("UserPoolName")
    made = cloud.call("cognito-idp", "create_user_pool", properties)["UserPool"]
    token = {"Enabled": "SOFTWARE_TOKEN_MFA" in factors}
    cloud.call(
        "cognito-idp",
        "set_user_pool_mfa_config",
        {},
        UserPoolId=made["Id"],
        MfaConfiguration=mode,
        SoftwareTokenMfaConfiguration=token,
    )
    issuer = f"https://cognito-idp.us-east-1.amazonaws.com/{made['Id']}"
    return {None: made["Id"], "Arn": made["Arn"], "ProviderURL": issuer}


def pool_domain(cloud: Cloud, _: str, properties: Properties) -> Mapping[str | None, str]:
    cloud.call("cognito-idp", "create_user_pool_domain", properties)
    return {}


def pool_client(cloud: Cloud, _: str, properties: Properties) -> Mapping[str | None, str]:
    made = cloud.call("cognito-idp", "create_user_pool_client", properties)["UserPoolClient"]
    return {None: made["ClientId"]}


def resource_server(cloud: Cloud, _: str, properties: Properties) -> Mapping[str | None, str]:
    cloud.call("cognito-idp", "create_resource_server", properties)
    return {}


def identity_provider(cloud: Cloud, _: str, properties: Properties) -> Mapping[str | None, str]:
    cloud.call("cognito-idp", "create_identity_provider", properties)
    return {}


def topic(cloud: Cloud, name: str, properties: Properties) -> Mapping[str | None, str]:
    arn = cloud.call("sns", "create_topic", {}, Name=name, Attributes=only(properties, "DisplayName"))[
        "TopicArn"
    ]
    for subscription in properties["Subscription"]:
        cloud.call("sns", "subscribe", subscription, TopicArn=arn)
    return {None: arn}


def topic_policy(cloud: Cloud, _: str, properties: Properties) -> Mapping[str | None, str]:
    for arn in properties["Topics"]:
        value = properties["PolicyDocument"]
        cloud.call(
            "sns", "set_topic_attributes", {}, TopicArn=arn, AttributeName="Policy", AttributeValue=value
        )
    return {}


def alarm(cloud: Cloud, name: str, properties: Properties) -> Mapping[str | None, str]:
    cloud.call("cloudwatch", "put_metric_alarm", properties, AlarmName=name)
    return {}


def dashboard(cloud: Cloud, _: str, properties: Properties) -> Mapping[str | None, str]:
    json.loads(properties["DashboardBody"])
    cloud.call("cloudwatch", "put_dashboard", properties)
    return {}


def rule(cloud: Cloud, name: str, properties: Properties) -> Mapping[str | None, str]:
    targets = properties.pop("Targets")
    cloud.call("events", "put_rule", properties, Name=name)
    cloud.call("events", "put_targets", {}, Rule=name, Targets=targets)
    return {}


def bucket(cloud: Cloud, name: str, properties: Properties) -> Mapping[str | None, str]:
    cloud.call("s3", "create_bucket", {}, Bucket=name)
    rules = properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    defaults = [{"ApplyServerSideEncryptionByDefault": one["ServerSideEncryptionByDefault"]} for one in rules]
    encryption = {"Rules": defaults}
    cloud.call("s3", "put_bucket_encryption", {}, Bucket=name, ServerSideEncryptionConfiguration=encryption)
    cloud.call("s3", "put_bucket_ownership_controls", only(properties, "OwnershipControls"), Bucket=name)
    cloud.call(
        "s3", "put_public_access_block", only(properties, "PublicAccessBlockConfiguration"), Bucket=name
    )
    cloud.call("s3", "put_bucket_versioning", only(properties, "VersioningConfiguration"), Bucket=name)
    rules = [{"Filter": {"Prefix": ""}, **one} for one in properties["LifecycleConfiguration"]["Rules"]]
    cloud.call(
        "s3", "put_bucket_lifecycle_configuration", {}, Bucket=name, LifecycleConfiguration={"Rules": rules}
    )
    return {}


def bucket_policy(cloud: Cloud, _: str, properties: Properties) -> Mapping[str | None, str]:
    document = properties["PolicyDocument"]
    cloud.call("s3", "put_bucket_policy", only(properties, "Bucket"), Policy=document)
    return {}


def distribution(cloud: Cloud, _: str, properties: Properties) -> Mapping[str | None, str]:
    described = properties["DistributionConfig"] | {"CallerReference": "one"}
    made = cloud.call("cloudfront", "create_distribution", {}, DistributionConfig=described)["Distribution"]
    return {None: made["Id"], "DomainName": made["DomainName"]}


def origin_access(cloud: Cloud, _: str, properties: Properties) -> Mapping[str | None, str]:
    made = cloud.call("cloudfront", "create_origin_access_control", properties)
    return {None: made["OriginAccessControl"]["Id"], "Id": made["OriginAccessControl"]["Id"]}


CREATORS: Mapping[str, Creator] = {
    "AWS::ApiGateway::Account": account,
    "AWS::ApiGateway::BasePathMapping": base_path_mapping,
    "AWS::ApiGateway::Deployment": deployment,
    "AWS::ApiGateway::DomainName": domain_name,
    "AWS::ApiGateway::RestApi": rest_api,
    "AWS::ApiGateway::Stage": stage,
    "AWS::CloudFront::Distribution": distribution,
    "AWS::CloudFront::OriginAccessControl": origin_access,
    "AWS::CloudWatch::Alarm": alarm,
    "AWS::CloudWatch::Dashboard": dashboard,
    "AWS::Cognito::UserPool": user_pool,
    "AWS::Cognito::UserPoolClient": pool_client,
    "AWS::Cognito::UserPoolDomain": pool_domain,
    "AWS::Cognito::UserPoolIdentityProvider": identity_provider,
    "AWS::Cognito::UserPoolResourceServer": resource_server,
    "AWS::DynamoDB::Table": table,
    "AWS::Events::Rule": rule,
    "AWS::IAM::Policy": policy,
    "AWS::IAM::Role": role,
    "AWS::Lambda::Function": function,
    "AWS::Lambda::LayerVersion": layer,
    "AWS::Lambda::Permission": permission,
    "AWS::Logs::LogGroup": log_group,
    "AWS::Logs::MetricFilter": metric_filter,
    "AWS::Route53::RecordSet": record,
    "AWS::S3::Bucket": bucket,
    "AWS::S3::BucketPolicy": bucket_policy,
    "AWS::SNS::Topic": topic,
    "AWS::SNS::TopicPolicy": topic_policy,
    "AWS::SecretsManager::RotationSchedule": schedule,
    "AWS::SecretsManager::Secret": secret,
    "AWS::WAFv2::WebACL": firewall,
    "AWS::WAFv2::WebACLAssociation": association,
}
