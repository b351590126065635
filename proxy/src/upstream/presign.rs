//! Presigned WebSocket URLs (SigV4 in the query), because Lambda cannot forward frames.
//!
//! Session and user stand in the query, where the signature covers them; as headers they would be the caller's to choose.
//! Whether AgentCore would believe such a header beside the query, if the client adds one, is documented nowhere. So
//! addresses are made only for agents whose operators ask for them.

use std::sync::OnceLock;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_bedrockagentcore::config::endpoint::{DefaultResolver, Params, ResolveEndpoint};
use aws_sigv4::http_request::{
    SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign,
};
use aws_types::service_config::ServiceConfigKey;
use shared::agents::RuntimeArn;
use shared::gate::UnixTime;
use shared::percent::encoded;
use shared::session::UserId;

use super::call::Session;
use super::failure::Failure;
use super::sigv4;
use crate::caller::problem::Problem;

/// Makes addresses in the name of the door's own role.
pub(super) struct Presigner {
    credentials: Option<SharedCredentialsProvider>,
    /// In place of AgentCore's own address.
    endpoint: Option<String>,
    use_fips: Option<bool>,
    use_dual_stack: Option<bool>,
    resolver: OnceLock<DefaultResolver>,
}

impl Presigner {
    /// Takes what the AWS SDK's own clients take of their environment.
    pub(super) fn new(platform: &SdkConfig) -> Self {
        let key = ServiceConfigKey::builder()
            .service_id("Bedrock AgentCore")
            .env("AWS_ENDPOINT_URL")
            .profile("endpoint_url")
            .build();
        let own = platform.service_config().zip(key.ok());
        let own = own.and_then(|(config, key)| config.load_config(key));
        Self {
            credentials: platform.credentials_provider(),
            endpoint: own.or_else(|| platform.endpoint_url().map(str::to_owned)),
            use_fips: platform.use_fips(),
            use_dual_stack: platform.use_dual_stack(),
            resolver: OnceLock::new(),
        }
    }

    /// The address of a session's WebSocket, signed at `now` and good for `life`, whole seconds of it.
    ///
    /// # Errors
    /// There are no credentials, or no such region: [`Problem::AgentMisconfigured`].
    pub(super) async fn address(
        &self,
        session: Session<'_>,
        now: UnixTime,
        life: Duration,
    ) -> Result<String, Failure> {
        let unsigned = self.unsigned(&session).await?;
        let role = sigv4::role(self.credentials.as_ref()).await;
        let role = role.map_err(misconfigured)?;
        let mut settings = SigningSettings::default();
        settings.signature_location = SignatureLocation::QueryParams;
        settings.expires_in = Some(life);
        let (region, now) = (session.runtime.region(), Duration::from_secs(now.0));
        let parameters = sigv4::parameters(&role, region, now, settings);
        let parameters = parameters.ok_or_else(|| misconfigured("cannot sign"))?;
        let body = SignableBody::Bytes(&[]);
        let request = SignableRequest::new("GET", unsigned.as_str(), std::iter::empty(), body);
        let signed = sign(request.map_err(misconfigured)?, &parameters.into());
        let (instructions, _) = signed.map_err(misconfigured)?.into_parts();
        let signature = instructions.params().iter();
        let signature = signature.map(|(name, value)| format!("&{name}={}", encoded(value)));
        let address = unsigned + &signature.collect::<String>();
        // The same host and port under the scheme for WebSockets: `http` becomes `ws`, and `https` becomes `wss`.
        Ok(address.replacen("http", "ws", 1))
    }

    async fn unsigned(&self, session: &Session<'_>) -> Result<String, Failure> {
        let Session {
            permit,
            authority: _,
            runtime,
            qualifier,
            id,
        } = session;
        let user = UserId::derive(permit.identity());
        let query = [
            ("qualifier", *qualifier),
            ("X-Amzn-Bedrock-AgentCore-Runtime-Session-Id", id.as_str()),
            ("X-Amzn-Bedrock-AgentCore-Runtime-User-Id", user.as_str()),
        ];
        let query = query.map(|(name, value)| format!("{name}={}", encoded(value)));
        Ok(format!(
            "{}/runtimes/{}/ws?{}",
            self.origin(runtime).await?,
            encoded(runtime.as_str()),
            query.join("&")
        ))
    }

    /// Where the data plane of a runtime's region is, without a slash at its end.
    async fn origin(&self, runtime: &RuntimeArn) -> Result<String, Failure> {
        let parameters = Params::builder()
            .region(runtime.region())
            .set_endpoint(self.endpoint.clone())
            .set_use_fips(self.use_fips)
            .set_use_dual_stack(self.use_dual_stack)
            .build()
            .map_err(misconfigured)?;
        let resolver = self.resolver.get_or_init(DefaultResolver::new);
        let endpoint = resolver.resolve_endpoint(&parameters).await;
        let endpoint = endpoint.map_err(misconfigured)?;
        Ok(endpoint.url().trim_end_matches('/').to_owned())
    }
}

/// A fault of the door's own surroundings.
fn misconfigured(error: impl std::fmt::Display) -> Failure {
    Failure::without_answer(Problem::AgentMisconfigured, Some(error.to_string()))
}
