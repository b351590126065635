//! Hops of a tool token: the trigger that is asked, and the token that is made.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::trigger::TriggerError;
use crate::hops::{Began, Check, Hop, Hops, Kind, Outcome, Request, claims_of};

/// The members of client metadata in which a caller's proof comes.
const PROOFS: [&str; 2] = ["user_token", "user_statement"];

/// A program's token on its way, as far as its hops tell it.
pub(super) struct Seen<'h> {
    hops: &'h Hops,
    began: Began,
    request: Option<Request>,
}

impl<'h> Seen<'h> {
    /// A token is asked for; the proof in the metadata says for which request.
    pub(super) fn begin(hops: &'h Hops, metadata: Option<&BTreeMap<String, String>>) -> Self {
        let metadata = metadata.filter(|_| hops.is_watched());
        let mut proofs = PROOFS.iter().filter_map(|name| metadata?.get(*name));
        let proof = proofs.find_map(|proof| claims_of(proof));
        Self {
            hops,
            began: Began::now(),
            request: proof.and_then(|proof| hops.of_proof(&proof)),
        }
    }

    /// The trigger has answered: what it added to the claims.
    pub(super) fn trigger(
        &self,
        asked: Began,
        plain: &Value,
        changed: &Value,
        error: Option<&TriggerError>,
    ) {
        if !self.hops.is_watched() {
            return;
        }
        let mut hop = Hop::new(Kind::Pretoken, asked).carrying("claims", added(plain, changed));
        if let Some(error) = error {
            let found = error.to_string();
            hop = hop.checked(Check::new("trigger", false).found(Some(&found)));
            hop.outcome = Outcome::Error;
        }
        self.hops.tell(self.request.as_ref(), &hop);
    }

    /// The token is made, or not.
    pub(super) fn token(&self, claims: Option<&Value>) {
        if !self.hops.is_watched() {
            return;
        }
        if let Some(request) = self.request.as_ref().filter(|_| claims.is_some()) {
            self.hops.made_tool_token(request);
        }
        let status = if claims.is_some() { 200 } else { 400 };
        let claims = claims.and_then(Value::as_object).cloned();
        let hop = Hop::new(Kind::ToolToken, self.began).answered(status);
        let hop = hop.carrying("tool_token", claims);
        self.hops.tell(self.request.as_ref(), &hop);
    }
}

/// The claims that were not there before, or had another value.
fn added(plain: &Value, changed: &Value) -> Option<Map<String, Value>> {
    let changed = changed.as_object()?.iter();
    let added = changed.filter(|(name, value)| plain.get(name.as_str()) != Some(*value));
    Some(
        added
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect(),
    )
}
