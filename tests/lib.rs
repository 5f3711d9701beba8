//! Nothing to import: this package holds the tests that need every other one.
