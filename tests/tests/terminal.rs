//! The terminal tool, against the whole chain: sign-in through the pool's page, agents, tools, sign-out.

mod person;

use std::time::{Duration, Instant};

use local::agentcore_runtime::Protocol;
use local::stack::{AgentAuth, AgentSettings, Stack as Chain};
use rexpect::session::spawn_command;
use serde_json::{Value, json};
use tests::{Python, PythonServer, Stack, chain, counted};

use person::{Person, Ran};

/// Far above what any step takes.
const PATIENCE_MS: u64 = 60_000;

#[tokio::test]
async fn a_person_signs_in_converses_calls_tools_and_signs_out() {
    let stack = Stack::shared();
    let (alice, bob) = (Person::new(), Person::new());
    for (person, user) in [(&alice, "alice"), (&bob, "bob")] {
        let ran = person.sign_in(&stack, user).await;
        assert_eq!(ran.code, Some(0), "{ran:?}");
        assert_eq!(ran.json()["user"], user);
        let token = person.run(&["token"]).await.output;
        assert!(token.matches('.').count() == 2 && !ran.errors.contains(token.trim()));
        let who = person.run(&["whoami"]).await.json();
        assert_eq!(who["username"], user, "{who}");
    }
    let asked =
        |person: Person| async move { (person.run(&["call", "demo", "refund 500"]).await, person) };
    let (ran, alice) = asked(alice).await;
    assert!(ran.output.contains("Refunded 500"), "{ran:?}");
    let (ran, bob) = asked(bob).await;
    assert!(ran.output.contains("Refused by policy"), "{ran:?}");
    // The agent of finance is alice's alone, and so is the tool.
    let ran = bob.run(&["call", "finance", "hello"]).await;
    assert_eq!(ran.code, Some(77), "{ran:?}");
    assert!(
        ran.errors.contains("`forbidden`") && ran.errors.contains("gatehouse why"),
        "{ran:?}"
    );
    let refund = [
        "tool",
        "tools",
        "billing___refund",
        "amount=500",
        "order=A-1",
    ];
    let listed = alice.run(&["tools", "tools"]).await;
    assert!(listed.output.contains("billing___refund"), "{listed:?}");
    let ran = alice.run(&refund).await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let ran = bob.run(&refund).await;
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.errors.contains("refused by policy"), "{ran:?}");
    let ran = alice.run(&["call", "nobody", "hello"]).await;
    assert_eq!(ran.code, Some(64), "{ran:?}");
    assert!(ran.errors.contains("`unknown_agent`"), "{ran:?}");
    let ran = alice.run(&["logout"]).await;
    assert_eq!(
        (ran.code, &ran.json()["revoked"]),
        (Some(0), &json!(true)),
        "{ran:?}"
    );
    assert_eq!(
        alice.run(&["whoami", "--door", &stack.url]).await.code,
        Some(77)
    );
}

#[tokio::test]
async fn pieces_are_shown_as_they_come() {
    let stack = Stack::shared();
    let person = Person::new();
    assert_eq!(person.sign_in(&stack, "alice").await.code, Some(0));
    let mut child = person.command(&["call", "demo", "hello"]).spawn().unwrap();
    let mut output = child.stdout.take().unwrap();
    let mut arrivals = Vec::new();
    let mut piece = [0; 4096];
    loop {
        let read = tokio::io::AsyncReadExt::read(&mut output, &mut piece)
            .await
            .unwrap();
        if read == 0 {
            break;
        }
        arrivals.push((
            Instant::now(),
            String::from_utf8_lossy(&piece[..read]).into_owned(),
        ));
    }
    assert!(child.wait().await.unwrap().success());
    let spread = arrivals.last().unwrap().0 - arrivals[0].0;
    // Four pauses of 200 ms lie between the first piece and the last.
    assert!(
        arrivals.len() >= 4 && spread > Duration::from_millis(500),
        "{arrivals:?}"
    );
    assert!(arrivals[0].1.starts_with("Good day") && !arrivals[0].1.contains("That is all"));
}

#[tokio::test]
async fn a_program_signs_in_with_its_own_secret() {
    let stack = Stack::shared();
    let person = Person::new();
    let of = |name: &str| stack.description[name].as_str().unwrap().to_owned();
    let (client, secret) = (of("machine_client"), of("machine_secret"));
    let arguments = [
        "login",
        &stack.url,
        "--client-credentials",
        "--client-id",
        &client,
    ];
    let ran = person
        .run_with(&arguments, &[("GATEHOUSE_CLIENT_SECRET", &secret)])
        .await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(
        person.run(&["whoami"]).await.json()["client_id"],
        client.as_str()
    );
    let wrong = [("GATEHOUSE_CLIENT_SECRET", "wrong")];
    let ran = person.run_with(&arguments, &wrong).await;
    assert_eq!(ran.code, Some(77), "{ran:?}");
    assert!(
        ran.errors.contains("invalid_client") && !ran.errors.contains("wrong\n"),
        "{ran:?}"
    );
}

/// The tool as alice runs it at a door with one further agent.
async fn at_agent(stack: &Chain, arguments: &[&str]) -> Ran {
    let token = stack.issuer().access_token("alice").unwrap();
    let arguments = [arguments, &["--door", stack.url()]].concat();
    let variables = [("GATEHOUSE_TOKEN", token.as_str())];
    Person::new().run_with(&arguments, &variables).await
}

/// A page of the tool on a terminal of this many columns, which knows its width by `COLUMNS`.
async fn page(person: Person, arguments: &'static [&str], columns: &'static str) -> Vec<String> {
    let read = move || {
        let mut command = person.blocking(arguments);
        command.env("COLUMNS", columns);
        let mut pty = spawn_command(command, Some(PATIENCE_MS)).unwrap();
        let text = pty.exp_eof().unwrap();
        text.lines().map(str::to_owned).collect()
    };
    tokio::task::spawn_blocking(read).await.unwrap()
}

#[tokio::test]
async fn a_table_that_a_narrow_terminal_cannot_hold_becomes_a_list() {
    let arn = "arn:aws:bedrock-agentcore:us-east-1:123456789012:runtime/demo-AbCdEf1234";
    let agents = json!({
        "accounts-payable": {"runtime": arn, "allow": {"groups": ["finance"]}},
        "customer-service": {"runtime": arn, "allow": {}},
    });
    let issuers = json!([{
        "discoveryUrl": "https://login.example.com/.well-known/openid-configuration", "allowedClients": ["web"],
    }]);
    let access = &["access", "."];
    for (columns, head) in [
        ("40", "accounts-payable"),
        ("80", "caller         accounts-payable  customer-service"),
    ] {
        let person = Person::new();
        person.write("agents.json", &agents.to_string());
        person.write("issuers.json", &issuers.to_string());
        let lines = page(person, access, columns).await;
        assert!(
            lines.iter().any(|line| line == head),
            "{columns}: {lines:#?}"
        );
        assert!(
            lines
                .iter()
                .any(|line| line.trim() == "group finance" || line.starts_with("group finance  "))
        );
        // The issuer's name and the remark are sentences, which the terminal breaks.
        let wide = lines
            .iter()
            .filter(|line| line.len() > 40 && !line.contains(' '))
            .count();
        assert_eq!(wide, 0, "{lines:#?}");
    }
}

async fn chain_with(name: &str, server: &PythonServer, protocol: Protocol) -> Chain {
    let agent = AgentSettings {
        name: name.to_owned(),
        url: server.url.clone(),
        protocol,
        auth: AgentAuth::Iam,
    };
    chain(vec![agent]).await
}

#[tokio::test]
async fn an_agent_of_the_official_a2a_sdk_is_asked() {
    let Some(server) = PythonServer::start(Python::Clients, "a2a_agent.py", &[]) else {
        return;
    };
    let stack = chain_with("cards", &server, Protocol::A2a).await;
    for (prompt, said) in [
        ("good day", "you said: good day\n"),
        ("slowly one two", "one\ntwo\nthat is all\n"),
    ] {
        let ran = at_agent(&stack, &["call", "cards", prompt]).await;
        assert_eq!((ran.code, ran.output.as_str()), (Some(0), said), "{ran:?}");
    }
    stack.stop().await;
    counted("the terminal tool at an agent of the official A2A SDK");
}

#[tokio::test]
async fn tools_of_the_official_mcp_sdk_are_called() {
    let Some(server) = PythonServer::start(Python::Clients, "mcp_server.py", &["stateful"]) else {
        return;
    };
    let stack = chain_with("numbers", &server, Protocol::Mcp).await;
    let listed = at_agent(&stack, &["tools", "numbers"]).await.json();
    let tools = listed["tools"].as_array().unwrap().iter();
    let names: Vec<&Value> = tools.map(|tool| &tool["name"]).collect();
    assert_eq!(names, ["add", "count", "fail", "session"]);
    let call = async |words: &[&str]| {
        let arguments = [&["tool", "numbers"], words].concat();
        at_agent(&stack, &arguments).await
    };
    let ran = call(&["add", "a=40", "b=2"]).await;
    assert_eq!(ran.json()["content"][0]["text"], "42", "{ran:?}");
    let ran = call(&["add", "a=forty", "b=2"]).await;
    assert_eq!(ran.code, Some(64), "{ran:?}");
    let ran = call(&["count", "to=2"]).await;
    assert!(ran.errors.contains("number 1"), "{ran:?}");
    assert!(ran.output.contains("counted to 2"), "{ran:?}");
    assert_eq!(call(&["fail"]).await.code, Some(1));
    stack.stop().await;
    counted("the terminal tool at a server of the official MCP SDK");
}

#[tokio::test]
async fn a_terminal_shows_a_conversation_and_ctrl_c_ends_a_turn() {
    let stack = Stack::shared();
    let person = Person::new();
    assert_eq!(person.sign_in(&stack, "alice").await.code, Some(0));
    let converse = move || {
        let mut pty = spawn_command(
            person.blocking(&["call", "demo", "who am I"]),
            Some(PATIENCE_MS),
        )
        .unwrap();
        pty.exp_string("conversation ").unwrap();
        pty.exp_string("Good day").unwrap();
        pty.exp_string("That is all.").unwrap();
        pty.exp_eof().unwrap();
        let mut pty = spawn_command(person.blocking(&["chat", "demo"]), Some(PATIENCE_MS)).unwrap();
        pty.exp_string("> ").unwrap();
        pty.send_line("hello").unwrap();
        pty.exp_string("You asked: hello").unwrap();
        pty.exp_string("> ").unwrap();
        pty.send_line("silent 100").unwrap();
        pty.exp_string("Good day").unwrap();
        pty.send_control('c').unwrap();
        pty.exp_string("the turn is left").unwrap();
        pty.exp_string("> ").unwrap();
        pty.send_line("/new").unwrap();
        pty.exp_string("conversation ").unwrap();
        pty.send_line("again").unwrap();
        pty.exp_string("That is all.").unwrap();
        pty.send_line("/end").unwrap();
        pty.exp_string("deleted").unwrap();
        pty.exp_eof().unwrap();
        // Ctrl-C in a single turn, which deletes its conversation.
        let mut pty = spawn_command(
            person.blocking(&["call", "demo", "silent 100", "--end"]),
            Some(PATIENCE_MS),
        )
        .unwrap();
        pty.exp_string("Good day").unwrap();
        pty.send_control('c').unwrap();
        pty.exp_string("interrupted").unwrap();
        pty.exp_eof().unwrap();
        format!("{:?}", pty.process().wait().unwrap())
    };
    let status = tokio::task::spawn_blocking(converse).await.unwrap();
    assert!(status.contains("130"), "{status}");
}
