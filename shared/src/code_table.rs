//! Tables of stable codes: an enumeration whose every variant, with its code and its sentence, is one line.

/// Declares an enumeration as a table, one line a variant: name, stable code, sentence. The sentence is the variant's
/// documentation and its `Display`.
///
/// After the enumeration's name, one more column may be declared, between the names and the codes: a function of that name
/// gives each variant's value, which is one of the type's own.
///
/// ```
/// #[derive(Debug, PartialEq)]
/// pub enum Answer { Later, Never }
///
/// shared::code_table! {
///     /// Why not.
///     pub enum Refusal, answer: Answer;
///
///     Closed Later "closed" "the door is closed"
///     Wall   Never "wall"   "there is no door"
/// }
///
/// assert_eq!(Refusal::ALL, [Refusal::Closed, Refusal::Wall]);
/// assert_eq!(Refusal::Wall.answer(), Answer::Never);
/// assert_eq!(Refusal::Wall.code(), "wall");
/// assert_eq!(Refusal::Wall.to_string(), "there is no door");
/// ```
#[macro_export]
macro_rules! code_table {
    (
        $(#[$about:meta])* $visibility:vis enum $Name:ident, $column:ident: $Column:ident;
        $($variant:ident $value:ident $code:literal $sentence:literal)*
    ) => {
        $crate::code_table! {
            $(#[$about])* $visibility enum $Name;
            $($variant $code $sentence)*
        }

        impl $Name {
            #[doc = concat!("The column `", stringify!($column), "` of the table.")]
            pub const fn $column(self) -> $Column {
                match self {
                    $(Self::$variant => $Column::$value,)*
                }
            }
        }
    };
    (
        $(#[$about:meta])* $visibility:vis enum $Name:ident;
        $($variant:ident $code:literal $sentence:literal)*
    ) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        $visibility enum $Name {
            $(#[doc = $sentence] $variant,)*
        }

        impl $Name {
            /// Every one of them, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The stable name that logs, metrics and programs may rely on.
            pub const fn code(self) -> &'static str {
                match self {
                    $(Self::$variant => $code,)*
                }
            }

            /// The sentence for people.
            pub const fn sentence(self) -> &'static str {
                match self {
                    $(Self::$variant => $sentence,)*
                }
            }
        }

        impl std::fmt::Display for $Name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.sentence())
            }
        }
    };
}
