//! The ARN of a user pool.

use crate::arn::{Arn, is_of};

/// `arn:{partition}:cognito-idp:{region}:{account}:userpool/{id}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserPoolArn {
    region: String,
    id: String,
}

impl UserPoolArn {
    /// Reads the ARN of a user pool.
    pub fn parse(text: &str) -> Option<Self> {
        let arn = Arn::parse(text, "cognito-idp")?;
        let id = arn.resource.strip_prefix("userpool/")?;
        // Cognito's own rule of an id (`UserPoolIdType`).
        let is_good = id.contains('_')
            && is_of(id, 55, |byte| {
                byte.is_ascii_alphanumeric() || b"-_".contains(&byte)
            });
        is_good.then(|| Self {
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
