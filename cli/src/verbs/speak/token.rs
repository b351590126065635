//! `gatehouse token`: the access token itself, the one command that shows it.

use serde_json::json;

use crate::arguments::speak::TokenOf;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::report::Report;
use crate::speak::configuration;
use crate::speak::session;
use crate::speak::web::Web;
use crate::terminal::Terminal;

/// Prints the token, renewed if it is due, as what a pipe needs: JSON only if it is asked for.
pub(crate) async fn token(
    of: &TokenOf,
    is_json_asked: bool,
    terminal: &mut Terminal,
) -> Result<Report, Failure> {
    let (web, door) = (Web::new()?, configuration::door(&of.door)?);
    let kept = session::current(&door, &web).await?;
    if is_json_asked {
        return Ok(Report {
            exit: Exit::Done,
            text: String::new(),
            json: json!({"access_token": kept.access_token, "expires": kept.expires}),
        });
    }
    let text = if of.header {
        format!("Authorization: Bearer {}\n", kept.access_token)
    } else {
        format!("{}\n", kept.access_token)
    };
    let exit = terminal.print(&text, Exit::Done);
    Ok(Report::written(exit))
}
