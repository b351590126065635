//! DynamoDB on one loopback port: `BatchGetItem`, `DeleteItem`, `GetItem`, `PutItem` and `UpdateItem`, with Signature Version 4. One of its tables says
//! which department and role each user has; its rows can be changed while it runs: `PUT` and `DELETE /directory/{sub}`.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, Request, State};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::put;
use http::{HeaderValue, StatusCode, header};
use serde::Deserialize;
use serde_json::{Map, Value, json};

pub use crate::aws_json::Fault;
use crate::aws_json::{Exception, JsonService, Protocol, Refused, UNKNOWN};
use crate::listen::{Bound, Served};
use crate::sigv4::Credentials;

mod condition;
mod placeholders;
mod projection;
mod table;
mod update;

use table::{Item, MAX_ITEMS, Table};

const PROTOCOL: Protocol = Protocol {
    service: "dynamodb",
    target: "DynamoDB_20120810",
    content_type: "application/x-amz-json-1.0",
};
/// The key of the directory's table.
const KEY: &str = "sub";
/// Of a subject, a department and a role.
const MAX_TEXT: usize = 128;

/// The tables. Dropping them closes their port.
pub struct DynamoDb {
    url: String,
    tables: Arc<Tables>,
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

/// Tables by name, and which of them is the directory.
struct Tables {
    directory: String,
    /// What a program on this machine writes into `Host`, for the directory's own address.
    hosts: [String; 2],
    tables: Mutex<BTreeMap<String, Table>>,
}

impl DynamoDb {
    /// Answers callers who sign with `credentials`, on a free port of 127.0.0.1, for the directory's table of this
    /// name.
    ///
    /// # Errors
    /// No port could be bound.
    pub async fn start(credentials: Credentials, table: &str) -> io::Result<Self> {
        Self::start_at(0, credentials, table).await
    }

    /// The same on this port, any free one for 0.
    ///
    /// # Errors
    /// The port could not be bound.
    pub async fn start_at(port: u16, credentials: Credentials, table: &str) -> io::Result<Self> {
        let bound = Bound::loopback_port(port).await?;
        let port = bound.address().port();
        let tables = Arc::new(Tables {
            directory: table.to_owned(),
            hosts: ["127.0.0.1", "localhost"].map(|name| format!("{name}:{port}")),
            tables: Mutex::new(BTreeMap::from([(table.to_owned(), Table::new(KEY))])),
        });
        let asked = Arc::clone(&tables);
        let service = JsonService::new(PROTOCOL, credentials, move |operation, input| {
            asked.perform(operation, input)
        });
        let router = Router::new()
            .route("/directory/{sub}", put(change).delete(remove))
            .layer(middleware::from_fn_with_state(
                Arc::clone(&tables),
                is_local,
            ))
            .with_state(Arc::clone(&tables))
            .merge(service.router());
        Ok(Self {
            url: bound.origin(),
            tables,
            service,
            _served: bound.serve(router),
        })
    }

    /// Makes another table, whose key has this name; one of the same name is emptied.
    pub fn create_table(&self, name: &str, key: &'static str) {
        self.tables.lock().insert(name.to_owned(), Table::new(key));
    }

    /// The items of a table, attribute by attribute as DynamoDB writes them; none if there is no such table.
    pub fn items(&self, table: &str) -> Vec<Value> {
        let tables = self.tables.lock();
        let items = tables.get(table).map(|table| table.items.values().cloned());
        items.into_iter().flatten().map(Value::Object).collect()
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
        let item = match item {
            Value::Object(attributes) => attributes,
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Array(_) => Map::new(),
        };
        self.tables.change(|table| table.write(subject, item));
    }

    /// The user's department and role, if both are texts.
    pub fn row(&self, subject: &str) -> Option<Row> {
        self.tables.change(|table| {
            let item = table.items.get(subject)?;
            let text = |name: &str| item.get(name)?.get("S")?.as_str();
            Some(Row::new(text("department")?, text("role")?))
        })
    }

    /// Says nothing of a user from now on.
    pub fn remove(&self, subject: &str) {
        self.tables.remove(subject);
    }

    /// Makes every answer go wrong from now on, or, with `None`, right again.
    pub fn set_fault(&self, fault: Option<Fault>) {
        self.service.set_fault(fault);
    }

    /// The same for one operation.
    pub fn set_fault_of(&self, operation: &'static str, fault: Fault) {
        self.service.set_fault_of(Some((operation, fault)));
    }

    /// Writes an item of any table, attribute by attribute as DynamoDB writes them, its key among them. Nothing is written
    /// if there is no such table, or no such key in the item.
    pub fn write(&self, table: &str, item: Value) {
        let input = json!({"Item": item, "TableName": table});
        let _written = self.tables.perform("PutItem", &input);
    }

    /// Takes away every item of a table.
    pub fn clear(&self, table: &str) {
        if let Some(table) = self.tables.lock().get_mut(table) {
            table.items.clear();
        }
    }

    /// How many requests came, refused ones included.
    pub fn requests(&self) -> u64 {
        self.service.requests()
    }
}

impl Tables {
    /// Each critical section is one operation of a table.
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Table>> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn perform(&self, operation: &str, input: &Value) -> Result<Value, Refused> {
        if operation == "BatchGetItem" {
            return Ok(self.batch(input)?);
        }
        let name = input.get("TableName").and_then(Value::as_str);
        let mut tables = self.lock();
        let table = name.and_then(|name| tables.get_mut(name));
        let table = table.ok_or(NO_TABLE)?;
        match operation {
            "GetItem" => Ok(table.get(input)?),
            "PutItem" => table.put(input),
            "DeleteItem" => table.delete(input),
            "UpdateItem" => table.update(input),
            _ => Err(UNKNOWN.into()),
        }
    }

    /// "BatchGetItem", Amazon DynamoDB API Reference. Every key is read at once.
    fn batch(&self, input: &Value) -> Result<Value, Exception> {
        let asked = input.get("RequestItems").and_then(Value::as_object);
        let asked = asked.filter(|asked| !asked.is_empty()).ok_or(BAD_BATCH)?;
        let tables = self.lock();
        let mut responses = Map::new();
        let mut count: usize = 0;
        for (name, asked) in asked {
            let keys = asked.get("Keys").and_then(Value::as_array);
            let keys = keys.filter(|keys| !keys.is_empty()).ok_or(BAD_BATCH)?;
            count = count.saturating_add(keys.len());
            if count > MAX_BATCH || asked.get("ProjectionExpression").is_some() {
                return Err(BAD_BATCH);
            }
            let table = tables.get(name).ok_or(NO_TABLE)?;
            responses.insert(name.clone(), Value::Array(table.get_all(keys)?));
        }
        Ok(json!({"Responses": responses, "UnprocessedKeys": {}}))
    }

    /// Changes the directory.
    fn change<T>(&self, change: impl FnOnce(&mut Table) -> T) -> T {
        change(
            self.lock()
                .entry(self.directory.clone())
                .or_insert_with(|| Table::new(KEY)),
        )
    }

    fn remove(&self, subject: &str) {
        self.change(|table| table.items.remove(subject));
    }
}

/// Items of one batch ("BatchGetItem", Amazon DynamoDB API Reference).
const MAX_BATCH: usize = 100;

const BAD_BATCH: Exception = Exception {
    name: "com.amazon.coral.validate#ValidationException",
    message: "The batch is empty, too long, or asks for what is not emulated",
};
const NO_TABLE: Exception = Exception {
    name: "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException",
    message: "Requested resource not found",
};

/// Refuses what was sent to another name. Changing a profile needs no credentials, and a page whose name was made to lead to
/// this machine (DNS rebinding) could send it; its browser says the page's name in `Host`.
async fn is_local(
    State(tables): State<Arc<Tables>>,
    request: Request,
    next: Next,
) -> Result<Response, (StatusCode, &'static str)> {
    let host = request.headers().get(header::HOST);
    let is_known = |host: &HeaderValue| tables.hosts.iter().any(|known| host == known.as_str());
    if host.is_some_and(is_known) {
        Ok(next.run(request).await)
    } else {
        let help = "ask this port as 127.0.0.1 or localhost\n";
        Err((StatusCode::MISDIRECTED_REQUEST, help))
    }
}

async fn change(
    State(tables): State<Arc<Tables>>,
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
    let row = [("department", department), ("role", role)];
    let row = row.map(|(name, value)| (name.to_owned(), json!({ "S": value })));
    tables.change(|table| {
        if table.items.len() >= MAX_ITEMS && !table.items.contains_key(&subject) {
            return (StatusCode::INSUFFICIENT_STORAGE, "the directory is full\n");
        }
        table.write(&subject, Item::from_iter(row));
        (StatusCode::OK, "changed\n")
    })
}

async fn remove(State(tables): State<Arc<Tables>>, Path(subject): Path<String>) -> StatusCode {
    tables.remove(&subject);
    StatusCode::NO_CONTENT
}

fn is_text(text: &str) -> bool {
    (1..=MAX_TEXT).contains(&text.len()) && !text.contains(char::is_control)
}
