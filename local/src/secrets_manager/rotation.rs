//! A rotation: a function called four times, "Rotation by Lambda function", AWS Secrets Manager User Guide.

use bytes::Bytes;
use serde_json::{Value, json};

use super::shelf::Shelf;
use super::stage::{CURRENT, PENDING};
use crate::lambda::Function;

/// A step failed; the function's own log says why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the rotation failed")]
pub struct RotationError;

/// What the function is called for, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Make the new version's value.
    Create,
    /// Tell the service that it is for.
    Set,
    /// Try it.
    Test,
    /// Make it the current one.
    Finish,
}

impl Step {
    /// In the order of a rotation.
    pub const ALL: [Self; 4] = [Self::Create, Self::Set, Self::Test, Self::Finish];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Create => "createSecret",
            Self::Set => "setSecret",
            Self::Test => "testSecret",
            Self::Finish => "finishSecret",
        }
    }
}

pub(super) fn event(arn: &str, token: &str, step: Step) -> Value {
    json!({"ClientRequestToken": token, "SecretId": arn, "Step": step.as_str()})
}

/// Runs the steps up to the first that fails; the function's own log says why. The new version then stays pending, as it
/// does there.
pub(super) async fn run(
    function: &Function,
    shelf: &Shelf,
    arn: &str,
    token: &str,
) -> Result<(), RotationError> {
    for step in Step::ALL {
        let event = Bytes::from(event(arn, token, step).to_string());
        let done = function.invoke(event).await;
        done.map_err(|_| RotationError)?;
    }
    // Whether it is the current version now, the function had to see to; the secret may be gone with its store.
    let _ = shelf.with(arn, |secret| {
        if secret.staged(CURRENT).as_deref() == Some(token) {
            secret.unstage(PENDING);
        }
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use aws_lambda_events::secretsmanager::SecretsManagerSecretRotationEvent;

    use super::*;
    use crate::modelled::lost;

    #[test]
    fn the_event_is_that_of_the_crates_type() {
        for step in Step::ALL {
            let event = event("arn", "token", step);
            assert_eq!(lost::<SecretsManagerSecretRotationEvent>(&event), [""; 0]);
        }
    }
}
