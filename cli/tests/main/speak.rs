//! Tests of the verbs that speak to agents: what is sent, what is shown, and what goes wrong.

use std::fs;
use std::io::Write;

use serde_json::{Value, json};

use crate::fake::{Fake, problem, tokens};
use crate::home::Home;
use crate::program::Ran;

const STREAM: &str = "text/event-stream";
const JSON: &str = "application/json";

/// A user who is signed in, at a door whose agents answer this.
fn signed_in(answers: &[(u16, &'static str, &str)]) -> (Fake, Home) {
    let (fake, home) = (Fake::start(), Home::new());
    assert_eq!(home.sign_in(&fake, &[]).code, Some(0));
    let answers = answers
        .iter()
        .map(|(status, kind, body)| (*status, *kind, (*body).to_owned()));
    fake.plan().agents = answers.collect();
    (fake, home)
}

fn stream(events: &[Value]) -> String {
    events
        .iter()
        .map(|event| format!("data: {event}\n\n"))
        .collect()
}

fn assert_fails(ran: &Ran, code: i32, words: &[&str]) {
    assert_eq!(ran.code, Some(code), "{ran:?}");
    for word in words.iter().chain(&["next: "]) {
        assert!(ran.errors.contains(word), "`{word}` is not in {ran:?}");
    }
    assert!(!ran.errors.contains("access-"), "{ran:?}");
}

#[test]
fn an_answer_is_on_standard_output_and_the_rest_is_not() {
    let answer = stream(&[
        json!({"text": "Good \u{1b}[1mday. "}),
        json!({"type": "TOOL_CALL_START", "toolCallName": "refund\u{1b}"}),
        json!({"text": "Done."}),
    ]);
    let (fake, home) = signed_in(&[(200, STREAM, &answer), (200, STREAM, &answer)]);
    let ran = home.run(&["call", "demo", "refund 500"]);
    // A pipe gets the text as it came.
    assert_eq!(
        (ran.code, ran.output.as_str()),
        (Some(0), "Good \u{1b}[1mday. Done.\n"),
        "{ran:?}"
    );
    let asked = fake.asked("POST /agents/demo/invocations").pop().unwrap();
    assert_eq!(asked.body, r#"{"prompt":"refund 500"}"#);
    assert_eq!(
        ran.errors,
        format!(
            "conversation {}\n[tool] calls refund\u{fffd}\n",
            asked.conversation
        )
    );
    let ran = home.run(&["call", "demo", "x", "--json", "--conversation", "c-7"]);
    let lines: Vec<Value> = ran
        .output
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(
        lines[0],
        json!({"data": {"text": "Good \u{1b}[1mday. "}, "event": "message"})
    );
    let end = json!({"code": null, "conversation_id": "c-7", "error": null, "event": "end", "exit": 0, "outcome": "done"});
    assert_eq!((lines.len(), &lines[3], ran.errors.as_str()), (4, &end, ""));
    assert_eq!(
        fake.asked("POST /agents/demo").pop().unwrap().conversation,
        "c-7"
    );
}

#[test]
fn a_question_comes_from_an_argument_standard_input_or_a_file() {
    let (fake, home) = signed_in(&[(200, JSON, r#"{"answer":[{"text":"a"},{"text":"b"}]}"#); 5]);
    let file = home.0.join("body.json");
    fs::write(&file, r#"{"messages": [1]}"#).unwrap();
    let file = file.to_str().unwrap();
    for (arguments, input, body) in [
        (&["call", "demo", "a"][..], "", json!({"prompt": "a"})),
        (
            &["call", "demo", "-"],
            "a\nb\n",
            json!({"prompt": "a\nb\n"}),
        ),
        (&["call", "demo"], "a", json!({"prompt": "a"})),
        (
            &["call", "demo", "--data", file],
            "",
            json!({"messages": [1]}),
        ),
        (&["call", "demo", "--data", "-"], "[2]", json!([2])),
    ] {
        let ran = home.run_with(arguments, &[], input);
        assert_eq!(
            (ran.code, ran.output.as_str()),
            (Some(0), "ab\n"),
            "{ran:?}"
        );
        let asked = fake.asked("POST /agents/demo").pop().unwrap().body;
        assert_eq!(serde_json::from_str::<Value>(&asked).unwrap(), body);
    }
    for (arguments, input, told) in [
        (&["call", "demo"][..], " ", "no prompt"),
        (&["call", "demo", "--data", "-"], "{", "is not JSON"),
        (
            &["call", "demo", "a", "--conversation", "a b"],
            "",
            "--conversation",
        ),
        (&["call", "../whoami", "a"], "", "no name"),
        (&["call", "numbers", "a"], "", "speaks MCP"),
        (&["call", "cards", "--data", "-"], "{}", "card"),
    ] {
        let ran = home.run_with(arguments, &[], input);
        assert_eq!(ran.code, Some(64), "{ran:?}");
        assert!(ran.errors.contains(told), "{ran:?}");
    }
}

#[test]
fn an_answer_that_fails_is_a_failure() {
    let door = "data: {\"text\":\"Half\"}\n\nevent: gatehouse.error\ndata: {\"code\":\"agent_cut\",\"request_id\":\"r-9\"}\n\n";
    let (_fake, home) = signed_in(&[
        (200, STREAM, door),
        (200, STREAM, door),
        (
            200,
            STREAM,
            &stream(&[json!({"type": "RUN_ERROR", "message": "m", "code": "agent_silent"})]),
        ),
        (
            200,
            STREAM,
            &stream(&[json!({"error": "broken \u{1b}[2J"})]),
        ),
        (
            200,
            STREAM,
            "event: gatehouse.error\ndata: {\"code\":\"denied\"}\n\n",
        ),
    ]);
    let ran = home.run(&["call", "demo", "x"]);
    assert_fails(&ran, 69, &["agent_cut", "gatehouse why r-9"]);
    assert_eq!(ran.output, "Half\n");
    let ran = home.run(&["call", "demo", "x", "--json"]);
    let end: Value = serde_json::from_str(ran.output.lines().last().unwrap()).unwrap();
    assert_eq!(
        (&end["outcome"], &end["code"], &end["exit"]),
        (&json!("failed"), &json!("agent_cut"), &json!(69))
    );
    assert_fails(&home.run(&["call", "demo", "x"]), 69, &["agent_silent"]);
    let ran = home.run(&["call", "demo", "x"]);
    assert_fails(&ran, 1, &["broken"]);
    assert!(!ran.errors.contains('\u{1b}'), "{ran:?}");
    assert_fails(&home.run(&["call", "demo", "x"]), 77, &["`denied`"]);
}

#[test]
fn only_what_is_safe_is_sent_again() {
    let good = (200, JSON, r#""ok""#);
    let told = |status, code| problem(status, code).to_string();
    let (busy, limit, failed) = (
        told(409, "conversation_busy"),
        told(429, "turn_limit"),
        told(502, "agent_failed"),
    );
    let sent = |answers: &[(u16, &'static str, &str)]| {
        let (fake, home) = signed_in(answers);
        let ran = home.run(&["call", "demo", "x"]);
        (fake.asked("POST /agents/demo").len(), ran)
    };
    let (times, ran) = sent(&[(409, JSON, &busy), (429, JSON, &limit), good]);
    assert_eq!((times, ran.code), (3, Some(0)), "{ran:?}");
    let (times, ran) = sent(&[
        (429, JSON, &limit),
        (429, JSON, &limit),
        (429, JSON, &limit),
        good,
    ]);
    assert_eq!(times, 3);
    assert_fails(&ran, 75, &["`turn_limit`", "try again later"]);
    for (status, code, exit) in [
        (502, "agent_failed", 69),
        (503, "turns_unavailable", 75),
        (403, "forbidden", 77),
        (413, "too_large", 64),
    ] {
        let body = told(status, code);
        let (times, ran) = sent(&[(status, JSON, &body), good]);
        assert_eq!(times, 1, "{status}");
        assert_fails(&ran, exit, &[code, "r-1"]);
    }
    let (times, ran) = sent(&[(502, JSON, &failed), good]);
    assert_eq!(times, 1);
    assert_fails(&ran, 69, &["the agent may have acted already"]);
    let (fake, home) = signed_in(&[(401, JSON, &told(401, "unauthorized")), good]);
    fake.plan().tokens = [(200, tokens("access-2", 3600))].into();
    assert_eq!(home.run(&["call", "demo", "x"]).code, Some(0));
    let asked = fake.asked("POST /agents/demo");
    assert_eq!(asked[1].authorization, "Bearer access-2");
    assert_eq!(asked[0].conversation, asked[1].conversation);
}

#[test]
fn a_conversation_is_deleted_when_it_is_asked_for() {
    let (fake, home) = signed_in(&[(204, JSON, ""), (200, JSON, r#""a""#), (204, JSON, "")]);
    let ran = home.run(&["call", "demo", "--conversation", "c-7", "--end"]);
    assert_eq!(
        (ran.code, &ran.json()["deleted"]),
        (Some(0), &json!(true)),
        "{ran:?}"
    );
    assert_eq!(fake.asked("DELETE /agents/demo/conversations/c-7").len(), 1);
    let ran = home.run(&["call", "demo", "x", "--end"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let asked = fake.asked("POST /agents/demo").pop().unwrap().conversation;
    assert_eq!(
        fake.asked(&format!("DELETE /agents/demo/conversations/{asked}"))
            .len(),
        1
    );
}

#[test]
fn a_chat_keeps_its_conversation() {
    let good = (200, JSON, r#""ok""#);
    let (fake, home) = signed_in(&[good, (502, JSON, "{}"), good, good, (204, JSON, "")]);
    let ran = home.run_with(
        &["chat", "demo"],
        &[],
        "one\n\ntwo\nthree\n/new\nfour\n/end\nfive\n",
    );
    assert_eq!(
        (ran.code, ran.output.as_str()),
        (Some(0), "ok\nok\nok\n"),
        "{ran:?}"
    );
    assert!(ran.errors.contains("the door answers 502"), "{ran:?}");
    let asked = fake.asked("POST /agents/demo");
    let said: Vec<&str> = asked.iter().map(|asked| asked.body.as_str()).collect();
    assert_eq!(said.len(), 4, "{said:?}");
    assert_eq!(asked[0].conversation, asked[2].conversation);
    assert_ne!(asked[2].conversation, asked[3].conversation);
    assert_eq!(
        fake.asked(&format!(
            "DELETE /agents/demo/conversations/{}",
            asked[3].conversation
        ))
        .len(),
        1
    );
    // A script is told of the last turn.
    fake.plan().agents = [(403, JSON, problem(403, "forbidden").to_string())].into();
    assert_eq!(
        home.run_with(&["chat", "demo"], &[], "one\n").code,
        Some(77)
    );
    assert_eq!(
        home.run_with(&["chat", "demo"], &[], "/quit\n").code,
        Some(0)
    );
}

#[test]
fn an_agent_of_a2a_0_3_is_asked_in_its_version() {
    let card = json!({"capabilities": {"streaming": true}, "protocolVersion": "0.3.0"}).to_string();
    let answer = stream(&[
        json!({"id": 1, "result": {"kind": "artifact-update", "contextId": "k", "artifact": {"parts": [{"kind": "text", "text": "one"}]}}}),
        json!({"id": 1, "result": {"kind": "status-update", "contextId": "k", "status": {"state": "completed"}}}),
    ]);
    let error =
        json!({"id": 1, "error": {"code": -32603, "message": "m", "data": {"code": "agent_cut"}}})
            .to_string();
    let (fake, home) = signed_in(&[
        (200, JSON, &card),
        (200, STREAM, &answer),
        (200, JSON, &error),
    ]);
    let ran = home.run_with(&["chat", "cards"], &[], "hello\nagain\n");
    assert_eq!(
        (ran.code, ran.output.as_str()),
        (Some(69), "one\n"),
        "{ran:?}"
    );
    let asked = fake.asked("POST /agents/cards/a2a");
    let second: Value = serde_json::from_str(&asked[1].body).unwrap();
    assert_eq!(second["method"], "message/stream");
    assert_eq!(
        second["params"]["message"]["contextId"], "k",
        "the agent's own name of the conversation"
    );
}

#[test]
fn a_tool_is_called_with_arguments_of_its_types() {
    let rpc =
        |id: u64, result: Value| json!({"id": id, "jsonrpc": "2.0", "result": result}).to_string();
    let tool = json!({"name": "add", "description": "Adds.\nMore.", "inputSchema": {
        "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}}, "required": ["a", "b"], "additionalProperties": false,
    }});
    let hello = rpc(1, json!({"protocolVersion": "2025-11-25"}));
    let (first, second) = (
        rpc(2, json!({"nextCursor": "n", "tools": []})),
        rpc(3, json!({"tools": [tool]})),
    );
    let open = [
        (200, JSON, hello.as_str()),
        (202, JSON, ""),
        (200, JSON, &first),
        (200, JSON, &second),
    ];
    let (fake, home) = signed_in(&open);
    let ran = home.run(&["tools", "numbers"]);
    assert_eq!(
        (ran.code, &ran.json()["tools"][0]["name"]),
        (Some(0), &json!("add")),
        "{ran:?}"
    );
    let sum = rpc(4, json!({"content": [{"type": "text", "text": "42"}]}));
    let progress = json!({"method": "notifications/progress", "params": {"progress": 1, "total": 2, "message": "half"}});
    let answer = format!("data: {progress}\n\nevent: message\ndata: {sum}\n\n");
    let plan = |more: &[(u16, &'static str, &str)]| {
        let answers = open
            .iter()
            .chain(more)
            .map(|(status, kind, body)| (*status, *kind, (*body).to_owned()));
        fake.plan().agents = answers.collect();
    };
    plan(&[(200, STREAM, &answer)]);
    let ran = home.run(&["tool", "numbers", "add", "a=40", "b=2"]);
    assert_eq!(
        (ran.code, &ran.json()["content"][0]["text"]),
        (Some(0), &json!("42")),
        "{ran:?}"
    );
    assert_eq!(ran.errors, "[progress] 1/2 half\n");
    let asked: Value =
        serde_json::from_str(&fake.asked("POST /agents/numbers/mcp").pop().unwrap().body).unwrap();
    assert_eq!(asked["params"]["arguments"], json!({"a": 40, "b": 2}));
    let before = fake.asked("POST /agents/numbers").len();
    for (words, told) in [
        (
            &["a=forty", "b=2"][..],
            "`a` must be integer, and is `forty`",
        ),
        (&["a=1"], "`b` is missing"),
        (&["a=1", "b=2", "c=3"], "the tool takes no `c`"),
    ] {
        plan(&[]);
        let ran = home.run(&[&["tool", "numbers", "add"], words].concat());
        assert_fails(&ran, 64, &[told, "a:integer b:integer"]);
    }
    assert_eq!(
        fake.asked("POST /agents/numbers").len(),
        before + 12,
        "no tool was called"
    );
    let denied = json!({"content": [{"type": "text", "text": "AuthorizeActionException - Denied"}], "isError": true});
    plan(&[(200, JSON, &rpc(4, denied))]);
    assert_fails(
        &home.run(&["tool", "numbers", "add", "a=1", "b=2"]),
        1,
        &["refused by policy", "AuthorizeActionException"],
    );
    plan(&[]);
    assert_fails(&home.run(&["tools", "demo"]), 64, &["does not speak MCP"]);
    let ran = home.run_with(&["tool", "numbers", "add", "--input", "-"], &[], "[1]");
    assert_fails(&ran, 64, &["not one JSON object"]);
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    let long = stream(&vec![json!({"text": "x".repeat(1000)}); 500]);
    let (_fake, home) = signed_in(&[(200, STREAM, &long)]);
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = home.program();
    let child = command
        .args(["call", "demo", "x"])
        .stdout(writer)
        .spawn()
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}

/// What comes after the reader has left is asked for no one.
#[test]
fn a_chat_whose_reader_leaves_asks_no_more() {
    for json in [&[][..], &["--json"]] {
        let answer = (200, JSON, r#""ok""#);
        let (fake, home) = signed_in(&[answer; 3]);
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = home.program();
        let chat = command.args(["chat", "demo"]).args(json).stdout(writer);
        let mut child = chat.spawn().unwrap();
        let mut input = child.stdin.take().unwrap();
        input.write_all(b"one\ntwo\nthree\n").unwrap();
        drop(input);
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!said.contains("next: "), "{said}");
        assert_eq!(fake.asked("POST /agents/demo").len(), 1);
    }
}
