//! The readings of past hours and years: one file per day with compressed chunks, and one with its sums.

pub mod view;
