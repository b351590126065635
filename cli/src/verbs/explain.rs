//! `gatehouse explain`: what the functions make of a token, check by check.

mod groups;
mod tool;

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use shared::account::{Account, Check, CheckVerdict};
use shared::agents::Agent;
use shared::clock::Clock;
use shared::documents::Documents;
use shared::gate::{self, KeySet, Refusal, UnixTime};
use shared::issuers::TrustedIssuers;
use shared::keys::{KeyStore, Outage};
use shared::settings::{self, Fault, TRUSTED_ISSUERS};
use tokio::runtime::Builder;

use crate::arguments::Explain;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::input;
use crate::notices;
use crate::report::Report;
use crate::settings::DoorSettings;
use crate::terminal::Terminal;

/// The page that explains every reason.
const REASONS: &str = "docs/errors.md#refusals";

/// Reads token, settings and keys, and lets the gate judge.
pub(crate) fn explain(explain: &Explain, terminal: &mut Terminal) -> Result<Report, Failure> {
    let settings = read_settings(explain.settings.as_deref())?;
    let DoorSettings { documents, .. } = settings;
    let Documents { issuers, agents } = documents;
    let agent = match &explain.agent {
        Some(name) => Some(agents.find(name).ok_or_else(|| {
            let known: Vec<&str> = agents.iter().map(|agent| agent.name.as_str()).collect();
            Failure::usage(
                format!("there is no agent `{name}`: callers get 404, `unknown_agent`"),
                format!("ask for one of {}", known.join(", ")),
            )
        })?),
        None => None,
    };
    let question = tool::Question::read(explain, terminal)?;
    let token = input::token(explain.token_file.as_deref(), terminal)?;
    let header = format!("Bearer {}", token.reveal());
    let given = match &explain.jwks {
        Some(file) => Some(read_keys(file, terminal)?),
        None => None,
    };
    let now = explain.at.map_or_else(|| Clock::system().now(), UnixTime);
    let keys = Keys { issuers, given };
    let (trust, keys) = keys.find(header.as_bytes(), now)?;
    let account = match &keys {
        Ok(keys) => Account::of(header.as_bytes(), &trust, keys, now, agent),
        Err(refusal) => Account::unproven(header.as_bytes(), &trust, *refusal),
    };
    let others = match agent {
        Some(_) => Vec::new(),
        None => admissions(&account, agents.iter()),
    };
    let report = report(&account, agent, &others);
    match &question {
        None => Ok(report),
        Some(question) => Ok(with_tool(
            report,
            &question.answer(&account, agent, &trust, now)?,
        )),
    }
}

/// The decision on the tool behind the checks of the token.
fn with_tool(mut report: Report, answer: &tool::Answer<'_>) -> Report {
    if !answer.is_allowed() {
        report.exit = Exit::No;
    }
    report.text.push_str(&answer.text());
    if let Some(members) = report.json.as_object_mut() {
        members.insert("tool".to_owned(), answer.json());
    }
    report
}

fn read_settings(folder: Option<&Path>) -> Result<DoorSettings, Failure> {
    let read = match folder {
        Some(folder) => DoorSettings::of_folder(folder),
        None if settings::environment(TRUSTED_ISSUERS).is_some() => {
            DoorSettings::read(&settings::environment)
        }
        None => DoorSettings::of_folder(Path::new("settings")),
    };
    read.map_err(|faults| {
        let faults: Vec<String> = faults.iter().map(Fault::to_string).collect();
        Failure::usage(
            format!("the settings are wrong: {}", faults.join("; ")),
            "correct them; `gatehouse check` lists the faults of a folder",
        )
    })
}

fn read_keys(file: &Path, terminal: &mut Terminal) -> Result<KeySet, Failure> {
    let document = input::small(file, terminal)?;
    KeySet::parse(&document).map_err(|error| {
        Failure::usage(
            format!("`{}` is no key document: {error}", file.display()),
            "save what the issuer's `jwks_uri` answers",
        )
    })
}

/// Where the keys come from: a given document, or the issuer.
struct Keys {
    issuers: TrustedIssuers,
    given: Option<KeySet>,
}

impl Keys {
    /// The trusted issuers, and the keys for a token; the refusal, if the token names no issuer whose keys could be had.
    fn find(
        self,
        header: &[u8],
        now: UnixTime,
    ) -> Result<(gate::Trust, Result<Arc<KeySet>, Refusal>), Failure> {
        let TrustedIssuers { trust, sources, .. } = self.issuers;
        let keys = match (gate::present(header, &trust), self.given) {
            (Err(refusal), _) => Err(refusal),
            (Ok(_), Some(keys)) => Ok(Arc::new(keys)),
            (Ok(presented), None) => {
                let store = KeyStore::new(sources, Clock::fixed(now));
                Ok(fetched(&store, &presented)?)
            }
        };
        Ok((trust, keys))
    }
}

/// Asks the issuer, as the functions do.
fn fetched(store: &KeyStore, presented: &gate::Presented<'_>) -> Result<Arc<KeySet>, Failure> {
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| {
        Failure::unreachable(
            format!("cannot fetch keys: {error}"),
            "give the issuer's key document with `--jwks`",
        )
    })?;
    let (keys, notices) = notices::collected(|| runtime.block_on(store.keys(presented)));
    // A connection that is still open must not hold up the answer.
    runtime.shutdown_timeout(Duration::ZERO);
    keys.map_err(|outage: Outage| {
        let why = if notices.is_empty() {
            outage.to_string()
        } else {
            notices.join("; ")
        };
        Failure::unreachable(
            format!(
                "{why}: callers get 503, `unavailable`, reason `{}`",
                outage.code()
            ),
            "open the issuer's key document from this machine, or give it with `--jwks`",
        )
    })
}

/// Of each agent whether it admits the caller.
fn admissions<'a>(
    account: &Account,
    agents: impl Iterator<Item = &'a Agent>,
) -> Vec<(&'a str, Option<Refusal>)> {
    let Some(identity) = &account.identity else {
        return Vec::new();
    };
    agents
        .map(|agent| {
            let refusal = agent.admission.admits(identity).err();
            (agent.name.as_str(), refusal)
        })
        .collect()
}

fn report(account: &Account, agent: Option<&Agent>, others: &[(&str, Option<Refusal>)]) -> Report {
    let answer = account.refusal.map(|refusal| match refusal.answer() {
        gate::Answer::Forbidden => (403, "forbidden"),
        gate::Answer::Unauthorized => (401, "unauthorized"),
    });
    let exit = if account.refusal.is_some() {
        Exit::No
    } else {
        Exit::Done
    };
    Report {
        exit,
        text: text(account, answer, others),
        json: json!({
            "admitting": others.iter().filter(|(_, refusal)| refusal.is_none()).map(|(name, _)| *name).collect::<Vec<_>>(),
            "agent": agent.map(|agent| agent.name.as_str()),
            "checks": account.checks.iter().map(check_json).collect::<Vec<_>>(),
            "code": answer.map(|(_, code)| code),
            "hint": account.hint,
            "issuer": account.identity.as_ref().map(|identity| identity.issuer.as_str()),
            "reason": account.refusal.map(Refusal::code),
            "status": answer.map(|(status, _)| status),
            "subject": account.identity.as_ref().map(|identity| identity.subject.as_str()),
            "token_id": account.token_id,
            "verdict": if account.refusal.is_some() { "refused" } else { "admitted" },
        }),
    }
}

fn check_json(check: &Check) -> Value {
    json!({
        "check": check.stage.code(),
        "expected": check.expected,
        "found": check.found,
        "verdict": verdict(check.verdict),
    })
}

const fn verdict(verdict: CheckVerdict) -> &'static str {
    match verdict {
        CheckVerdict::Passed => "passed",
        CheckVerdict::Refused(_) => "refused",
        CheckVerdict::NotReached => "not reached",
    }
}

fn text(
    account: &Account,
    answer: Option<(u16, &str)>,
    others: &[(&str, Option<Refusal>)],
) -> String {
    let mut text = String::new();
    for check in &account.checks {
        push_check(&mut text, check);
    }
    let last = match (account.refusal, answer) {
        (Some(refusal), Some((status, code))) => format!(
            "refused: {refusal} (`{}`); the caller gets {status}, `{code}`\n{}  see {REASONS}\n",
            refusal.code(),
            account
                .hint
                .map(|hint| format!("  hint: {hint}\n"))
                .unwrap_or_default(),
        ),
        _ => "admitted\n".to_owned(),
    };
    text.push_str(&last);
    for (name, refusal) in others {
        let _always_fits = match refusal {
            None => writeln!(text, "  {name}: admits the caller"),
            Some(refusal) => writeln!(text, "  {name}: {refusal} (`{}`)", refusal.code()),
        };
    }
    text
}

fn push_check(text: &mut String, check: &Check) {
    let sentence = match check.verdict {
        CheckVerdict::Refused(refusal) => refusal.sentence(),
        CheckVerdict::Passed | CheckVerdict::NotReached => check.stage.sentence(),
    };
    let _always_fits = writeln!(
        text,
        "{:<11}  {:<15}  {sentence}",
        verdict(check.verdict),
        check.stage.code()
    );
    for (what, value) in [("expected", &check.expected), ("found", &check.found)] {
        if let Some(value) = value {
            let _always_fits = writeln!(text, "{:30}{what}: {value}", "");
        }
    }
}
