//! Tests of the layer, behind a key server on loopback: accepted, rejected, and undecidable requests.

mod outage;
mod proofs;
mod scene;
