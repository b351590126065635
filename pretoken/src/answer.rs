//! The trigger's answer: Cognito's own event, with claims for the access token in `response`, or unchanged.

use serde_json::{Map, Value, json};

use crate::error::TriggerError;
use crate::event;

/// Claims to add to the access token, by name.
pub(crate) type AddedClaims = Map<String, Value>;

/// The member of `response` that versions 2 and 3 of the event read.
const DETAILS: &str = "claimsAndScopeOverrideDetails";

/// The event with the claims in its response; without any, the event as it came.
///
/// # Errors
/// [`TriggerError::Event`].
pub(crate) fn with_claims(event: &Value, claims: &AddedClaims) -> Result<Value, TriggerError> {
    let mut answer = event.clone();
    if claims.is_empty() {
        return Ok(answer);
    }
    let access = json!({"claimsToAddOrOverride": claims});
    let mut details = Map::from_iter([("accessTokenGeneration".to_owned(), access)]);
    // Groups in an answer replace the user's, and an answer without them is not said to leave them as they are.
    let groups = event::groups(event)?.cloned();
    details.extend(groups.map(|groups| ("groupOverrideDetails".to_owned(), groups)));
    let members = answer.as_object_mut().ok_or(TriggerError::Event)?;
    let response = members.entry("response").or_insert(Value::Null);
    if !response.is_object() {
        *response = json!({});
    }
    let response = response.as_object_mut().ok_or(TriggerError::Event)?;
    response.insert(DETAILS.to_owned(), details.into());
    Ok(answer)
}
