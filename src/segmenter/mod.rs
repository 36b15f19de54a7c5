//! Sentences, tokens and Arabic clitics.
