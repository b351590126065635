//! The header of the assertion: there, once, and spelt right.

use crate::book::Book;
use crate::draft::{Headers, IDENTITY, SESSION, good};

fn named(names: &[&str], assertion: &str) -> Headers {
    let headers = names
        .iter()
        .map(|name| ((*name).to_owned(), assertion.to_owned()));
    headers.collect()
}

pub(crate) fn write(book: &mut Book) {
    let mut header = book.chapter("header");
    for (id, comment, names) in [
        ("header_missing", "there is none", &[][..]),
        (
            "header_underscores",
            "underscores are another name",
            &["X_Amzn_Bedrock_AgentCore_Runtime_Custom_Identity"],
        ),
        (
            "header_longer_name",
            "a longer name is another",
            &["X-Amzn-Bedrock-AgentCore-Runtime-Custom-Identity2"],
        ),
        (
            "header_shorter_name",
            "a shorter name is another",
            &["X-Amzn-Bedrock-AgentCore-Runtime-Custom-Identit"],
        ),
        (
            "header_authorization",
            "a bearer is no assertion",
            &["Authorization"],
        ),
        (
            "header_tool_token",
            "the header of the tool token is another",
            &["X-Amzn-Bedrock-AgentCore-Runtime-Custom-Tool-Token"],
        ),
        ("header_cookie", "nor is a cookie", &["Cookie"]),
    ] {
        let step = good()
            .headers(move |assertion| named(names, &assertion))
            .refused("proof_missing");
        header.case(id, comment, step);
    }
    for (id, comment, name) in [
        (
            "header_lower",
            "names have no case: lower",
            "x-amzn-bedrock-agentcore-runtime-custom-identity",
        ),
        (
            "header_upper",
            "names have no case: upper",
            "X-AMZN-BEDROCK-AGENTCORE-RUNTIME-CUSTOM-IDENTITY",
        ),
    ] {
        header.case(
            id,
            comment,
            good()
                .headers(move |assertion| named(&[name], &assertion))
                .accepted(),
        );
    }
    for (id, comment, names) in [
        (
            "header_twice",
            "the same one twice",
            &[IDENTITY, IDENTITY][..],
        ),
        (
            "header_three_times",
            "three times",
            &[IDENTITY, IDENTITY, IDENTITY],
        ),
        (
            "header_twice_in_two_cases",
            "twice, spelt in two cases",
            &[IDENTITY, "x-amzn-bedrock-agentcore-runtime-custom-identity"],
        ),
        (
            "header_twice_apart",
            "twice, with another header between",
            &[IDENTITY, SESSION, IDENTITY],
        ),
    ] {
        let step = good()
            .headers(move |assertion| named(names, &assertion))
            .refused("proof_repeated");
        header.case(id, comment, step);
    }
    for (id, comment, first) in [
        ("header_twice_forged_first", "a forged one first", true),
        ("header_twice_forged_last", "a forged one last", false),
    ] {
        let step = good().headers(move |assertion| {
            let mut both = named(&[IDENTITY, IDENTITY], &assertion);
            both[usize::from(!first)].1 = "forged".to_owned();
            both
        });
        header.case(id, comment, step.refused("proof_repeated"));
    }
    header.case(
        "header_empty",
        "it is there and empty",
        good().text("").refused("proof_form"),
    );
}
