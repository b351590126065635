//! The verbs, one file each.

mod access;
mod audit;
mod check;
mod denials;
mod deny;
mod explain;
mod import;
mod local;
mod pages;
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
        Verb::Access(access) => access::access(&access),
        Verb::Audit(audit) => audit::audit(&audit, terminal),
        Verb::Allow(allow) => deny::allow(&allow),
        Verb::Check(check) => Ok(check::check(&check)),
        Verb::Denials(denials) => denials::denials(&denials, terminal),
        Verb::Deny(deny) => deny::deny(&deny),
        Verb::Completions(asked) => Ok(pages::completions(asked.shell)),
        Verb::Explain(explain) => explain::explain(&explain, terminal),
        Verb::Speak(verb) => speak::run(&verb, is_json_asked, terminal),
        Verb::Import(asked) => import::import(&asked, terminal),
        Verb::Local(asked) => Err(local::start(&asked)),
        Verb::Man => pages::manual(),
        Verb::Why(why) => why::why(&why, terminal),
    }
}
