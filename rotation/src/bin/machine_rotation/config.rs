//! The function's settings: read once, every fault reported at once.

use rotation::MachineClient;
use shared::aws::arn::UserPoolArn;
use shared::settings::{Address, Fault, Reader, Source};
use shared::token_endpoint::{parse_client_id, parse_scopes};

/// The machine client in whose name tool tokens are asked for.
pub(crate) const MACHINE_CLIENT_ID: &str = "MACHINE_CLIENT_ID";
/// The token endpoint at which a new secret is tried; https, or http on loopback.
pub(crate) const TOKEN_ENDPOINT: &str = "TOKEN_ENDPOINT";
/// The scopes that are asked for then, separated by single spaces.
pub(crate) const TOOL_SCOPES: &str = "TOOL_SCOPES";
/// The ARN of the user pool that has the client.
pub(crate) const USER_POOL_ARN: &str = "USER_POOL_ARN";

/// Reads every setting; all are required.
///
/// # Errors
/// Every fault of every setting.
pub(crate) fn read(source: &Source<'_>) -> Result<MachineClient, Vec<Fault>> {
    let mut settings = Reader::new(source);
    let id = settings.required(MACHINE_CLIENT_ID, parse_client_id);
    let endpoint = settings.required(TOKEN_ENDPOINT, Address::parse);
    let scopes = settings.required(TOOL_SCOPES, parse_scopes);
    let pool = settings.required(USER_POOL_ARN, parse_pool);
    let client = move || {
        Some(MachineClient {
            pool: pool?,
            id: id?,
            endpoint: endpoint?,
            scopes: scopes?,
        })
    };
    settings.finish(client())
}

fn parse_pool(text: &str) -> Result<UserPoolArn, &'static str> {
    UserPoolArn::parse(text).ok_or("is not the ARN of a user pool")
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: [(&str, &str); 4] = [
        (MACHINE_CLIENT_ID, "1example23456789"),
        (TOKEN_ENDPOINT, "https://pool.example/oauth2/token"),
        (TOOL_SCOPES, "gatehouse/tools"),
        (
            USER_POOL_ARN,
            "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_EXAMPLE",
        ),
    ];

    /// What is said of the good settings, with one of them changed.
    fn said(name: &str, text: &str) -> Vec<String> {
        let source = |wanted: &str| {
            let given = GOOD.iter().find(|(known, _)| *known == wanted)?;
            Some(if wanted == name { text } else { given.1 }.to_owned())
        };
        let faults = read(&source).err().unwrap_or_default();
        faults.iter().map(Fault::to_string).collect()
    }

    #[test]
    fn the_client_is_the_one_that_the_settings_name() {
        let source = |wanted: &str| {
            let given = GOOD.iter().find(|(known, _)| *known == wanted)?;
            Some(given.1.to_owned())
        };
        let client = read(&source).unwrap();
        assert_eq!(client.id, GOOD[0].1);
        assert_eq!(client.endpoint.as_str(), GOOD[1].1);
        assert_eq!(client.scopes, GOOD[2].1);
        assert_eq!(UserPoolArn::parse(GOOD[3].1), Some(client.pool));
    }

    #[test]
    fn every_setting_is_needed_and_every_fault_is_named() {
        for (name, _) in GOOD {
            assert_eq!(said(name, ""), [format!("`{name}` is missing")]);
        }
        assert_eq!(read(&|_| None).err().unwrap().len(), GOOD.len());
        for (name, text, problem) in [
            (
                MACHINE_CLIENT_ID,
                "a b",
                "is not 1 to 128 visible ASCII characters",
            ),
            (
                TOKEN_ENDPOINT,
                "http://pool.example/oauth2/token",
                "is neither https nor http on a loopback host",
            ),
            (
                TOOL_SCOPES,
                "a  b",
                "is not up to 50 scopes with single spaces between",
            ),
            (
                USER_POOL_ARN,
                "us-east-1_EXAMPLE",
                "is not the ARN of a user pool",
            ),
        ] {
            assert_eq!(said(name, text), [format!("`{name}` {problem}")]);
        }
    }
}
