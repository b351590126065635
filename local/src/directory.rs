//! A DynamoDB table on one loopback port that says which department and role each user has: `GetItem`, with Signature
//! Version 4. Its rows can be changed while it runs: `PUT` and `DELETE /directory/{sub}`.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::routing::put;
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::agentcore::Credentials;
pub use crate::aws_json::Fault;
use crate::aws_json::{Exception, JsonService, Protocol, UNKNOWN};
use crate::listen::{Bound, Served};

const PROTOCOL: Protocol = Protocol {
    service: "dynamodb",
    target: "DynamoDB_20120810",
    content_type: "application/x-amz-json-1.0",
};
/// The table's key.
const KEY: &str = "sub";
/// Of the table's attributes, the one that is a reserved word: an expression may only name it through a `#name`
/// ("Reserved words in DynamoDB").
const RESERVED: &str = "role";
/// Rows held: far above what one machine's users need.
const MAX_ROWS: usize = 10_000;
/// Of a subject, a department and a role.
const MAX_TEXT: usize = 128;

/// The table. Dropping it closes its port.
pub struct Directory {
    url: String,
    rows: Arc<Rows>,
    service: Arc<JsonService>,
    _served: Served,
}

/// What the directory says of a user.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// The attribute `department`.
    pub department: String,
    /// The attribute `role`.
    pub role: String,
}

impl Row {
    /// A row with these two.
    pub fn new(department: &str, role: &str) -> Self {
        Self {
            department: department.to_owned(),
            role: role.to_owned(),
        }
    }
}

/// Items by subject. An item is kept as DynamoDB writes it, so that a test can store any.
#[derive(Default)]
struct Rows(Mutex<BTreeMap<String, Map<String, Value>>>);

impl Directory {
    /// Answers on a free port of 127.0.0.1 whoever holds `credentials`, for the table of this name.
    ///
    /// # Errors
    /// No port could be bound.
    pub async fn start(credentials: Credentials, table: &str) -> io::Result<Self> {
        let rows = Arc::<Rows>::default();
        let (read, table) = (Arc::clone(&rows), table.to_owned());
        let service =
            JsonService::new(
                PROTOCOL,
                credentials,
                move |operation, input| match operation {
                    "GetItem" => read.get(&table, input),
                    _ => Err(UNKNOWN),
                },
            );
        let bound = Bound::loopback().await?;
        let router = Router::new()
            .route("/directory/{sub}", put(change).delete(remove))
            .with_state(Arc::clone(&rows))
            .merge(service.router());
        Ok(Self {
            url: bound.origin(),
            rows,
            service,
            _served: bound.serve(router),
        })
    }

    /// The endpoint for the SDK's `AWS_ENDPOINT_URL_DYNAMODB`: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Says this of a user from now on.
    pub fn put(&self, subject: &str, row: Row) {
        let Row { department, role } = row;
        self.put_item(
            subject,
            json!({"department": {"S": department}, "role": {"S": role}}),
        );
    }

    /// The same for an item of any shape, attribute by attribute as DynamoDB writes them: `{"role": {"N": "1"}}`.
    /// Anything but an object is an item without attributes.
    pub fn put_item(&self, subject: &str, item: Value) {
        let mut item = match item {
            Value::Object(attributes) => attributes,
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Array(_) => Map::new(),
        };
        item.insert(KEY.to_owned(), json!({ "S": subject }));
        self.rows.items().insert(subject.to_owned(), item);
    }

    /// Says nothing of a user from now on.
    pub fn remove(&self, subject: &str) {
        self.rows.items().remove(subject);
    }

    /// Makes every answer go wrong from now on, or, with `None`, right again.
    pub fn set_fault(&self, fault: Option<Fault>) {
        self.service.set_fault(fault);
    }

    /// How many requests came, refused ones included.
    pub fn requests(&self) -> u64 {
        self.service.requests()
    }
}

impl Rows {
    /// Each critical section is one operation of the map.
    fn items(&self) -> MutexGuard<'_, BTreeMap<String, Map<String, Value>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// "GetItem", Amazon DynamoDB API Reference. An item that is not there is no error.
    fn get(&self, table: &str, input: &Value) -> Result<Value, Exception> {
        let text = |name: &str| input.get(name).and_then(Value::as_str);
        if text("TableName") != Some(table) {
            return Err(NO_TABLE);
        }
        let key = input
            .get("Key")
            .and_then(Value::as_object)
            .filter(|key| key.len() == 1);
        let subject = key.and_then(|key| key.get(KEY)?.get("S")?.as_str());
        let subject = subject.ok_or(NOT_THE_KEY)?;
        let wanted = text("ProjectionExpression")
            .map(|expression| attributes(expression, input.get("ExpressionAttributeNames")))
            .transpose()?;
        let Some(item) = self.items().get(subject).cloned() else {
            return Ok(json!({}));
        };
        let item: Map<_, _> = item
            .into_iter()
            .filter(|(name, _)| wanted.as_ref().is_none_or(|wanted| wanted.contains(name)))
            .collect();
        Ok(json!({ "Item": item }))
    }
}

/// The attributes that a projection expression names, separated by commas.
fn attributes(expression: &str, names: Option<&Value>) -> Result<BTreeSet<String>, Exception> {
    let plain = |name: &str| {
        let spelled = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        let good = !name.is_empty() && name.bytes().all(spelled);
        (good && !name.eq_ignore_ascii_case(RESERVED)).then(|| name.to_owned())
    };
    let name = |part: &str| {
        if part.starts_with('#') {
            let name = names.and_then(|names| names.get(part)?.as_str());
            return name.map(str::to_owned);
        }
        plain(part)
    };
    expression
        .split(',')
        .map(|part| name(part.trim()).ok_or(BAD_EXPRESSION))
        .collect()
}

const NO_TABLE: Exception = Exception {
    name: "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException",
    message: "Requested resource not found",
};
const NOT_THE_KEY: Exception = Exception {
    name: "com.amazon.coral.validate#ValidationException",
    message: "The provided key element does not match the schema",
};
const BAD_EXPRESSION: Exception = Exception {
    name: "com.amazon.coral.validate#ValidationException",
    message: "Invalid ProjectionExpression",
};

async fn change(
    State(rows): State<Arc<Rows>>,
    Path(subject): Path<String>,
    body: Bytes,
) -> (StatusCode, &'static str) {
    let row = serde_json::from_slice::<Row>(&body).ok();
    let Some(Row { department, role }) = row.filter(|row| {
        [&subject, &row.department, &row.role]
            .into_iter()
            .all(|text| is_text(text))
    }) else {
        let help = "send {\"department\": \"...\", \"role\": \"...\"}\n";
        return (StatusCode::BAD_REQUEST, help);
    };
    let mut items = rows.items();
    if items.len() >= MAX_ROWS && !items.contains_key(&subject) {
        return (StatusCode::INSUFFICIENT_STORAGE, "the directory is full\n");
    }
    let item = [
        (KEY, &subject),
        ("department", &department),
        ("role", &role),
    ];
    let item = item.map(|(name, value)| (name.to_owned(), json!({ "S": value })));
    items.insert(subject, Map::from_iter(item));
    (StatusCode::OK, "changed\n")
}

async fn remove(State(rows): State<Arc<Rows>>, Path(subject): Path<String>) -> StatusCode {
    rows.items().remove(&subject);
    StatusCode::NO_CONTENT
}

fn is_text(text: &str) -> bool {
    (1..=MAX_TEXT).contains(&text.len()) && !text.contains(char::is_control)
}
