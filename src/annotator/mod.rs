//! The layers above the tokens, one file a layer: morphology, syntax, time and quantity, entity, actor,
//! coreference, attribution, stance, topic.

pub mod actor;
pub mod attribution;
pub mod coreference;
pub mod cue;
pub mod entity;
pub mod lexicon;
pub mod marker;
pub mod morphology;
pub mod quantity;
pub mod reading;
pub mod side;
pub mod stance;
pub mod syntax;
pub mod time;
pub mod topic;
pub mod tree;
pub mod word_list;
