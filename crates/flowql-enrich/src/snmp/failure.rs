//! Why an agent could not be asked.

use snmp2::v3::AuthErrorKind;

/// Why an agent could not be asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SnmpFailure {
    /// Nothing came back in time.
    #[error("no answer")]
    NoAnswer,
    /// The system cannot send to it, or something on the way says that it is not there.
    #[error("it cannot be reached: {0}")]
    Unreachable(String),
    /// It does not take the user, the passwords or the algorithms.
    #[error("it refuses the user, a password or an algorithm: {0}")]
    Refused(String),
    /// It answers with the number of an error (RFC 3416, 3).
    #[error("it answers with the error {0}")]
    Status(u32),
    /// What it answers cannot be read.
    #[error("its answer cannot be read: {0}")]
    Malformed(String),
    /// It was restarted while it was asked.
    #[error("its interfaces changed while they were read")]
    Changed,
    /// It takes longer than is waited for.
    #[error("it did not say everything within {0} seconds")]
    TooSlow(u64),
    /// A fault of this program.
    #[error("asking it failed: a fault of this program")]
    Internal,
}

impl From<snmp2::Error> for SnmpFailure {
    fn from(error: snmp2::Error) -> Self {
        match error {
            // The system says so of a connected socket when nothing listens at the port.
            snmp2::Error::Send | snmp2::Error::Receive => {
                Self::Unreachable("nothing listens there".to_owned())
            }
            snmp2::Error::AuthFailure(AuthErrorKind::NotAuthenticated) => {
                Self::Refused("it does not know the user, or the password is another one".to_owned())
            }
            snmp2::Error::AuthFailure(kind) => Self::Refused(kind.to_string()),
            snmp2::Error::Crypto(message) => Self::Refused(message),
            other => Self::Malformed(other.to_string()),
        }
    }
}
