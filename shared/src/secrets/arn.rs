//! The ARN of a secret.

use crate::arn::{Arn, is_of};

/// `arn:{partition}:secretsmanager:{region}:{account}:secret:{name}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretArn {
    text: String,
    region: String,
}

impl SecretArn {
    /// Reads the ARN of a secret.
    pub fn parse(text: &str) -> Option<Self> {
        let arn = Arn::parse(text, "secretsmanager")?;
        let name = arn.resource.strip_prefix("secret:")?;
        // A name has at most 512 characters of these, and the ARN seven more (CreateSecret, Name).
        let is_good = is_of(name, 519, |byte| {
            byte.is_ascii_alphanumeric() || b"/_+=.@-".contains(&byte)
        });
        is_good.then(|| Self {
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
}
