//! What cannot be taken is answered clearly: inputs, databases, servers that fail on the way, names of other people's making.

mod disk;
mod inputs;
mod names;
mod server;
mod shrinking;

pub(crate) use inputs::without_privileges;
