//! Decisions are carried out once: at once, after the time for an appeal, or when the last of several buildings decided.

use protocol::assembly::{JointQuestion, Needed};
use protocol::{Action, WorkOrderId};

use super::*;

fn concluded(chain: &mut Chain, opening: &Opening, votes: &[[u64; 2]]) -> Vec<Event> {
    until(chain, opening.closes);
    let results = votes.iter().zip(1..).map(|(votes, n)| counted(record(chain, opening, n, *votes)));
    let results = results.collect();
    let action = conclusion(chain, opening.id(), results);
    put(chain, 0, action).unwrap()
}

fn carried(chain: &Chain, id: AssemblyId, number: u16) -> Carried {
    chain.state().decision(&id, ItemNumber(number)).unwrap().carried
}

fn propose(chain: &mut Chain, action: Action) -> Result<(), String> {
    let proposed = sign(chain, 0, Payload::Propose(action));
    block(chain, NOW, vec![proposed])?;
    let number = chain.state().meta().proposals;
    for n in [1, 2] {
        let approved = sign(chain, n, Payload::Approve(number));
        block(chain, NOW, vec![approved])?;
    }
    Ok(())
}

#[test]
fn an_adopted_item_opens_its_work_order_in_the_same_block() {
    let mut chain = chain();
    let order = || Effect::WorkOrder(commission());
    let opening = announce(&mut chain, HOME, vec![item(1, order()), item(2, order())]);
    let events = concluded(&mut chain, &opening, &[[501, 499], [500, 500]]);
    let (id, building) = (opening.id(), address(HOME));
    let cause = Cause::Item(id, ItemNumber(1));
    let expected = [
        Event::Assembly(AssemblyEvent::Concluded { assembly: id, item: ItemNumber(2), is_whole: true }),
        Event::WorkOrderOpened { id: WorkOrderId(1), building, reference: cause.reference() },
        Event::Assembly(AssemblyEvent::CarriedOut { cause, building, effect: order() }),
    ];
    assert_eq!(events, expected);
    assert_eq!([1, 2].map(|n| carried(&chain, id, n)), [Carried::Done(chain.height()), Carried::Nothing]);
    let orders: Vec<_> = chain.state().work_orders().collect();
    assert_eq!((orders.len(), orders[0].1.building), (1, building));
    assert_eq!(orders[0].1.policy, opening.items[0].resolution);
    // Nothing that comes later carries it out again.
    until(&mut chain, Height(opening.closes.0 + 20));
    assert_eq!(chain.state().work_orders().count(), 1);
}

#[test]
fn what_waits_for_the_judge_is_carried_out_on_the_first_day_after() {
    for law in RuleSet::ALL {
        let mut chain = chain();
        let waits = Item { after_appeal: true, ..item(1, Effect::WorkOrder(commission())) };
        let opening = Opening { law, ..opening(&chain, HOME, vec![waits]) };
        put(&mut chain, HOME, AssemblyAction::Announce(Box::new(opening.clone()))).unwrap();
        let id = opening.id();
        concluded(&mut chain, &opening, &[[600, 400]]);
        if law == RuleSet::France2020 {
            assert_eq!(carried(&chain, id, 1), Carried::AwaitsMinutes);
            let action = minutes(&chain, id, 1);
            put(&mut chain, HOME, action).unwrap();
        }
        let Carried::Due(time) = carried(&chain, id, 1) else { panic!("{law:?} does not wait") };
        // Four months from the assembly, or two from the minutes of the same day, and a day.
        let months = if law == RuleSet::France2020 { 2 } else { 4 };
        let last = opening.day.after(protocol::assembly::Span::Months(months));
        assert_eq!(time, UnixMs(i64::from(last.0 + 2) * DAY_MS), "{law:?}");
        block(&mut chain, UnixMs(time.0 - 1), Vec::new()).unwrap();
        assert_eq!(chain.state().work_orders().count(), 0);
        let events = block(&mut chain, time, Vec::new()).unwrap();
        assert!(matches!(events[..], [Event::WorkOrderOpened { .. }, Event::Assembly(_)]), "{events:?}");
        assert_eq!(carried(&chain, id, 1), Carried::Done(chain.height()));
        assert_eq!(block(&mut chain, time.plus(DAY_MS), Vec::new()), Ok(Vec::new()));
        assert_eq!(chain.state().work_orders().count(), 1);
    }
}

#[test]
fn a_building_only_proposes_what_is_the_hives() {
    let mut chain = chain();
    let action = Action::RemoveAuthority(address(3));
    let impossible = Action::RemoveAuthority(address(HOME));
    let items = [action.clone(), impossible].map(|action| Effect::Action(Box::new(action)));
    let [first, second] = items;
    let opening = announce(&mut chain, HOME, vec![item(1, first), item(2, second)]);
    concluded(&mut chain, &opening, &[[600, 0], [600, 0]]);
    let carried = [1, 2].map(|n| carried(&chain, opening.id(), n));
    assert_eq!(carried, [Carried::Done(chain.height()), Carried::Impossible(chain.height())]);
    let (number, proposal) = chain.state().proposals().next().unwrap();
    assert_eq!((number, &proposal.action, proposal.approvals.len()), (1, &action, 0));
    assert_eq!(chain.state().next_authorities().len(), 4);
    for n in [0, 1, 2] {
        let approved = sign(&chain, n, Payload::Approve(1));
        block(&mut chain, NOW, vec![approved]).unwrap();
    }
    assert_eq!(chain.state().next_authorities().len(), 3);
}

fn question(needed: Needed, effect: Effect) -> JointQuestion {
    let mut buildings = [HOME, NEIGHBOUR].map(address).to_vec();
    buildings.sort();
    let buildings = Bounded::new(buildings).unwrap();
    JointQuestion { question: ballot(60), buildings, needed, lead: address(NEIGHBOUR), effect }
}

fn answers(chain: &mut Chain, n: u8, question: &JointQuestion, after_appeal: bool) -> Opening {
    let answer = Item { joint: Some(question.id()), after_appeal, ..item(1, Effect::Nothing) };
    announce(chain, n, vec![answer])
}

#[test]
fn the_last_building_decides_a_joint_question() {
    let mut chain = chain();
    let question = question(Needed::All, Effect::WorkOrder(commission()));
    let unasked = Item { joint: Some(question.id()), ..item(1, Effect::Nothing) };
    let too_soon = opening(&chain, HOME, vec![unasked]);
    let refused = put(&mut chain, HOME, AssemblyAction::Announce(Box::new(too_soon))).unwrap_err();
    assert!(refused.contains("question"), "{refused}");
    propose(&mut chain, Action::AskJointly(Box::new(question.clone()))).unwrap();
    let again = propose(&mut chain, Action::AskJointly(Box::new(question.clone())));
    assert!(again.unwrap_err().contains("on record"));
    let first = answers(&mut chain, HOME, &question, false);
    let second = answers(&mut chain, NEIGHBOUR, &question, false);
    concluded(&mut chain, &first, &[[600, 0]]);
    assert_eq!(carried(&chain, first.id(), 1), Carried::Jointly);
    assert_eq!(chain.state().joint_question(&question.id()).unwrap().decided, None);
    let events = concluded(&mut chain, &second, &[[600, 0]]);
    let (decided, is_adopted) = (question.id(), true);
    assert!(
        events.contains(&Event::Assembly(AssemblyEvent::DecidedJointly { question: decided, is_adopted }))
    );
    let joint = chain.state().joint_question(&decided).unwrap();
    assert_eq!(joint.carried, Carried::Done(chain.height()));
    let orders: Vec<_> = chain.state().work_orders().collect();
    assert_eq!((orders.len(), orders[0].1.building), (1, address(NEIGHBOUR)), "it is the lead's");
    let late = answers_refused(&mut chain, &question);
    assert!(late.contains("decided"), "{late}");
}

fn answers_refused(chain: &mut Chain, question: &JointQuestion) -> String {
    let answer = Item { joint: Some(question.id()), ..item(1, Effect::Nothing) };
    let opening = opening(chain, HOME, vec![answer]);
    put(chain, HOME, AssemblyAction::Announce(Box::new(opening))).unwrap_err()
}

#[test]
fn a_joint_question_carries_the_hives_own_action_out_and_waits_for_the_slowest_appeal() {
    let mut chain = chain();
    let action = Effect::Action(Box::new(Action::RemoveAuthority(address(3))));
    let question = question(Needed::All, action);
    propose(&mut chain, Action::AskJointly(Box::new(question.clone()))).unwrap();
    let first = answers(&mut chain, HOME, &question, true);
    let second = answers(&mut chain, NEIGHBOUR, &question, false);
    concluded(&mut chain, &first, &[[600, 0]]);
    concluded(&mut chain, &second, &[[600, 0]]);
    let joint = chain.state().joint_question(&question.id()).unwrap().clone();
    let Carried::Due(time) = joint.carried else { panic!("{joint:?}") };
    assert_eq!(chain.state().next_authorities().len(), 4);
    block(&mut chain, time, Vec::new()).unwrap();
    assert_eq!(chain.state().next_authorities().len(), 3);
    assert_eq!(chain.state().joint_question(&question.id()).unwrap().carried, Carried::Done(chain.height()));
}

#[test]
fn one_building_against_refuses_where_all_are_needed() {
    let mut chain = chain();
    let question = question(Needed::All, Effect::WorkOrder(commission()));
    propose(&mut chain, Action::AskJointly(Box::new(question.clone()))).unwrap();
    let first = answers(&mut chain, HOME, &question, false);
    let second = answers(&mut chain, NEIGHBOUR, &question, false);
    concluded(&mut chain, &first, &[[600, 0]]);
    concluded(&mut chain, &second, &[[400, 500]]);
    let joint = chain.state().joint_question(&question.id()).unwrap();
    assert_eq!((joint.decided.is_some(), joint.is_adopted, joint.carried), (true, false, Carried::Nothing));
    assert_eq!(chain.state().work_orders().count(), 0);
}
