//! The digest of the settings: computed anew from the documents, and compared with what the functions tell of theirs.
//!
//! The algorithm is described in `docs/operations.md`, and written a second time here: `tests` shares no code with the
//! functions.

use std::path::Path;

use graviola::hashing::{Hash, HashContext, Sha256};
use serde_json::Value;

/// The texts of the two documents that a door should run with.
pub struct Documents {
    agents: String,
    issuers: String,
}

impl Documents {
    /// Reads what `make smoke` was given: `SETTINGS`, a folder with `agents.json` and `issuers.json`, or both of `AGENTS` and
    /// `TRUSTED_ISSUERS`, each the document or `file:PATH`. None if it was given nothing of them.
    ///
    /// # Errors
    /// What was given is not enough, too much, or cannot be read.
    pub fn read(given: impl Fn(&str) -> Option<String>) -> Result<Option<Self>, String> {
        let folder = given("SETTINGS").filter(|folder| !folder.is_empty());
        match (folder, given("AGENTS"), given("TRUSTED_ISSUERS")) {
            (None, None, None) => Ok(None),
            (Some(folder), None, None) => {
                let folder = Path::new(&folder);
                Ok(Some(Self {
                    agents: text(&folder.join("agents.json"))?,
                    issuers: text(&folder.join("issuers.json"))?,
                }))
            }
            (None, Some(agents), Some(issuers)) => Ok(Some(Self {
                agents: document(agents)?,
                issuers: document(issuers)?,
            })),
            (Some(_), _, _) => Err(
                "SETTINGS is given beside AGENTS or TRUSTED_ISSUERS: give the folder or the documents"
                    .to_owned(),
            ),
            (None, _, _) => Err(
                "only one of AGENTS and TRUSTED_ISSUERS is given: the digest is of both, so give both (an open door's \
                 issuers may be empty: TRUSTED_ISSUERS=)"
                    .to_owned(),
            ),
        }
    }

    /// The first 16 hex digits of SHA-256 over the purpose and the two texts, without white space around them, each after
    /// its length in eight bytes, the most significant first.
    fn digest(&self) -> String {
        let mut hash = Sha256::new();
        for field in ["gatehouse settings 1", &self.agents, &self.issuers] {
            let field = field.trim_matches([' ', '\t', '\n', '\r']);
            let length = u64::try_from(field.len()).unwrap_or(u64::MAX);
            hash.update(&length.to_be_bytes());
            hash.update(field.as_bytes());
        }
        let hash = hash.finish();
        let bytes = hash.as_ref().iter().take(8);
        bytes.map(|byte| format!("{byte:02x}")).collect()
    }
}

/// A document that is given in place, or by `file:PATH`.
fn document(given: String) -> Result<String, String> {
    match given.strip_prefix("file:") {
        Some(path) => text(Path::new(path)),
        None => Ok(given),
    }
}

fn text(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path)
        .map_err(|error| format!("`{}` cannot be read: {error}", path.display()))
}

/// What the functions of a door tell of their settings.
#[derive(Default)]
pub(super) struct Told {
    /// By `/healthz`.
    pub(super) health: Option<String>,
    /// By `/whoami`, of the proxy.
    pub(super) proxy: Option<String>,
    /// By `/whoami`, of the authorizer; none if there is none, or one that does not tell.
    pub(super) authorizer: Option<String>,
    /// Whether callers are not asked who they are, and so no authorizer is asked.
    pub(super) is_open: bool,
}

impl Told {
    /// What the step `settings` says: what fits, or all that does not.
    pub(super) fn compare(&self, documents: Option<&Documents>) -> Result<String, String> {
        let mut wrong = Vec::new();
        if self.health.is_none() {
            wrong.push("no digest from /healthz");
        }
        if self.proxy.is_none() {
            wrong.push("no digest of the proxy from /whoami");
        }
        if self.health.is_some() && self.proxy.is_some() && self.health != self.proxy {
            wrong.push(
                "/healthz and /whoami have different settings: the deployment did not reach all functions, deploy again",
            );
        }
        if self.proxy.is_some() && !self.is_open && self.authorizer != self.proxy {
            wrong.push(
                "the authorizer has other settings: API Gateway keeps its answers for up to 300 s, try again after that; if it \
                 still differs, the deployment did not reach all functions, deploy again",
            );
        }
        let own = documents.map(Documents::digest);
        let told = self.proxy.as_ref().or(self.health.as_ref());
        if own.is_some() && told.is_some() && own.as_ref() != told {
            wrong.push("the door runs other settings than these files: deploy again");
        }
        if !wrong.is_empty() {
            return Err(wrong.join("; "));
        }
        let everywhere = if self.is_open {
            "one digest, of an open door"
        } else {
            "one digest everywhere"
        };
        let compared = if own.is_some() {
            ", which is that of these files"
        } else {
            ""
        };
        Ok(format!("{everywhere}{compared}"))
    }
}

/// The member of an answer if it is a digest: no other text of the door's is compared, let alone shown.
pub(super) fn digest(member: &Value) -> Option<String> {
    let text = member.as_str()?;
    let is_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    (text.len() == 16 && text.bytes().all(is_hex)).then(|| text.to_owned())
}
