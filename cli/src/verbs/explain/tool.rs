//! The decision on a tool, behind the checks of the token: the Cedar engine over the policies of a folder, with the claims
//! that the caller's tool token would have.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use policy::{Call, Decided, FolderTexts, Outcome};
use serde_json::{Value, json};
use shared::account::Account;
use shared::agents::{Agent, ToolToken};
use shared::gate::{Caller, TokenUse, Trust, UnixTime};
use shared::settings::nearest;
use shared::user_claims::{DEPARTMENT, ISSUER_END, ROLE, USER_ID};

use super::groups::{Found, Groups};
use crate::access::tools::{self, Rules};
use crate::arguments::Explain;
use crate::failure::Failure;
use crate::input;
use crate::terminal::Terminal;

/// The department and the role of a user whom no source of the trigger knows.
const UNKNOWN: (&str, &str) = ("guest", "viewer");

/// The question, read before anything is decided.
pub(super) struct Question<'a> {
    tool: &'a str,
    input: Value,
    rules: Rules,
    /// None if the setting is not given.
    groups: Option<Groups>,
    department: Option<&'a str>,
    role: Option<&'a str>,
}

/// What came of it.
pub(super) struct Answer<'a> {
    question: &'a Question<'a>,
    /// Nothing if the call does not get as far as the policies.
    decided: Option<Decided>,
    claims: BTreeMap<String, String>,
    found: Found,
    note: Option<&'static str>,
}

impl<'a> Question<'a> {
    /// Reads the options; nothing if no tool is asked about.
    pub(super) fn read(
        explain: &'a Explain,
        terminal: &mut Terminal,
    ) -> Result<Option<Self>, Failure> {
        let Some(tool) = explain.tool.as_deref() else {
            return Ok(None);
        };
        let texts = FolderTexts::read(&explain.policy).map_err(|error| tools::faulty(&error))?;
        let rules = Rules::read(texts)?;
        let known = rules.folder.vocabulary.tools();
        if !known.iter().any(|name| name == tool) {
            return Err(unknown(tool, &known));
        }
        let input = read_input(&explain.input, terminal)?;
        Ok(Some(Self {
            tool,
            input,
            rules,
            groups: Groups::read(explain.group_map.as_deref(), terminal)?,
            department: explain.department.as_deref(),
            role: explain.role.as_deref(),
        }))
    }

    /// Asks the engine, if the call gets that far.
    pub(super) fn answer(
        &'a self,
        account: &Account,
        agent: Option<&Agent>,
        trust: &Trust,
        now: UnixTime,
    ) -> Result<Answer<'a>, Failure> {
        let mut answer = Answer {
            question: self,
            decided: None,
            claims: BTreeMap::new(),
            found: Found::NotAsked,
            note: None,
        };
        let caller = account
            .identity
            .as_ref()
            .filter(|_| account.refusal.is_none());
        let Some(caller) = caller else {
            answer.note = Some("not asked: the door does not let the caller in");
            return Ok(answer);
        };
        match agent.map(|agent| agent.tool_token) {
            Some(ToolToken::None) => {
                answer.note = Some("not asked: the agent gets no token for tools (`toolToken`)");
                return Ok(answer);
            }
            Some(ToolToken::Machine) => {
                answer.note = Some("the agent's tool token has no user (`toolToken`)");
            }
            Some(ToolToken::User) | None => {
                answer.found = self.found(caller, trust)?;
                if let Found::Unknown = answer.found {
                    answer.note = Some(
                        "not asked: the trigger gives no token, because the caller's groups are not in theirs (`groups_unknown`)",
                    );
                    return Ok(answer);
                }
                answer.claims = self.claims(caller, trust, &answer.found);
            }
        }
        let call = Call {
            claims: &answer.claims,
            tool: self.tool,
            input: &self.input,
            now,
        };
        let decided = self.rules.engine.decide(&call);
        answer.decided = Some(decided.map_err(|error| tools::undecidable(&error))?);
        Ok(answer)
    }

    /// The entry of `GROUP_MAP` for the caller, if the setting is given and something is asked of it.
    fn found(&self, caller: &Caller, trust: &Trust) -> Result<Found, Failure> {
        let is_asked = self.department.is_none() || self.role.is_none();
        let Some(groups) = self.groups.as_ref().filter(|_| is_asked) else {
            return Ok(Found::NotAsked);
        };
        groups.check(trust)?;
        let issuer = (!is_of_pool(caller, trust)).then_some(caller.issuer.as_str());
        Ok(groups.find(issuer, caller))
    }

    /// The claims that the trigger writes into the tool token of a proven user.
    fn claims(&self, caller: &Caller, trust: &Trust, found: &Found) -> BTreeMap<String, String> {
        let user_id = if is_of_pool(caller, trust) {
            caller.subject.clone()
        } else {
            // As of another issuer's user (docs/identity.md).
            format!("{}{ISSUER_END}{}", caller.issuer, caller.subject)
        };
        let profile = found.profile();
        let (department, role) = profile.map_or(UNKNOWN, |profile| {
            (profile.department.as_str(), profile.role.as_str())
        });
        let claims = [
            (USER_ID, user_id.as_str()),
            (DEPARTMENT, self.department.unwrap_or(department)),
            (ROLE, self.role.unwrap_or(role)),
        ];
        let own = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        claims.into_iter().map(own).collect()
    }

    /// Who may do what, in the words of a policy's file.
    fn says(&self, policy: &str) -> &str {
        let mut statements = self.rules.folder.statements.iter();
        let statement = statements.find(|statement| statement.name() == policy);
        statement.map_or("", policy::Statement::description)
    }
}

impl Answer<'_> {
    pub(super) fn is_allowed(&self) -> bool {
        let decided = self.decided.as_ref();
        decided.is_some_and(|decided| decided.outcome.is_allowed())
    }

    pub(super) fn json(&self) -> Value {
        let decided = self.decided.as_ref();
        let policies = decided.map(|decided| decided.policies.as_slice());
        let policies = policies.unwrap_or_default().iter();
        let errors = decided.map(|decided| decided.errors.as_slice());
        let errors = errors.unwrap_or_default().iter();
        json!({
            "claims": self.claims,
            "errors": errors.map(|(name, why)| json!({"policy": name, "why": why})).collect::<Vec<_>>(),
            "groupMap": self.found.json(),
            "note": self.note,
            "outcome": decided.map(|decided| decided.outcome.as_str()),
            "policies": policies
                .map(|name| json!({"policy": name, "says": self.question.says(name)}))
                .collect::<Vec<_>>(),
            "tool": self.question.tool,
        })
    }

    pub(super) fn text(&self) -> String {
        let mut text = format!("tool {}: ", self.question.tool);
        let _always_fits = match &self.decided {
            None => writeln!(text, "{}", self.note.unwrap_or("not asked")),
            Some(decided) => writeln!(text, "{}", sentence(decided)),
        };
        let Some(decided) = &self.decided else {
            return text;
        };
        for policy in &decided.policies {
            let _always_fits = writeln!(text, "  `{policy}`: {}", self.question.says(policy));
        }
        for (policy, why) in &decided.errors {
            let _always_fits = writeln!(text, "  `{policy}` cannot be evaluated: {why}");
        }
        for (name, value) in &self.claims {
            let _always_fits = writeln!(text, "  claim {name}: {}", value.escape_debug());
        }
        if let Some(sentence) = self.found.sentence() {
            let _always_fits = writeln!(text, "  {sentence}");
        }
        if let Some(note) = self.note {
            let _always_fits = writeln!(text, "  note: {note}");
        }
        text
    }
}

/// Whether the caller is a user of a pool: only the access tokens of pools are asked to be such.
fn is_of_pool(caller: &Caller, trust: &Trust) -> bool {
    let mut rules = trust.issuers().iter();
    let rules = rules.find(|rules| rules.issuer.name() == caller.trusted_as);
    rules.is_some_and(|rules| rules.token_use == Some(TokenUse::Access))
}

fn sentence(decided: &Decided) -> &'static str {
    match decided.outcome {
        Outcome::Allow => "allowed by",
        Outcome::Deny if decided.policies.is_empty() => "denied: no policy permits it",
        Outcome::Deny => "denied by",
        Outcome::Error => "denied: a policy cannot be evaluated",
    }
}

fn unknown(tool: &str, known: &[String]) -> Failure {
    let meant = nearest(tool, known.iter().map(String::as_str));
    let next = match meant {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("ask for one of {}", known.join(", ")),
    };
    let shown = tool.escape_debug();
    Failure::usage(format!("`tools.json` has no tool `{shown}`"), next)
}

/// The arguments of the call: JSON, or a file behind `@`.
fn read_input(text: &str, terminal: &mut Terminal) -> Result<Value, Failure> {
    let wrong = |why: &str| {
        Failure::usage(
            format!("`--input` {why}"),
            "give the arguments of the call as a JSON object, or the file that has it, as `@FILE`",
        )
    };
    let read = match text.strip_prefix('@') {
        Some(file) => input::small(Path::new(file), terminal)?,
        None => text.as_bytes().to_vec(),
    };
    let input: Value = serde_json::from_slice(&read).map_err(|_| wrong("is not JSON"))?;
    if input.is_object() {
        Ok(input)
    } else {
        Err(wrong("is not a JSON object"))
    }
}
