"""Names of resources that are yet to be made: made-up, in the form that AWS gives them, each different."""

import hashlib
import string
from dataclasses import dataclass

REGION = "us-east-1"
ACCOUNT = "123456789012"
PARTITION = "aws"
SUFFIX = "amazonaws.com"


@dataclass(frozen=True)
class Place:
    """Where a resource stands."""

    # Name of the stack that it belongs to.
    stack: str
    # Its name in the template.
    logical: str

    @property
    def name(self) -> str:
        """What CloudFormation calls it: at most 64 characters, which the strictest services take."""
        return f"{self.stack[:24]}-{self.logical[:24]}-{self.unique(12)}"

    def unique(self, length: int, alphabet: str = string.ascii_uppercase + string.digits) -> str:
        """Characters that no other resource has."""
        digest = hashlib.sha256(f"{self.stack}/{self.logical}".encode()).digest()
        return "".join(alphabet[byte % len(alphabet)] for byte in digest[:length])

    def lower(self, length: int) -> str:
        """The same in lower case."""
        return self.unique(length, string.ascii_lowercase + string.digits)

    def letters(self, length: int) -> str:
        """The same in letters alone."""
        return self.unique(length, string.ascii_uppercase)

    @property
    def uuid(self) -> str:
        """The same in the form of a UUID."""
        digits = self.unique(32, "0123456789abcdef")
        return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))

    def arn(self, service: str, resource: str, *, is_global: bool = False) -> str:
        """An ARN in this account and region."""
        region = "" if is_global else REGION
        return f"arn:{PARTITION}:{service}:{region}:{ACCOUNT}:{resource}"


def reference(kind: str, place: Place) -> str:
    """What `Ref` gives, by the page of each type."""
    match kind:
        case "AWS::ApiGateway::RestApi":
            return place.lower(10)
        case "AWS::ApiGateway::Deployment":
            return place.lower(6)
        case "AWS::CloudFormation::Stack":
            return place.arn("cloudformation", f"stack/{place.name}/{place.uuid}")
        case "AWS::CloudFront::Distribution":
            return f"E{place.unique(13)}"
        case "AWS::CloudFront::OriginAccessControl" | "AWS::CloudFront::ResponseHeadersPolicy":
            return place.uuid
        case "AWS::Cognito::UserPool":
            return f"{REGION}_{place.letters(9)}"
        case "AWS::Cognito::UserPoolClient":
            return place.lower(26)
        case "AWS::SecretsManager::Secret":
            return place.arn(
                "secretsmanager", f"secret:{place.logical}-{place.unique(12)}-{place.letters(6)}"
            )
        case "AWS::SNS::Topic":
            return place.arn("sns", place.name)
        case "AWS::S3::Bucket":
            return place.name.lower()
        case "AWS::Lambda::LayerVersion":
            return place.arn("lambda", f"layer:{place.logical}:1")
        case _:
            return place.name


def attribute(kind: str, name: str, place: Place) -> str:
    """What `Fn::GetAtt` gives, by the page of each type."""
    own = reference(kind, place)
    match kind, name:
        case "AWS::BedrockAgentCore::PolicyEngine", "PolicyEngineId":
            return f"gatehouse_engine-{place.lower(10)}"
        case "AWS::BedrockAgentCore::PolicyEngine", "PolicyEngineArn":
            return place.arn("bedrock-agentcore", f"policy-engine/gatehouse_engine-{place.lower(10)}")
        case "AWS::CloudFront::Distribution", "DomainName":
            return f"d{place.lower(13)}.cloudfront.net"
        case "AWS::Cognito::UserPool", "Arn":
            return place.arn("cognito-idp", f"userpool/{own}")
        case "AWS::Cognito::UserPool", "ProviderURL":
            return f"https://cognito-idp.{REGION}.{SUFFIX}/{own}"
        case "AWS::DynamoDB::Table", "Arn":
            return place.arn("dynamodb", f"table/{own}")
        case "AWS::IAM::Role", "Arn":
            return place.arn("iam", f"role/{own}", is_global=True)
        case "AWS::Lambda::Function", "Arn":
            return place.arn("lambda", f"function:{own}")
        case "AWS::Lambda::Version", "Version":
            return "1"
        case "AWS::Logs::LogGroup", "Arn":
            return place.arn("logs", f"log-group:{own}:*")
        case "AWS::S3::Bucket", "Arn":
            return f"arn:{PARTITION}:s3:::{own}"
        case "AWS::S3::Bucket", "RegionalDomainName":
            return f"{own}.s3.{REGION}.{SUFFIX}"
        case "AWS::WAFv2::WebACL", "Arn":
            return place.arn("wafv2", f"regional/webacl/{place.name}/{place.uuid}")
        case "AWS::ApiGateway::DomainName", "RegionalDomainName":
            return f"d-{place.lower(10)}.execute-api.{REGION}.{SUFFIX}"
        case "AWS::ApiGateway::DomainName", "RegionalHostedZoneId":
            return f"Z{place.unique(13)}"
        case _:
            return f"{place.logical}.{name}"
