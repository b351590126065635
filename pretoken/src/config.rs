//! The trigger's settings: read once, every fault reported at once.

mod documents;

use std::collections::{BTreeMap, BTreeSet};

use shared::aws::names::{is_app_client_id, parse_table};
use shared::gate::Trust;
use shared::group_map::{self, GroupProfile};
use shared::issuers::TrustedIssuers;
use shared::settings::{self, Address, Fault, Reader, Source, TRUSTED_ISSUERS};
use shared::user_claims::{PLAIN, Profile, is_plain};

use crate::answer::AddedClaims;
use crate::proof::{IdentityProof, TokenProof};

/// The clients that may name a user without proof, separated by commas. Required if `IDENTITY_PROOF` is `asserted`.
pub(crate) const ASSERTING_CLIENTS: &str = "ASSERTING_CLIENTS";
/// Fixed claims of the machine tokens of some clients: a JSON object, client id -> claim -> text. None by default.
pub(crate) const CLIENT_CLAIMS: &str = "CLIENT_CLAIMS";
/// The SDK's own name for another address of Cognito. The issuer of a pool is then its id below this address.
pub(crate) const COGNITO_ENDPOINT: &str = "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER";
/// The DynamoDB table of denials: key `key`. None by default, and then no user is shut out.
pub(crate) const DENIALS_TABLE: &str = "DENIALS_TABLE";
/// The department of those whom no source knows; `guest` by default.
pub(crate) const DEFAULT_DEPARTMENT: &str = "DEFAULT_DEPARTMENT";
/// The role of those whom no source knows; `viewer` by default.
pub(crate) const DEFAULT_ROLE: &str = "DEFAULT_ROLE";
/// Departments and roles in place: a JSON object, user id -> `department` and `role`. None by default.
pub(crate) const DIRECTORY: &str = "DIRECTORY";
/// The DynamoDB table of departments and roles: key `sub`, attributes `department` and `role`. None by default.
pub(crate) const DIRECTORY_TABLE: &str = "DIRECTORY_TABLE";
/// `true`: people's own access tokens get their department and role too. `false` by default.
pub(crate) const ENRICH_USER_TOKENS: &str = "ENRICH_USER_TOKENS";
/// Departments and roles of groups: a JSON list of objects with `group`, `department` and `role`, of which the first one
/// counts whose group the person is in, and `issuer` if it is not the pool's group. None by default.
pub(crate) const GROUP_MAP: &str = "GROUP_MAP";
/// The clients that may show a user's token, or a statement about a user, as a proof, separated by commas: the door's machine client. None by default,
/// and then no client's token has a user.
pub(crate) const PROVING_CLIENTS: &str = "PROVING_CLIENTS";
/// The address of the door whose statements about the users of other issuers are proofs, without a slash at its end; its
/// keys are fetched there. None by default, and then users of the pool alone are proven.
pub(crate) const PUBLIC_URL: &str = "PUBLIC_URL";
/// The clients whose users' tokens are proofs, separated by commas; those of any client of the pool by default.
pub(crate) const USER_TOKEN_CLIENTS: &str = "USER_TOKEN_CLIENTS";
/// What proves the user a machine acts for: `token` (the user's access token, the default) or `asserted` (the word of a
/// client of `ASSERTING_CLIENTS`).
pub(crate) const IDENTITY_PROOF: &str = "IDENTITY_PROOF";

pub(crate) struct Config {
    pub(crate) proof: IdentityProof,
    /// None if no statement proves a user.
    pub(crate) statements: Option<StatementSettings>,
    /// The address in the place of Cognito's own.
    pub(crate) endpoint: Option<Address>,
    /// The name of the table of denials.
    pub(crate) denials: Option<String>,
    /// The name of the directory's table.
    pub(crate) table: Option<String>,
    pub(crate) listed: BTreeMap<String, Profile>,
    pub(crate) groups: Vec<GroupProfile>,
    pub(crate) default: Profile,
    pub(crate) client_claims: BTreeMap<String, AddedClaims>,
    pub(crate) enrich_user_tokens: bool,
}

/// The door that states who the users of other issuers are, and the issuers it may speak for.
pub(crate) struct StatementSettings {
    pub(crate) door: Address,
    pub(crate) trust: Trust,
}

impl Config {
    /// Reads every setting, and the file that a setting names.
    ///
    /// # Errors
    /// Every fault of every setting.
    pub(crate) fn read(source: &Source<'_>) -> Result<Self, Vec<Fault>> {
        let mut settings = Reader::with_documents(source, &settings::file_system);
        let proof = read_proof(&mut settings);
        let statements = read_statements(&mut settings);
        let endpoint = settings.optional(COGNITO_ENDPOINT, parse_endpoint);
        let denials = settings.optional(DENIALS_TABLE, parse_table);
        let table = settings.optional(DIRECTORY_TABLE, parse_table);
        let listed = settings.optional(DIRECTORY, |text| documents::directory(DIRECTORY, text));
        let groups = settings.optional(GROUP_MAP, |text| group_map::parse(GROUP_MAP, text));
        let (listed, groups) = (listed.unwrap_or_default(), groups.unwrap_or_default());
        let trust = statements.as_ref().map(|statements| &statements.trust);
        settings.faults(documents::listed_strangers(DIRECTORY, &listed, trust));
        settings.faults(group_map::strangers(GROUP_MAP, &groups, trust));
        let department = settings.optional(DEFAULT_DEPARTMENT, parse_plain);
        let role = settings.optional(DEFAULT_ROLE, parse_plain);
        let client_claims = settings.optional(CLIENT_CLAIMS, |text| {
            documents::client_claims(CLIENT_CLAIMS, text)
        });
        let enrich_user_tokens = settings.flag(ENRICH_USER_TOKENS, false);
        settings.finish(Some(Self {
            proof,
            statements,
            endpoint,
            denials,
            table,
            listed,
            groups,
            default: Profile {
                department: department.unwrap_or_else(|| "guest".to_owned()),
                role: role.unwrap_or_else(|| "viewer".to_owned()),
            },
            client_claims: client_claims.unwrap_or_default(),
            enrich_user_tokens,
        }))
    }
}

fn read_proof(settings: &mut Reader<'_>) -> IdentityProof {
    let clients = settings.optional(ASSERTING_CLIENTS, parse_clients);
    let is_given = settings.is_given(ASSERTING_CLIENTS);
    let proving = settings.optional(PROVING_CLIENTS, parse_clients);
    let users = settings.optional(USER_TOKEN_CLIENTS, parse_clients);
    let by_token = IdentityProof::Token(TokenProof {
        proving: proving.unwrap_or_default(),
        users: users.unwrap_or_default(),
    });
    match settings.text(IDENTITY_PROOF).as_deref() {
        None | Some("token") => {
            if is_given {
                let problem = format!("is given, and `{IDENTITY_PROOF}` is not `asserted`");
                settings.fault(ASSERTING_CLIENTS, problem);
            }
            by_token
        }
        Some("asserted") => {
            if !is_given {
                settings.faults([Fault::missing(ASSERTING_CLIENTS)]);
            }
            IdentityProof::Asserted(clients.unwrap_or_default())
        }
        Some(_) => {
            settings.fault(IDENTITY_PROOF, "is neither `token` nor `asserted`");
            by_token
        }
    }
}

/// The two settings need each other: a door that may speak for no issuer states nothing, and issuers are of no use without
/// one that does.
fn read_statements(settings: &mut Reader<'_>) -> Option<StatementSettings> {
    let [has_door, has_issuers] = [PUBLIC_URL, TRUSTED_ISSUERS].map(|name| settings.is_given(name));
    let door = settings.required_if(has_issuers, PUBLIC_URL, parse_door);
    let issuers = settings.required_if(has_door, TRUSTED_ISSUERS, TrustedIssuers::parse);
    Some(StatementSettings {
        door: door?,
        trust: issuers?.trust,
    })
}

fn parse_door(text: &str) -> Result<Address, String> {
    match Address::parse(text) {
        Ok(address) if address.has_query() || text.ends_with('/') => {
            Err("has a query, or a slash at its end".to_owned())
        }
        Ok(address) => Ok(address),
        Err(error) => Err(error.to_string()),
    }
}

fn parse_clients(text: &str) -> Result<BTreeSet<String>, &'static str> {
    let clients: BTreeSet<String> = text.split(',').map(|id| id.trim().to_owned()).collect();
    let are_ids = clients.iter().all(|id| is_app_client_id(id));
    are_ids
        .then_some(clients)
        .ok_or("is not a list of client ids with commas between")
}

fn parse_endpoint(text: &str) -> Result<Address, String> {
    match Address::parse(text) {
        Ok(address) if address.has_query() => Err("has a query".to_owned()),
        Ok(address) => Ok(address),
        Err(error) => Err(error.to_string()),
    }
}

fn parse_plain(text: &str) -> Result<String, String> {
    let plain = is_plain(text).then(|| text.to_owned());
    plain.ok_or_else(|| format!("is not {}", PLAIN.says))
}

#[cfg(test)]
mod tests;
