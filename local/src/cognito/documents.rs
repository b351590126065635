//! The discovery and the key document, counted, and made to fail on demand.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use http::StatusCode;
use serde_json::{Value, json};

use super::Service;
use super::answer::{found, json_answer};
use crate::listen::hang_up;

/// One of the issuer's two public documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Document {
    /// `/.well-known/openid-configuration`
    Discovery,
    /// `/.well-known/jwks.json`
    Keys,
}

/// How a document misbehaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The connection closes without an answer.
    Down,
    /// The right answer, so much later.
    Slow(Duration),
    /// This status with an error body.
    Status(StatusCode),
    /// A redirect to this address.
    Redirect(String),
    /// 200 with these bytes in place of the document.
    Body(Bytes),
}

/// One document's fault and how often it was asked for.
#[derive(Default)]
pub(super) struct Shelf {
    fault: Mutex<Option<Fault>>,
    fetches: AtomicU64,
}

impl Shelf {
    pub(super) fn set_fault(&self, fault: Option<Fault>) {
        *self.fault.lock().unwrap_or_else(PoisonError::into_inner) = fault;
    }

    pub(super) fn fetches(&self) -> u64 {
        self.fetches.load(Ordering::SeqCst)
    }

    async fn answer(&self, document: impl FnOnce() -> Value) -> Response {
        self.fetches.fetch_add(1, Ordering::SeqCst);
        let fault = self
            .fault
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        match fault {
            None => json_answer(StatusCode::OK, &document()),
            Some(Fault::Down) => hang_up(),
            Some(Fault::Slow(delay)) => {
                tokio::time::sleep(delay).await;
                json_answer(StatusCode::OK, &document())
            }
            Some(Fault::Status(status)) => json_answer(status, &json!({ "message": "fault" })),
            Some(Fault::Redirect(location)) => found(&location, &[]),
            Some(Fault::Body(body)) => {
                let mut response = json_answer(StatusCode::OK, &Value::Null);
                *response.body_mut() = Body::from(body);
                response
            }
        }
    }
}

pub(super) async fn keys(State(service): State<Arc<Service>>) -> Response {
    service.key_shelf.answer(|| service.keys().document()).await
}

pub(super) async fn discovery(State(service): State<Arc<Service>>) -> Response {
    service.discovery_shelf.answer(|| describe(&service)).await
}

fn describe(service: &Service) -> Value {
    let Service { url, origin, .. } = service;
    json!({
        "authorization_endpoint": format!("{origin}/oauth2/authorize"),
        "end_session_endpoint": format!("{origin}/logout"),
        "id_token_signing_alg_values_supported": ["RS256"],
        "issuer": url,
        "jwks_uri": format!("{url}/.well-known/jwks.json"),
        "response_types_supported": ["code"],
        "revocation_endpoint": format!("{origin}/oauth2/revoke"),
        "scopes_supported": ["openid", "email", "profile"],
        "subject_types_supported": ["public"],
        "token_endpoint": format!("{origin}/oauth2/token"),
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "userinfo_endpoint": format!("{origin}/oauth2/userInfo"),
    })
}
