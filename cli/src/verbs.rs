//! The verbs, one file each.

mod audit;
mod check;
mod denials;
mod deny;
mod explain;
mod speak;
mod why;

use crate::arguments::Verb;
use crate::failure::Failure;
use crate::report::Report;
use crate::terminal::Terminal;

pub(crate) fn run(
    verb: Verb,
    is_json_asked: bool,
    terminal: &mut Terminal,
) -> Result<Report, Failure> {
    match verb {
        Verb::Audit(audit) => audit::audit(&audit, terminal),
        Verb::Allow(allow) => deny::allow(&allow),
        Verb::Check(check) => Ok(check::check(&check)),
        Verb::Denials(denials) => denials::denials(&denials, terminal),
        Verb::Deny(deny) => deny::deny(&deny),
        Verb::Explain(explain) => explain::explain(&explain, terminal),
        Verb::Speak(verb) => speak::run(&verb, is_json_asked, terminal),
        Verb::Why(why) => why::why(&why, terminal),
    }
}
