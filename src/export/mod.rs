//! What khabar writes, one file a format; each is the home of its format's rules.
//!
//! `json` is the native form and the schema's home. All others are made from it: `exporter` gives them its articles with
//! checked spans, `field` the claims' fields as roles and labels, `loss` counts what a format cannot hold.

pub mod brat;
pub mod cas_json;
pub mod cas_xmi;
pub mod conllu;
pub mod csv;
pub mod doccano;
pub mod exporter;
pub mod field;
pub mod json;
pub mod label_studio;
pub mod links;
pub mod loss;
pub mod nif;
pub mod parquet;
pub mod prodigy;
pub mod qdpx;
pub mod table;
pub mod web_annotation;
