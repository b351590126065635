//! The verbs that speak to a door: one runtime, which Ctrl-C ends at once.

mod call;
mod chat;
mod login;
mod logout;
mod smoke;
mod token;
mod tools;
mod whoami;

use std::time::Duration;

use tokio::runtime::Builder;
use tokio::signal;

use crate::arguments::speak::Speak;
use crate::failure::Failure;
use crate::report::Report;
use crate::terminal::Terminal;

pub(crate) fn run(
    verb: &Speak,
    is_json_asked: bool,
    terminal: &mut Terminal,
) -> Result<Report, Failure> {
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| {
        Failure::output(
            format!("the system gives no event queue: {error}"),
            "close other programs",
        )
    })?;
    let ended = runtime.block_on(async {
        tokio::select! {
            // What reads standard input does so before it waits, while Ctrl-C still ends the process.
            biased;
            ended = speak(verb, is_json_asked, terminal) => ended,
            // These two say what becomes of a turn.
            Ok(()) = signal::ctrl_c(), if !matches!(verb, Speak::Call(_) | Speak::Chat(_)) => {
                Err(Failure::interrupted())
            }
        }
    });
    // A connection that is still open, or a read of standard input, must not hold up the end.
    runtime.shutdown_timeout(Duration::ZERO);
    ended
}

async fn speak(
    verb: &Speak,
    is_json_asked: bool,
    terminal: &mut Terminal,
) -> Result<Report, Failure> {
    match verb {
        Speak::Login(login) => login::login(login, terminal).await,
        Speak::Logout(door) => logout::logout(door).await,
        Speak::Token(of) => token::token(of, is_json_asked, terminal).await,
        Speak::Whoami(access) => whoami::whoami(access, terminal).await,
        Speak::Agents(access) => whoami::agents(access, terminal).await,
        Speak::Call(call) => call::call(call, is_json_asked, terminal).await,
        Speak::Chat(chat) => chat::chat(chat, is_json_asked, terminal).await,
        Speak::Smoke(smoke) => smoke::smoke(smoke, terminal).await,
        Speak::Tools(tools) => tools::tools(tools, terminal).await,
        Speak::Tool(tool) => tools::tool(tool, terminal).await,
    }
}
