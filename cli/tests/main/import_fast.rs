//! Tests of `gatehouse import` with a configuration of FAST: what comes of it admits the users of its pool and no others,
//! every fault is told with its line, and what is left out with its reason.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::program::{Ran, folder, run};

const ARN: &str =
    "arn:aws:bedrock-agentcore:eu-west-1:123456789012:runtime/shop_team_Clerk-AbCdEf1234";
const POOL: &str = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Example01";

/// A configuration with every member that FAST knows.
const WHOLE: &str = "\
stack_name_base: shop-team

# Who administers it
admin_user_email: admin@example.com

backend:
  agent_name: Clerk
  pattern: strands-single-agent # a folder of patterns/
  deployment_type: docker
  network_mode: VPC
  use_long_term_memory: true
  ltm_top_k: 5
  ltm_relevance_score: 0.5
  vpc:
    vpc_id: vpc-0123456789abcdef0
    subnet_ids:
      - subnet-0123456789abcdef0
    security_group_ids:
      - sg-0123456789abcdef0
";

struct Scene {
    config: PathBuf,
    outputs: PathBuf,
    into: PathBuf,
}

impl Scene {
    /// A deployed stack with this configuration.
    fn new(config: &str) -> Self {
        let folder = folder();
        let scene = Self {
            config: folder.join("config.yaml"),
            outputs: folder.join("outputs.json"),
            into: folder.join("made/settings"),
        };
        fs::write(&scene.config, config).unwrap();
        scene.outputs(&json!({"shop-team": outputs()}));
        scene
    }

    fn outputs(&self, outputs: &Value) {
        fs::write(&self.outputs, outputs.to_string()).unwrap();
    }

    fn import(&self, more: &[&str]) -> Ran {
        let state = self.outputs.to_str().unwrap();
        self.import_without_state(&[&["--state", state], more].concat())
    }

    fn import_without_state(&self, more: &[&str]) -> Ran {
        let (config, into) = (self.config.to_str().unwrap(), self.into.to_str().unwrap());
        run(&[&["import", config, "--into", into][..], more].concat())
    }

    fn made(&self, file: &str) -> Value {
        serde_json::from_str(&fs::read_to_string(self.into.join(file)).unwrap()).unwrap()
    }

    /// Nothing is written, and all of this is told.
    fn assert_refused(&self, ran: &Ran, words: &[&str]) {
        assert_eq!((ran.code, ran.output.as_str()), (Some(64), ""), "{ran:?}");
        assert!(!self.into.exists(), "{ran:?}");
        for word in words.iter().chain(&["next: "]) {
            assert!(ran.errors.contains(word), "`{word}` is not in {ran:?}");
        }
    }
}

/// As `cdk deploy --outputs-file` writes them.
fn outputs() -> Value {
    json!({
        "AmplifyUrl": "https://main.d1example.amplifyapp.com",
        "CognitoClientId": "1example23456789",
        "CognitoUserPoolId": "eu-west-1_Example01",
        "RuntimeArn": ARN,
    })
}

fn texts(list: &Value) -> Vec<String> {
    let list = list.as_array().unwrap().iter();
    list.map(|entry| entry.as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_configuration_becomes_settings_that_pass_the_check() {
    let scene = Scene::new(WHOLE);
    let ran = scene.import(&[]);
    assert_eq!((ran.code, ran.errors.as_str()), (Some(0), ""), "{ran:?}");
    let said = ran.json();
    assert_eq!(
        (&said["agents"], &said["closed"]),
        (&json!(["clerk"]), &json!([]))
    );
    assert_eq!(
        scene.made("agents.json"),
        json!({"clerk": {
            "runtime": ARN, "auth": "jwt",
            "allow": {"issuers": [POOL], "clients": ["1example23456789"]},
        }})
    );
    assert_eq!(
        scene.made("issuers.json"),
        json!([{
            "discoveryUrl": format!("{POOL}/.well-known/openid-configuration"),
            "allowedClients": ["1example23456789"],
        }])
    );
    let left_out = said["leftOut"].as_array().unwrap();
    let left_out: Vec<&str> = left_out
        .iter()
        .map(|entry| entry["what"].as_str().unwrap())
        .collect();
    assert_eq!(
        left_out,
        [
            "`admin_user_email` (line 4)",
            "`backend.pattern` (line 8)",
            "`backend.deployment_type` (line 9)",
            "`backend.network_mode` (line 10)",
            "`backend.use_long_term_memory` (line 11)",
            "`backend.ltm_top_k` (line 12)",
            "`backend.ltm_relevance_score` (line 13)",
            "`backend.vpc` (line 14)",
            "USER_ROLE_MAP of infra-cdk/lambdas/pretoken-v3/index.py",
            "gateway/policies/policy.cedar",
            "the gateway of the stack",
        ]
    );
    let next = texts(&said["next"]).join("\n");
    for word in [
        "runtimeSessionId",
        "AllowedOrigins` https://main.d1example.amplifyapp.com",
        "publicClients",
        "gatehouse access",
    ] {
        assert!(next.contains(word), "`{word}` is not in {next}");
    }
    let into = scene.into.to_str().unwrap();
    assert_eq!(run(&["check", into]).code, Some(0));
    assert_eq!(scene.import(&[]).code, Some(64), "nothing is overwritten");
}

#[test]
fn both_forms_of_the_outputs_are_read() {
    let scene = Scene::new("stack_name_base: shop-team\nadmin_user_email: # none\n");
    let outputs = outputs();
    let outputs = outputs.as_object().unwrap().iter();
    let outputs: Value = outputs
        .map(|(name, value)| json!({"OutputKey": name, "OutputValue": value, "Description": "-"}))
        .collect();
    scene.outputs(&json!({"Stacks": [
        {"StackName": "other", "Outputs": []}, {"StackName": "shop-team", "Outputs": outputs},
    ]}));
    let ran = scene.import(&[]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    // FAST's own default for a name that is not given.
    assert_eq!(ran.json()["agents"], json!(["fastagent"]));
    assert_eq!(scene.made("agents.json")["fastagent"]["runtime"], ARN);
    // Other outputs that are in the file are not looked at, and neither is an address that no page has.
    let scene = Scene::new("backend:\n  pattern: agui-strands-agent\nstack_name_base: shop-team\n");
    let mut changed = self::outputs();
    changed["AmplifyUrl"] = json!("javascript:alert(1)");
    scene.outputs(&json!({"shop-team": changed, "a-list": [1]}));
    let ran = scene.import(&[]);
    let next = texts(&ran.json()["next"]).join("\n");
    assert!(next.contains("gatehouse call fastagent --ag-ui"), "{next}");
    assert!(!next.contains("javascript"), "{next}");
}

#[test]
fn every_fault_is_told_with_its_line_and_what_was_meant() {
    let faulty = "\
stack_name_base: 2shop
admin_user_email: admin
frontend: yes please
backend:
  agent_name: my-clerk
  patern: strands-single-agent
  pattern: claude-agent-sdk-single-agent
  deployment_type: zip
  network_mode: vpc
  use_long_term_memory: often
  ltm_top_k: many
  vpc:
    vpc_ids: [vpc-1]
";
    let scene = Scene::new(faulty);
    let ran = scene.import(&[]);
    let file = scene.config.display();
    for (line, fault) in [
        (1, "`stack_name_base` is not a letter"),
        (2, "`admin_user_email` is no address of mail"),
        (3, "`frontend` is a text, not a group of members"),
        (5, "`backend.agent_name` is not"),
        (
            6,
            "`backend.patern` is not a known field; did you mean `pattern`?",
        ),
        (8, "`backend.deployment_type` is `zip`"),
        (9, "`backend.network_mode` is neither `PUBLIC` nor `VPC`"),
        (
            10,
            "`backend.use_long_term_memory` is a text, not `true` or `false`",
        ),
        (11, "`backend.ltm_top_k` is a text, not a number"),
        (
            13,
            "`backend.vpc.vpc_ids` is not a known field; did you mean `vpc_id`?",
        ),
    ] {
        scene.assert_refused(&ran, &[&format!("`{file}` line {line}: {fault}")]);
    }
    let long = "s".repeat(36);
    for (config, told) in [
        (
            "backend: {}\n".to_owned(),
            "line 1: `stack_name_base` is missing",
        ),
        (
            "stack_name_base:\nbackend: {}\n".to_owned(),
            "`stack_name_base` is missing",
        ),
        (
            "stack_name_base: [a]\n".to_owned(),
            "`stack_name_base` is a list, not a text",
        ),
        (format!("stack_name_base: {long}\n"), "at most 34 letters"),
        (
            "stack_name_base: a\nbackend:\n  network_mode: VPC\n".to_owned(),
            "line 3: `backend.vpc` is missing",
        ),
        (
            "stack_name_base: a\nbackend:\n  network_mode: VPC\n  vpc: {}\n".to_owned(),
            "line 4: `backend.vpc.subnet_ids` is no list",
        ),
        (
            "stack_name_base: a\nbackend:\n  deployment_type: dcoker\n".to_owned(),
            "did you mean `docker`?",
        ),
    ] {
        let scene = Scene::new(&config);
        scene.assert_refused(&scene.import(&[]), &[told]);
    }
}

/// A later FAST may have more members, which this version cannot judge.
#[test]
fn a_member_that_is_like_no_other_is_left_out() {
    let scene = Scene::new("stack_name_base: shop-team\nguardrails:\n  strength: high\n");
    let ran = scene.import(&[]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(ran.json()["leftOut"][0]["what"], "`guardrails` (line 2)");
}

#[test]
fn what_was_deployed_must_be_known() {
    let scene = Scene::new(WHOLE);
    let next = "describe-stacks --stack-name shop-team";
    let ran = scene.import_without_state(&[]);
    scene.assert_refused(&ran, &["does not say what was deployed", next]);
    for (document, told) in [
        (json!({"shop-taem": outputs()}), "did you mean `shop-taem`?"),
        (json!({"Stacks": []}), "has no stack `shop-team`"),
        (json!([outputs()]), "has no stack `shop-team`"),
        (
            json!({"shop-team": {"RuntimeArn": ARN}}),
            "no output `CognitoUserPoolId`",
        ),
    ] {
        scene.outputs(&document);
        scene.assert_refused(&scene.import(&[]), &[told, next]);
    }
    for (name, value) in [
        ("CognitoUserPoolId", "evil.example/\u{1b}[2J"),
        ("CognitoClientId", "a b"),
        ("RuntimeArn", "none"),
        (
            "RuntimeArn",
            "arn:aws:lambda:eu-west-1:123456789012:function:x",
        ),
    ] {
        let mut outputs = outputs();
        outputs[name] = json!(value);
        scene.outputs(&json!({"shop-team": outputs}));
        let ran = scene.import(&[]);
        scene.assert_refused(&ran, &[]);
        assert!(!ran.errors.contains('\u{1b}'), "{ran:?}");
    }
    fs::write(&scene.outputs, "no JSON").unwrap();
    scene.assert_refused(&scene.import(&[]), &["is not JSON", next]);
    for more in [
        &["--target", "default"][..],
        &["--discovery-url", "https://a.example", "--client", "web"],
    ] {
        scene.outputs(&json!({"shop-team": outputs()}));
        scene.assert_refused(&scene.import(more), &[more[0], "configuration of FAST"]);
    }
}

#[test]
fn a_file_of_another_kind_is_told() {
    for (text, told) in [
        ("", "line 1: it is empty"),
        ("[]", "has no `runtimes`, `stack_name_base` or `backend`"),
        ("a text", "has no `runtimes`"),
        (&format!("[{}1]", "1,".repeat(600)), "has no `runtimes`"),
        (
            "{\"runtime\": []}",
            "line 1: `runtime`; did you mean `runtimes`?",
        ),
        (
            "x: 1\nstack_name_bas: a\n",
            "line 2: `stack_name_bas`; did you mean `stack_name_base`?",
        ),
        ("stack_name_base: a\nbackend: [\n", "line "),
        ("stack_name_base: a\nstack_name_base: b\n", "line 2"),
        ("a: 1\n---\nb: 2\n", "several documents"),
        ("stack_name_base = \"a\"\n", "has no `runtimes`"),
    ] {
        let scene = Scene::new(text);
        let ran = scene.import(&[]);
        scene.assert_refused(&ran, &[told, "neither", "config.yaml"]);
    }
    let scene = Scene::new("");
    fs::write(&scene.config, b"stack_name_base: \xff").unwrap();
    scene.assert_refused(&scene.import(&[]), &["it is not text"]);
}
