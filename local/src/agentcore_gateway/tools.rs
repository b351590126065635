//! The demonstration tools. Any other tool of `tools.json` answers with the arguments of its call.

use std::sync::{Mutex, PoisonError};

use serde_json::{Map, Value};

/// Refunds kept; the oldest gives way.
const MAX_REFUNDS: usize = 1000;

const DOCUMENTS: [&str; 4] = [
    "Invoices of the third quarter, and which of them are open",
    "How invoices are approved",
    "Travel policy: what is paid, and how soon",
    "Onboarding: the first week",
];
const NOTICES: [(&str, &str); 3] = [
    ("canteen", "Soup at noon, as on every day."),
    ("building", "The east door stays shut until Friday."),
    (
        "holidays",
        "The house is closed from 24 December to 1 January.",
    ),
];

/// Money that went back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refund {
    /// The order's number.
    pub order: String,
    /// In whole units of the currency.
    pub amount: i64,
    /// The `user_id` of the token, if it had one.
    pub user: Option<String>,
}

/// The tools, and what they remember.
#[derive(Default)]
pub(super) struct Tools {
    refunds: Mutex<Vec<Refund>>,
}

impl Tools {
    /// Runs a tool whose input has passed its schema.
    pub(super) fn run(&self, name: &str, input: &Map<String, Value>, user: Option<&str>) -> String {
        let text = |name: &str| input.get(name).and_then(Value::as_str).unwrap_or_default();
        match name {
            "billing___refund" => {
                let amount = input.get("amount").and_then(Value::as_i64);
                self.refund(Refund {
                    order: text("order").to_owned(),
                    amount: amount.unwrap_or_default(),
                    user: user.map(str::to_owned),
                })
            }
            "search___find" => find(text("query")),
            "notices___read" => notice(text("topic")),
            _ => format!("The tool was called with {}.", Value::Object(input.clone())),
        }
    }

    pub(super) fn refunds(&self) -> Vec<Refund> {
        let refunds = self.refunds.lock();
        refunds.unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn refund(&self, refund: Refund) -> String {
        let said = format!("Refunded {} for order {}.", refund.amount, refund.order);
        let refunds = self.refunds.lock();
        let mut refunds = refunds.unwrap_or_else(PoisonError::into_inner);
        if refunds.len() >= MAX_REFUNDS {
            refunds.remove(0);
        }
        refunds.push(refund);
        said
    }
}

/// Documents that have one of the words in their title.
fn find(query: &str) -> String {
    let query = query.to_lowercase();
    let matches = |title: &&str| {
        let title = title.to_lowercase();
        query.split_whitespace().any(|word| title.contains(word))
    };
    let found: Vec<&str> = DOCUMENTS.into_iter().filter(matches).collect();
    if found.is_empty() {
        "Nothing was found.".to_owned()
    } else {
        format!("Found: {}.", found.join("; "))
    }
}

fn notice(topic: &str) -> String {
    let notice = NOTICES
        .into_iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(topic.trim()));
    notice
        .map_or("There is no notice on that.", |(_, text)| text)
        .to_owned()
}
