//! The layers above the tokens, one file a layer: morphology, syntax, time and quantity, entity, actor,
//! coreference, attribution, stance, topic.

pub mod quantity;
pub mod time;
