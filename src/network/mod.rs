//! Learned scorers: weights, features, decoding. Knows nothing of claims.
