//! The check of a request's Signature Version 4 ("Create a signed AWS API request", IAM User
//! Guide), without any code of the library that signs, so that a mistake there is seen here.

use aws_lc_rs::{constant_time, digest};
use http::request::Parts;
use http::{HeaderMap, HeaderName};

mod canonical;
mod presigned;

use canonical::{hex, mac, unix_time};

/// How far a request's date may be from ours ("within five minutes", same guide).
const MAX_SKEW_SECONDS: u64 = 300;
const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const DATE: HeaderName = HeaderName::from_static("x-amz-date");
const TOKEN: HeaderName = HeaderName::from_static("x-amz-security-token");
const CONTENT_HASH: HeaderName = HeaderName::from_static("x-amz-content-sha256");

/// The one principal that the emulators know.
#[derive(Clone)]
pub struct Credentials {
    /// Public: it stands in every signed request.
    pub access_key_id: String,
    /// Shared with the principal; it never travels.
    pub secret_access_key: String,
    /// Given for temporary credentials, as a function has them: then every request must carry it.
    pub session_token: Option<String>,
}

/// Why a signature proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SignatureError {
    Missing,
    Incomplete,
    UnknownKey,
    WrongToken,
    WrongScope,
    WrongDate,
    UnsignedHeader,
    WrongHash,
    Mismatch,
}

impl SignatureError {
    /// The error's name and message, as every AWS service words them.
    pub(crate) const fn name_and_message(self) -> (&'static str, &'static str) {
        match self {
            Self::Missing => (
                "MissingAuthenticationTokenException",
                "Missing Authentication Token",
            ),
            Self::Incomplete => (
                "IncompleteSignatureException",
                "The signature is incomplete.",
            ),
            Self::UnknownKey | Self::WrongToken => (
                "UnrecognizedClientException",
                "The security token included in the request is invalid.",
            ),
            Self::WrongScope => (
                "InvalidSignatureException",
                "The credential should be scoped to this service, region and date.",
            ),
            Self::WrongDate => (
                "InvalidSignatureException",
                "The signature has expired or is not yet current.",
            ),
            Self::UnsignedHeader => (
                "InvalidSignatureException",
                "The headers host and x-amz-* must be signed.",
            ),
            Self::WrongHash | Self::Mismatch => (
                "InvalidSignatureException",
                "The request signature we calculated does not match the signature you provided.",
            ),
        }
    }
}

/// What a request says of its own signature; everything that can be checked before its body is read
/// has been.
pub(crate) struct Claim {
    /// `YYYYMMDDTHHMMSSZ`
    date: String,
    scope: String,
    signed_headers: Vec<String>,
    signature: String,
    place: Place,
}

/// Where a request carries its signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Header,
    Query,
}

/// The parts of a claim as they were sent.
struct Said<'a> {
    credential: &'a str,
    date: &'a str,
    token: Option<&'a str>,
    signed_headers: &'a str,
    signature: &'a str,
}

impl Claim {
    /// `now` is in seconds since 1970.
    pub(crate) fn parse(
        headers: &HeaderMap,
        credentials: &Credentials,
        region: &str,
        service: &str,
        now: u64,
    ) -> Result<Self, SignatureError> {
        let header = one(headers, &http::header::AUTHORIZATION)?.ok_or(SignatureError::Missing)?;
        let date = one(headers, &DATE)?.ok_or(SignatureError::Incomplete)?;
        let time = unix_time(date).ok_or(SignatureError::Incomplete)?;
        if time.abs_diff(now) > MAX_SKEW_SECONDS {
            return Err(SignatureError::WrongDate);
        }
        let parts = header
            .strip_prefix(ALGORITHM)
            .ok_or(SignatureError::Incomplete)?;
        let part = |name| {
            let mut values = parts
                .split(',')
                .filter_map(|part| part.trim().strip_prefix(name));
            values.next().ok_or(SignatureError::Incomplete)
        };
        let said = Said {
            credential: part("Credential=")?,
            date,
            token: one(headers, &TOKEN)?,
            signed_headers: part("SignedHeaders=")?,
            signature: part("Signature=")?,
        };
        Self::check(said, Place::Header, headers, credentials, region, service)
    }

    fn check(
        said: Said<'_>,
        place: Place,
        headers: &HeaderMap,
        credentials: &Credentials,
        region: &str,
        service: &str,
    ) -> Result<Self, SignatureError> {
        let (key_id, scope) = said
            .credential
            .split_once('/')
            .ok_or(SignatureError::Incomplete)?;
        if key_id != credentials.access_key_id {
            return Err(SignatureError::UnknownKey);
        }
        let day = said.date.split('T').next().unwrap_or_default();
        if scope != format!("{day}/{region}/{service}/aws4_request") {
            return Err(SignatureError::WrongScope);
        }
        if said.token != credentials.session_token.as_deref() {
            return Err(SignatureError::WrongToken);
        }
        let claim = Self {
            date: said.date.to_owned(),
            scope: scope.to_owned(),
            signed_headers: said.signed_headers.split(';').map(str::to_owned).collect(),
            signature: said.signature.to_owned(),
            place,
        };
        claim
            .covers(headers)
            .then_some(claim)
            .ok_or(SignatureError::UnsignedHeader)
    }

    /// Whether the claim's signature is the one that the holder of the secret would have made for
    /// this request.
    pub(crate) fn verify(
        &self,
        request: &Parts,
        body: &[u8],
        credentials: &Credentials,
    ) -> Result<(), SignatureError> {
        let hash = hex(digest::digest(&digest::SHA256, body).as_ref());
        if one(&request.headers, &CONTENT_HASH)?.is_some_and(|claimed| claimed != hash) {
            return Err(SignatureError::WrongHash);
        }
        let canonical = self.canonical(request, &hash);
        let canonical = hex(digest::digest(&digest::SHA256, canonical.as_bytes()).as_ref());
        let to_sign = format!("{ALGORITHM}\n{}\n{}\n{canonical}", self.date, self.scope);
        let mut key = format!("AWS4{}", credentials.secret_access_key).into_bytes();
        for part in self.scope.split('/') {
            key = mac(&key, part);
        }
        let ours = hex(&mac(&key, &to_sign));
        constant_time::verify_slices_are_equal(ours.as_bytes(), self.signature.as_bytes())
            .map_err(|_| SignatureError::Mismatch)
    }

    /// A header left out of the signature could be changed on the way.
    fn covers(&self, headers: &HeaderMap) -> bool {
        let signed = |name: &str| self.signed_headers.iter().any(|signed| signed == name);
        let mut amazon = headers
            .keys()
            .filter(|name| name.as_str().starts_with("x-amz-"));
        signed("host") && amazon.all(|name| signed(name.as_str()))
    }

    fn canonical(&self, request: &Parts, body_hash: &str) -> String {
        let headers: String = self
            .signed_headers
            .iter()
            .map(|name| format!("{name}:{}\n", canonical::values(&request.headers, name)))
            .collect();
        let path = canonical::path(request.uri.path());
        let without = match self.place {
            Place::Header => None,
            Place::Query => Some(presigned::SIGNATURE),
        };
        let query = canonical::query(request.uri.query().unwrap_or_default(), without);
        let signed_headers = self.signed_headers.join(";");
        format!(
            "{}\n{path}\n{query}\n{headers}\n{signed_headers}\n{body_hash}",
            request.method
        )
    }
}

/// A header that may come once at most.
fn one<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, SignatureError> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => value
            .to_str()
            .map(Some)
            .map_err(|_| SignatureError::Incomplete),
        (Some(_), Some(_)) => Err(SignatureError::Incomplete),
    }
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    const NOW: u64 = 1_440_938_160;
    const SERVICE: &str = "bedrock-agentcore";

    fn credentials() -> Credentials {
        Credentials {
            access_key_id: "AKIDEXAMPLE".into(),
            secret_access_key: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".into(),
            session_token: None,
        }
    }

    fn request(authorization: &str) -> Parts {
        let (parts, ()) = Request::post("/runtimes/arn%3Aaws/invocations?qualifier=DEFAULT")
            .header("host", "example.amazonaws.com")
            .header("x-amz-date", "20150830T123600Z")
            .header("authorization", authorization)
            .body(())
            .unwrap()
            .into_parts();
        parts
    }

    fn header(key_id: &str, scope: &str, headers: &str) -> String {
        format!("{ALGORITHM} Credential={key_id}/{scope}, SignedHeaders={headers}, Signature=00")
    }

    const SCOPE: &str = "20150830/us-east-1/bedrock-agentcore/aws4_request";

    fn refusal(authorization: &str, now: u64) -> Option<SignatureError> {
        let headers = request(authorization).headers;
        Claim::parse(&headers, &credentials(), "us-east-1", SERVICE, now).err()
    }

    #[test]
    fn a_date_may_be_five_minutes_off() {
        let good = header("AKIDEXAMPLE", SCOPE, "host;x-amz-date");
        for (now, expected) in [
            (NOW, None),
            (NOW + 300, None),
            (NOW - 300, None),
            (NOW + 301, Some(SignatureError::WrongDate)),
            (NOW - 301, Some(SignatureError::WrongDate)),
        ] {
            assert_eq!(refusal(&good, now), expected, "{now}");
        }
    }

    #[test]
    fn each_part_of_a_claim_is_looked_at() {
        let scoped = |part: &str, other: &str| {
            header(
                "AKIDEXAMPLE",
                &SCOPE.replace(part, other),
                "host;x-amz-date",
            )
        };
        let signing = |headers| header("AKIDEXAMPLE", SCOPE, headers);
        for (header, expected) in [
            ("Bearer token".to_owned(), SignatureError::Incomplete),
            (
                header("AKIDOTHER", SCOPE, "host;x-amz-date"),
                SignatureError::UnknownKey,
            ),
            (scoped("east", "west"), SignatureError::WrongScope),
            (scoped("agentcore", "other"), SignatureError::WrongScope),
            (scoped("0830", "0831"), SignatureError::WrongScope),
            (signing("x-amz-date"), SignatureError::UnsignedHeader),
            (signing("host"), SignatureError::UnsignedHeader),
        ] {
            assert_eq!(refusal(&header, NOW), Some(expected), "{header}");
        }
        let mut bare = request("").headers;
        bare.remove("authorization");
        let missing = Claim::parse(&bare, &credentials(), "us-east-1", SERVICE, NOW).err();
        assert_eq!(missing, Some(SignatureError::Missing));
    }

    #[test]
    fn a_session_token_is_asked_for_and_only_the_right_one_will_do() {
        let headers = "host;x-amz-date;x-amz-security-token";
        let mut headers = request(&header("AKIDEXAMPLE", SCOPE, headers)).headers;
        let temporary = Credentials {
            session_token: Some("right".into()),
            ..credentials()
        };
        let parse = |headers: &HeaderMap, credentials: &Credentials| {
            Claim::parse(headers, credentials, "us-east-1", SERVICE, NOW).err()
        };
        assert_eq!(
            parse(&headers, &temporary),
            Some(SignatureError::WrongToken)
        );
        headers.insert(TOKEN, "wrong".parse().unwrap());
        assert_eq!(
            parse(&headers, &temporary),
            Some(SignatureError::WrongToken)
        );
        headers.insert(TOKEN, "right".parse().unwrap());
        assert_eq!(parse(&headers, &temporary), None);
        assert_eq!(
            parse(&headers, &credentials()),
            Some(SignatureError::WrongToken)
        );
    }

    #[test]
    fn the_path_is_encoded_twice() {
        let claim = Claim {
            date: String::new(),
            scope: String::new(),
            signed_headers: vec!["host".into()],
            signature: String::new(),
            place: Place::Header,
        };
        let canonical = claim.canonical(&request(""), "hash");
        assert_eq!(
            canonical,
            "POST\n/runtimes/arn%253Aaws/invocations\nqualifier=DEFAULT\n\
             host:example.amazonaws.com\n\nhost\nhash"
        );
    }
}
