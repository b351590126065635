//! The schemas in `settings/` beside the readers: every document of the tables here is put to both.

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use boon::{Compiler, Schemas};
use serde_json::{Value, json};
use shared::agents::Agents;
use shared::issuers::TrustedIssuers;
use shared::settings::Fault;

use crate::said;

/// A schema, compiled.
pub(crate) struct Schema {
    schemas: Schemas,
    index: boon::SchemaIndex,
}

pub(crate) static AGENTS: LazyLock<Schema> = LazyLock::new(|| Schema::of("agents"));
pub(crate) static ISSUERS: LazyLock<Schema> = LazyLock::new(|| Schema::of("issuers"));

/// What a schema can say, and so must.
const SAID: [&str; 33] = [
    "admits anyone: ",
    "asks for nothing, so that every caller meets it",
    "does not go with the value type: ",
    "does not have exactly one of `runtime` and `gateway`",
    "has a fragment",
    "has a query",
    "has more than 20 names",
    "has more than 20 sets",
    "is a restriction that cannot be kept here",
    "is for runtimes with `auth` `iam` and `protocol` `http`",
    "is for runtimes, not for gateways",
    "is given together with `jwks`",
    "is missing",
    "names no limit: ",
    "is none of ",
    "is not 1 to 255 ",
    "is not `mcp`",
    "is not a known field",
    "is a name that can change or pass to another caller",
    "is not 1 to 2048 visible ASCII characters without `#`",
    "is not a path of at most 8 names",
    "is not a type of tokens",
    "is not the id of a tenant",
    "is not a text of 1 to 1024 printable characters, a boolean or a whole number",
    "is not a scope of 1 to 255 ",
    "is not a whole number from ",
    "is not an absolute address",
    "is not an agent name",
    "is not one of ",
    "is not the ARN of an AgentCore runtime",
    "is not the name of an endpoint",
    "is an empty list",
    // "is a number, not a text" and the like.
    ", not a",
];

/// What it cannot, or not well: members given twice, hosts and keys.
const UNSAID: [&str; 18] = [
    "has a name twice",
    "is not the name of a header that ",
    "admits anyone who asks ",
    "can never hold: ",
    "does not end in ",
    "does not have `{tenantid}` once",
    "has `",
    "is `anonymous`",
    "is `door`, ",
    "is the metadata of all tenants",
    "has no usable key",
    "has user information",
    "is an issuer that is listed before",
    "is given twice",
    "is neither https nor http on a loopback host",
    "is not JSON",
    "is not a key document",
    "is not the issuer of a Cognito user pool",
];

fn file(name: &str) -> Value {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let text = fs::read_to_string(root.join("settings").join(name)).unwrap();
    serde_json::from_str(&text).unwrap()
}

impl Schema {
    fn of(document: &str) -> Self {
        let name = format!("{document}.schema.json");
        let mut compiler = Compiler::new();
        compiler.add_resource(&name, file(&name)).unwrap();
        let mut schemas = Schemas::new();
        let index = compiler.compile(&name, &mut schemas).unwrap();
        Self { schemas, index }
    }

    fn takes(&self, document: &Value) -> bool {
        self.schemas.validate(document, self.index).is_ok()
    }

    /// Compares it with the reader, which found these faults.
    pub(crate) fn compare(&self, text: &str, faults: &[Fault]) {
        let Ok(document) = serde_json::from_str(text) else {
            return;
        };
        let takes = self.takes(&document);
        let faults = said(faults);
        if faults.is_empty() {
            assert!(takes, "the schema refuses what the reader takes: {text}");
        }
        let mut expressible = faults.iter().filter(|fault| is_said(fault));
        if let Some(fault) = expressible.next() {
            assert!(
                !takes,
                "the schema takes what has the fault {fault}: {text}"
            );
        }
    }
}

/// Whether a schema can say it. A new kind of fault has to be put into one of the lists.
fn is_said(fault: &str) -> bool {
    let (_, problem) = fault.split_once("` ").unwrap();
    let is_kind = |kind: &&str| {
        problem.starts_with(*kind) || kind.starts_with(',') && problem.contains(*kind)
    };
    let lists = [&SAID[..], &UNSAID[..]].map(|list| list.iter().any(is_kind));
    match lists {
        [true, false] => true,
        [false, true] => false,
        _ => panic!("can a schema say it? {fault}"),
    }
}

#[test]
fn the_schemas_are_schemas() {
    for name in ["agents", "issuers"] {
        let schema = file(&format!("{name}.schema.json"));
        let draft = "https://json-schema.org/draft/2020-12/schema";
        assert_eq!(schema["$schema"], draft);
        // Compiled with a format of its own, the draft's schema of schemas takes it.
        let mut compiler = Compiler::new();
        let mut schemas = Schemas::new();
        let index = compiler.compile(draft, &mut schemas).unwrap();
        assert!(schemas.validate(&schema, index).is_ok(), "{name}");
    }
}

#[test]
fn the_files_in_the_folder_are_good() {
    let (agents, issuers) = (file("agents.json"), file("issuers.json"));
    assert!(AGENTS.takes(&agents) && ISSUERS.takes(&issuers));
    let agents = Agents::parse(&agents.to_string()).unwrap();
    let issuers = TrustedIssuers::parse(&issuers.to_string()).ok().unwrap();
    assert_eq!(agents.faults(&issuers.trust), []);
    assert_eq!(issuers.notes(), [""; 0]);
}

/// Each property is explained, and its examples and default are good values of it.
#[test]
fn every_field_has_a_description_and_its_examples_are_good() {
    let mut count = 0;
    for name in ["agents.schema.json", "issuers.schema.json"] {
        let root = file(name);
        let definitions = root["$defs"].as_object().unwrap();
        let located = definitions.iter().flat_map(|(definition, schema)| {
            let fields = schema["properties"].as_object().into_iter().flatten();
            fields.map(move |(field, schema)| (format!("{definition}/properties/{field}"), schema))
        });
        for (place, schema) in located {
            let pointer = schema["$ref"].as_str().map(|to| &to[1..]);
            let described = [Some(schema), pointer.and_then(|to| root.pointer(to))];
            let mut described = described.into_iter().flatten();
            let is_described = described.any(|schema| schema["description"].is_string());
            assert!(is_described, "{name} {place}");
            let examples = schema["examples"].as_array().into_iter().flatten();
            for value in examples.chain(schema.get("default")) {
                let mut compiler = Compiler::new();
                compiler.add_resource(name, root.clone()).unwrap();
                let mut schemas = Schemas::new();
                let place = format!("{name}#/$defs/{place}");
                let index = compiler.compile(&place, &mut schemas).unwrap();
                assert!(schemas.validate(value, index).is_ok(), "{place}: {value}");
                count += 1;
            }
        }
        for example in root["examples"].as_array().unwrap() {
            assert!(Schema::of(name.strip_suffix(".schema.json").unwrap()).takes(example));
        }
    }
    assert!(count > 20, "{count}");
}

#[test]
fn a_difference_would_be_seen() {
    let result = |document: Value, faults: Vec<Fault>| {
        let compared = || AGENTS.compare(&document.to_string(), &faults);
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(compared)).is_ok()
    };
    let missing = || vec![Fault::missing("AGENTS.demo.allow")];
    assert!(result(json!({}), Vec::new()));
    assert!(result(json!({"demo": {}}), missing()));
    assert!(!result(json!({"demo": {}}), Vec::new()));
    assert!(!result(json!({}), missing()));
    assert!(!result(
        json!({}),
        vec![Fault::malformed("AGENTS", "is new")]
    ));
}
