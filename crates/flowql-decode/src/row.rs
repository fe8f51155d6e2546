//! A flow as plain values, for what is decoded record by record.

use crate::TextId;
use crate::field::fields;

macro_rules! value {
    (u8) => {
        u8
    };
    (u16) => {
        u16
    };
    (u32) => {
        u32
    };
    (u64) => {
        u64
    };
    (address) => {
        [u8; 16]
    };
    (text) => {
        TextId
    };
    (u32s) => {
        Vec<u32>
    };
}

macro_rules! define {
    ($($name:ident $member:ident $kind:ident,)*) => {
        /// A flow: a value for each [`Field`](crate::Field). Zero, the empty text or an empty list says that there is
        /// none. Times of flows are milliseconds since 1970, that of reception is in seconds.
        ///
        /// It is filled, given to [`Columns::push`](crate::Columns::push), cleared and filled again, so that its lists
        /// keep their memory.
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        #[expect(missing_docs, reason = "the schema says what each column holds")]
        pub struct Row {
            $(pub $member: value!($kind),)*
        }
    };
}
fields!(define);

macro_rules! clear {
    ($($name:ident $member:ident $kind:ident,)*) => {
        impl Row {
            /// Removes every value; the lists keep their memory.
            pub fn clear(&mut self) {
                $(clear_one!(self.$member, $kind);)*
            }
        }
    };
}
macro_rules! clear_one {
    ($member:expr, u32s) => {
        $member.clear()
    };
    ($member:expr, $kind:ident) => {
        $member = Default::default()
    };
}
fields!(clear);
