//! Amazon Resource Names ("Identify AWS resources with ARNs", AWS IAM User Guide).

use super::names::{is_account, is_partition, is_pool_id, is_region};
use crate::text::is_word;

/// `arn:{partition}:{service}:{region}:{account}:{resource}`.
pub(crate) struct Arn<'a> {
    pub(crate) region: &'a str,
    /// What the service calls it, unread.
    pub(crate) resource: &'a str,
}

/// `arn:{partition}:secretsmanager:{region}:{account}:secret:{name}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretArn {
    text: String,
    region: String,
}

/// `arn:{partition}:cognito-idp:{region}:{account}:userpool/{id}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserPoolArn {
    region: String,
    id: String,
}

impl<'a> Arn<'a> {
    /// Reads the ARN of what a service has in a region, for an account.
    pub(crate) fn parse(text: &'a str, service: &str) -> Option<Self> {
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let ["arn", partition, named, region, account, resource] = parts[..] else {
            return None;
        };
        let is_good =
            named == service && is_partition(partition) && is_region(region) && is_account(account);
        is_good.then_some(Self { region, resource })
    }
}

impl SecretArn {
    /// Reads the ARN of a secret.
    pub fn parse(text: &str) -> Option<Self> {
        let arn = Arn::parse(text, "secretsmanager")?;
        let name = arn.resource.strip_prefix("secret:")?;
        // A name has at most 512 characters of these, and the ARN seven more (CreateSecret, Name).
        is_word(name, 519, b"/_+=.@-").then(|| Self {
            text: text.to_owned(),
            region: arn.region.to_owned(),
        })
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The region that the secret is in.
    pub fn region(&self) -> &str {
        &self.region
    }
}

impl UserPoolArn {
    /// Reads the ARN of a user pool.
    pub fn parse(text: &str) -> Option<Self> {
        let arn = Arn::parse(text, "cognito-idp")?;
        let id = arn.resource.strip_prefix("userpool/")?;
        is_pool_id(id).then(|| Self {
            region: arn.region.to_owned(),
            id: id.to_owned(),
        })
    }

    /// The region that the pool is in.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// As operations on the pool name it.
    pub fn id(&self) -> &str {
        &self.id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_arn_of_a_secret_is_one() {
        for good in [
            "arn:aws:secretsmanager:us-east-1:123456789012:secret:gatehouse/machine-AbCdEf",
            "arn:aws-us-gov:secretsmanager:us-gov-west-1:123456789012:secret:a",
        ] {
            assert_eq!(SecretArn::parse(good).unwrap().as_str(), good);
        }
        for bad in [
            "",
            "gatehouse/machine",
            "arn:aws:ssm:us-east-1:123456789012:secret:a",
            "arn:aws:secretsmanager:us-east-1:1234:secret:a",
            "arn:aws:secretsmanager::123456789012:secret:a",
            "arn:aws:secretsmanager:us-east-1:123456789012:secret:",
            "arn:aws:secretsmanager:us-east-1:123456789012:secret:a:b",
            "arn:aws:secretsmanager:us-east-1:123456789012:secret:a b",
            "arn:other:secretsmanager:us-east-1:123456789012:secret:a",
            "arn:aws:secretsmanager:evil.test/:123456789012:secret:a",
        ] {
            assert_eq!(SecretArn::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn only_the_arn_of_a_pool_is_one() {
        let good = "arn:aws:cognito-idp:eu-central-1:123456789012:userpool/eu-central-1_ExAmPle01";
        let pool = UserPoolArn::parse(good).unwrap();
        assert_eq!(
            (pool.region(), pool.id()),
            ("eu-central-1", "eu-central-1_ExAmPle01")
        );
        for bad in [
            "",
            "eu-central-1_ExAmPle01",
            "arn:aws:cognito-idp:eu-central-1:123456789012:userpool/",
            "arn:aws:cognito-idp:eu-central-1:123456789012:userpool/NoUnderscore",
            "arn:aws:cognito-idp:eu-central-1:123456789012:userpool/a_b/c",
            "arn:aws:cognito-idp:eu-central-1:123456789012:eu-central-1_ExAmPle01",
            "arn:aws:cognito-idp:eu-central-1:1234:userpool/a_b",
            "arn:aws:cognito-idp::123456789012:userpool/a_b",
            "arn:aws:cognito-idp:evil.test/:123456789012:userpool/a_b",
            "arn:aws:cognito-identity:eu-central-1:123456789012:userpool/a_b",
            "arn:other:cognito-idp:eu-central-1:123456789012:userpool/a_b",
            "arn:aws:cognito-idp:eu-central-1:123456789012:userpool/a_b:c",
        ] {
            assert_eq!(UserPoolArn::parse(bad), None, "{bad}");
        }
    }
}
