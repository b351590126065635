//! The event of a rotation ("Lambda rotation functions", AWS Secrets Manager User Guide), read strictly.

use aws_lambda_events::secretsmanager::SecretsManagerSecretRotationEvent;
use serde::Deserialize;
use serde_json::Value;
use shared::aws::arn::SecretArn;
use shared::text::is_visible;

use crate::error::RotationError;

/// What the function is called for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Create,
    Set,
    Test,
    Finish,
}

/// One call of Secrets Manager's.
pub(crate) struct RotationRequest {
    pub(crate) step: Step,
    pub(crate) secret: SecretArn,
    /// The id of the version to come.
    pub(crate) version: String,
    /// Handed back with the new value, where Secrets Manager gives one.
    pub(crate) rotation_token: Option<String>,
}

#[derive(Deserialize)]
struct RotationEvent {
    #[serde(flatten)]
    known: SecretsManagerSecretRotationEvent,
    /// The crate's type has no such member.
    #[serde(rename = "RotationToken")]
    rotation_token: Option<String>,
}

impl Step {
    pub const ALL: [Self; 4] = [Self::Create, Self::Set, Self::Test, Self::Finish];

    /// As Secrets Manager spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Create => "createSecret",
            Self::Set => "setSecret",
            Self::Test => "testSecret",
            Self::Finish => "finishSecret",
        }
    }
}

impl RotationRequest {
    /// Reads an event. Members that are not known are ignored, for more of them may come any time.
    pub(crate) fn read(event: Value) -> Result<Self, RotationError> {
        let RotationEvent {
            known,
            rotation_token,
        } = serde_json::from_value(event).map_err(|_| RotationError::Event)?;
        let version = known.client_request_token;
        let mut steps = Step::ALL.into_iter();
        // 32 to 64 characters (PutSecretValue, ClientRequestToken).
        let is_version = version.len() >= 32 && is_visible(&version, 64);
        Ok(Self {
            step: steps
                .find(|step| step.as_str() == known.step)
                .ok_or(RotationError::Step)?,
            secret: SecretArn::parse(&known.secret_id).ok_or(RotationError::Event)?,
            version: Some(version)
                .filter(|_| is_version)
                .ok_or(RotationError::Event)?,
            rotation_token,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn event() -> Value {
        json!({
            "Step": "createSecret",
            "SecretId": "arn:aws:secretsmanager:eu-central-1:123456789012:secret:prod/signing-AbCdEf",
            "ClientRequestToken": "2d4c6b8a-1111-4222-8333-944455556666",
            "RotationToken": "3e5d7c9b-1111-4222-8333-944455556666"
        })
    }

    fn with(name: &str, value: Value) -> Value {
        let mut event = event();
        event[name] = value;
        event
    }

    #[test]
    fn every_step_is_known_by_its_name() {
        for step in Step::ALL {
            let request = RotationRequest::read(with("Step", json!(step.as_str()))).unwrap();
            assert_eq!(request.step, step);
            assert_eq!(request.version, "2d4c6b8a-1111-4222-8333-944455556666");
            assert_eq!(request.secret.region(), "eu-central-1");
            assert!(request.rotation_token.is_some());
        }
        let more = with("Unknown", json!([1]));
        assert!(RotationRequest::read(more).is_ok());
        let without = with("RotationToken", Value::Null);
        assert_eq!(RotationRequest::read(without).unwrap().rotation_token, None);
    }

    /// If this fails, the crate has the member, and [`RotationEvent`] can go.
    #[test]
    fn the_crates_event_loses_the_rotation_token() {
        let known: SecretsManagerSecretRotationEvent = serde_json::from_value(event()).unwrap();
        let again = serde_json::to_value(known).unwrap();
        let mut expected = event();
        expected.as_object_mut().unwrap().remove("RotationToken");
        assert_eq!(again, expected);
    }

    #[test]
    fn anything_else_is_refused() {
        for step in ["dropSecret", "CreateSecret", ""] {
            let event = with("Step", json!(step));
            assert_eq!(
                RotationRequest::read(event).err(),
                Some(RotationError::Step)
            );
        }
        for event in [
            with("Step", json!(1)),
            with("Step", Value::Null),
            with("SecretId", json!("prod/signing")),
            with("SecretId", Value::Null),
            with("ClientRequestToken", json!("short")),
            with("ClientRequestToken", json!("a b".repeat(12))),
            with("ClientRequestToken", json!("a".repeat(65))),
            with("ClientRequestToken", Value::Null),
            with("RotationToken", json!(1)),
            json!("createSecret"),
            Value::Null,
        ] {
            let failure = RotationRequest::read(event.clone()).err();
            assert_eq!(failure, Some(RotationError::Event), "{event}");
        }
    }
}
