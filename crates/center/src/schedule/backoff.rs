//! How long to wait before a failed run is repeated.

use settings::schedule::Retry;
use syncmgr::ItemId;

/// So many milliseconds before the repetition with that number, from 1 on: each time twice as long, and somewhere in
/// the second half of that, so that what failed together does not come back together. The same item, time and number
/// give the same answer.
pub(crate) fn delay(retry: &Retry, number: u32, item: &ItemId, now: i64) -> i64 {
    let doubled = retry.first.millis().saturating_mul(1_i64 << number.saturating_sub(1).min(32));
    let whole = doubled.min(retry.longest.millis());
    let half = whole / 2;
    let seed = item.as_str().bytes().fold(now.unsigned_abs(), |seed, byte| mix(seed ^ u64::from(byte)));
    let share =
        i64::try_from(mix(seed ^ u64::from(number)) % u64::try_from(half + 1).unwrap_or(1)).unwrap_or(0);
    whole - share
}

/// Spreads numbers that are alike (the finalizer of SplitMix64).
fn mix(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn each_wait_is_up_to_twice_the_one_before_and_never_over_the_limit(
            number in 1_u32..200, now in any::<i64>(), name in "[a-z]{1,8}",
        ) {
            let retry = Retry::default();
            let item = ItemId::new(&name).unwrap();
            let delay = delay(&retry, number, &item, now);
            let whole = retry.first.millis().saturating_mul(1 << (number - 1).min(20)).min(retry.longest.millis());
            prop_assert!(whole / 2 <= delay && delay <= whole);
        }
    }

    #[test]
    fn what_failed_together_does_not_come_back_together() {
        let at = |name: &str| delay(&Retry::default(), 5, &ItemId::new(name).unwrap(), 0);
        let all: std::collections::BTreeSet<i64> = ["a", "b", "c", "d", "e", "f"].map(at).into();
        assert_eq!(all.len(), 6);
    }
}
