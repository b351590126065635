//! Cognito's key documents and DynamoDB on one loopback port; both misbehave as they are told.

use std::collections::BTreeMap;
use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;
use tokio::time::sleep;

/// What DynamoDB does with a request.
pub(crate) enum Table {
    /// Answers with the item of this key, or that there is none.
    Items(BTreeMap<String, Value>),
    /// Answers an error with this status and code.
    Error(u16, &'static str),
    /// Answers this, whatever it is.
    Text(&'static str),
    Silent,
}

/// What the key server does.
#[derive(Clone)]
pub(crate) enum Keys {
    /// Documents by path.
    Documents(BTreeMap<String, Value>),
    Down,
    /// Documents by path, after this time.
    Late(Duration, BTreeMap<String, Value>),
    Silent,
}

/// One request for an item.
pub(crate) struct Seen {
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

/// The services; they end with the test's runtime.
#[derive(Clone)]
pub(crate) struct Cloud {
    pub(crate) origin: String,
    shared: Arc<Shared>,
}

struct Shared {
    keys: Mutex<Keys>,
    table: Mutex<Table>,
    asked_keys: Mutex<Vec<String>>,
    asked_items: Mutex<Vec<Seen>>,
}

impl Cloud {
    pub(crate) async fn start(keys: Keys, table: Table) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Shared {
            keys: Mutex::new(keys),
            table: Mutex::new(table),
            asked_keys: Mutex::default(),
            asked_items: Mutex::default(),
        });
        let cloud = Self { origin, shared };
        let router = Router::new().fallback(answer).with_state(cloud.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        cloud
    }

    pub(crate) fn set_keys(&self, keys: Keys) {
        *self.shared.keys.lock().unwrap() = keys;
    }

    pub(crate) fn set_table(&self, table: Table) {
        *self.shared.table.lock().unwrap() = table;
    }

    /// The paths of the key documents that were asked for.
    pub(crate) fn asked_keys(&self) -> Vec<String> {
        self.shared.asked_keys.lock().unwrap().clone()
    }

    pub(crate) fn asked_items(&self) -> Vec<Seen> {
        std::mem::take(&mut self.shared.asked_items.lock().unwrap())
    }

    async fn keys(&self, path: &str) -> Response {
        self.shared.asked_keys.lock().unwrap().push(path.to_owned());
        let keys = self.shared.keys.lock().unwrap().clone();
        let documents = match keys {
            Keys::Documents(documents) => documents,
            Keys::Down => return StatusCode::SERVICE_UNAVAILABLE.into_response(),
            Keys::Late(time, documents) => {
                sleep(time).await;
                documents
            }
            Keys::Silent => return pending().await,
        };
        match documents.get(path) {
            Some(document) => document.to_string().into_response(),
            None => StatusCode::NOT_FOUND.into_response(),
        }
    }

    /// Nothing means silence.
    fn item(&self, headers: HeaderMap, body: Value) -> Option<Response> {
        let key = body["Key"]["sub"]["S"].as_str().unwrap_or_default();
        let reply = match &*self.shared.table.lock().unwrap() {
            Table::Items(items) => {
                let item = items.get(key).map(|item| projected(item, &body));
                let found = item.map_or_else(|| json!({}), |item| json!({"Item": item}));
                Some((StatusCode::OK, found.to_string()))
            }
            Table::Error(status, code) => {
                let error = json!({
                    "__type": format!("com.amazonaws.dynamodb.v20120810#{code}"),
                    "message": "a text of the platform's",
                });
                Some((StatusCode::from_u16(*status).unwrap(), error.to_string()))
            }
            Table::Text(text) => Some((StatusCode::OK, (*text).to_owned())),
            Table::Silent => None,
        };
        let seen = Seen { headers, body };
        self.shared.asked_items.lock().unwrap().push(seen);
        let form = [("content-type", "application/x-amz-json-1.0")];
        reply.map(|(status, text)| (status, form, text).into_response())
    }
}

/// The attributes of an item that a request's projection names.
fn projected(item: &Value, request: &Value) -> Value {
    let names = request["ProjectionExpression"].as_str().unwrap().split(',');
    let names = names.map(|name| request["ExpressionAttributeNames"][name.trim()].as_str());
    let names = names.map(|name| name.unwrap());
    let attributes = names.filter_map(|name| Some((name.to_owned(), item.get(name)?.clone())));
    Value::Object(attributes.collect::<Map<_, _>>())
}

async fn answer(
    State(cloud): State<Cloud>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if method == Method::GET {
        return cloud.keys(uri.path()).await;
    }
    match cloud.item(headers, serde_json::from_slice(&body).unwrap()) {
        Some(reply) => reply,
        None => pending().await,
    }
}
