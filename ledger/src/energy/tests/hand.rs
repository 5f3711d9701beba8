//! Slots that somebody worked out on paper, with every figure.

use protocol::energy::{Factor, MicroEuro, Price, SharingRule};

use super::{parts, setting};
use crate::energy::{Bill, LineHash, settle, write_line};

/// Net amounts of three slots of the recorded year: 24 buildings, demand positive, surplus negative.
const SLOT_228: [i64; 24] = [
    34, 80, 22, 38, 78, 236, 75, -69, 34, 200, 272, 266, 522, 814, 1175, 704, 482, 771, 122, -2, 15, -263,
    96, 100,
];
const SLOT_229: [i64; 24] = [
    -15, 70, 61, 67, 87, 258, 99, -52, 41, 244, 343, 312, 640, 942, 1018, 795, 537, 941, -101, 162, 36, -235,
    175, 142,
];
const SLOT_230: [i64; 24] = [
    128, 133, 102, 168, 71, 272, 65, -41, 38, 349, 444, 433, 781, 1270, 1343, 887, 517, 1136, -135, 255, 80,
    -205, 118, 147,
];

fn line(slot: u64, net: &[i64]) -> String {
    let mut text = String::new();
    write_line(slot, &settle(&setting(&SharingRule::DEFAULT), &parts(net)).unwrap(), &mut text);
    text
}

#[test]
fn two_buyers_with_the_same_remainder() {
    let net = [-100, -51, 100, 100];
    assert_eq!(line(7, &net), "7|151|0,0,76,75|100,51,0,0|0,0,11020,10875|14500,7395,0,0\n");
    let mut hash = LineHash::default();
    hash.add(7, &settle(&setting(&SharingRule::DEFAULT), &parts(&net)).unwrap());
    assert_eq!(hash.hex(), "81f4c160f6853206d21df1b7fb9ebccea360e4a6b3a30bcd71d9d732147f1fc5");
}

#[test]
fn three_slots_of_the_year() {
    let cases = [
        (
            228,
            SLOT_228,
            "228|334|2,4,1,2,4,13,4,0,2,11,15,15,28,44,64,38,26,42,7,0,1,0,5,6\
             |0,0,0,0,0,0,0,69,0,0,0,0,0,0,0,0,0,0,0,2,0,263,0,0\
             |290,580,145,290,580,1885,580,0,290,1595,2175,2175,4060,6380,9280,5510,3770,6090,1015,0,145,0,725,870\
             |0,0,0,0,0,0,0,10005,0,0,0,0,0,0,0,0,0,0,0,290,0,38135,0,0\n",
        ),
        (
            229,
            SLOT_229,
            "229|403|0,4,4,4,5,15,6,0,2,14,20,18,37,55,59,46,31,54,0,9,2,0,10,8\
             |15,0,0,0,0,0,0,52,0,0,0,0,0,0,0,0,0,0,101,0,0,235,0,0\
             |0,580,580,580,725,2175,870,0,290,2030,2900,2610,5365,7975,8555,6670,4495,7830,0,1305,290,0,1450,1160\
             |2175,0,0,0,0,0,0,7540,0,0,0,0,0,0,0,0,0,0,14645,0,0,34075,0,0\n",
        ),
        (
            230,
            SLOT_230,
            "230|381|6,6,4,7,3,12,3,0,2,15,19,19,34,55,59,39,23,50,0,11,3,0,5,6\
             |0,0,0,0,0,0,0,41,0,0,0,0,0,0,0,0,0,0,135,0,0,205,0,0\
             |870,870,580,1015,435,1740,435,0,290,2175,2755,2755,4930,7975,8555,5655,3335,7250,0,1595,435,0,725,870\
             |0,0,0,0,0,0,0,5945,0,0,0,0,0,0,0,0,0,0,19575,0,0,29725,0,0\n",
        ),
    ];
    for (slot, net, expected) in cases {
        assert_eq!(line(slot, &net), expected);
    }
}

/// Nobody sells, everybody sells, one member, nobody at all: nothing is shared and the line says so.
#[test]
fn nothing_to_share() {
    assert_eq!(line(1, &[5, 7]), "1|0|0,0|0,0|0,0|0,0\n");
    assert_eq!(line(2, &[-5, -7]), "2|0|0,0|0,0|0,0|0,0\n");
    assert_eq!(line(3, &[0, 0]), "3|0|0,0|0,0|0,0|0,0\n");
    assert_eq!(line(4, &[-5]), "4|0|0|0|0|0\n");
    assert_eq!(line(5, &[]), "5|0||||\n");
}

/// With 60 Wh at 145,000 each side gains the same; with a fee the middle moves down and the buyer pays the fee once.
#[test]
fn a_bill_with_a_fee_on_top() {
    let rule = SharingRule::DEFAULT;
    let setting = crate::energy::Setting { fee: Price(86_000), ..setting(&rule) };
    let outcome = settle(&setting, &parts(&[100, -60])).unwrap();
    assert_eq!(outcome.price, Some(Price(102_000)));
    let [buyer, seller] = [outcome.lines[0], outcome.lines[1]];
    assert_eq!((buyer.alloc.0, buyer.pay, buyer.fee), (60, MicroEuro(6_120), MicroEuro(5_160)));
    assert_eq!((seller.sold.0, seller.rev, seller.fee), (60, MicroEuro(6_120), MicroEuro(0)));
    let (mut of_buyer, mut of_seller) = (Bill::default(), Bill::default());
    of_buyer.add(&setting, &buyer).unwrap();
    of_seller.add(&setting, &seller).unwrap();
    // 40 Wh at retail, 60 Wh from the neighbour, the fee; alone 100 Wh at retail.
    assert_eq!((of_buyer.shared.0, of_buyer.alone.0), (10_000 + 6_120 + 5_160, 25_000));
    assert_eq!((of_seller.shared.0, of_seller.alone.0), (-6_120, -2_400));
    assert_eq!(of_buyer.balance.0 + of_seller.balance.0, 0);
    assert_eq!((of_buyer.change(), of_seller.change()), (Some(MicroEuro(-3_720)), Some(MicroEuro(-3_720))));
}

/// Where the network costs more than the supplier's margin, nothing is shared; at the border there is one price.
#[test]
fn a_fee_that_leaves_no_gain() {
    let rule = SharingRule::Dynamic(Factor::new(1, 3).unwrap());
    for (fee, traded, price) in [(209_999, 50, Some(40_000)), (210_000, 50, Some(40_000)), (210_001, 0, None)]
    {
        let setting = crate::energy::Setting { fee: Price(fee), ..setting(&rule) };
        let outcome = settle(&setting, &parts(&[50, -80])).unwrap();
        assert_eq!((outcome.traded.0, outcome.price), (traded, price.map(Price)), "fee {fee}");
        assert_eq!((outcome.demand.0, outcome.surplus.0), (50, 80));
    }
}

/// Price zero: feed-in and factor zero. Energy moves, money does not.
#[test]
fn a_price_of_zero() {
    let rule = SharingRule::Dynamic(Factor::new(0, 1).unwrap());
    let setting = crate::energy::Setting { feed_in: Price(0), ..setting(&rule) };
    let mut text = String::new();
    write_line(9, &settle(&setting, &parts(&[70, 30, -60])).unwrap(), &mut text);
    assert_eq!(text, "9|60|42,18,0|0,0,60|0,0,0|0,0,0\n");
}
