//! The editor core and the scheduler's rules. Pure: no DOM, no signals, no async, no clock, no randomness.
