//! The AWS CLI, which has the operator's credentials, region and roles. Nothing of them is read here.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::process::{Child, Command, Stdio};
use std::thread;

use serde_json::Value;
use shared::aws::names::parse_table;

use crate::failure::Failure;
use crate::speak::random;

const PROGRAM: &str = "aws";

/// A day's lines of a busy door, as of a file.
const MAX_ANSWER: u64 = 512 * 1024 * 1024;

/// DynamoDB's error for a condition that does not hold (Amazon DynamoDB API, `PutItem`).
const CONDITION: &str = "ConditionalCheckFailedException";

/// More of an error says nothing new.
const MAX_ERROR: u64 = 4096;

/// Asks a service, and gives what it answers.
///
/// `input` is for the option `--cli-input-json`, over standard input: other users of the machine can list arguments,
/// and with them a reason and an author.
pub(crate) fn ask(arguments: &[&str], input: &str) -> Result<Answer, Failure> {
    let input = input_file(&random::text()?, input).map_err(|error| {
        Failure::output(
            format!("cannot keep the request for the AWS CLI: {error}"),
            "see that the folder of temporary files can be written, or set `TMPDIR` to another",
        )
    })?;
    let mut command = Command::new(PROGRAM);
    let command = command
        .args(arguments)
        // Without this, it would show a long answer page by page.
        .env("AWS_PAGER", "")
        .stdin(input)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let child = command.spawn().map_err(|error| {
        Failure::unreachable(
            format!("cannot run the AWS CLI, `{PROGRAM}`: {error}"),
            "install it and sign in, or leave the option out and send what is written by other means",
        )
    })?;
    let answered = answer(child).map_err(|error| {
        Failure::unreachable(
            format!("cannot read what the AWS CLI answers: {error}"),
            "try again",
        )
    })?;
    match answered {
        Answered::Output(text) => Ok(Answer::Output(text)),
        Answered::Refused(why) if why.contains(CONDITION) => Ok(Answer::ConditionFailed),
        Answered::Refused(why) => Err(Failure::unreachable(
            format!("the AWS CLI refuses: {why}"),
            "check names, region and rights; `aws sts get-caller-identity` says who asks",
        )),
        Answered::TooLong => Err(Failure::unreachable(
            format!("the answer has more than {MAX_ANSWER} bytes"),
            "ask for less time with `--since`",
        )),
    }
}

/// The answer of a service.
pub(crate) enum Answer {
    Output(String),
    /// The condition of a write to DynamoDB does not hold.
    ConditionFailed,
}

impl Answer {
    /// The text, which a request without a condition always has.
    fn into_text(self) -> String {
        match self {
            Self::Output(text) => text,
            Self::ConditionFailed => String::new(),
        }
    }
}

enum Answered {
    Output(String),
    /// With the last line of its error.
    Refused(String),
    TooLong,
}

/// A standard input with this text, in a file that has no name any more and that the user alone can read.
///
/// Version 1 of the AWS CLI opens what `--cli-input-json` names twice, and the second time a pipe is empty.
fn input_file(name: &str, text: &str) -> io::Result<File> {
    let path = std::env::temp_dir().join(format!("gatehouse-{name}"));
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&path)?;
    fs::remove_file(&path)?;
    file.write_all(text.as_bytes())?;
    file.rewind()?;
    Ok(file)
}

fn answer(mut child: Child) -> io::Result<Answered> {
    // Both pipes at once: a full one would hold the program up.
    let errors = child.stderr.take();
    let errors = thread::spawn(move || {
        let mut text = Vec::new();
        if let Some(mut pipe) = errors {
            let _unreadable = pipe.by_ref().take(MAX_ERROR).read_to_end(&mut text);
            let _the_rest = io::copy(&mut pipe, &mut io::sink());
        }
        text
    });
    let mut output = Vec::new();
    if let Some(pipe) = child.stdout.take() {
        let mut bounded = pipe.take(MAX_ANSWER.saturating_add(1));
        bounded.read_to_end(&mut output)?;
    }
    if u64::try_from(output.len()).is_ok_and(|length| length > MAX_ANSWER) {
        child.kill()?;
        child.wait()?;
        return Ok(Answered::TooLong);
    }
    let status = child.wait()?;
    if status.success() {
        return Ok(Answered::Output(
            String::from_utf8_lossy(&output).into_owned(),
        ));
    }
    let errors = errors.join().unwrap_or_default();
    let errors = String::from_utf8_lossy(&errors);
    let mut lines = errors.lines().rev().map(str::trim);
    let last = lines.find(|line| !line.is_empty());
    let last = last.map(|line| line.escape_debug().to_string());
    Ok(Answered::Refused(
        last.unwrap_or_else(|| status.to_string()),
    ))
}

/// Sends a request to DynamoDB.
pub(crate) fn dynamodb(operation: &str, input: &Value) -> Result<Answer, Failure> {
    let standard_input = "file:///dev/stdin";
    let arguments = [
        "dynamodb",
        operation,
        "--cli-input-json",
        standard_input,
        "--output",
        "json",
    ];
    ask(&arguments, &input.to_string())
}

/// Every item of a table: the AWS CLI follows the pages.
pub(crate) fn scan(table: &str) -> Result<String, Failure> {
    let table = parse_table(table).map_err(|problem| {
        Failure::usage(
            format!("`--table` {problem}"),
            "give `DenialsTable` of the stack's outputs",
        )
    })?;
    let arguments = [
        "dynamodb",
        "scan",
        "--table-name",
        &table,
        "--output",
        "json",
    ];
    Ok(ask(&arguments, "")?.into_text())
}

/// The lines of log groups, one group after the other.
pub(crate) fn logs(groups: &[String], since: &str) -> Result<String, Failure> {
    // What it reads as an age, it may read as an option or a time.
    crate::age::parse(since)?;
    let mut text = String::new();
    for group in groups {
        let group = checked_group(group)?;
        let arguments = ["logs", "tail", group, "--since", since, "--format", "short"];
        text.push_str(&ask(&arguments, "")?.into_text());
        if !text.ends_with('\n') {
            text.push('\n');
        }
    }
    Ok(text)
}

/// `[\.\-_/#A-Za-z0-9]{1,512}` (Amazon CloudWatch Logs API, `LogGroup`), and no option.
fn checked_group(group: &str) -> Result<&str, Failure> {
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b".-_/#".contains(&byte);
    let fits = (1..=512).contains(&group.len()) && group.bytes().all(is_name);
    if fits && !group.starts_with('-') {
        return Ok(group);
    }
    let shown = group.escape_debug();
    Err(Failure::usage(
        format!("`{shown}` is no name of a log group"),
        "`aws logs describe-log-groups` lists the names",
    ))
}
