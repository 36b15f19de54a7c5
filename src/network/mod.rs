//! Learned scorers: weights, features, decoding. Knows nothing of claims.
//!
//! The first networks are linear: averaged perceptrons over hashed features (Collins 2002), small enough to be built in.

pub mod cluster;
pub mod manifest;
pub mod parser;
pub mod perceptron;
pub mod segmentation;
pub mod tagger;
