//! The trigger's settings: read once, every fault reported at once.

mod documents;

use std::collections::{BTreeMap, BTreeSet};

use shared::aws::names::{is_app_client_id, is_table};
use shared::settings::{self, Address, Fault, Source};

use crate::answer::AddedClaims;
use crate::claims;
use crate::directory::Profile;
use crate::proof::{IdentityProof, TokenProof};

/// The clients that may name a user without proof, separated by commas. Required if `IDENTITY_PROOF` is `asserted`.
pub(crate) const ASSERTING_CLIENTS: &str = "ASSERTING_CLIENTS";
/// Fixed claims of the machine tokens of some clients: a JSON object, client id -> claim -> text. None by default.
pub(crate) const CLIENT_CLAIMS: &str = "CLIENT_CLAIMS";
/// The SDK's own name for another address of Cognito. The issuer of a pool is then its id below this address.
pub(crate) const COGNITO_ENDPOINT: &str = "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER";
/// The department of those whom no source knows; `guest` by default.
pub(crate) const DEFAULT_DEPARTMENT: &str = "DEFAULT_DEPARTMENT";
/// The role of those whom no source knows; `viewer` by default.
pub(crate) const DEFAULT_ROLE: &str = "DEFAULT_ROLE";
/// Departments and roles in place: a JSON object, subject -> `department` and `role`. None by default.
pub(crate) const DIRECTORY: &str = "DIRECTORY";
/// The DynamoDB table of departments and roles: key `sub`, attributes `department` and `role`. None by default.
pub(crate) const DIRECTORY_TABLE: &str = "DIRECTORY_TABLE";
/// `true`: people's own access tokens get their department and role too. `false` by default.
pub(crate) const ENRICH_USER_TOKENS: &str = "ENRICH_USER_TOKENS";
/// Departments and roles of groups: a JSON list of objects with `group`, `department` and `role`, of which the first one
/// counts whose group the person is in. None by default.
pub(crate) const GROUP_MAP: &str = "GROUP_MAP";
/// The clients that may show a user's token as a proof, separated by commas: the door's machine client. None by default,
/// and then no client's token has a user.
pub(crate) const PROVING_CLIENTS: &str = "PROVING_CLIENTS";
/// The clients whose users' tokens are proofs, separated by commas; those of any client of the pool by default.
pub(crate) const USER_TOKEN_CLIENTS: &str = "USER_TOKEN_CLIENTS";
/// What proves the user a machine acts for: `token` (the user's access token, the default) or `asserted` (the word of a
/// client of `ASSERTING_CLIENTS`).
pub(crate) const IDENTITY_PROOF: &str = "IDENTITY_PROOF";

pub(crate) struct Config {
    pub(crate) proof: IdentityProof,
    /// The address in the place of Cognito's own.
    pub(crate) endpoint: Option<Address>,
    /// The name of the directory's table.
    pub(crate) table: Option<String>,
    pub(crate) listed: BTreeMap<String, Profile>,
    pub(crate) groups: Vec<(String, Profile)>,
    pub(crate) default: Profile,
    pub(crate) client_claims: BTreeMap<String, AddedClaims>,
    pub(crate) enrich_user_tokens: bool,
}

impl Config {
    /// Reads every setting.
    ///
    /// # Errors
    /// Every fault of every setting.
    pub(crate) fn read(source: &Source<'_>) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        let proof = read_proof(source, &mut faults);
        let endpoint = parsed(source, COGNITO_ENDPOINT, parse_endpoint, &mut faults);
        let table = parsed(source, DIRECTORY_TABLE, parse_table, &mut faults);
        let listed = parsed(source, DIRECTORY, documents::directory, &mut faults);
        let groups = parsed(source, GROUP_MAP, documents::group_map, &mut faults);
        let department = parsed(source, DEFAULT_DEPARTMENT, parse_plain, &mut faults);
        let role = parsed(source, DEFAULT_ROLE, parse_plain, &mut faults);
        let client_claims = parsed(source, CLIENT_CLAIMS, documents::client_claims, &mut faults);
        let enrich_user_tokens =
            settings::optional_bool(source, ENRICH_USER_TOKENS, false, &mut faults);
        if !faults.is_empty() {
            return Err(faults);
        }
        Ok(Self {
            proof,
            endpoint,
            table,
            listed: listed.unwrap_or_default(),
            groups: groups.unwrap_or_default(),
            default: Profile {
                department: department.unwrap_or_else(|| "guest".to_owned()),
                role: role.unwrap_or_else(|| "viewer".to_owned()),
            },
            client_claims: client_claims.unwrap_or_default(),
            enrich_user_tokens,
        })
    }
}

/// Reads an optional setting with its own parser; what is wrong with it is added to the faults.
fn parsed<T>(
    source: &Source<'_>,
    name: &str,
    parse: impl FnOnce(&str, &str) -> Result<T, Vec<Fault>>,
    faults: &mut Vec<Fault>,
) -> Option<T> {
    let text = settings::optional(source, name)?;
    parse(name, &text)
        .map_err(|found| faults.extend(found))
        .ok()
}

/// One fault of a setting as a whole.
fn wrong<T>(name: &str, problem: &str) -> Result<T, Vec<Fault>> {
    Err(vec![Fault::malformed(name, problem)])
}

fn read_proof(source: &Source<'_>, faults: &mut Vec<Fault>) -> IdentityProof {
    let clients = parsed(source, ASSERTING_CLIENTS, parse_clients, faults);
    let is_given = settings::optional(source, ASSERTING_CLIENTS).is_some();
    let proving = parsed(source, PROVING_CLIENTS, parse_clients, faults);
    let users = parsed(source, USER_TOKEN_CLIENTS, parse_clients, faults);
    let by_token = IdentityProof::Token(TokenProof {
        proving: proving.unwrap_or_default(),
        users: users.unwrap_or_default(),
    });
    match settings::optional(source, IDENTITY_PROOF).as_deref() {
        None | Some("token") => {
            if is_given {
                let problem = format!("is given, and `{IDENTITY_PROOF}` is not `asserted`");
                faults.push(Fault::malformed(ASSERTING_CLIENTS, problem));
            }
            by_token
        }
        Some("asserted") => {
            if !is_given {
                faults.push(Fault::missing(ASSERTING_CLIENTS));
            }
            IdentityProof::Asserted(clients.unwrap_or_default())
        }
        Some(_) => {
            let problem = "is neither `token` nor `asserted`";
            faults.push(Fault::malformed(IDENTITY_PROOF, problem));
            by_token
        }
    }
}

fn parse_clients(name: &str, text: &str) -> Result<BTreeSet<String>, Vec<Fault>> {
    let clients: BTreeSet<String> = text.split(',').map(|id| id.trim().to_owned()).collect();
    if clients.iter().all(|id| is_app_client_id(id)) {
        Ok(clients)
    } else {
        wrong(name, "is not a list of client ids with commas between")
    }
}

fn parse_endpoint(name: &str, text: &str) -> Result<Address, Vec<Fault>> {
    match Address::parse(text) {
        Ok(address) if address.has_query() => wrong(name, "has a query"),
        Ok(address) => Ok(address),
        Err(error) => wrong(name, &error.to_string()),
    }
}

fn parse_table(name: &str, text: &str) -> Result<String, Vec<Fault>> {
    if is_table(text) {
        Ok(text.to_owned())
    } else {
        wrong(
            name,
            "is not the name of a table: 3 to 255 of `A-Za-z0-9_.-`",
        )
    }
}

fn parse_plain(name: &str, text: &str) -> Result<String, Vec<Fault>> {
    if claims::is_plain(text) {
        Ok(text.to_owned())
    } else {
        wrong(name, &format!("is not {}", documents::PLAIN.says))
    }
}

#[cfg(test)]
mod tests;
