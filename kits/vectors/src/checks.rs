//! The cases, one file for each kind of check, in the order in which a request meets them.

mod cache;
mod claims;
mod documents;
mod form;
mod good;
mod head;
mod header;
mod json;
mod meant_for;
mod open;
mod order;
mod replay;
mod request;
mod signature;

use crate::book::Book;

pub(crate) fn write(book: &mut Book) {
    good::write(book);
    open::write(book);
    header::write(book);
    form::write(book);
    head::write(book);
    documents::write(book);
    cache::write(book);
    signature::write(book);
    json::write(book);
    claims::write(book);
    meant_for::write(book);
    request::write(book);
    replay::write(book);
    order::write(book);
}
