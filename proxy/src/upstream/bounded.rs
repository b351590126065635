//! The limit of what the AWS SDK may read into memory: it reads errors whole, and every answer that is no stream.

use aws_sdk_bedrockagentcore::config::interceptors::BeforeDeserializationInterceptorContextMut;
use aws_sdk_bedrockagentcore::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_bedrockagentcore::error::BoxError;
use aws_smithy_types::body::SdkBody;
use http_body_util::Limited;

/// Cuts longer answers off, which makes errors of them.
#[derive(Debug)]
pub(super) struct Bounded {
    most: usize,
    /// Not the good ones.
    only_errors: bool,
}

impl Bounded {
    pub(super) const fn everything(most: usize) -> Self {
        Self {
            most,
            only_errors: false,
        }
    }

    pub(super) const fn errors(most: usize) -> Self {
        Self {
            most,
            only_errors: true,
        }
    }
}

impl Intercept for Bounded {
    fn name(&self) -> &'static str {
        "bounded answers"
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let response = context.response_mut();
        if !(self.only_errors && response.status().is_success()) {
            let body = std::mem::replace(response.body_mut(), SdkBody::taken());
            *response.body_mut() = SdkBody::from_body_1_x(Limited::new(body, self.most));
        }
        Ok(())
    }
}
