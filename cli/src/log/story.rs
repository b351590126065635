//! The story of one request: its lines, joined by their ids, and the reason why it ended as it did.

use std::collections::BTreeSet;

use shared::gate::Refusal;

use super::line::{Kind, Line};

/// One request, as its lines tell it.
pub(crate) struct Story<'l> {
    /// In the order of time.
    pub(crate) lines: Vec<&'l Line>,
}

/// Why a request ended as it did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reason<'l> {
    /// The reason's code; of a request that was answered, its outcome.
    pub(crate) code: &'l str,
    pub(crate) from: From,
    pub(crate) expected: Option<String>,
    pub(crate) found: Option<String>,
    pub(crate) hint: Option<String>,
}

/// What says the reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum From {
    /// API Gateway, which did not ask the authorizer.
    Gateway,
    Authorizer,
    /// An earlier answer of the authorizer's for the same token, which API Gateway used again.
    EarlierAuthorizer,
    Proxy,
}

impl<'l> Story<'l> {
    /// Every request with this id. Callers may choose `request_id`, so several may have the same; the extended id, which
    /// they cannot choose, tells them apart.
    pub(crate) fn find(lines: &'l [Line], id: &str) -> Vec<Self> {
        let found: Vec<&Line> = lines.iter().filter(|line| line.has_id(id)).collect();
        let extended: BTreeSet<&str> = texts(&found, "extended_request_id");
        if extended.is_empty() {
            let story = Self::of(lines, found);
            return story.into_iter().collect();
        }
        let stories = extended.into_iter().filter_map(|extended| {
            let own = lines
                .iter()
                .filter(|line| line.text("extended_request_id") == Some(extended));
            Self::of(lines, own.collect())
        });
        stories.collect()
    }

    /// The story of these lines, with what else was written in their invocations.
    fn of(lines: &'l [Line], own: Vec<&'l Line>) -> Option<Self> {
        let invocations = texts(&own, "invocation_id");
        let is_own = |line: &Line| {
            line.text("extended_request_id").is_none()
                && ["request_id", "invocation_id"]
                    .iter()
                    .any(|name| line.text(name).is_some_and(|id| invocations.contains(id)))
        };
        let beside = lines.iter().filter(|line| is_own(line));
        let known: BTreeSet<*const Line> =
            own.iter().map(|line| std::ptr::from_ref(*line)).collect();
        let beside = beside.filter(|line| !known.contains(&std::ptr::from_ref(*line)));
        let mut lines: Vec<&Line> = own.iter().copied().chain(beside).collect();
        lines.sort_by_key(|line| line.time());
        (!lines.is_empty()).then_some(Self { lines })
    }

    /// The line of this kind, if there is one.
    pub(crate) fn one(&self, kind: Kind) -> Option<&'l Line> {
        let mut lines = self.lines.iter().copied();
        lines.find(|line| line.kind == kind)
    }

    fn decision(&self, is_authorizer: bool) -> Option<&'l Line> {
        let decisions = self.lines.iter().copied();
        let mut decisions = decisions.filter(|line| line.kind == Kind::Decision);
        decisions.find(|line| (line.text("action") == Some("authorize")) == is_authorizer)
    }

    /// The first member of this name in the lines that may have it.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.lines.iter().find_map(|line| line.shown(name))
    }

    /// The status that the caller got.
    pub(crate) fn status(&self) -> Option<u16> {
        let access = self.one(Kind::Access).and_then(Line::status);
        let answer = self.one(Kind::Answer).and_then(Line::status);
        let decided = || {
            let decisions = [self.decision(false), self.decision(true)];
            decisions.into_iter().flatten().find_map(Line::status)
        };
        access.or(answer).or_else(decided)
    }

    /// What was asked for.
    pub(crate) fn asked(&self) -> Option<String> {
        if let Some(access) = self.one(Kind::Access) {
            let method = access.shown("method").unwrap_or_default();
            let path = access.shown("path").or_else(|| access.shown("route"));
            return Some(format!("{method} {}", path.unwrap_or_default()));
        }
        let decision = self.decision(false)?;
        decision.shown("action")
    }

    /// Why it ended as it did; `all` are the lines in which an earlier answer of the authorizer may be.
    pub(crate) fn reason(&self, all: &'l [Line]) -> Option<Reason<'l>> {
        if let Some(answer) = self.one(Kind::Answer) {
            let decision = self.decision(false).filter(|line| is_turned_away(line));
            return of(decision.unwrap_or(answer), From::Proxy);
        }
        if let Some(decision) = self.decision(true).filter(|line| is_turned_away(line)) {
            return of(decision, From::Authorizer);
        }
        let access = self.one(Kind::Access)?;
        let error = access.text("error")?;
        match error {
            "UNAUTHORIZED" if self.decision(true).is_none() => Some(Reason {
                code: Refusal::NoBearer.code(),
                from: From::Gateway,
                expected: Some("the header `Authorization`".to_owned()),
                found: None,
                hint: None,
            }),
            "ACCESS_DENIED" => earlier(access, all).or_else(|| bare(error)),
            _ => bare(error),
        }
    }
}

/// What API Gateway says by itself.
fn bare(error: &str) -> Option<Reason<'_>> {
    Some(Reason {
        code: error,
        from: From::Gateway,
        expected: None,
        found: None,
        hint: None,
    })
}

fn is_turned_away(decision: &Line) -> bool {
    decision.text("outcome") != Some("allowed")
}

fn of(line: &Line, from: From) -> Option<Reason<'_>> {
    let code = line.text("reason").or_else(|| line.text("outcome"))?;
    Some(Reason {
        code,
        from,
        expected: line.shown("expected"),
        found: line
            .shown("found")
            .or_else(|| line.shown("upstream_detail")),
        hint: line.shown("hint"),
    })
}

/// API Gateway uses an answer of the authorizer's again for up to five minutes: the line of the one that it used has the
/// same token, and names the agents that it denies.
fn earlier<'l>(access: &Line, all: &'l [Line]) -> Option<Reason<'l>> {
    let token_id = access.text("token_id")?;
    let agent = access.text("path").and_then(agent_of)?;
    let until = access.time();
    let decisions = all.iter().filter(|line| {
        line.kind == Kind::Decision
            && line.text("action") == Some("authorize")
            && line.text("token_id") == Some(token_id)
            && line.time() <= until
    });
    let decision = decisions.max_by_key(|line| line.time())?;
    let code = match decision
        .text("denied")
        .and_then(|denied| denial(denied, agent))
    {
        Some(code) => code,
        // The issuer's entry does not let the caller in, wherever they go.
        None => decision.text("reason")?,
    };
    let is_same = decision.text("reason") == Some(code);
    Some(Reason {
        code,
        from: From::EarlierAuthorizer,
        expected: decision.shown("expected").filter(|_| is_same),
        found: decision.shown("found").filter(|_| is_same),
        hint: decision.shown("hint").filter(|_| is_same),
    })
}

/// The name in a path of an agent's, which may stand behind a stage or a base path.
fn agent_of(path: &str) -> Option<&str> {
    let (_, rest) = path.split_once("/agents/")?;
    rest.split('/').next()
}

/// The code of this agent in `finance=agent_group, batch=agent_client`.
fn denial<'d>(denied: &'d str, agent: &str) -> Option<&'d str> {
    let mut denials = denied
        .split(", ")
        .filter_map(|denial| denial.split_once('='));
    denials
        .find(|(name, _)| *name == agent)
        .map(|(_, code)| code)
}

fn texts<'l>(lines: &[&'l Line], name: &str) -> BTreeSet<&'l str> {
    lines.iter().filter_map(|line| line.text(name)).collect()
}
