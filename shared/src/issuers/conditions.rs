//! `customClaims`: AgentCore's conditions on single claims, with its own types, operators and bounds.

use crate::gate::{CustomClaim, Match};
use crate::settings::{Form, Members};
use crate::text::is_word;

const NAME: Form = Form {
    says: "1 to 255 of `A-Za-z0-9_.:-`",
    holds: |text| is_word(text, 255, b"_.:-"),
};

const VALUE: Form = Form {
    says: "1 to 255 of `A-Za-z0-9_.-`",
    holds: |text| is_word(text, 255, b"_.-"),
};

#[derive(Clone, Copy, PartialEq)]
enum ValueType {
    Text,
    List,
}

impl ValueType {
    fn parse(name: &str) -> Option<Self> {
        match name {
            "STRING" => Some(Self::Text),
            "STRING_ARRAY" => Some(Self::List),
            _ => None,
        }
    }
}

#[derive(Clone, Copy)]
enum Operator {
    Equals,
    Contains,
    ContainsAny,
}

impl Operator {
    fn parse(name: &str) -> Option<Self> {
        match name {
            "EQUALS" => Some(Self::Equals),
            "CONTAINS" => Some(Self::Contains),
            "CONTAINS_ANY" => Some(Self::ContainsAny),
            _ => None,
        }
    }

    /// The type of claim it is for.
    const fn value_type(self) -> ValueType {
        match self {
            Self::Equals => ValueType::Text,
            Self::Contains | Self::ContainsAny => ValueType::List,
        }
    }
}

/// The conditions of an issuer's entry; none if it does not have the field.
pub(super) fn read(entry: &mut Members<'_>) -> Vec<CustomClaim> {
    let claims = entry.objects("customClaims").unwrap_or_default();
    claims.into_iter().filter_map(read_claim).collect()
}

fn read_claim(mut claim: Members<'_>) -> Option<CustomClaim> {
    claim.needs(&[
        "inboundTokenClaimName",
        "inboundTokenClaimValueType",
        "authorizingClaimMatchValue",
    ]);
    let name = claim.text("inboundTokenClaimName", &NAME);
    let value_type = claim.one_of(
        "inboundTokenClaimValueType",
        "`STRING`, `STRING_ARRAY`",
        ValueType::parse,
    );
    let expects = claim
        .object("authorizingClaimMatchValue")
        .and_then(|expected| read_match(expected, value_type));
    claim.finish();
    Some(CustomClaim {
        name: name?,
        expects: expects?,
    })
}

fn read_match(mut expected: Members<'_>, value_type: Option<ValueType>) -> Option<Match> {
    expected.needs(&["claimMatchOperator", "claimMatchValue"]);
    let operator = expected.one_of(
        "claimMatchOperator",
        "`EQUALS`, `CONTAINS`, `CONTAINS_ANY`",
        Operator::parse,
    );
    if let (Some(operator), Some(value_type)) = (operator, value_type)
        && operator.value_type() != value_type
    {
        expected.fault(
            "claimMatchOperator",
            "does not go with the value type: `EQUALS` is for `STRING`, the others for `STRING_ARRAY`",
        );
    }
    let value = expected.object("claimMatchValue");
    expected.finish();
    read_value(value?, operator?)
}

fn read_value(mut value: Members<'_>, operator: Operator) -> Option<Match> {
    let (text, texts) = ("matchValueString", "matchValueStringList");
    let needed = match operator {
        Operator::Equals | Operator::Contains => text,
        Operator::ContainsAny => texts,
    };
    value.needs(&[needed]);
    let expects = match operator {
        Operator::Equals => value.text(text, &VALUE).map(Match::Equals),
        Operator::Contains => value.text(text, &VALUE).map(Match::Contains),
        Operator::ContainsAny => value.texts(texts, &VALUE).map(Match::ContainsAny),
    };
    value.finish();
    expects
}
