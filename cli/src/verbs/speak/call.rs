//! `gatehouse call`: one turn with an agent, shown as it comes.

use std::path::Path;

use serde_json::Value;
use tokio::signal;

use crate::arguments::speak::Call;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::input;
use crate::report::Report;
use crate::speak::a2a::Talk;
use crate::speak::agent::{Agent, Protocol};
use crate::speak::http;
use crate::speak::show::{Show, Stop};
use crate::terminal::Terminal;

/// The question.
pub(crate) enum Question {
    Text(String),
    /// A whole body.
    Body(Value),
}

/// One conversation with an agent that takes prompts.
pub(crate) struct Conversation {
    pub(crate) agent: Agent,
    talk: Option<Talk>,
    is_ag_ui: bool,
}

impl Conversation {
    /// Prepares for what the agent speaks.
    pub(crate) async fn open(mut agent: Agent, is_ag_ui: bool) -> Result<Self, Failure> {
        let talk = match agent.protocol {
            Protocol::Http => None,
            Protocol::A2a => Some(Talk::open(&mut agent).await?),
            Protocol::Mcp => {
                return Err(Failure::usage(
                    format!(
                        "the agent `{}` speaks MCP, which has no prompts to ask",
                        agent.name
                    ),
                    format!(
                        "`gatehouse tools {}` lists its tools, and `gatehouse tool` calls one",
                        agent.name
                    ),
                ));
            }
        };
        Ok(Self {
            agent,
            talk,
            is_ag_ui,
        })
    }

    /// Another conversation with the same agent.
    pub(crate) fn renew(&mut self, conversation: String) {
        self.agent.conversation = conversation;
        if let Some(talk) = &mut self.talk {
            talk.forget();
        }
    }

    /// One turn.
    pub(crate) async fn turn(
        &mut self,
        question: &Question,
        show: &mut Show<'_>,
    ) -> Result<(), Stop> {
        match (&mut self.talk, question) {
            (Some(talk), Question::Text(text)) => talk.turn(&mut self.agent, text, show).await,
            (Some(_), Question::Body(_)) => Err(Stop::Failed(Failure::usage(
                "`--data` is for agents that speak HTTP",
                "give a prompt",
            ))),
            (None, Question::Body(body)) => http::turn(&mut self.agent, body, show).await,
            (None, Question::Text(text)) => {
                let body = if self.is_ag_ui {
                    http::run_input(&self.agent.conversation, text)?
                } else {
                    http::prompt(text)
                };
                http::turn(&mut self.agent, &body, show).await
            }
        }
    }
}

/// Asks once. Ctrl-C ends it, and deletes the conversation if that was asked for.
pub(crate) async fn call(
    call: &Call,
    is_json: bool,
    terminal: &mut Terminal,
) -> Result<Report, Failure> {
    // Before anything is waited for: a read of standard input cannot be interrupted later.
    let question = question(call, terminal)?;
    let id = call.conversation.as_deref();
    let agent = tokio::select! {
        opened = Agent::open(&call.access, &call.agent, id, terminal) => opened?,
        Ok(()) = signal::ctrl_c() => return Err(Failure::interrupted()),
    };
    let Some(question) = question else {
        return end(agent).await;
    };
    let mut conversation = Conversation::open(agent, call.ag_ui).await?;
    let mut show = Show::new(terminal, is_json);
    show.say(&format!(
        "conversation {}\n",
        conversation.agent.conversation
    ));
    let ended = tokio::select! {
        ended = conversation.turn(&question, &mut show) => ended,
        Ok(()) = signal::ctrl_c() => Err(Stop::Failed(left(&conversation.agent, call.end))),
    };
    if call.end {
        conversation.agent.end().await?;
    }
    match ended {
        Ok(()) | Err(Stop::Left) => Ok(Report::written(Exit::Done)),
        Err(Stop::Failed(failure)) => Err(failure),
    }
}

/// The agent hears nothing of a caller who leaves (docs/protocols.md).
fn left(agent: &Agent, is_ended: bool) -> Failure {
    if is_ended {
        return Failure::interrupted();
    }
    Failure::interrupted_but(
        "interrupted; the agent works on until its turn ends",
        format!(
            "to free the conversation at once: `gatehouse call {} --conversation {} --end`",
            agent.name, agent.conversation
        ),
    )
}

async fn end(mut agent: Agent) -> Result<Report, Failure> {
    agent.end().await?;
    Ok(Report {
        exit: Exit::Done,
        text: format!("the conversation {} is deleted\n", agent.conversation),
        json: serde_json::json!({"conversation_id": agent.conversation, "deleted": true}),
    })
}

fn question(call: &Call, terminal: &mut Terminal) -> Result<Option<Question>, Failure> {
    if let Some(file) = &call.data {
        let bytes = input::small(file, terminal)?;
        let body = serde_json::from_slice(&bytes).map_err(|error| {
            Failure::usage(
                format!("`{}` is not JSON: {error}", file.display()),
                "give the whole body that the agent takes",
            )
        })?;
        return Ok(Some(Question::Body(body)));
    }
    let text = match call.prompt.as_deref() {
        Some("-") => Some(input::words(Path::new("-"), terminal)?),
        Some(prompt) => Some(prompt.to_owned()),
        None if call.end && call.conversation.is_some() => return Ok(None),
        None if !call.end && !terminal.is_input_typed() => {
            Some(input::words(Path::new("-"), terminal)?)
        }
        None => None,
    };
    let text = text.filter(|text| !text.trim().is_empty());
    let text = text.ok_or_else(|| {
        Failure::usage(
            "there is no prompt",
            format!(
                "`gatehouse call {} 'QUESTION'`, or `gatehouse chat {}`",
                call.agent, call.agent
            ),
        )
    })?;
    Ok(Some(Question::Text(text)))
}
