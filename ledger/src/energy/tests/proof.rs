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
