//! Further issuers that the functions trust, beside the local one.

use serde_json::{Value, json};

use crate::cognito::Issuer;

/// Where an issuer publishes its metadata (OpenID Connect Discovery 1.0 section 4; RFC 8414, section 3).
const WELL_KNOWN: [&str; 2] = [
    "/.well-known/openid-configuration",
    "/.well-known/oauth-authorization-server",
];

/// The setting `TRUSTED_ISSUERS`: the local issuer, and the others.
pub(super) fn document(own: &Issuer, others: &[Value], serves_metadata: bool) -> Value {
    let server = if serves_metadata { "door" } else { "issuer" };
    // The local issuer is no Cognito by its address, so what is Cognito's own way is said.
    let own = json!({
        "authorizationServer": server,
        "discoveryUrl": own.discovery_url(),
        "allowedClients": [own.console_client(), own.machine_client()],
        "publicClients": [own.console_client()],
        "tokenUse": "access",
        "groupsClaim": "cognito:groups",
    });
    [own].into_iter().chain(others.iter().cloned()).collect()
}

/// The names of all issuers, by which agents say whose callers they admit; none if the local one is alone, because then
/// no agent has to say it.
pub(super) fn names(own: &Issuer, others: &[Value]) -> Option<Vec<String>> {
    let names = others.iter().map(|entry| name(entry).to_owned());
    let all = [own.url().to_owned()].into_iter().chain(names);
    (!others.is_empty()).then(|| all.collect())
}

/// The first name of an entry's issuer: as it is given, or else the address of its metadata without what is well-known.
/// Where an entry is not of its form, the functions say so at their start.
pub(super) fn name(entry: &Value) -> &str {
    let issuer = entry.get("issuer");
    let first = issuer.and_then(|names| names.get(0)).or(issuer);
    let given = first.and_then(Value::as_str);
    let address = entry.get("discoveryUrl").and_then(Value::as_str);
    let address = address.unwrap_or_default();
    let of_metadata = WELL_KNOWN.iter().find_map(|end| address.strip_suffix(end));
    given.or(of_metadata).unwrap_or(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_is_known_by_its_first_name_or_its_metadata() {
        let metadata = "https://a.example/b/.well-known/openid-configuration";
        for (entry, expected) in [
            (json!({"discoveryUrl": metadata}), "https://a.example/b"),
            (json!({"discoveryUrl": metadata, "issuer": "c"}), "c"),
            (json!({"discoveryUrl": metadata, "issuer": ["d", "e"]}), "d"),
            (json!({"discoveryUrl": "f"}), "f"),
            (json!(1), ""),
        ] {
            assert_eq!(name(&entry), expected, "{entry}");
        }
    }
}
