//! `gatehouse smoke`: a door, tested step by step.

use std::fmt::Write as _;

use serde_json::{Value, json};
use shared::settings;

use crate::arguments::speak::Smoke;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::report::Report;
use crate::smoke::{Documents, Journey, Step, Walked};
use crate::speak::session::Session;
use crate::speak::web::Web;
use crate::terminal::Terminal;

/// Takes every step, and says of each what came.
pub(crate) async fn smoke(asked: &Smoke, terminal: &mut Terminal) -> Result<Report, Failure> {
    let folder = asked.settings.as_deref();
    let documents = Documents::read(folder, &settings::environment, terminal)?;
    let web = Web::new()?;
    let session = Session::open(&asked.access, &web, terminal).await?;
    let journey = Journey {
        web: &web,
        door: &session.door,
        token: &session.token,
        agent: asked.agent.as_deref(),
        documents: documents.as_ref(),
    };
    Ok(report(&journey.take().await?))
}

fn report(walked: &Walked) -> Report {
    let is_ok = walked.steps.iter().all(Step::is_ok);
    let exit = match (is_ok, walked.has_answer) {
        (true, _) => Exit::Done,
        (false, true) => Exit::No,
        (false, false) => Exit::Unreachable,
    };
    let mut text = String::new();
    for Step {
        name,
        expected,
        outcome,
    } in &walked.steps
    {
        let _always_fits = match outcome {
            Ok(came) => writeln!(text, "ok      {name}: {came}"),
            Err(came) => writeln!(text, "FAILED  {name}: expected {expected}; got {came}"),
        };
    }
    let steps: Vec<Value> = walked.steps.iter().map(json).collect();
    Report {
        exit,
        text,
        json: json!({"ok": is_ok, "steps": steps}),
    }
}

fn json(step: &Step) -> Value {
    let Step {
        name,
        expected,
        outcome,
    } = step;
    let (Ok(got) | Err(got)) = outcome;
    json!({"expected": expected, "got": got, "name": name, "ok": step.is_ok()})
}
