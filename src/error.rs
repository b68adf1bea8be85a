//! The crate's general error, for the checks on names and configuration.

#[cfg(feature = "alloc")]
pub use self::types::{TypesError, TypesResult};

#[cfg(feature = "alloc")]
mod types {
    use alloc::string::String;

    use thiserror_no_std::Error;

    /// What a check on a name or a configuration value found.
    #[derive(Clone, Debug, PartialEq, Eq, Error)]
    pub enum TypesError {
        /// A value breaks a rule; the text names the value and the rule.
        #[error("invalid config: {0}")]
        InvalidConfig(String),
    }

    // The derive knows only `std`'s trait.
    #[cfg(not(feature = "std"))]
    impl core::error::Error for TypesError {}
    const _: () = super::is_error::<TypesError>();

    /// The result of the crate's checks.
    pub type TypesResult<T> = Result<T, TypesError>;
}

/// Compiles for errors alone: each holds itself to that, with `std` and without.
#[allow(dead_code)] // used by constants without a name, which old compilers do not count
pub(crate) const fn is_error<E: core::error::Error>() {}
