//! Derived views of the text, aligned to the source; Arabic script rules.
