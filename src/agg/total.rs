//! Sum and average: an exact running sum, and how many values are in it.

use super::error::AggError;
use super::saved::{push_bytes, push_number, push_signed, take_bytes, take_number, take_signed};
use crate::record::Decimal;

/// The count tells a sum of nothing from a sum that happens to be zero.
#[derive(Clone, Debug, Default)]
pub(super) struct Total {
    pub sum: Decimal,
    pub count: u64,
}

fn parse(value: &[u8]) -> Result<Decimal, AggError> {
    Decimal::parse(value).map_err(|error| AggError::from_number(error, value))
}

impl Total {
    #[inline]
    pub fn add(&mut self, value: &[u8]) -> Result<(), AggError> {
        self.sum.add(&parse(value)?);
        self.count += 1;
        Ok(())
    }

    #[inline]
    pub fn remove(&mut self, value: &[u8]) -> Result<(), AggError> {
        self.sum.subtract(&parse(value)?);
        self.count = self.count.saturating_sub(1);
        Ok(())
    }

    pub fn merge(&mut self, other: &Total) {
        self.sum.add(&other.sum);
        self.count += other.count;
    }

    pub fn subtract(&mut self, other: &Total) {
        self.sum.subtract(&other.sum);
        self.count = self.count.saturating_sub(other.count);
    }

    /// Count as a number, exponent signed, mantissa as bytes in two's
    /// complement, least byte first.
    pub fn save(&self, out: &mut Vec<u8>) {
        push_number(self.count, out);
        self.sum.with_parts(|exponent, mantissa| {
            push_signed(exponent.into(), out);
            push_bytes(mantissa, out);
        });
    }

    pub fn load(input: &mut &[u8]) -> Result<Total, AggError> {
        let count = take_number(input)?;
        let exponent = i32::try_from(take_signed(input)?).map_err(|_| AggError::Damaged)?;
        let sum = Decimal::from_parts(exponent, take_bytes(input)?).ok_or(AggError::Damaged)?;
        Ok(Total { sum, count })
    }
}
