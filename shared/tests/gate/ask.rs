//! One good question to the gate, of which each row of a table changes one thing.

use std::sync::LazyLock;

use mint::Key;
use serde_json::{Value, json};
use shared::account::Account;
use shared::agents::{Agent, Auth, Gateway, Target, ToolToken};
use shared::explanation::Explanation;
use shared::gate::{
    self, Admission, AgentName, Algorithm, ClaimPath, CustomClaim, Identity, KeySet, Match, Permit,
    Refusal, RequiredClaim, Rules, TokenUse, Trust, UnixTime,
};
use shared::settings::Address;

pub(crate) const NOW: u64 = 1_800_000_000;
pub(crate) const ISSUER: &str = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_EXAMPLE";

pub(crate) static RSA: LazyLock<Key> = LazyLock::new(|| Key::rsa("rsa-1"));
pub(crate) static STRANGER: LazyLock<Key> = LazyLock::new(|| Key::rsa("rsa-1"));
pub(crate) static P256: LazyLock<Key> = LazyLock::new(|| Key::p256("p256-1"));
pub(crate) static P384: LazyLock<Key> = LazyLock::new(|| Key::p384("p384-1"));
pub(crate) static ED25519: LazyLock<Key> = LazyLock::new(|| Key::ed25519("ed-1"));

/// Everything the gate is handed, and what it is asked.
pub(crate) struct Ask {
    pub(crate) header: Vec<u8>,
    pub(crate) rules: Rules,
    pub(crate) keys: Value,
    pub(crate) admission: Admission,
    pub(crate) now: u64,
}

pub(crate) fn good_claims() -> Value {
    json!({
        "iss": ISSUER, "sub": "0f7a-alice", "client_id": "client-1", "token_use": "access",
        "username": "alice", "scope": "gatehouse/invoke openid", "cognito:groups": ["staff", "finance"],
        "aud": ["gatehouse"], "department": "finance", "roles": ["admin", "auditor"],
        "iat": NOW - 60, "nbf": NOW - 60, "exp": NOW + 600,
    })
}

pub(crate) fn good_header() -> Value {
    json!({"alg": "RS256", "kid": "rsa-1", "typ": "JWT"})
}

pub(crate) fn good_rules() -> Rules {
    let texts = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect();
    Rules {
        issuer: ISSUER.into(),
        token_types: Vec::new(),
        algorithms: Algorithm::ALL.to_vec(),
        token_use: Some(TokenUse::Access),
        allowed_clients: texts(&["client-1", "client-2"]),
        allowed_audience: texts(&["gatehouse"]),
        allowed_scopes: texts(&["gatehouse/invoke"]),
        allowed_subjects: texts(&["0f7a-alice", "0f7a-bob"]),
        custom_claims: vec![
            custom("department", Match::Equals("finance".to_owned())),
            custom("roles", Match::Contains("admin".to_owned())),
            custom("roles", Match::ContainsAny(texts(&["auditor", "owner"]))),
        ],
        required_claims: vec![
            required("department", json!(["finance", "legal"])),
            required("roles", json!(["admin"])),
        ],
        groups_claim: "cognito:groups".into(),
        scope_claim: "scope".into(),
        client_claim: "client_id".into(),
        subject_claim: "sub".into(),
        leeway_secs: 30,
        max_lifetime_secs: 3600,
    }
}

pub(crate) fn custom(name: &str, expects: Match) -> CustomClaim {
    CustomClaim {
        name: name.to_owned(),
        expects,
    }
}

/// A condition of our own on the claim at this name.
pub(crate) fn required(claim: &str, any_of: Value) -> RequiredClaim {
    RequiredClaim {
        claim: claim.into(),
        any_of: any_of.as_array().unwrap().clone(),
    }
}

/// The place of a claim inside objects.
pub(crate) fn path(names: &[&str]) -> ClaimPath {
    ClaimPath::new(names.iter().map(ToString::to_string).collect()).unwrap()
}

impl Ask {
    /// A question that is answered with a permit.
    pub(crate) fn good() -> Self {
        Self::token(&RSA.token_with("RS256", &good_header(), &good_claims()))
    }

    /// The good question with this token.
    pub(crate) fn token(token: &str) -> Self {
        Self::header(format!("Bearer {token}").as_bytes())
    }

    /// The good question with this `Authorization` header.
    pub(crate) fn header(header: &[u8]) -> Self {
        let one = |text: &str| Some(vec![text.to_owned()]);
        Self {
            header: header.to_vec(),
            rules: good_rules(),
            keys: mint::key_document(&[&RSA, &P256, &P384, &ED25519]),
            admission: Admission {
                issuers: one(ISSUER),
                scopes: one("gatehouse/invoke"),
                groups: one("staff"),
                clients: one("client-1"),
                any_of: Vec::new(),
            },
            now: NOW,
        }
    }

    /// The good question with a claim changed, in a token truly signed.
    pub(crate) fn claim(name: &str, value: Value) -> Self {
        let mut claims = good_claims();
        claims[name] = value;
        Self::token(&RSA.token_with("RS256", &good_header(), &claims))
    }

    /// The good question with claims changed, in a token truly signed.
    pub(crate) fn claims(changes: Value) -> Self {
        let mut claims = good_claims();
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        Self::token(&RSA.token_with("RS256", &good_header(), &claims))
    }

    /// The good question with a claim left out, in a token truly signed.
    pub(crate) fn without(name: &str) -> Self {
        let mut claims = good_claims();
        claims.as_object_mut().unwrap().remove(name).unwrap();
        Self::token(&RSA.token_with("RS256", &good_header(), &claims))
    }

    /// The good question with a member of the token's header changed, in a token truly signed.
    pub(crate) fn parameter(name: &str, value: Value) -> Self {
        let mut header = good_header();
        header[name] = value;
        Self::token(&RSA.token_with("RS256", &header, &good_claims()))
    }

    /// The good question with header and payload as these texts, in a token truly signed.
    pub(crate) fn raw(header: &[u8], payload: &[u8]) -> Self {
        Self::token(&RSA.jws("RS256", header, payload))
    }

    /// This question of another operator.
    pub(crate) fn ruled(mut self, change: impl FnOnce(&mut Rules)) -> Self {
        change(&mut self.rules);
        self
    }

    /// This question with other keys published.
    pub(crate) fn keyed(mut self, keys: Value) -> Self {
        self.keys = keys;
        self
    }

    /// This question of another agent.
    pub(crate) fn admitting(mut self, change: impl FnOnce(&mut Admission)) -> Self {
        change(&mut self.admission);
        self
    }

    pub(crate) fn identify(&self) -> Result<Identity, Refusal> {
        let trust = Trust::new(vec![self.rules.clone()]);
        let keys = KeySet::parse(self.keys.to_string().as_bytes()).unwrap();
        let presented = gate::present(&self.header, &trust)?;
        let identified = gate::identify(presented, &keys, UnixTime(self.now));
        identified.map_err(|rejection| rejection.refusal)
    }

    /// What the log says of the refusal of this token.
    pub(crate) fn explained(&self) -> Explanation {
        let trust = Trust::new(vec![self.rules.clone()]);
        let keys = KeySet::parse(self.keys.to_string().as_bytes()).unwrap();
        let now = UnixTime(self.now);
        let presented = match gate::present(&self.header, &trust) {
            Ok(presented) => presented,
            Err(refusal) => return Explanation::unproven(&self.header, &trust, refusal),
        };
        match gate::identify(presented, &keys, now) {
            Err(rejection) => Explanation::of(&rejection, &self.header, &trust, now),
            Ok(identity) => {
                let refusal = self.admission.admits(&identity).unwrap_err();
                Explanation::of_agent(refusal, &self.admission, &identity)
            }
        }
    }

    /// Every check of this token.
    pub(crate) fn account(&self) -> Account {
        let trust = Trust::new(vec![self.rules.clone()]);
        let keys = KeySet::parse(self.keys.to_string().as_bytes()).unwrap();
        let agent = Agent {
            name: AgentName::parse("demo").unwrap(),
            target: Target::Gateway(Gateway {
                url: Address::parse("https://gateway.example/mcp").unwrap(),
            }),
            auth: Auth::Iam,
            tool_token: ToolToken::None,
            forward_headers: Vec::new(),
            limits: None,
            admission: self.admission.clone(),
        };
        let now = UnixTime(self.now);
        Account::of(&self.header, &trust, &keys, now, Some(&agent))
    }

    pub(crate) fn answer(&self) -> Result<Permit, Refusal> {
        let agent = AgentName::parse("demo").unwrap();
        gate::admit(self.identify()?, &agent, &self.admission)
    }
}
