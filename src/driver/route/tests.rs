//! Shifts against a keeper that can be made to do anything, under virtual time.
