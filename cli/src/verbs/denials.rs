//! `gatehouse denials`: the denials of a table, from an answer of DynamoDB's `Scan`.

use serde_json::{Map, Value, json};
use shared::clock::{self, Clock};
use shared::denial::{Denial, KEY};
use shared::gate::UnixTime;

use crate::arguments::Denials;
use crate::aws;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::input;
use crate::report::Report;
use crate::terminal::Terminal;

/// Lists what holds now, and what is no denial: the functions refuse everything that asks for such an item.
pub(crate) fn denials(denials: &Denials, terminal: &mut Terminal) -> Result<Report, Failure> {
    let text = match &denials.table {
        Some(table) => aws::scan(table)?,
        None => input::log(&denials.file, terminal)?,
    };
    let answer: Value = serde_json::from_str(&text).map_err(|_| no_scan())?;
    let items = answer.get("Items").and_then(Value::as_array);
    let items = items.ok_or_else(no_scan)?;
    // A page of a scan is not the table. The AWS CLI follows the pages, unless it is told not to.
    if answer
        .get("LastEvaluatedKey")
        .is_some_and(|key| !key.is_null())
    {
        return Err(Failure::usage(
            "the answer is one page of several",
            "scan without `--no-paginate` and without `--max-items`",
        ));
    }
    let now = Clock::system().now();
    let items = items
        .iter()
        .map(|item| item.as_object().ok_or_else(no_scan));
    let items: Result<Vec<_>, _> = items.collect();
    let mut rows: Vec<(String, Value)> = items?.iter().filter_map(|item| row(item, now)).collect();
    rows.sort_by(|one, other| one.0.cmp(&other.0));
    let (lines, listed): (Vec<String>, Vec<Value>) = rows.into_iter().unzip();
    Ok(Report {
        exit: if lines.is_empty() {
            Exit::No
        } else {
            Exit::Done
        },
        text: if lines.is_empty() {
            "no denial holds now\n".to_owned()
        } else {
            lines.concat()
        },
        json: json!({"denials": listed}),
    })
}

/// `UNTIL  KEY  REASON  (AUTHOR)`; nothing for a denial that has ended.
fn row(item: &Map<String, Value>, now: UnixTime) -> Option<(String, Value)> {
    let key = item.get(KEY).and_then(|key| key.get("S")?.as_str());
    let key = key.unwrap_or("(no key)");
    let shown = key.escape_debug();
    match Denial::read_json(item, now) {
        Ok(denial) => {
            let denial = denial?;
            let time = |time: UnixTime| clock::rfc3339(std::time::Duration::from_secs(time.0));
            let (until, created) = (time(denial.until()), time(denial.created()));
            let (reason, author) = (denial.reason(), denial.author());
            let json = json!({
                "author": author, "created": created, "key": key, "reason": reason, "until": until,
            });
            Some((format!("{until}  {shown}  {reason}  ({author})\n"), json))
        }
        Err(error) => {
            let text = format!("no denial: {shown}  {error}; what it names is answered 503\n");
            Some((text, json!({"error": error.to_string(), "key": key})))
        }
    }
}

fn no_scan() -> Failure {
    Failure::usage(
        "this is no answer of DynamoDB's `Scan` in JSON",
        "pipe `aws dynamodb scan --table-name TABLE --output json` into it",
    )
}
