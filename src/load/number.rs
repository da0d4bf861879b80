//! Decimal numbers, read exactly: no float stands between what was written and what is planned with.

use toml::de::DeValue;

use crate::model::AmountError;
use crate::model::Ppm;
use crate::model::ShareError;

/// The largest amount, in thousandths: a billion of anything. Ten thousand services of that size under a surge of a
/// thousand still add up within 64 bits.
const AMOUNT_MAX: u64 = 1_000_000_000 * 1_000;
/// The largest factor: what multiplies a load a thousandfold is a slip.
const FACTOR_MAX: u64 = 1_000 * 1_000_000;

enum DecimalError {
    NotANumber,
    Negative,
    TooLarge,
    Precision,
}

/// The digits of a number as they were written, where the value is a number.
pub(super) fn digits(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::Integer(number) if number.radix() == 10 => Some(number.as_str().to_owned()),
        DeValue::Integer(number) => {
            Some(i128::from_str_radix(number.as_str(), number.radix()).map_or("nan".to_owned(), |n| n.to_string()))
        }
        DeValue::Float(number) => Some(number.as_str().to_owned()),
        DeValue::String(_) | DeValue::Boolean(_) | DeValue::Datetime(_) | DeValue::Array(_) | DeValue::Table(_) => None,
    }
}

/// An amount in thousandths.
pub(super) fn amount(text: &str) -> Result<u64, AmountError> {
    match scaled(text, 3) {
        Ok(number) if number > AMOUNT_MAX => Err(AmountError::TooLarge),
        Ok(number) => Ok(number),
        Err(why) => Err(amount_error(&why)),
    }
}

/// A factor in millionths, above zero.
pub(super) fn factor(text: &str) -> Result<Ppm, AmountError> {
    match scaled(text, 6) {
        Ok(0) => Err(AmountError::Zero),
        Ok(number) if number > FACTOR_MAX => Err(AmountError::TooLarge),
        Ok(number) => Ok(Ppm(number)),
        Err(why) => Err(amount_error(&why)),
    }
}

/// A share that was written as a number from 0 to 1.
pub(super) fn share(text: &str) -> Result<Ppm, ShareError> {
    share_of(text, 6)
}

/// A share that was written as a text in percent.
pub(super) fn percent(text: &str) -> Result<Ppm, ShareError> {
    match text.trim().strip_suffix('%') {
        Some(number) => share_of(number.trim_end(), 4),
        None if scaled(text.trim(), 6).is_ok() => Err(ShareError::NoPercent),
        None => Err(ShareError::NotANumber),
    }
}

fn share_of(text: &str, places: i64) -> Result<Ppm, ShareError> {
    match scaled(text, places) {
        Ok(number) if number <= Ppm::ONE.0 => Ok(Ppm(number)),
        Ok(_) | Err(DecimalError::TooLarge | DecimalError::Negative) => Err(ShareError::Range),
        Err(DecimalError::Precision) => Err(ShareError::Precision),
        Err(DecimalError::NotANumber) => Err(ShareError::NotANumber),
    }
}

const fn amount_error(why: &DecimalError) -> AmountError {
    match why {
        DecimalError::NotANumber => AmountError::NotANumber,
        DecimalError::Negative => AmountError::Negative,
        DecimalError::TooLarge => AmountError::TooLarge,
        DecimalError::Precision => AmountError::Precision,
    }
}

/// The number times ten to the power of `places`, which must come out whole.
fn scaled(text: &str, places: i64) -> Result<u64, DecimalError> {
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if text.starts_with("inf") {
        return Err(DecimalError::TooLarge);
    }
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().map_err(|_| DecimalError::NotANumber)?),
        None => (text, 0),
    };
    let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all: String = [whole, part].concat();
    if whole.is_empty() || !all.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(DecimalError::NotANumber);
    }
    let significant = all.trim_matches('0');
    if significant.is_empty() {
        return Ok(0);
    }
    if negative {
        return Err(DecimalError::Negative);
    }
    let point = length(whole) + exponent.clamp(-1_000, 1_000);
    let first = length(&all) - length(all.trim_start_matches('0'));
    let width = length(significant);
    // Digits that stand behind the last place that counts.
    let zeros = point + places - first - width;
    if zeros < 0 {
        return Err(DecimalError::Precision);
    }
    let zeros = u32::try_from(zeros).map_err(|_| DecimalError::TooLarge)?;
    let number: u64 = significant.parse().map_err(|_| DecimalError::TooLarge)?;
    10_u64.checked_pow(zeros).and_then(|tens| number.checked_mul(tens)).ok_or(DecimalError::TooLarge)
}

fn length(text: &str) -> i64 {
    i64::try_from(text.len()).unwrap_or(i64::MAX / 4)
}

#[cfg(test)]
mod tests {
    use super::amount;
    use super::factor;
    use super::percent;
    use super::share;
    use crate::model::AmountError;
    use crate::model::Ppm;
    use crate::model::ShareError;

    #[test]
    fn amounts_are_read_exactly() {
        for (text, thousandths) in [
            ("9000", Ok(9_000_000)),
            ("0.5", Ok(500)),
            ("0.001", Ok(1)),
            ("1.5e3", Ok(1_500_000)),
            ("25e-2", Ok(250)),
            ("0.0", Ok(0)),
            ("-0.0", Ok(0)),
            ("100.1000", Ok(100_100)),
            ("0.0005", Err(AmountError::Precision)),
            ("-1", Err(AmountError::Negative)),
            ("nan", Err(AmountError::NotANumber)),
            ("inf", Err(AmountError::TooLarge)),
            ("1e400", Err(AmountError::TooLarge)),
            ("1e-400", Err(AmountError::Precision)),
            ("1000000001", Err(AmountError::TooLarge)),
            ("99999999999999999999999999", Err(AmountError::TooLarge)),
        ] {
            assert_eq!(amount(text), thousandths, "{text}");
        }
        assert_eq!(factor("3.0"), Ok(Ppm(3_000_000)));
        assert_eq!(factor("0"), Err(AmountError::Zero));
    }

    #[test]
    fn shares_are_numbers_or_percents() {
        assert_eq!(share("0.7"), Ok(Ppm(700_000)));
        assert_eq!(share("1"), Ok(Ppm::ONE));
        assert_eq!(share("1.01"), Err(ShareError::Range));
        assert_eq!(share("-0.1"), Err(ShareError::Range));
        assert_eq!(percent("10%"), Ok(Ppm(100_000)));
        assert_eq!(percent("33.3333 %"), Ok(Ppm(333_333)));
        assert_eq!(percent("0.33333%"), Err(ShareError::Precision));
        assert_eq!(percent("10"), Err(ShareError::NoPercent));
        assert_eq!(percent("ten"), Err(ShareError::NotANumber));
        assert_eq!(percent("101%"), Err(ShareError::Range));
    }
}
