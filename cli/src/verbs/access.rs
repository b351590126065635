//! `gatehouse access`: who may call what, and what a change of the files changes about it.

use std::fmt::Write as _;
use std::path::Path;

use policy::Matrix;
use serde_json::{Value, json};

use crate::access::admissions::{self, Row};
use crate::access::callers;
use crate::access::changes::Changes;
use crate::access::issuers;
use crate::access::place::{Door, Place};
use crate::access::table;
use crate::access::tools::{self, Rules};
use crate::arguments::Access;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::report::Report;

/// Draws the matrix, or says what has changed.
pub(crate) fn access(access: &Access) -> Result<Report, Failure> {
    match &access.policy {
        Some(folder) => of_tools(access, folder),
        None => of_agents(access),
    }
}

fn of_agents(access: &Access) -> Result<Report, Failure> {
    let now = Place::Folder(access.folder.clone()).door()?;
    let Some(against) = &access.against else {
        return Ok(agents_report(
            &now,
            &admissions::matrix(&now.settings.documents)?,
        ));
    };
    let before = Place::find(against, &access.folder)?.door()?;
    let mut changes = Changes::default();
    compare_doors(&before, &now, &mut changes)?;
    Ok(changes_report(&changes, access))
}

fn compare_doors(before: &Door, now: &Door, changes: &mut Changes) -> Result<(), Failure> {
    let entries = |door: &Door| issuers::entries(&door.settings.documents, &door.issuers);
    issuers::compare(&entries(before), &entries(now), changes);
    admissions::compare(&before.settings.documents, &now.settings.documents, changes)
}

fn of_tools(access: &Access, folder: &Path) -> Result<Report, Failure> {
    let now = Rules::read(Place::Folder(folder.to_owned()).policies()?)?;
    let matrix = now.matrix()?;
    let Some(against) = &access.against else {
        return Ok(tools_report(matrix, &now.rows(matrix)?));
    };
    let before = Rules::read(Place::find(against, folder)?.policies()?)?;
    let mut changes = Changes::default();
    tools::compare(&before, &now, matrix, &mut changes)?;
    Ok(changes_report(&changes, access))
}

fn changes_report(changes: &Changes, access: &Access) -> Report {
    Report {
        exit: if access.fail_on_wider && changes.is_wider() {
            Exit::No
        } else {
            Exit::Done
        },
        text: changes.text(),
        json: changes.json(),
    }
}

fn agents_report(door: &Door, rows: &[Row]) -> Report {
    let documents = &door.settings.documents;
    let agents: Vec<&str> = documents
        .agents
        .iter()
        .map(|agent| agent.name.as_str())
        .collect();
    let mut text = String::new();
    for issuer in callers::issuers(&documents.issuers.trust) {
        let own: Vec<&Row> = rows
            .iter()
            .filter(|row| row.kind.issuer == issuer)
            .collect();
        let _always_fits = writeln!(text, "callers of {issuer}\n");
        let table = agents_grid(&agents, &own).unwrap_or_else(|| agents_list(&agents, &own));
        text.push_str(&table);
        text.push('\n');
    }
    text.push_str("who has more groups and scopes is admitted wherever one with fewer is\n");
    Report {
        exit: Exit::Done,
        text,
        json: json!({
            "agents": agents,
            "callers": rows.iter().map(|row| row_json(&agents, row)).collect::<Vec<_>>(),
            "settings": door.settings.digest,
        }),
    }
}

fn row_json(agents: &[&str], row: &Row) -> Value {
    let kind = &row.kind;
    json!({
        "agents": admitting(agents, row),
        "caller": kind.says(),
        "client": kind.client,
        "groups": kind.groups,
        "issuer": kind.issuer,
        "scopes": kind.scopes,
    })
}

/// The agents that admit these callers.
fn admitting<'a>(agents: &[&'a str], row: &Row) -> Vec<&'a str> {
    let cells = agents.iter().zip(&row.admits);
    cells
        .filter(|(_, admits)| **admits)
        .map(|(name, _)| *name)
        .collect()
}

fn agents_grid(agents: &[&str], rows: &[&Row]) -> Option<String> {
    let head = ["caller"].iter().chain(agents).map(ToString::to_string);
    let mut table: Vec<Vec<String>> = vec![head.collect()];
    for row in rows {
        let cells = row
            .admits
            .iter()
            .map(|admits| if *admits { "yes" } else { "-" });
        let cells = cells.map(str::to_owned);
        table.push([row.kind.says()].into_iter().chain(cells).collect());
    }
    table::grid(&table, table::width())
}

/// Each agent with the smallest kinds of callers whom it admits.
fn agents_list(agents: &[&str], rows: &[&Row]) -> String {
    let mut text = String::new();
    for (place, agent) in agents.iter().enumerate() {
        let _always_fits = writeln!(text, "{agent}");
        let admitted: Vec<&&Row> = rows
            .iter()
            .filter(|row| row.admits.get(place) == Some(&true))
            .collect();
        if admitted.is_empty() {
            text.push_str("  no caller\n");
        }
        for row in admitted {
            let _always_fits = writeln!(text, "  {}", row.kind.says());
        }
    }
    text
}

fn tools_report(matrix: &Matrix, rows: &[tools::Row]) -> Report {
    let callers: Vec<&str> = matrix
        .callers
        .iter()
        .map(|caller| caller.name.as_str())
        .collect();
    Report {
        exit: Exit::Done,
        text: tools_grid(&callers, rows).unwrap_or_else(|| tools_list(&callers, rows)),
        json: json!({
            "callers": callers,
            "calls": rows.iter().map(|row| call_json(&callers, row)).collect::<Vec<_>>(),
        }),
    }
}

fn call_json(callers: &[&str], row: &tools::Row) -> Value {
    let decisions = callers.iter().zip(&row.decisions).map(|(caller, decided)| {
        let errors: Vec<&str> = decided
            .errors
            .iter()
            .map(|(name, _)| name.as_str())
            .collect();
        json!({
            "caller": caller,
            "errors": errors,
            "outcome": decided.outcome.as_str(),
            "policies": decided.policies,
        })
    });
    json!({
        "decisions": decisions.collect::<Vec<_>>(),
        "input": row.call.input,
        "tool": row.call.tool,
    })
}

fn tools_grid(callers: &[&str], rows: &[tools::Row]) -> Option<String> {
    let head = ["tool", "input"];
    let head = head.iter().chain(callers).map(ToString::to_string);
    let mut table: Vec<Vec<String>> = vec![head.collect()];
    for row in rows {
        let cells = row.decisions.iter();
        let cells = cells.map(|decided| tools::cell(decided.outcome).to_owned());
        let call = [row.call.tool.clone(), row.call.input.to_string()];
        table.push(call.into_iter().chain(cells).collect());
    }
    table::grid(&table, table::width())
}

/// Each call with the callers who may make it, and those for whom a policy cannot be evaluated.
fn tools_list(callers: &[&str], rows: &[tools::Row]) -> String {
    let mut text = String::new();
    for row in rows {
        let _always_fits = writeln!(text, "{}\n  {}", row.call.tool, row.call.input);
        let told = callers.iter().zip(&row.decisions);
        let told = told.filter(|(_, decided)| decided.outcome != policy::Outcome::Deny);
        let mut is_told = false;
        for (caller, decided) in told {
            is_told = true;
            let _always_fits = writeln!(text, "    {}  {caller}", tools::cell(decided.outcome));
        }
        if !is_told {
            text.push_str("    no caller\n");
        }
    }
    text
}
