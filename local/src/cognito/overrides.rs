//! The answer of a pre token generation trigger, applied to a token's claims.
//!
//! "Pre token generation Lambda trigger", Amazon Cognito Developer Guide. Where the guide does not say whether Cognito
//! ignores or refuses, an answer is refused here, so that no mistake hides.

use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value, json};

/// Claims that no trigger can add or change.
const RESERVED: [&str; 21] = [
    "acr",
    "amr",
    "at_hash",
    "auth_time",
    "azp",
    "client_id",
    "device_key",
    "event_id",
    "exp",
    "iat",
    "identities",
    "iss",
    "jti",
    "nbf",
    "nonce",
    "origin_jti",
    "scope",
    "sub",
    "token_use",
    "username",
    "version",
];
const GROUPS: &str = "cognito:groups";

/// An answer that Cognito cannot use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum OverridesError {
    #[error("it is not the event with a `request` and a `response`")]
    Shape,
    #[error("`claimsAndScopeOverrideDetails` has a member, or a type, that it does not have")]
    Details,
    #[error("a claim is set or suppressed that only Cognito sets")]
    Reserved,
    #[error("a claim's value is `null`, or a list of something else than plain values")]
    Value,
    #[error("a scope is empty or has a blank in it")]
    Scope,
}

/// Everything to be changed in one sign-in's tokens.
#[derive(Debug, Default)]
pub(super) struct Overrides {
    access: Generation,
    id: Generation,
    groups: Groups,
}

/// What becomes of the user's groups.
#[derive(Debug, Default)]
enum Groups {
    /// The trigger said nothing at all.
    #[default]
    Kept,
    /// These, or none: what the trigger answers replaces them. That they are kept when an answer leaves them out is
    /// not documented, so they are not.
    Replaced(Vec<String>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Response {
    claims_and_scope_override_details: Option<Details>,
}

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
#[derive(Default)]
struct Details {
    #[serde(deserialize_with = "or_default")]
    id_token_generation: Generation,
    #[serde(deserialize_with = "or_default")]
    access_token_generation: Generation,
    #[serde(deserialize_with = "or_default")]
    group_override_details: GroupDetails,
}

/// How one kind of token changes. An id token has no scopes.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
struct Generation {
    #[serde(deserialize_with = "or_default")]
    claims_to_add_or_override: Map<String, Value>,
    #[serde(deserialize_with = "or_default")]
    claims_to_suppress: Vec<String>,
    #[serde(deserialize_with = "or_default")]
    scopes_to_add: Vec<String>,
    #[serde(deserialize_with = "or_default")]
    scopes_to_suppress: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
struct GroupDetails {
    #[serde(deserialize_with = "or_default")]
    groups_to_override: Vec<String>,
    #[serde(rename = "iamRolesToOverride")]
    _iam_roles: Value,
    #[serde(rename = "preferredRole")]
    _preferred_role: Value,
}

/// `null` stands for nothing everywhere in an answer.
fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

impl Overrides {
    /// Reads the event that the function gave back.
    pub(super) fn parse(answer: &[u8]) -> Result<Self, OverridesError> {
        let mut answer: Value =
            serde_json::from_slice(answer).map_err(|_| OverridesError::Shape)?;
        if !answer.get("request").is_some_and(Value::is_object) {
            return Err(OverridesError::Shape);
        }
        let response = answer
            .get_mut("response")
            .filter(|response| response.is_object())
            .ok_or(OverridesError::Shape)?;
        let response: Response =
            serde_json::from_value(response.take()).map_err(|_| OverridesError::Details)?;
        let Some(details) = response.claims_and_scope_override_details else {
            return Ok(Self::default());
        };
        let Details {
            id_token_generation: id,
            access_token_generation: access,
            group_override_details:
                GroupDetails {
                    groups_to_override, ..
                },
        } = details;
        access.check()?;
        id.check()?;
        Ok(Self {
            access,
            id,
            groups: Groups::Replaced(groups_to_override),
        })
    }

    /// Changes a user's access token.
    pub(super) fn change_access(&self, claims: &mut Value) -> Result<(), OverridesError> {
        self.change_groups(claims);
        self.access.change(claims)
    }

    /// Changes a user's id token.
    pub(super) fn change_id(&self, claims: &mut Value) -> Result<(), OverridesError> {
        self.change_groups(claims);
        self.id.change(claims)
    }

    /// Changes a program's token, which has no groups.
    pub(super) fn change_machine(&self, claims: &mut Value) -> Result<(), OverridesError> {
        self.access.change(claims)
    }

    fn change_groups(&self, claims: &mut Value) {
        let (Groups::Replaced(groups), Some(claims)) = (&self.groups, claims.as_object_mut())
        else {
            return;
        };
        claims.remove(GROUPS);
        if !groups.is_empty() {
            claims.insert(GROUPS.to_owned(), json!(groups));
        }
    }
}

impl Generation {
    fn check(&self) -> Result<(), OverridesError> {
        let suppressed = self.claims_to_suppress.iter();
        let added = self.claims_to_add_or_override.keys();
        // `dev:` attributes may be left out, not set.
        if added
            .clone()
            .any(|name| is_reserved(name) || name.starts_with("dev:"))
            || suppressed.into_iter().any(|name| is_reserved(name))
        {
            return Err(OverridesError::Reserved);
        }
        if !self.claims_to_add_or_override.values().all(is_claim_value) {
            return Err(OverridesError::Value);
        }
        let mut scopes = self.scopes_to_add.iter().chain(&self.scopes_to_suppress);
        if scopes.any(|scope| scope.is_empty() || scope.contains(char::is_whitespace)) {
            return Err(OverridesError::Scope);
        }
        Ok(())
    }

    /// Suppressing beats adding.
    fn change(&self, claims: &mut Value) -> Result<(), OverridesError> {
        let Some(claims) = claims.as_object_mut() else {
            return Ok(());
        };
        for (name, value) in &self.claims_to_add_or_override {
            // An audience can only be the client itself.
            if name == "aud" && claims.get("client_id") != Some(value) {
                return Err(OverridesError::Reserved);
            }
            claims.insert(name.clone(), value.clone());
        }
        for name in &self.claims_to_suppress {
            claims.remove(name);
        }
        if let Some(scope) = claims.get("scope").and_then(Value::as_str) {
            let scope = self.scope(scope);
            claims.insert("scope".to_owned(), json!(scope));
        }
        Ok(())
    }

    fn scope(&self, granted: &str) -> String {
        let mut scopes: Vec<&str> = granted.split(' ').collect();
        for scope in &self.scopes_to_add {
            if !scopes.contains(&scope.as_str()) {
                scopes.push(scope);
            }
        }
        scopes.retain(|scope| !self.scopes_to_suppress.iter().any(|it| it == scope));
        scopes.join(" ")
    }
}

fn is_reserved(name: &str) -> bool {
    RESERVED.contains(&name) || name.starts_with("cognito:")
}

/// Text, number, truth value, a list of those, or an object.
fn is_claim_value(value: &Value) -> bool {
    let is_plain = |value: &Value| value.is_string() || value.is_number() || value.is_boolean();
    match value {
        Value::Null => false,
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => true,
        Value::Array(items) => items.iter().all(is_plain),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(details: &Value) -> Result<Overrides, OverridesError> {
        let event = json!({"request": {}, "response": {"claimsAndScopeOverrideDetails": details}});
        Overrides::parse(event.to_string().as_bytes())
    }

    fn access(generation: &Value) -> Result<Value, OverridesError> {
        let overrides = parse(&json!({ "accessTokenGeneration": generation }))?;
        let mut claims = json!({"sub": "s", "client_id": "c", "scope": "a b", "old": 1});
        overrides.change_access(&mut claims).map(|()| claims)
    }

    #[test]
    fn claims_and_scopes_are_added_and_suppressed() {
        let claims = access(&json!({
            "claimsToAddOrOverride": {"user_id": "u", "list": [1, "x"], "gone": true, "aud": "c"},
            "claimsToSuppress": ["old", "gone"],
            "scopesToAdd": ["c", "a"],
            "scopesToSuppress": ["b"],
        }));
        let expected = json!({
            "sub": "s", "client_id": "c", "scope": "a c", "user_id": "u", "list": [1, "x"], "aud": "c",
        });
        assert_eq!(claims, Ok(expected));
        assert_eq!(access(&Value::Null).unwrap()["old"], 1);
    }

    #[test]
    fn what_only_cognito_sets_is_refused() {
        for name in RESERVED
            .iter()
            .chain(&["cognito:groups", "cognito:x", "dev:custom:x"])
        {
            let added = access(&json!({"claimsToAddOrOverride": {*name: "x"}}));
            assert_eq!(added, Err(OverridesError::Reserved), "{name}");
        }
        let foreign = access(&json!({"claimsToAddOrOverride": {"aud": "https://api.example"}}));
        assert_eq!(foreign, Err(OverridesError::Reserved));
        let suppressed = access(&json!({"claimsToSuppress": ["sub"]}));
        assert_eq!(suppressed, Err(OverridesError::Reserved));
        assert!(access(&json!({"claimsToSuppress": ["dev:custom:x"]})).is_ok());
    }

    #[test]
    fn values_scopes_and_members_have_their_kinds() {
        for (generation, expected) in [
            (
                json!({"claimsToAddOrOverride": {"a": null}}),
                OverridesError::Value,
            ),
            (
                json!({"claimsToAddOrOverride": {"a": [[]]}}),
                OverridesError::Value,
            ),
            (json!({"scopesToAdd": ["a b"]}), OverridesError::Scope),
            (json!({"scopesToAdd": [""]}), OverridesError::Scope),
            (json!({"claimsToAdd": {}}), OverridesError::Details),
            (json!({"claimsToSuppress": "a"}), OverridesError::Details),
        ] {
            assert_eq!(access(&generation), Err(expected), "{generation}");
        }
        for answer in [
            "",
            "null",
            "{}",
            r#"{"request": {}}"#,
            r#"{"request": {}, "response": null}"#,
        ] {
            let error = Overrides::parse(answer.as_bytes()).unwrap_err();
            assert_eq!(error, OverridesError::Shape, "{answer}");
        }
        let version_one = r#"{"request": {}, "response": {"claimsOverrideDetails": {}}}"#;
        let error = Overrides::parse(version_one.as_bytes()).unwrap_err();
        assert_eq!(error, OverridesError::Details);
    }

    #[test]
    fn groups_are_kept_only_by_silence_or_by_name() {
        for (details, expected) in [
            (Value::Null, json!(["a"])),
            (
                json!({"groupOverrideDetails": {"groupsToOverride": ["a", "b"], "iamRolesToOverride": [], "preferredRole": null}}),
                json!(["a", "b"]),
            ),
            (json!({"groupOverrideDetails": {}}), Value::Null),
            (json!({"groupOverrideDetails": null}), Value::Null),
            (json!({}), Value::Null),
        ] {
            let overrides = parse(&details).unwrap();
            for change in [Overrides::change_access, Overrides::change_id] {
                let mut claims = json!({"cognito:groups": ["a"]});
                change(&overrides, &mut claims).unwrap();
                assert_eq!(
                    claims.get(GROUPS).cloned().unwrap_or_default(),
                    expected,
                    "{details}"
                );
            }
        }
    }
}
