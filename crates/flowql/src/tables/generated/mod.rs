//! The tables that `cargo xtask codegen` derives from `grammar/`.

pub(super) mod communities;
pub(super) mod countries;
pub(super) mod protocols;
