//! `gatehouse deny` and `gatehouse allow`: the requests that write and lift a denial, and the AWS CLI that sends them.
//!
//! The operator's credentials, region and role are the AWS CLI's business: with `--send` it is started, and without it is
//! left to the operator.

use std::time::Duration;

use serde_json::{Value, json};
use shared::clock::{self, Clock};
use shared::denial::{self, Denial, Whom};
use shared::gate::{AgentName, UnixTime};

use crate::age;
use crate::arguments::{About, Allow, Deny};
use crate::aws::{self, Answer};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::report::Report;

/// The input of DynamoDB's `PutItem`.
pub(crate) fn deny(deny: &Deny) -> Result<Report, Failure> {
    let key = whom(&deny.about)?.key();
    let created = Clock::system().now();
    let until = UnixTime(created.0.saturating_add(age::parse(&deny.time)?.as_secs()));
    let denial = Denial::new(&deny.reason, &deny.author, created, until);
    let denial = denial.map_err(|error| {
        let next = "give `--for` a time, and `--reason` and `--author` a short text each";
        Failure::usage(error.to_string(), next)
    })?;
    let input = denial.put(&deny.table, &key);
    if !deny.send {
        return Ok(request(&input));
    }
    let told = clock::rfc3339(Duration::from_secs(until.0));
    Ok(match aws::dynamodb("put-item", &input)? {
        Answer::Output(_) => sent(Exit::Done, &format!("denied until {told}")),
        // A shorter denial would let in sooner whom another operator has shut out for longer.
        Answer::ConditionFailed => sent(
            Exit::No,
            "not written: a denial that lasts longer holds already; `gatehouse denials` lists it, `gatehouse allow` lifts it",
        ),
    })
}

/// The input of DynamoDB's `DeleteItem`.
pub(crate) fn allow(allow: &Allow) -> Result<Report, Failure> {
    let key = whom(&allow.about)?.key();
    let input = denial::lift(&allow.table, &key);
    if !allow.send {
        return Ok(request(&input));
    }
    let text = match aws::dynamodb("delete-item", &input)? {
        Answer::Output(text) => text,
        Answer::ConditionFailed => String::new(),
    };
    // With `ALL_OLD`, DynamoDB answers with what there was.
    let answer: Value = serde_json::from_str(&text).unwrap_or_default();
    Ok(if answer.get("Attributes").is_some() {
        sent(Exit::Done, "lifted: the denial holds no more")
    } else {
        sent(
            Exit::No,
            "there was no such denial; `gatehouse denials` lists those that hold",
        )
    })
}

/// The same for people and for programs: the AWS CLI reads it.
fn request(input: &Value) -> Report {
    Report {
        exit: Exit::Done,
        text: format!("{input:#}\n"),
        json: input.clone(),
    }
}

/// The result of a request that was sent.
fn sent(exit: Exit, text: &str) -> Report {
    Report {
        exit,
        text: format!("{text}\n"),
        json: json!({"done": exit == Exit::Done, "text": text}),
    }
}

/// The one thing that is named. Names that contradict each other would deny something else than was meant.
fn whom(about: &About) -> Result<Whom<'_>, Failure> {
    let About {
        issuer,
        user,
        client,
        sign_in,
        token_id,
        session,
        agent,
    } = about;
    let named = [issuer, user, client, sign_in, token_id, session, agent];
    if named.into_iter().flatten().any(String::is_empty) {
        return Err(unclear("an option has an empty value"));
    }
    let agent = agent.as_deref();
    if agent.is_some_and(|agent| AgentName::parse(agent).is_none()) {
        return Err(unclear("`--agent` is no name that an agent can have"));
    }
    // Of 32 hex digits, as a log writes it. A denial of anything else would deny nothing, and could be the token itself.
    let is_id =
        |id: &String| id.len() == 32 && id.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    if !token_id.as_ref().is_none_or(is_id) {
        return Err(unclear(
            "`--token-id` is not the 32 hex digits of a `token_id`",
        ));
    }
    let of_issuer = [user, client, sign_in].map(Option::as_deref);
    match (issuer.as_deref(), of_issuer, token_id, session, agent) {
        (Some(issuer), [Some(subject), None, None], None, None, None) => {
            Ok(Whom::Subject { issuer, subject })
        }
        (Some(issuer), [Some(subject), None, None], None, None, Some(agent)) => Ok(Whom::AtAgent {
            agent,
            issuer,
            subject,
        }),
        (Some(issuer), [None, Some(client), None], None, None, None) => {
            Ok(Whom::Client { issuer, client })
        }
        (Some(issuer), [None, None, Some(origin_jti)], None, None, None) => {
            Ok(Whom::Family { issuer, origin_jti })
        }
        (None, [None, None, None], Some(id), None, None) => Ok(Whom::Token(id)),
        (None, [None, None, None], None, Some(session), None) => Ok(Whom::Session(session)),
        (None, [None, None, None], None, None, Some(agent)) => Ok(Whom::Agent(agent)),
        (None, [Some(_), ..] | [_, Some(_), _] | [.., Some(_)], ..) => {
            Err(unclear("there is no `--issuer`"))
        }
        _ => Err(unclear("the options name no one thing")),
    }
}

fn unclear(what: &str) -> Failure {
    Failure::usage(
        what,
        "name one of: `--issuer` with `--user` (and `--agent`), `--client` or `--sign-in`; `--token-id`; `--session`; `--agent`",
    )
}
