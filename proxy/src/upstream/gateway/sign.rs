//! A request to a gateway, signed by the door's own role (SigV4).

use aws_config::SdkConfig;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use shared::clock::Clock;
use shared::settings::Address;

use crate::upstream::sigv4;

/// Signs with the credentials that Lambda gives.
pub(super) struct Signer {
    credentials: Option<SharedCredentialsProvider>,
    /// The function's own region.
    region: Option<String>,
    clock: Clock,
}

impl Signer {
    pub(super) fn new(platform: &SdkConfig, clock: Clock) -> Self {
        Self {
            credentials: platform.credentials_provider(),
            region: platform.region().map(ToString::to_string),
            clock,
        }
    }

    /// Signs the request; the error is for the log.
    pub(super) async fn sign(
        &self,
        request: &mut Request<Full<Bytes>>,
        gateway: &Address,
        body: &Bytes,
    ) -> Result<(), &'static str> {
        let region = region_of(gateway.host()).or(self.region.as_deref());
        let region = region.ok_or("no region to sign for")?;
        let role = sigv4::role(self.credentials.as_ref()).await;
        let role = role.map_err(|_| "no credentials")?;
        let now = self.clock.moment().wall;
        let parameters = sigv4::parameters(&role, region, now, SigningSettings::default());
        let parameters = parameters.ok_or("cannot sign")?.into();
        let headers = request.headers().iter();
        // Every header that is let through is text.
        let headers =
            headers.filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
        let uri = request.uri().to_string();
        let signable = SignableRequest::new(
            request.method().as_str(),
            &uri,
            headers,
            SignableBody::Bytes(body),
        );
        let signed = sign(signable.map_err(|_| "cannot sign")?, &parameters);
        let (instructions, _signature) = signed.map_err(|_| "cannot sign")?.into_parts();
        instructions.apply_to_request_http1x(request);
        Ok(())
    }
}

/// The region in a gateway's own address: `{id}.gateway.bedrock-agentcore.{region}.amazonaws.com`.
fn region_of(host: &str) -> Option<&str> {
    let (_, rest) = host.split_once(".gateway.bedrock-agentcore.")?;
    let (region, domain) = rest.split_once('.')?;
    matches!(domain, "amazonaws.com" | "amazonaws.com.cn").then_some(region)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gateways_address_names_its_region() {
        for (host, expected) in [
            (
                "demo-abc.gateway.bedrock-agentcore.eu-west-1.amazonaws.com",
                Some("eu-west-1"),
            ),
            (
                "demo-abc.gateway.bedrock-agentcore.cn-north-1.amazonaws.com.cn",
                Some("cn-north-1"),
            ),
            (
                "demo-abc.gateway.bedrock-agentcore.eu-west-1.evil.example",
                None,
            ),
            ("tools.example.com", None),
            ("127.0.0.1", None),
        ] {
            assert_eq!(region_of(host), expected, "{host}");
        }
    }
}
