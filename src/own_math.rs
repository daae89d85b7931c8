//! `pow` and `log2` as a part of a program, which then needs no `libm.so`.
//!
//! Most tools call nothing else of that library, and these only for an estimate of time left and for the digits of great
//! integers; to load it is a tenth of a millisecond of each start, and 320 KiB of what is mapped.

/// Defines them in a program, under the names by which the compiler calls those of the C library.
///
/// Not for programs that compute with logarithms: they need `libm.so` in any case.
#[doc(hidden)]
#[macro_export]
macro_rules! own_math {
    () => {
        #[cfg(target_os = "linux")]
        mod own_math {
            #[expect(
                unsafe_code,
                reason = "it is what the C library has of that name: a start takes a tenth of a ms less"
            )]
            #[unsafe(no_mangle)]
            extern "C" fn pow(base: f64, exponent: f64) -> f64 {
                $crate::own_math::pow(base, exponent)
            }

            #[expect(unsafe_code, reason = "as pow")]
            #[unsafe(no_mangle)]
            extern "C" fn log2(number: f64) -> f64 {
                $crate::own_math::log2(number)
            }
        }
    };
}

pub use libm::{log2, pow};
