//! Strict parser and verifier of caller statements, with the keys that the door publishes.

use serde::Deserialize;

use crate::clock::Clock;
use crate::code_table;
use crate::door_keys::{DoorKeySet, DoorKeys};
use crate::gate::{Trust, UnixTime};
use crate::json::{self, Value};
use crate::jws::Jws;
use crate::settings::Address;
use crate::statement::{LIFETIME, MAX_BYTES, TYPE};

/// How far the door's clock may run ahead of the verifier's; seconds. No leeway prolongs a statement's life.
const LEEWAY_SECS: u64 = 30;

code_table! {
    /// Why a statement proves no caller.
    #[derive(thiserror::Error)]
    pub enum StatementError;

    Form      "statement_form"       "the statement is not a compact JWS of the door's form"
    Type      "statement_type"       "the statement is a token of another type or algorithm"
    Keys      "door_keys_unavailable" "the keys that the door publishes are unavailable"
    Signature "statement_signature"  "the statement is not signed with a key of the door's"
    Claims    "statement_claims"     "the statement's claims are not of the door's form"
    Door      "statement_door"       "the statement is another door's: `PUBLIC_URL` here is not the address that the door has"
    Audience  "statement_audience"   "the statement is for another user pool"
    Client    "statement_client"     "the statement is for another machine client"
    Early     "statement_early"      "the statement is from the future"
    Expired   "statement_expired"    "the statement has expired"
    Lifetime  "statement_lifetime"   "the statement holds for longer than the door's do"
    Issuer    "statement_issuer"     "the statement's caller is of an issuer that is not trusted, or of the pool itself"
}

/// Verifies what one door says of the callers of its trusted issuers.
pub struct StatementVerifier {
    door: Address,
    trust: Trust,
    keys: DoorKeys,
    clock: Clock,
}

/// What a statement must be for, so that none serves elsewhere.
pub struct MeantFor<'m> {
    /// The id of the pool that asks.
    pub pool: &'m str,
    /// The issuer names of that pool. Its own users prove themselves by its own tokens.
    pub pool_issuers: &'m [Address],
    /// The client that asks.
    pub machine_client: &'m str,
}

/// Who calls, as the door says; only the verifier makes one.
#[non_exhaustive]
pub struct Stated {
    /// The caller's stable name, unique within the issuer.
    pub subject: String,
    pub issuer: String,
    pub client_id: Option<String>,
    /// None: they are unknown, which is not the same as none.
    pub groups: Option<Vec<String>>,
    /// Names the caller's own token in the door's log.
    pub token_id: String,
}

/// What the door writes. A further member of a newer door's is not read.
#[derive(Deserialize)]
struct StatementClaims {
    iss: String,
    aud: String,
    machine_client: String,
    sub: String,
    sub_issuer: String,
    token_id: String,
    iat: u64,
    exp: u64,
    client_id: Option<String>,
    groups: Option<Vec<String>>,
}

impl StatementVerifier {
    /// For the door at this address, which publishes its keys there and trusts these issuers. Nothing is fetched yet.
    pub fn new(door: Address, trust: Trust, clock: Clock) -> Self {
        Self {
            keys: DoorKeys::new(&door, None, clock.clone()),
            door,
            trust,
            clock,
        }
    }

    /// Believes a statement, or not.
    ///
    /// # Errors
    /// The check that failed; [`StatementError::Keys`] is an outage.
    pub async fn verify(
        &self,
        text: &str,
        meant_for: &MeantFor<'_>,
    ) -> Result<Stated, StatementError> {
        let (key_id, jws) = parse(text)?;
        let keys = self.keys.get(&key_id).await.ok_or(StatementError::Keys)?;
        let claims = signed(&jws, &key_id, &keys)?;
        self.check(&claims, meant_for, self.clock.now())?;
        Ok(Stated {
            subject: claims.sub,
            issuer: claims.sub_issuer,
            client_id: claims.client_id,
            groups: claims.groups,
            token_id: claims.token_id,
        })
    }

    /// Whether the door says this, to this pool, for this client, now, and of a caller whom it may speak for.
    fn check(
        &self,
        claims: &StatementClaims,
        meant_for: &MeantFor<'_>,
        now: UnixTime,
    ) -> Result<(), StatementError> {
        // A stage of one domain has a door of its own, which trusts issuers of its own.
        if claims.iss != self.door.as_str() {
            return Err(StatementError::Door);
        }
        // RFC 8725, section 3.9: what is for another pool's trigger proves nothing to this one.
        if claims.aud != meant_for.pool {
            return Err(StatementError::Audience);
        }
        // Another client of `PROVING_CLIENTS` that comes by a statement must not use it.
        if claims.machine_client != meant_for.machine_client {
            return Err(StatementError::Client);
        }
        if claims.iat > now.0.saturating_add(LEEWAY_SECS) {
            return Err(StatementError::Early);
        }
        // "On or after" it, the statement must not be accepted (RFC 7519, section 4.1.4).
        if claims.exp <= now.0 {
            return Err(StatementError::Expired);
        }
        // The bound on replays does not rest on the signer alone.
        if claims.exp.saturating_sub(claims.iat) > LIFETIME.as_secs() {
            return Err(StatementError::Lifetime);
        }
        // An issuer that was taken out of `TRUSTED_ISSUERS` has no callers any more, whatever a running proxy still says.
        // A user of the pool would get a second name by a statement.
        let issuer = claims.sub_issuer.as_str();
        let mut own = meant_for.pool_issuers.iter();
        if !self.trust.knows_callers_as(issuer) || own.any(|name| name.as_str() == issuer) {
            return Err(StatementError::Issuer);
        }
        Ok(())
    }
}

/// Reads the header: the key that the statement names. Nothing of the statement is proven.
fn parse(text: &str) -> Result<(String, Jws), StatementError> {
    if text.len() > MAX_BYTES {
        return Err(StatementError::Form);
    }
    let mut jws = Jws::parse(text).map_err(|_| StatementError::Form)?;
    let mut take = |name: &str| jws.header.remove(name).unwrap_or_default();
    let (algorithm, token_type, key_id) = (take("alg"), take("typ"), take("kid"));
    // The token may not choose its own check (RFC 8725, section 3.1). With keys of ES256 alone, another algorithm could
    // not be verified anyway; `none` and HS256 end here.
    if algorithm != "ES256" {
        return Err(StatementError::Type);
    }
    // The door signs assertions with the same key, and agents hold those (RFC 8725, sections 3.11 and 3.12).
    if token_type != TYPE {
        return Err(StatementError::Type);
    }
    // The door writes these three members; `crit` and others ask for what is not understood here.
    let (true, Value::String(key_id)) = (jws.header.is_empty(), key_id) else {
        return Err(StatementError::Form);
    };
    Ok((key_id, jws))
}

fn signed(jws: &Jws, key_id: &str, keys: &DoorKeySet) -> Result<StatementClaims, StatementError> {
    if !keys.verifies(key_id, &jws.signature) {
        return Err(StatementError::Signature);
    }
    let claims = json::claims(&jws.payload).ok_or(StatementError::Claims)?;
    serde_json::from_value(Value::Object(claims)).map_err(|_| StatementError::Claims)
}
