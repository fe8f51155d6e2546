//! The types of settings.

use std::ops::Range;

use toml::Spanned;
use toml::de::DeValue;

use crate::{Kind, Secret};

/// A type that a setting can have. The derive [`Choice`](crate::Choice) makes it for an enum of words:
///
/// ```
/// /// The side of the paper.
/// #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, flowql_config::Choice)]
/// enum Side {
///     #[default]
///     Front,
///     Back,
/// }
///
/// assert_eq!(Side::ALL.map(Side::name), ["front", "back"]);
/// assert_eq!(Side::named("back"), Some(Side::Back));
/// ```
pub trait Value: Sized {
    /// What the value must be.
    const KIND: Kind;

    /// The value that is written.
    ///
    /// # Errors
    ///
    /// The range of what does not fit.
    fn read(value: &Spanned<DeValue<'_>>) -> Result<Self, Range<usize>>;

    /// The value as it may be shown; `None` for one that is not set.
    fn show(&self) -> Option<toml::Value>;
}

impl Value for String {
    const KIND: Kind = Kind::Text;

    fn read(value: &Spanned<DeValue<'_>>) -> Result<Self, Range<usize>> {
        value.get_ref().as_str().map(ToOwned::to_owned).ok_or_else(|| value.span())
    }

    fn show(&self) -> Option<toml::Value> {
        Some(toml::Value::String(self.clone()))
    }
}

impl Value for Secret {
    const KIND: Kind = Kind::Text;

    fn read(value: &Spanned<DeValue<'_>>) -> Result<Self, Range<usize>> {
        value.get_ref().as_str().map(Self::from).ok_or_else(|| value.span())
    }

    fn show(&self) -> Option<toml::Value> {
        Some(toml::Value::String(self.shown().to_owned()))
    }
}

impl Value for bool {
    const KIND: Kind = Kind::Boolean;

    fn read(value: &Spanned<DeValue<'_>>) -> Result<Self, Range<usize>> {
        value.get_ref().as_bool().ok_or_else(|| value.span())
    }

    fn show(&self) -> Option<toml::Value> {
        Some(toml::Value::Boolean(*self))
    }
}

impl Value for Vec<String> {
    const KIND: Kind = Kind::Texts;

    fn read(value: &Spanned<DeValue<'_>>) -> Result<Self, Range<usize>> {
        let items = value.get_ref().as_array().ok_or_else(|| value.span())?;
        items.iter().map(String::read).collect()
    }

    fn show(&self) -> Option<toml::Value> {
        Some(toml::Value::Array(self.iter().filter_map(Value::show).collect()))
    }
}

impl<T: Value> Value for Option<T> {
    const KIND: Kind = T::KIND;

    fn read(value: &Spanned<DeValue<'_>>) -> Result<Self, Range<usize>> {
        T::read(value).map(Some)
    }

    fn show(&self) -> Option<toml::Value> {
        self.as_ref().and_then(T::show)
    }
}

macro_rules! integers {
    ($($integer:ty)*) => {$(
        impl Value for $integer {
            const KIND: Kind = Kind::Integer(0, <$integer>::MAX as u64);

            fn read(value: &Spanned<DeValue<'_>>) -> Result<Self, Range<usize>> {
                integer(value.get_ref()).and_then(|number| number.try_into().ok()).ok_or_else(|| value.span())
            }

            fn show(&self) -> Option<toml::Value> {
                // What was read from TOML fits.
                Some(toml::Value::Integer(i64::try_from(*self).unwrap_or(i64::MAX)))
            }
        }
    )*};
}

integers! { u8 u16 u32 u64 usize }

/// The integer that is written, unless it is negative or too large.
pub(crate) fn integer(value: &DeValue<'_>) -> Option<u64> {
    let number = value.as_integer()?;
    u64::from_str_radix(number.as_str(), number.radix()).ok()
}
