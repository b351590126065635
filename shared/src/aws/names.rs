//! The names that AWS accepts and gives, by its services' own rules.

use crate::text::{is_of, is_visible, is_word};

/// A scope at AgentCore: the longest that `allowedScopes` of a JWT authorizer takes.
pub const MAX_AGENTCORE_SCOPE: usize = 255;

/// A scope at Cognito: the longest that an app client may be allowed (`ScopeType`).
pub const MAX_COGNITO_SCOPE: usize = 256;

/// Whether a text is a partition of AWS, such as `aws` or `aws-us-gov`.
pub(crate) fn is_partition(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte == b'-';
    (text == "aws" || text.starts_with("aws-")) && is_of(text, 32, allowed)
}

/// Whether a text is the name of a region, such as `us-gov-west-1`.
pub fn is_region(text: &str) -> bool {
    is_of(text, 32, |byte| {
        byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'
    })
}

/// Whether a text is the id of an account: twelve digits.
pub(crate) fn is_account(text: &str) -> bool {
    text.len() == 12 && is_of(text, 12, |byte| byte.is_ascii_digit())
}

/// Whether a text is the id of a user pool (Cognito, `UserPoolIdType`), such as `us-east-1_Example01`.
pub fn is_pool_id(text: &str) -> bool {
    text.contains('_') && is_word(text, 55, b"-_")
}

/// Whether a text is the id of an app client (Cognito, `ClientIdType`). Cognito's own pattern has no hyphen.
pub fn is_app_client_id(text: &str) -> bool {
    is_word(text, 128, b"_+-")
}

/// Reads a setting that is the name of a table ("Supported data types and naming rules in Amazon DynamoDB").
///
/// # Errors
/// What is wrong with it, going on where the setting's name ends.
pub fn parse_table(text: &str) -> Result<String, &'static str> {
    let table = (text.len() >= 3 && is_word(text, 255, b"_.-")).then(|| text.to_owned());
    table.ok_or("is not the name of a table: 3 to 255 of `A-Za-z0-9_.-`")
}

/// Whether a text is a scope (RFC 6749, section 3.3), not longer than one service or another takes.
pub fn is_scope(text: &str, max: usize) -> bool {
    is_visible(text, max) && !text.contains(['"', '\\'])
}

/// The domain below which the services of a region are.
fn domain(region: &str) -> &'static str {
    if region.starts_with("cn-") {
        "amazonaws.com.cn"
    } else {
        "amazonaws.com"
    }
}

/// The issuer names of a user pool's tokens. There are two, and which one a pool uses is in its configuration
/// (`IssuerConfiguration`). Both are Cognito's alone to answer for.
pub fn pool_issuers(region: &str, pool: &str) -> [String; 2] {
    let domain = domain(region);
    ["cognito-idp", "issuer-cognito-idp"]
        .map(|service| format!("https://{service}.{region}.{domain}/{pool}"))
}

/// Whether a host, in lower case, is one of Cognito's: `cognito-idp.{region}`, or `issuer-cognito-idp.{region}` for
/// pools whose issuer configuration is `UPDATED`, below `amazonaws.com` or, in China, `amazonaws.com.cn`.
pub(crate) fn is_pool_host(host: &str) -> bool {
    let Some(name) = host
        .strip_suffix(".amazonaws.com")
        .or_else(|| host.strip_suffix(".amazonaws.com.cn"))
    else {
        return false;
    };
    ["cognito-idp.", "issuer-cognito-idp.", "cognito-idp-fips."]
        .iter()
        .filter_map(|service| name.strip_prefix(service))
        .any(|region| !region.is_empty() && !region.contains('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_what_their_services_say() {
        let long = |length: usize| "a".repeat(length);
        type Row = (fn(&str) -> bool, Vec<String>, Vec<String>);
        let rows: [Row; 4] = [
            (
                is_pool_id,
                vec!["us-east-1_Ab".to_owned(), format!("a_{}", long(53))],
                vec![
                    String::new(),
                    "ab".to_owned(),
                    "a_b/c".to_owned(),
                    format!("a_{}", long(54)),
                ],
            ),
            (
                is_app_client_id,
                vec!["a+b_c-D9".to_owned(), long(128)],
                vec![String::new(), "a b".to_owned(), "a.b".to_owned(), long(129)],
            ),
            (
                |text| parse_table(text).is_ok(),
                vec!["a.b".to_owned(), long(255)],
                vec!["ab".to_owned(), "a/b".to_owned(), long(256)],
            ),
            (
                is_region,
                vec!["us-gov-west-1".to_owned()],
                vec![String::new(), "US-EAST-1".to_owned(), "a.b".to_owned()],
            ),
        ];
        for (rule, good, bad) in rows {
            for good in good {
                assert!(rule(&good), "{good}");
            }
            for bad in bad {
                assert!(!rule(&bad), "{bad}");
            }
        }
    }

    #[test]
    fn a_scope_is_as_long_as_its_service_takes() {
        let longest = "s".repeat(MAX_COGNITO_SCOPE);
        assert!(is_scope(&longest, MAX_COGNITO_SCOPE));
        assert!(!is_scope(&longest, MAX_AGENTCORE_SCOPE));
        for bad in ["", "a b", "a\"b", "a\\b", "\u{e9}"] {
            assert!(!is_scope(bad, MAX_COGNITO_SCOPE), "{bad}");
        }
    }

    #[test]
    fn a_pools_issuers_are_on_its_hosts() {
        for region in ["eu-central-1", "cn-north-1"] {
            for issuer in pool_issuers(region, "a_b") {
                let (host, path) = issuer
                    .trim_start_matches("https://")
                    .split_once('/')
                    .unwrap();
                assert!(is_pool_host(host) && path == "a_b", "{issuer}");
            }
        }
        assert!(!is_pool_host("cognito-idp.us-east-1.evil.example"));
        assert!(!is_pool_host("cognito-idp.a.b.amazonaws.com"));
    }
}
