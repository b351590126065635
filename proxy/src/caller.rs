//! The caller's side of the door: requests as they arrive, and what a caller may be told.

pub mod authorization_server;
mod base_path;
pub mod cors;
pub mod dialect;
pub mod event;
pub mod limit;
pub mod media;
pub mod problem;
pub mod public_url;
pub mod resource;
pub mod route;
