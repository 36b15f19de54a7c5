//! What khabar writes, one file a format; each is the home of its format's rules.

pub mod conllu;
pub mod json;
pub mod links;
pub mod table;
