//! ARN parser: the parts that the ARNs of all services share.

/// `arn:{partition}:{service}:{region}:{account}:{resource}`.
pub(crate) struct Arn<'a> {
    pub(crate) region: &'a str,
    /// What the service calls it, unread.
    pub(crate) resource: &'a str,
}

impl<'a> Arn<'a> {
    /// Reads the ARN of what a service has in a region, for an account.
    pub(crate) fn parse(text: &'a str, service: &str) -> Option<Self> {
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let ["arn", partition, named, region, account, resource] = parts[..] else {
            return None;
        };
        let is_good = named == service
            && (partition == "aws" || partition.starts_with("aws-"))
            && is_of(partition, 32, |byte| {
                byte.is_ascii_lowercase() || byte == b'-'
            })
            && is_of(region, 32, |byte| {
                byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'
            })
            && account.len() == 12
            && is_of(account, 12, |byte| byte.is_ascii_digit());
        is_good.then_some(Self { region, resource })
    }
}

/// Whether a text is not empty, not longer than this, and of these bytes alone.
pub(crate) fn is_of(text: &str, most: usize, allowed: impl Fn(u8) -> bool) -> bool {
    (1..=most).contains(&text.len()) && text.bytes().all(allowed)
}
