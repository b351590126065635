//! Checks of one agent's fields against each other.

use super::{Agent, Agents, Auth, Target, ToolToken};
use crate::settings::Fault;

impl Agents {
    /// The faults of agents whose fields contradict each other. Such an agent could be read, and never be called.
    pub fn contradictions(&self) -> Vec<Fault> {
        self.iter().filter_map(contradiction).collect()
    }
}

fn contradiction(agent: &Agent) -> Option<Fault> {
    let Agent {
        name: _,
        target,
        auth,
        tool_token,
        forward_headers: _,
        limits: _,
        admission: _,
    } = agent;
    let fault = |field, problem| Fault::malformed(agent.path(field), problem);
    match (target, auth, tool_token) {
        (Target::Gateway(_), Auth::Jwt, ToolToken::Machine | ToolToken::User) => Some(fault(
            "toolToken",
            "is given with `auth` `jwt`, and a gateway can be shown one token only",
        )),
        (Target::Gateway(_), Auth::Iam, _)
        | (Target::Gateway(_), Auth::Jwt, ToolToken::None)
        | (Target::Runtime(_), _, _) => None,
    }
}
