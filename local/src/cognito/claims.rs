//! The claims of the three kinds of token, member for member as Cognito writes them.

use serde_json::{Map, Value, json};

use super::client::{Console, Machine};
use super::pool::{Grant, User};
use crate::random;

/// What all tokens of one pool share.
pub(super) struct Mint<'a> {
    pub(super) issuer: &'a str,
    /// Of a person's tokens.
    pub(super) lifetime_seconds: u64,
    pub(super) now: u64,
}

impl Mint<'_> {
    /// A person's access token. It has no `aud`: who may use it is said by `client_id`.
    pub(super) fn access(&self, grant: &Grant, console: &Console) -> Value {
        let mut claims = self.person("access", grant);
        let more = [
            ("version", json!(2)),
            ("client_id", json!(console.id)),
            ("scope", json!(grant.scope)),
            ("username", json!(grant.session.user.name)),
        ];
        claims.extend(more.map(owned));
        Value::Object(claims)
    }

    /// A person's id token, for the console alone.
    pub(super) fn id(&self, grant: &Grant, console: &Console) -> Value {
        let User { name, email, .. } = grant.session.user.as_ref();
        let mut claims = self.person("id", grant);
        let more = [
            ("aud", json!(console.id)),
            ("cognito:username", json!(name)),
            ("email", json!(email)),
            ("email_verified", json!(true)),
        ];
        claims.extend(more.map(owned));
        claims.extend(
            grant
                .nonce
                .as_ref()
                .map(|nonce| owned(("nonce", json!(nonce)))),
        );
        Value::Object(claims)
    }

    /// A program's access token: no person, no groups, the client as subject.
    pub(super) fn machine(&self, machine: &Machine, scope: &str) -> Value {
        json!({
            "sub": machine.id,
            "token_use": "access",
            "scope": scope,
            "auth_time": self.now,
            "iss": self.issuer,
            "exp": self.now.saturating_add(machine.lifetime_seconds),
            "iat": self.now,
            "version": 2,
            "jti": random::uuid(),
            "client_id": machine.id,
        })
    }

    fn person(&self, token_use: &str, grant: &Grant) -> Map<String, Value> {
        let User {
            subject, groups, ..
        } = grant.session.user.as_ref();
        let claims = [
            ("sub", json!(subject)),
            ("iss", json!(self.issuer)),
            ("origin_jti", json!(grant.origin)),
            ("event_id", json!(random::uuid())),
            ("token_use", json!(token_use)),
            ("auth_time", json!(grant.session.auth_time)),
            ("exp", json!(self.end())),
            ("iat", json!(self.now)),
            ("jti", json!(random::uuid())),
        ];
        let mut claims: Map<_, _> = claims.map(owned).into_iter().collect();
        // Cognito leaves the claim out for a user in no group.
        if !groups.is_empty() {
            claims.extend([owned(("cognito:groups", json!(groups)))]);
        }
        claims
    }

    fn end(&self) -> u64 {
        self.now.saturating_add(self.lifetime_seconds)
    }
}

fn owned((name, value): (&str, Value)) -> (String, Value) {
    (name.to_owned(), value)
}
