//! The digest of the settings: of the documents, and as the functions tell it of theirs.

use std::path::Path;

use serde_json::Value;
use shared::settings::{self, AGENTS, TRUSTED_ISSUERS};

use super::client::text;
use crate::failure::Failure;
use crate::input;
use crate::terminal::Terminal;

/// The prefix of a value that is the path of a document.
const FILE: &str = "file:";

/// The texts of the two documents that a door should run with.
#[derive(Debug)]
pub(crate) struct Documents {
    agents: String,
    issuers: String,
}

impl Documents {
    /// Reads the folder with `agents.json` and `issuers.json`, or both variables `AGENTS` and `TRUSTED_ISSUERS`, each the
    /// document or `file:PATH`. `None` if neither is given.
    ///
    /// The texts are not checked: a door may run with settings that this version of the functions would refuse.
    pub(crate) fn read(
        folder: Option<&Path>,
        given: &settings::Source<'_>,
        terminal: &mut Terminal,
    ) -> Result<Option<Self>, Failure> {
        match (folder, given(AGENTS), given(TRUSTED_ISSUERS)) {
            (None, None, None) => Ok(None),
            (Some(folder), None, None) => Ok(Some(Self {
                agents: file(&folder.join("agents.json"), terminal)?,
                issuers: file(&folder.join("issuers.json"), terminal)?,
            })),
            (None, Some(agents), Some(issuers)) => Ok(Some(Self {
                agents: document(agents, terminal)?,
                issuers: document(issuers, terminal)?,
            })),
            (Some(_), _, _) => Err(Failure::usage(
                format!(
                    "`--settings` is given beside the variables `{AGENTS}` or `{TRUSTED_ISSUERS}`"
                ),
                "give the folder, or set the variables",
            )),
            (None, _, _) => Err(Failure::usage(
                format!(
                    "only one of `{AGENTS}` and `{TRUSTED_ISSUERS}` is given, and the digest is of both"
                ),
                format!(
                    "set both variables; an open door's issuers may be empty: `{TRUSTED_ISSUERS}=`"
                ),
            )),
        }
    }

    fn digest(&self) -> String {
        settings::digest(&self.agents, &self.issuers)
    }
}

/// A document that is given in place, or by `file:PATH`.
fn document(given: String, terminal: &mut Terminal) -> Result<String, Failure> {
    match given.strip_prefix(FILE) {
        Some(path) => file(Path::new(path), terminal),
        None => Ok(given),
    }
}

fn file(path: &Path, terminal: &mut Terminal) -> Result<String, Failure> {
    let text = String::from_utf8(input::small(path, terminal)?);
    text.map_err(|_| {
        Failure::usage(
            format!("`{}` is not text in UTF-8", path.display()),
            "give the documents that the door should run with",
        )
    })
}

/// The digests of their settings that the functions of a door report.
#[derive(Default)]
pub(super) struct Told {
    /// By `/healthz`.
    pub(super) health: Option<String>,
    /// By `/whoami`, of the proxy.
    pub(super) proxy: Option<String>,
    /// By `/whoami`, of the authorizer; `None` if the door runs without an authorizer, or the authorizer reports no digest.
    pub(super) authorizer: Option<String>,
    /// True if the door runs without authentication, and so without an authorizer.
    pub(super) is_open: bool,
}

impl Told {
    /// The result of the step `settings`: the agreed digest, or every difference as the error.
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
pub(super) fn digest(document: &Value, member: &str) -> Option<String> {
    let text = text(document, member).filter(|text| settings::is_digest(text))?;
    Some(text.to_owned())
}
