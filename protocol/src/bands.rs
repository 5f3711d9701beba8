//! Closed lists: an enum of words and bands, each with its name in API and page.

/// A closed list with a name for each item.
macro_rules! bands {
    ($(#[$doc:meta])* $kind:ident { $($(#[$one:meta])* $item:ident = $name:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
        )]
        pub enum $kind { $($(#[$one])* $item),+ }

        impl $kind {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$item),+];

            /// The name in API and page.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$item => $name),+ }
            }

            /// The one of that name.
            pub fn named(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.name() == name)
            }
        }
    };
}

pub(crate) use bands;
