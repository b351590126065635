//! A signature in the query: a URL that its maker gives to another client ("Authentication methods", query string
//! parameters, IAM User Guide).

use std::collections::HashMap;

use http::request::Parts;
use percent_encoding::percent_decode_str;

use super::canonical::unix_time;
use super::{ALGORITHM, Claim, Credentials, MAX_SKEW_SECONDS, Place, Said, SignatureError};

/// The parameter that the signature cannot cover.
pub(super) const SIGNATURE: &str = "X-Amz-Signature";

impl Claim {
    /// Whether the query carries a signature.
    pub(crate) fn is_presigned(request: &Parts) -> bool {
        parameters(request).is_some_and(|query| query.contains_key(SIGNATURE))
    }

    /// The same as [`Claim::parse`], from the query. The address may have been made to hold for
    /// `longest` seconds at most.
    pub(crate) fn parse_query(
        request: &Parts,
        credentials: &Credentials,
        region: &str,
        service: &str,
        longest: u64,
        now: u64,
    ) -> Result<Self, SignatureError> {
        let query = parameters(request).ok_or(SignatureError::Incomplete)?;
        let part = |name: &str| query.get(name).map(String::as_str);
        let needed = |name| part(name).ok_or(SignatureError::Incomplete);
        if needed("X-Amz-Algorithm")? != ALGORITHM {
            return Err(SignatureError::Incomplete);
        }
        let date = needed("X-Amz-Date")?;
        let made = unix_time(date).ok_or(SignatureError::Incomplete)?;
        let lasts: u64 = needed("X-Amz-Expires")?
            .parse()
            .map_err(|_| SignatureError::Incomplete)?;
        let earliest = made.saturating_sub(MAX_SKEW_SECONDS);
        let in_time = earliest <= now && now < made.saturating_add(lasts);
        if !in_time || lasts > longest {
            return Err(SignatureError::WrongDate);
        }
        let said = Said {
            credential: needed("X-Amz-Credential")?,
            date,
            token: part("X-Amz-Security-Token"),
            signed_headers: needed("X-Amz-SignedHeaders")?,
            signature: needed(SIGNATURE)?,
        };
        let headers = &request.headers;
        Self::check(said, Place::Query, headers, credentials, region, service)
    }
}

/// The query, decoded; nothing if a name comes twice.
fn parameters(request: &Parts) -> Option<HashMap<String, String>> {
    let decoded = |text| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let pairs = request.uri.query().unwrap_or_default().split('&');
    let mut parameters = HashMap::new();
    for pair in pairs.filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let before = parameters.insert(decoded(name), decoded(value));
        if before.is_some() {
            return None;
        }
    }
    Some(parameters)
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    /// 30 August 2015, 12:36:00 UTC
    const MADE: u64 = 1_440_938_160;
    const LONGEST: u64 = 300;

    fn refusal(change: (&str, &str), now: u64) -> Option<SignatureError> {
        let query = "X-Amz-Algorithm=AWS4-HMAC-SHA256\
            &X-Amz-Credential=AKIDEXAMPLE%2F20150830%2Fus-east-1%2Fbedrock-agentcore%2Faws4_request\
            &X-Amz-Date=20150830T123600Z&X-Amz-Expires=300&X-Amz-SignedHeaders=host&X-Amz-Signature=00";
        let uri = format!("/runtimes/arn/ws?{}", query.replace(change.0, change.1));
        let request = Request::get(uri).header("host", "example.com");
        let (request, ()) = request.body(()).unwrap().into_parts();
        let credentials = Credentials {
            access_key_id: "AKIDEXAMPLE".to_owned(),
            secret_access_key: "secret".to_owned(),
            session_token: None,
        };
        let (region, service) = ("us-east-1", "bedrock-agentcore");
        Claim::parse_query(&request, &credentials, region, service, LONGEST, now).err()
    }

    #[test]
    fn it_holds_from_its_date_until_it_expires() {
        for (now, expected) in [
            (MADE, None),
            (MADE + 299, None),
            (MADE - 300, None),
            (MADE + 300, Some(SignatureError::WrongDate)),
            (MADE - 301, Some(SignatureError::WrongDate)),
        ] {
            assert_eq!(refusal(("", ""), now), expected, "{now}");
        }
    }

    #[test]
    fn each_parameter_is_looked_at() {
        for (change, expected) in [
            (("Expires=300", "Expires=301"), SignatureError::WrongDate),
            (("Expires=300", "Expires=-1"), SignatureError::Incomplete),
            (("&X-Amz-Expires=300", ""), SignatureError::Incomplete),
            (("SHA256", "SHA1"), SignatureError::Incomplete),
            (("AKIDEXAMPLE", "AKIDOTHER"), SignatureError::UnknownKey),
            (("agentcore", "other"), SignatureError::WrongScope),
            (("us-east-1", "eu-west-1"), SignatureError::WrongScope),
            (
                ("SignedHeaders=host", "SignedHeaders=accept"),
                SignatureError::UnsignedHeader,
            ),
            (
                ("X-Amz-Date", "X-Amz-Security-Token=a&X-Amz-Date"),
                SignatureError::WrongToken,
            ),
            (
                ("X-Amz-Date", "X-Amz-Expires=1&X-Amz-Date"),
                SignatureError::Incomplete,
            ),
            (("&X-Amz-Signature=00", ""), SignatureError::Incomplete),
        ] {
            assert_eq!(refusal(change, MADE), Some(expected), "{change:?}");
        }
    }
}
