//! The stores as AWS's own clients see them.
#![expect(clippy::unwrap_used, reason = "a test may fail by panic")]

mod client_secrets;
mod dynamodb;
mod secrets_manager;

use local::sigv4::Credentials;

fn credentials(secret: &str) -> Credentials {
    Credentials {
        access_key_id: "AKIDEXAMPLE".to_owned(),
        secret_access_key: secret.to_owned(),
        session_token: Some("session-token".to_owned()),
    }
}

fn sdk_credentials(secret: &str) -> aws_credential_types::Credentials {
    let token = Some("session-token".to_owned());
    aws_credential_types::Credentials::new("AKIDEXAMPLE", secret, token, None, "test")
}
