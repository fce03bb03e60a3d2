//! Clocks, rights and names as they should not be, and a library that lives with them.

mod clocks;
mod names;
mod rights;
