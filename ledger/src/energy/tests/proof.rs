//! A member's line is shown to be the one that was signed, and no other figure is.

use protocol::energy::{Salt, SharingRule, SlotId, WattHours};

use super::{parts, setting};
use crate::energy::{Line, LineTree, settle, slot_result};

#[test]
fn every_line_can_be_shown_and_no_other() {
    let outcome = settle(&setting(&SharingRule::DEFAULT), &parts(&[34, 80, -69, 22, -263, 100, 1])).unwrap();
    let salts: Vec<Salt> = (0..7).map(|n| Salt::new([n; 16])).collect();
    let tree = LineTree::new(SlotId(228), 1, &outcome, &salts);
    for (place, (line, salt)) in outcome.lines.iter().zip(&salts).enumerate() {
        let proof = tree.prove(place as u64).unwrap();
        assert!(proof.holds(&tree.root(), SlotId(228), 1, line, salt));
        assert!(!proof.holds(&tree.root(), SlotId(229), 1, line, salt), "another slot");
        assert!(!proof.holds(&tree.root(), SlotId(228), 2, line, salt), "another version");
        assert!(!proof.holds(&tree.root(), SlotId(228), 1, line, &Salt::new([99; 16])), "another salt");
        let more = Line { alloc: WattHours(line.alloc.0 + 1), ..*line };
        assert!(!proof.holds(&tree.root(), SlotId(228), 1, &more, salt), "another figure");
    }
    assert_eq!(tree.prove(7), None);
    let result = slot_result(SlotId(228), 1, &outcome, &salts, vec![]).unwrap();
    assert_eq!((result.lines, result.traded, result.price), (tree.root(), outcome.traded, outcome.price));
}

/// The page checks lines in another language; its test holds the same figures (`web/ui/src/lib/slotproof.test.ts`).
#[test]
fn a_line_hashes_to_what_the_page_computes() {
    let outcome = settle(&setting(&SharingRule::DEFAULT), &parts(&[34, 80, -69, 22, -263, 100, 1])).unwrap();
    let salts: Vec<Salt> = (0..7).map(|n| Salt::new([n; 16])).collect();
    let tree = LineTree::new(SlotId(228), 1, &outcome, &salts);
    let Line { member, demand, surplus, alloc, sold, pay, rev, fee } = outcome.lines[1];
    let amounts = [demand.0, surplus.0, alloc.0, sold.0, pay.0, rev.0, fee.0];
    let path: Vec<String> = tree.prove(1).unwrap().path.iter().map(ToString::to_string).collect();
    expect_test::expect![[r#"
        0000000000000001000000000000000000000000 [80, 0, 80, 0, 11600, 0, 0]
        [
            "b159a2632c8027ce150ee3568bbd3d62ee959e8cbd41202170ffc42af19841fa",
            "377a3a707a3077800b32c8333644ee876dd5cac9c1872d45b02db00cd86f74f8",
            "0289160c6ecd737600d4efbcbe618db02a225435d31ac659419de18a58cb306d",
        ]
        e48cbc26e20e4dd166410d6526e1b6308a2d16b911c3c4717fee8a46292d6685"#]]
    .assert_eq(&format!("{member} {amounts:?}\n{path:#?}\n{}", tree.root()));
}
