//! `gatehouse chat`: a conversation with an agent, a line a turn.

use std::io::{self, BufRead as _};
use std::thread;

use tokio::signal;
use tokio::sync::mpsc::{self, Receiver};

use crate::arguments::speak::Chat;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::report::Report;
use crate::speak::agent::Agent;
use crate::speak::random;
use crate::speak::show::{Show, Stop};
use crate::terminal::Terminal;
use crate::verbs::speak::call::{Conversation, Question};

const HELP: &str = "/new begins another conversation, /end deletes this one and leaves, /quit leaves; Ctrl-C ends a turn\n";

/// The reason to end the loop.
enum Next {
    Line(String),
    /// The end of the input.
    Over,
    Interrupted,
}

/// Converses until the input ends.
pub(crate) async fn chat(
    chat: &Chat,
    is_json: bool,
    terminal: &mut Terminal,
) -> Result<Report, Failure> {
    let id = chat.conversation.as_deref();
    let agent = tokio::select! {
        opened = Agent::open(&chat.access, &chat.agent, id, terminal) => opened?,
        Ok(()) = signal::ctrl_c() => return Err(Failure::interrupted()),
    };
    let mut conversation = Conversation::open(agent, chat.ag_ui).await?;
    terminal.say(&format!(
        "conversation {}\n{HELP}",
        conversation.agent.conversation
    ));
    let is_typed = terminal.is_input_typed();
    let mut lines = lines();
    let mut last = Exit::Done;
    loop {
        if is_typed {
            terminal.say("> ");
        }
        let line = match next(&mut lines).await {
            Next::Line(line) => line,
            Next::Over => break,
            Next::Interrupted => return Err(Failure::interrupted()),
        };
        match line.trim() {
            "" => {}
            "/quit" => break,
            "/end" => {
                conversation.agent.end().await?;
                terminal.say("the conversation is deleted\n");
                break;
            }
            "/new" => {
                conversation.renew(random::id()?);
                terminal.say(&format!(
                    "conversation {}\n",
                    conversation.agent.conversation
                ));
            }
            "/help" => terminal.say(HELP),
            prompt => {
                let question = Question::Text(prompt.to_owned());
                match turn(&mut conversation, &question, is_json, terminal).await? {
                    Some(exit) => last = exit,
                    None => break,
                }
            }
        }
    }
    // For a script, a turn that failed is the result.
    Ok(Report::written(if is_typed { Exit::Done } else { last }))
}

/// One turn, which Ctrl-C ends; a failure is told and the conversation goes on. Nothing if the reader has left.
async fn turn(
    conversation: &mut Conversation,
    question: &Question,
    is_json: bool,
    terminal: &mut Terminal,
) -> Result<Option<Exit>, Failure> {
    let ended = {
        let mut show = Show::new(terminal, is_json);
        tokio::select! {
            ended = conversation.turn(question, &mut show) => Some(ended),
            Ok(()) = signal::ctrl_c() => None,
        }
    };
    match ended {
        Some(Ok(())) => Ok(Some(Exit::Done)),
        Some(Err(Stop::Left)) => Ok(None),
        // Only a failure to write ends it.
        Some(Err(Stop::Failed(failure))) if failure.exit() == Exit::Output => Err(failure),
        Some(Err(Stop::Failed(failure))) => Ok(Some(terminal.fail(&failure, is_json))),
        None => {
            terminal.say("\nthe turn is left; the agent works on until it ends. /end or /new frees you of it\n");
            Ok(Some(Exit::Interrupted))
        }
    }
}

async fn next(lines: &mut Receiver<String>) -> Next {
    tokio::select! {
        line = lines.recv() => line.map_or(Next::Over, Next::Line),
        Ok(()) = signal::ctrl_c() => Next::Interrupted,
    }
}

/// The lines of standard input, read beside the conversation so that Ctrl-C is heard meanwhile.
fn lines() -> Receiver<String> {
    let (sender, lines) = mpsc::channel(1);
    thread::spawn(move || {
        for line in io::stdin().lock().lines() {
            let Ok(line) = line else { break };
            if sender.blocking_send(line).is_err() {
                break;
            }
        }
    });
    lines
}
