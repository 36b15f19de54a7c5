//! Scorers: how well predictions agree with gold, for claims, entities, attributions, names, words with their trees, and
//! links between claims.
//!
//! ```text
//! gold (seed form or native JSON) ─┐
//!                                  ├─ AnnotatedArticle × 2 → claim::score, entity::score → scores, error listing
//! native JSON of `khabar run` ─────┘
//! brat stand-off × native JSON → attribution::score        token-per-line BIO × pipeline → name::score
//! CoNLL-U × CoNLL-U of any tool, or of the pipeline → conllu::score
//! pairs of claims or titles × pipeline → link
//! two or more folders of gold or native JSON → folder::annotations → agree::measure
//! ```
//!
//! Scores are counts that can be added; ratios are made when they are asked for. The same input gives the same score,
//! whatever the order of files. Nothing here prints; `cli::evaluate` lays the tables out.

pub mod agree;
pub mod annotation;
pub mod assignment;
pub mod attribution;
pub mod calibration;
pub mod claim;
pub mod conllu;
pub mod entity;
pub mod file;
pub mod folder;
pub mod gold;
pub mod hard;
pub mod link;
pub mod listing;
pub mod measure;
pub mod name;
pub mod native;
