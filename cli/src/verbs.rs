//! The verbs, one file each.

mod audit;
mod check;
mod explain;
mod why;

use crate::arguments::Verb;
use crate::failure::Failure;
use crate::report::Report;
use crate::terminal::Terminal;

pub(crate) fn run(verb: Verb, terminal: &mut Terminal) -> Result<Report, Failure> {
    match verb {
        Verb::Audit(audit) => audit::audit(&audit, terminal),
        Verb::Check(check) => Ok(check::check(&check)),
        Verb::Explain(explain) => explain::explain(&explain, terminal),
        Verb::Why(why) => why::why(&why, terminal),
    }
}
