//! Prio3 as it is used here: one whole number of a building is cut into two halves, two desks check together that it lies
//! within its bound without seeing it, and each adds up its halves. All chance comes from a seed.

use distribution::distr::Distribution;
use prio::codec::{Encode, ParameterizedDecode};
use prio::dp::Rational;
use prio::dp::distributions::DiscreteLaplace;
use prio::field::{Field64, FieldElement, FieldElementWithInteger};
use prio::vdaf::prio3::{
    Prio3InputShare, Prio3PublicShare, Prio3Sum, Prio3VerifierMessage, Prio3VerifierShare,
};
use prio::vdaf::test_utils::TestVectorClient;
use prio::vdaf::xof::{Xof, XofTurboShake128};
use prio::vdaf::{Aggregator, VerifyTransition};
use protocol::aggregate::{Task, Work};
use protocol::{Address, ChainId, Digest, encode};

/// Bytes of chance that go into one report.
const CHANCE_BYTES: usize = 64;
/// Where the seed of a stream belongs.
const STREAM: &[u8] = b"symbiose aggregate stream v1";
/// Half of the field's order: larger elements stand for negative numbers.
const FIELD_HALF: u64 = 0x7fff_ffff_8000_0000;

/// A state, share or message that does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unsound;

/// The report of one building for one work.
pub struct Vdaf {
    prio: Prio3Sum,
    context: Vec<u8>,
    nonce: [u8; 16],
}

/// One desk's side of the check of a report.
#[derive(Clone)]
pub struct Side {
    state: <Prio3Sum as Aggregator<32, 16>>::VerifyState,
    share: Prio3VerifierShare<Field64, 32>,
}

impl std::fmt::Debug for Vdaf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Vdaf")
    }
}

/// What it holds is for nobody's eyes.
impl std::fmt::Debug for Side {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Side")
    }
}

impl Vdaf {
    /// The report of a building, by its first key, that counts with `most` at the most.
    pub fn new(chain: &ChainId, work: &Work, building: &Address, most: u64) -> Self {
        let prio = Prio3Sum::new_sum(2, most)
            .expect("invariant: a building counts with something, within the field");
        let work = encode(work);
        let id = Digest::of("symbiose aggregate report v1", &[&work, building.as_bytes()]);
        let mut nonce = [0; 16];
        nonce.copy_from_slice(&id.as_bytes()[..16]);
        let context = [chain.as_bytes().as_slice(), &work, building.as_bytes()].concat();
        Self { prio, context, nonce }
    }

    /// Cuts `amount` in two. The same seed gives the same halves.
    pub fn cut(&self, amount: u64, seed: &Digest) -> Result<[Vec<u8>; 2], Unsound> {
        let chance = stretch(seed);
        let (_, halves) =
            self.prio.shard_with_random(&self.context, &amount, &self.nonce, &chance).map_err(|_| Unsound)?;
        let mut bytes = halves.iter().map(|half| half.get_encoded().map_err(|_| Unsound));
        Ok([bytes.next().ok_or(Unsound)??, bytes.next().ok_or(Unsound)??])
    }

    /// Begins the check of a half at the first desk (0) or the second (1).
    pub fn begin(&self, desk: usize, secret: &Digest, half: &[u8]) -> Result<Side, Unsound> {
        let public = Prio3PublicShare::get_decoded_with_param(&self.prio, &[]).map_err(|_| Unsound)?;
        let half = Prio3InputShare::get_decoded_with_param(&(&self.prio, desk), half).map_err(|_| Unsound)?;
        let (state, share) = self
            .prio
            .verify_init(secret.as_bytes(), &self.context, desk, &(), &self.nonce, &public, &half)
            .map_err(|_| Unsound)?;
        Ok(Side { state, share })
    }

    /// At the second desk: checks a report by what the first one tells, and answers what both have to know and the half as
    /// it counts.
    pub fn check(&self, own: Side, other: &[u8]) -> Result<(Vec<u8>, u64), Unsound> {
        let other = Prio3VerifierShare::get_decoded_with_param(&own.state, other).map_err(|_| Unsound)?;
        let shares = [other, own.share];
        let message =
            self.prio.verifier_shares_to_message(&self.context, &(), shares).map_err(|_| Unsound)?;
        let told = message.get_encoded().map_err(|_| Unsound)?;
        Ok((told, self.finish(own.state, message)?))
    }

    /// At the first desk: the half as it counts, once the second one found the report right.
    pub fn count(&self, own: Side, told: &[u8]) -> Result<u64, Unsound> {
        let message = Prio3VerifierMessage::get_decoded_with_param(&own.state, told).map_err(|_| Unsound)?;
        self.finish(own.state, message)
    }

    fn finish(
        &self,
        state: <Prio3Sum as Aggregator<32, 16>>::VerifyState,
        message: Prio3VerifierMessage<32>,
    ) -> Result<u64, Unsound> {
        match self.prio.verify_next(&self.context, state, message).map_err(|_| Unsound)? {
            VerifyTransition::Finish(share) => {
                let [part] = share.as_ref() else { return Err(Unsound) };
                Ok(u64::from(*part))
            }
            VerifyTransition::Continue(..) => Err(Unsound),
        }
    }
}

impl Side {
    /// What the first desk tells the second.
    pub fn told(&self) -> Result<Vec<u8>, Unsound> {
        self.share.get_encoded().map_err(|_| Unsound)
    }
}

/// The sum of a desk's halves.
pub fn add(parts: impl IntoIterator<Item = u64>) -> u64 {
    u64::from(parts.into_iter().fold(Field64::zero(), |sum, part| sum + Field64::from(part)))
}

/// A desk's part with its noise: discrete Laplace of scale clip / epsilon, which hides one dwelling even if the other desk
/// adds none (Canonne, Kamath, Steinke 2020).
pub fn with_noise(part: u64, task: &Task, seed: &Digest) -> u64 {
    let scale = Rational::from_unsigned(u128::from(task.clip) * 1_000, u128::from(task.epsilon_milli))
        .expect("invariant: a task was checked");
    let laplace = DiscreteLaplace::new(scale).expect("invariant: a dwelling counts with something");
    let mut stream = XofTurboShake128::init(seed.as_bytes(), &[STREAM]).into_seed_stream();
    // More than this is drawn with a probability that no number of years makes likely; it would still hide everything.
    let noise = i128::try_from(laplace.sample(&mut stream)).unwrap_or(1 << 100);
    let order = i128::from(Field64::modulus());
    let shifted = (i128::from(part) + noise).rem_euclid(order);
    u64::try_from(shifted).expect("invariant: less than the order of the field")
}

/// What both parts come to; noise may make it negative.
pub fn open(parts: [u64; 2]) -> i64 {
    let sum = add(parts);
    let amount =
        if sum > FIELD_HALF { i128::from(sum) - i128::from(Field64::modulus()) } else { i128::from(sum) };
    i64::try_from(amount).expect("invariant: half of the field fits")
}

/// Whether a number is an element of the field.
pub fn is_element(part: u64) -> bool {
    part < Field64::modulus()
}

fn stretch(seed: &Digest) -> [u8; CHANCE_BYTES] {
    let mut chance = [0; CHANCE_BYTES];
    for (block, bytes) in chance.chunks_mut(32).enumerate() {
        let part = Digest::of(
            "symbiose aggregate chance v1",
            &[seed.as_bytes(), &[u8::try_from(block).unwrap_or(0)]],
        );
        bytes.copy_from_slice(part.as_bytes());
    }
    chance
}

#[cfg(test)]
#[path = "vdaf_tests.rs"]
mod tests;
