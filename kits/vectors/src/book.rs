//! The book of cases, and the text of its file.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::Files;
use crate::documents;
use crate::draft::{AGENT, Body, DOOR, Step, Verdict, Written};
use crate::signer::Signer;
use crate::text::sorted;

/// The cases so far.
pub(crate) struct Book {
    signer: Signer,
    documents: Vec<(&'static str, Value)>,
    ids: BTreeSet<String>,
    cases: Vec<String>,
}

/// The cases of one check.
pub(crate) struct Chapter<'b> {
    book: &'b mut Book,
    check: &'static str,
}

impl Book {
    pub(crate) fn new(signer: Signer) -> Self {
        Self {
            documents: documents::all(&signer),
            signer,
            ids: BTreeSet::new(),
            cases: Vec::new(),
        }
    }

    pub(crate) fn chapter(&mut self, check: &'static str) -> Chapter<'_> {
        Chapter { book: self, check }
    }

    pub(crate) fn finish(self) -> Files {
        let documents: Vec<String> = self
            .documents
            .iter()
            .map(|(name, document)| format!("{}:{}", Value::from(*name), sorted(document)))
            .collect();
        let vectors = format!(
            "{{\"version\":1,\n\"count\":{},\n\"settings\":{},\n\"limits\":{},\n\"key_documents\":{{\n{}\n}},\n\"cases\":[\n{}\n]}}\n",
            self.cases.len(),
            sorted(&settings()),
            sorted(&limits()),
            documents.join(",\n"),
            self.cases.join(",\n"),
        );
        Files {
            vectors,
            signatures: self.signer.used(),
        }
    }

    fn step(&mut self, step: Step) -> Value {
        let Step {
            draft,
            verdict,
            fetches,
        } = step;
        let written = draft.write(&mut self.signer);
        let known = |name: &&'static str| *name == written.keys;
        assert!(
            self.documents.iter().map(|(name, _)| name).any(known),
            "there is no key document `{}`",
            written.keys
        );
        let expected = expected(&verdict, fetches, &written.claims);
        json!({
            "now": written.now, "keys": written.keys, "request": request(&written), "expect": expected,
        })
    }
}

impl Chapter<'_> {
    /// A case of one request.
    pub(crate) fn case(&mut self, id: &str, comment: &str, step: Step) {
        self.write(id, comment, None, vec![step]);
    }

    /// A case of one request, with other settings.
    pub(crate) fn case_with(&mut self, settings: Value, id: &str, comment: &str, step: Step) {
        self.write(id, comment, Some(settings), vec![step]);
    }

    /// A case of several requests.
    pub(crate) fn series(&mut self, id: &str, comment: &str, steps: Vec<Step>) {
        self.write(id, comment, None, steps);
    }

    /// A case of several requests, with other settings.
    pub(crate) fn series_with(
        &mut self,
        settings: Value,
        id: &str,
        comment: &str,
        steps: Vec<Step>,
    ) {
        self.write(id, comment, Some(settings), steps);
    }

    fn write(&mut self, id: &str, comment: &str, settings: Option<Value>, steps: Vec<Step>) {
        let book = &mut *self.book;
        assert!(book.ids.insert(id.to_owned()), "two cases are named `{id}`");
        let pure = steps.len() == 1 && steps.iter().all(is_pure);
        let steps: Vec<Value> = steps.into_iter().map(|step| book.step(step)).collect();
        let mut case = json!({
            "id": id, "check": self.check, "comment": comment, "pure": pure, "steps": steps,
        });
        if let Some(settings) = settings {
            case["settings"] = settings;
        }
        book.cases.push(sorted(&case));
    }
}

/// Whether keys, time and request decide.
fn is_pure(step: &Step) -> bool {
    let is_decided = match step.verdict {
        Verdict::Accepted => true,
        Verdict::Open => false,
        Verdict::Refused(reason) => answer(reason) == (403, "bad_proof"),
    };
    is_decided && step.draft.has_keys()
}

fn settings() -> Value {
    json!({
        "door": DOOR, "agent": AGENT, "max_body": 6 * 1024 * 1024, "open": ["/ping", "/.well-known/agent-card.json"],
    })
}

fn limits() -> Value {
    json!({
        "skew": 30, "lifetime": 60, "max_assertion": 4096, "max_seen": 120_000, "max_keys": 100,
        "max_key_document": 64 * 1024, "soft_age": 300, "hard_age": 7200, "searches": 1, "search_refill": 10,
        "min_back_off": 1, "max_back_off": 32,
    })
}

fn request(written: &Written) -> Value {
    let headers: Vec<Value> = written
        .headers
        .iter()
        .map(|(name, value)| json!([name, value]))
        .collect();
    let body = match &written.body {
        Body::Bytes(bytes) => json!({"base64": STANDARD.encode(bytes)}),
        Body::Repeat(text, times) => json!({"repeat": text, "times": times}),
    };
    json!({"method": written.method, "target": written.target, "headers": headers, "body": body})
}

/// Status and code of the answer for a reason.
fn answer(reason: &str) -> (u16, &'static str) {
    match reason {
        "too_large" => (413, "too_large"),
        "keys_unavailable" => (503, "unavailable"),
        _ => (403, "bad_proof"),
    }
}

fn expected(verdict: &Verdict, fetches: Option<u32>, claims: &Value) -> Value {
    match verdict {
        Verdict::Accepted => {
            let fetches = fetches.unwrap_or(1);
            json!({"verdict": "accepted", "status": 200, "caller": caller(claims), "fetches": fetches})
        }
        Verdict::Open => {
            json!({"verdict": "open", "status": 200, "fetches": fetches.unwrap_or(0)})
        }
        Verdict::Refused(reason) => {
            // What has not the form of an assertion is no reason to ask the door for keys.
            let is_early = [
                "proof_missing",
                "proof_repeated",
                "proof_form",
                "proof_type",
            ]
            .contains(reason);
            let (status, code) = answer(reason);
            json!({
                "verdict": "refused", "status": status, "code": code, "reason": reason,
                "fetches": fetches.unwrap_or(u32::from(!is_early)),
            })
        }
    }
}

/// Whom the claims name.
fn caller(claims: &Value) -> Value {
    let scopes = claims["scope"].as_str().map(|scope| {
        let scopes = scope.split_whitespace();
        scopes.map(str::to_owned).collect::<Vec<String>>()
    });
    let claim = |name: &str| claims[name].clone();
    json!({
        "subject": claim("sub"), "subject_issuer": claim("sub_issuer"), "client_id": claim("client_id"),
        "username": claim("username"), "email": claim("email"), "name": claim("name"), "groups": claim("groups"),
        "scopes": scopes, "session": claim("session"), "request_id": claim("jti"),
    })
}
