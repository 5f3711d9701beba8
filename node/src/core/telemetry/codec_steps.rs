//! The ways in which integers become small before they are packed: each is undone exactly, whatever the integers.

/// What is written in place of the integers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Steps {
    /// Distance from the first one.
    Values,
    /// Distance from the one before.
    Deltas,
    /// How much the distance from the one before changed.
    DeltasOfDeltas,
    /// Distance from a straight line, as times have that are kept to a beat.
    Line,
}

impl Steps {
    pub(super) const ALL: [Self; 4] = [Self::Values, Self::Deltas, Self::DeltasOfDeltas, Self::Line];

    pub(super) const fn code(self) -> u8 {
        match self {
            Self::Values => 0,
            Self::Deltas => 1,
            Self::DeltasOfDeltas => 2,
            Self::Line => 3,
        }
    }

    pub(super) fn of(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|steps| steps.code() == code)
    }

    /// The slope of the line, if there is one.
    pub(super) fn slope(self, values: &[i64]) -> i64 {
        match self {
            Self::Values | Self::Deltas | Self::DeltasOfDeltas => 0,
            Self::Line => median_delta(values),
        }
    }

    /// What is written in place of `values`.
    pub(super) fn taken(self, values: &[i64], slope: i64) -> Vec<i64> {
        match self {
            Self::Values => values.to_vec(),
            Self::Deltas => differences(values),
            Self::DeltasOfDeltas => differences(&differences(values)),
            Self::Line => {
                let line = (1i64..).map(|i| i.wrapping_mul(slope));
                values.iter().zip(line).map(|(value, at)| value.wrapping_sub(at)).collect()
            }
        }
    }

    /// Turns what was written back into integers: `first` and so many times `divisor`.
    pub(super) fn undone(self, numbers: &mut [i64], first: i64, divisor: i64, slope: i64) {
        match self {
            Self::Values => {
                numbers.iter_mut().for_each(|n| *n = first.wrapping_add(n.wrapping_mul(divisor)));
            }
            Self::Deltas => {
                let mut sum = first;
                for number in numbers {
                    sum = sum.wrapping_add(number.wrapping_mul(divisor));
                    *number = sum;
                }
            }
            Self::DeltasOfDeltas => {
                let (mut delta, mut sum) = (0i64, first);
                for number in numbers {
                    delta = delta.wrapping_add(number.wrapping_mul(divisor));
                    sum = sum.wrapping_add(delta);
                    *number = sum;
                }
            }
            Self::Line => {
                let mut at = 0i64;
                for number in numbers {
                    at = at.wrapping_add(slope);
                    *number = first.wrapping_add(number.wrapping_add(at).wrapping_mul(divisor));
                }
            }
        }
    }
}

/// About how many bits the numbers take with a code made for them: their entropy over equal classes, and what tells
/// numbers of one class apart. In whole numbers only, so that every machine chooses the same way.
pub(super) fn bits_estimated(numbers: &[i64], min: i64, max: i64) -> u64 {
    let range = max.wrapping_sub(min).cast_unsigned();
    let classes = (numbers.len() / 4).next_power_of_two().clamp(16, 1024);
    let shift = (u64::BITS - range.leading_zeros()).saturating_sub(classes.trailing_zeros());
    let mut counts = [0u32; 1024];
    for number in numbers {
        let class = number.wrapping_sub(min).cast_unsigned() >> shift;
        counts[usize::try_from(class).expect("invariant: there are at most 1024 classes")] += 1;
    }
    let count = numbers.len() as u64;
    let known: u64 = counts.iter().map(|count| u64::from(*count) * log2(u64::from(*count))).sum();
    ((count * log2(count)).saturating_sub(known) >> LOG2_BITS) + count * u64::from(shift)
}

/// Binary digits behind the point of [`log2`].
const LOG2_BITS: u32 = 8;

/// The binary logarithm, straight between powers of two; 0 for 0.
const fn log2(number: u64) -> u64 {
    let Some(whole) = number.checked_ilog2() else { return 0 };
    let behind = (number << (63 - whole)) << 1 >> (64 - LOG2_BITS);
    ((whole as u64) << LOG2_BITS) + behind
}

fn differences(numbers: &[i64]) -> Vec<i64> {
    let before = std::iter::once(&0).chain(numbers);
    numbers.iter().zip(before).map(|(number, before)| number.wrapping_sub(*before)).collect()
}

fn median_delta(values: &[i64]) -> i64 {
    let mut deltas = differences(values);
    let middle = deltas.len() / 2;
    if deltas.is_empty() { 0 } else { *deltas.select_nth_unstable(middle).1 }
}
