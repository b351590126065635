//! The program `local` and the stack it starts, with the echo function in place of the door's functions.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Output, Stdio};

use local::stack::{Stack, StackError, StackSettings};
use serde_json::{Value, json};

fn template() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../template.yaml")
}

/// A folder of the test's own with the echo function under the names that the template gives to its functions.
fn functions(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
    std::fs::create_dir_all(&folder).unwrap();
    for name in [
        "authorizer",
        "machine_rotation",
        "proxy",
        "pretoken",
        "signing_rotation",
    ] {
        let link = folder.join(name);
        let _ = std::fs::remove_file(&link);
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_echo_function"), link).unwrap();
    }
    folder
}

fn settings(functions: PathBuf) -> StackSettings {
    StackSettings::new(template(), functions)
}

/// The program, with no variable of this process.
fn program(functions: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_local"));
    command
        .env_clear()
        .arg("--template")
        .arg(template())
        .arg("--functions")
        .arg(functions)
        .args(["--port", "0", "--paste"]);
    command.stdin(Stdio::null());
    command
}

async fn environment(stack: &Stack, function: &str) -> Value {
    let event = json!({"do": "echo"}).to_string();
    let answer = stack
        .function(function)
        .unwrap()
        .invoke(bytes::Bytes::from(event))
        .await
        .unwrap();
    serde_json::from_slice::<Value>(&answer).unwrap()["environment"].clone()
}

#[tokio::test]
async fn functions_get_the_templates_variables_and_the_addresses_of_the_doubles() {
    let stack = Stack::start(settings(functions("defaults"))).await.unwrap();
    let proxy = environment(&stack, "ProxyFunction").await;
    let issuers: Value = serde_json::from_str(proxy["TRUSTED_ISSUERS"].as_str().unwrap()).unwrap();
    assert_eq!(issuers[0]["discoveryUrl"], stack.issuer().discovery_url());
    let agents: Value = serde_json::from_str(proxy["AGENTS"].as_str().unwrap()).unwrap();
    assert_eq!(agents["finance"]["allow"], json!({"groups": ["finance"]}));
    assert_eq!(proxy["ALLOWED_ORIGINS"], "");
    assert_eq!(
        proxy["AWS_ENDPOINT_URL_BEDROCK_AGENTCORE"],
        stack.data_plane().url()
    );
    assert_eq!(proxy["AWS_LAMBDA_LOG_FORMAT"], "JSON");
    assert_eq!(agents["demo"]["toolToken"], "user");
    let endpoint = format!("{}/oauth2/token", stack.issuer().domain());
    assert_eq!(proxy["TOKEN_ENDPOINT"], endpoint);
    assert_eq!(proxy["MACHINE_CLIENT_ID"], stack.issuer().tools_client());
    assert_eq!(proxy["TOOL_SCOPES"], "gatehouse/tools");
    let secret = proxy["MACHINE_SECRET_ARN"].as_str().unwrap();
    let secrets = "arn:aws:secretsmanager:us-east-1:123456789012:secret:";
    assert!(secret.starts_with(secrets), "{secret}");
    let authorizer = environment(&stack, "AuthorizerFunction").await;
    assert_eq!(authorizer["TRUSTED_ISSUERS"], proxy["TRUSTED_ISSUERS"]);
    assert!(authorizer.get("ALLOWED_ORIGINS").is_none());
    let pretoken = environment(&stack, "PretokenFunction").await;
    // The door states who the users of other issuers are.
    assert_eq!(pretoken["TRUSTED_ISSUERS"], proxy["TRUSTED_ISSUERS"]);
    assert_eq!(pretoken["PUBLIC_URL"], stack.url());
    assert_eq!(pretoken["IDENTITY_PROOF"], "token");
    assert_eq!(pretoken["DIRECTORY_TABLE"], "gatehouse-directory");
    for function in [&proxy, &authorizer, &pretoken] {
        for (name, url) in [
            ("COGNITO_IDENTITY_PROVIDER", stack.issuer().domain()),
            ("DYNAMODB", stack.directory().url()),
            ("SECRETS_MANAGER", stack.secrets().url()),
        ] {
            assert_eq!(function[format!("AWS_ENDPOINT_URL_{name}")], url);
        }
    }
    assert!(stack.agent().is_some());
    stack.stop().await;
}

#[tokio::test]
async fn a_variable_of_ones_own_replaces_the_computed_one() {
    let mut settings = settings(functions("own"));
    settings.variables = [
        ("AGENTS", "{}"),
        ("ALLOWED_ORIGINS", "https://a.example"),
        ("HOME", "/root"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into();
    let stack = Stack::start(settings).await.unwrap();
    let proxy = environment(&stack, "ProxyFunction").await;
    assert_eq!(
        (&proxy["AGENTS"], &proxy["ALLOWED_ORIGINS"]),
        (&json!("{}"), &json!("https://a.example"))
    );
    assert!(proxy.get("HOME").is_none(), "only what the template names");
    stack.stop().await;
}

#[tokio::test]
async fn a_relative_path_of_a_document_starts_where_the_program_was_started() {
    let mut settings = settings(functions("files"));
    settings.variables = [
        ("AGENTS", "file:settings/agents.json"),
        ("TRUSTED_ISSUERS", "file:/a/../issuers.json"),
        ("ALLOWED_ORIGINS", "file:a"),
        ("TURNS_TABLE", ""),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into();
    let stack = Stack::start(settings.clone()).await.unwrap();
    let here = std::env::current_dir().unwrap();
    let agents = format!("file:{}/settings/agents.json", here.display());
    for function in ["ProxyFunction", "AuthorizerFunction"] {
        let given = environment(&stack, function).await;
        assert_eq!(given["AGENTS"], agents, "{function}");
        assert_eq!(given["TRUSTED_ISSUERS"], "file:/a/../issuers.json");
    }
    let proxy = environment(&stack, "ProxyFunction").await;
    assert_eq!(proxy["ALLOWED_ORIGINS"], "file:a");
    stack.stop().await;
    settings.variables = [("AGENTS".to_owned(), "file:".to_owned())].into();
    let stack = Stack::start(settings).await.unwrap();
    let given = environment(&stack, "ProxyFunction").await;
    assert_eq!(given["AGENTS"], "file:", "which the function refuses");
    stack.stop().await;
}

#[tokio::test]
async fn ones_own_agent_must_be_an_address_where_one_answers() {
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    for url in [
        "https://127.0.0.1:1/",
        "not an address",
        &format!("http://127.0.0.1:{port}"),
    ] {
        let mut settings = settings(functions("agent"));
        settings.agent_url = Some(url.to_owned());
        let outcome = Stack::start(settings).await;
        assert!(matches!(outcome, Err(StackError::AgentUrl(_))), "{url}");
    }
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

fn run(command: &mut Command) -> Output {
    command.output().unwrap()
}

#[test]
fn wrong_arguments_are_named() {
    for (arguments, what) in [
        (&["--nonsense"][..], "unknown argument `--nonsense`"),
        (&["--port"], "`--port` needs a value"),
        (&["--port", "70000"], "`70000` is not a port"),
        (&["--port=70000"], "`70000` is not a port"),
        (&["-x"], "unknown argument `-x`"),
        (&["surplus"], "unknown argument `surplus`"),
        (&["--help=now"], "`--help` takes no value"),
        (
            &["--domain", "https://api.example.com"],
            "`https://api.example.com` is not a host with a base path",
        ),
        (&["--log", "loud"], "`loud` is not `lines` or `json`"),
        (&["--user-token", "0"], "`0` is not 1 to 86400 seconds"),
        (&["--tool-token", "0"], "`0` is not 1 to 86400 seconds"),
        (
            &["--tool-token", "soon"],
            "`soon` is not 1 to 86400 seconds",
        ),
    ] {
        let output = run(program(Path::new("/")).args(arguments));
        assert_eq!(output.status.code(), Some(64));
        assert!(
            text(&output.stderr).starts_with(&format!("local: {what}\n")),
            "{}",
            text(&output.stderr)
        );
        assert!(output.stdout.is_empty());
    }
    let output = run(program(Path::new("/")).arg("--help"));
    assert!(output.status.success() && text(&output.stdout).starts_with("usage: local"));
}

#[test]
fn what_does_not_start_is_fatal_and_says_why() {
    let output = run(program(Path::new("/nowhere"))
        .arg("--describe")
        .arg("/nowhere/file"));
    assert_eq!(output.status.code(), Some(1));
    let expected =
        "local: start the functions: start `/nowhere/signing_rotation`: No such file or directory";
    assert!(
        text(&output.stderr).contains(expected),
        "{}",
        text(&output.stderr)
    );

    let folder = functions("failing");
    std::fs::remove_file(folder.join("proxy")).unwrap();
    std::os::unix::fs::symlink("/bin/false", folder.join("proxy")).unwrap();
    let output = run(&mut program(&folder));
    assert_eq!(output.status.code(), Some(1));
    let expected = "function `ProxyFunction`: the process exited with code 1 before its first poll";
    assert!(
        text(&output.stderr).contains(expected),
        "{}",
        text(&output.stderr)
    );
    assert!(!text(&output.stdout).contains("ready"));
}

/// The program, started; its standard output behind what it printed until it was ready.
fn ready(file: &Path) -> (Child, BufReader<ChildStdout>, String) {
    let mut command = program(&functions("ready"));
    command
        .arg("--describe")
        .arg(file)
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut printed = String::new();
    while !printed
        .lines()
        .last()
        .is_some_and(|line| line.starts_with("ready "))
    {
        assert_ne!(
            output.read_line(&mut printed).unwrap(),
            0,
            "it ended: {printed}"
        );
    }
    (child, output, printed)
}

fn alive(pid: &u64) -> bool {
    Path::new("/proc").join(pid.to_string()).exists()
}

#[test]
fn it_is_ready_describes_itself_and_ends_cleanly() {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("describe.json");
    for signal in ["INT", "TERM"] {
        let (mut child, mut output, printed) = ready(&file);
        let described: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        let url = described["url"].as_str().unwrap();
        assert!(printed.ends_with(&format!("\nready {url}\n")), "{printed}");
        for user in ["alice", "bob"] {
            let password = described["passwords"][user].as_str().unwrap();
            assert!(
                printed.contains(user) && printed.contains(password),
                "{printed}"
            );
        }
        assert!(
            printed.contains(&format!("curl -N {url}/agents/demo/invocations")),
            "{printed}"
        );
        for prompt in ["refund 500", "refund 5000", "tools"] {
            let body = format!("-d '{{\"prompt\": \"{prompt}\"}}'");
            assert!(printed.contains(&body), "{prompt}: {printed}");
        }
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let (directory, bob) = (&described["directory"], &described["subjects"]["bob"]);
        let row = format!("curl -X PUT {}/directory/{} -d", text(directory), text(bob));
        assert!(printed.contains(&row), "{printed}");
        assert!(printed.contains("60 seconds long"), "{printed}");
        let process = |name: &str| described["processes"][name][0].as_u64().unwrap();
        let processes = ["AuthorizerFunction", "ProxyFunction", "PretokenFunction"].map(process);
        assert!(processes.iter().all(alive));
        let sent = Command::new("kill")
            .args(["-s", signal, &child.id().to_string()])
            .status();
        assert!(sent.unwrap().success());
        assert_eq!(child.wait().unwrap().code(), Some(0));
        assert!(!processes.iter().any(alive), "no process is left");
        let mut rest = String::new();
        output.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "", "the ready line is the last");
    }
}

#[tokio::test]
async fn every_token_passes_the_trigger_of_the_template() {
    let stack = Stack::start(settings(functions("trigger"))).await.unwrap();
    let trigger = stack.function("PretokenFunction").unwrap().clone();
    let form = format!(
        "grant_type=client_credentials&client_id={}&client_secret={}",
        stack.issuer().tools_client(),
        stack.issuer().tools_secret()
    );
    let request = http::Request::post(format!("{}/oauth2/token", stack.issuer().domain()))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(http_body_util::Full::<bytes::Bytes>::from(form))
        .unwrap();
    let executor = hyper_util::rt::TokioExecutor::new();
    let client = hyper_util::client::legacy::Client::builder(executor).build_http();
    let answer = client.request(request).await.unwrap();
    assert_eq!(answer.status(), http::StatusCode::OK);
    assert_eq!(stack.tool_token_seconds(), 300);
    stack.stop().await;
    let lines = trigger.recent_logs();
    let events = lines.iter().filter(|line| line.contains("triggerSource"));
    assert_eq!(events.count(), 1);
}

#[tokio::test]
async fn policies_that_are_none_stop_it() {
    let mut settings = settings(functions("policies"));
    settings.policy = "/nowhere".into();
    let outcome = Stack::start(settings).await;
    assert!(matches!(outcome, Err(StackError::ToolGateway(_))));
}
