use sstream::connect::{Wake, program};

use super::super::message::Messages;
use super::*;

fn desk(way: Way, mark: usize) -> Desk {
    Desk::new(Wake::new().unwrap().bell(), way, mark)
}

fn message(text: &str) -> Message {
    let mut messages = Messages { topic: None, value: None, multipart: false };
    messages.value = Some(program("--value", ".", &[]).unwrap());
    messages.make(format!("\"{text}\"").as_bytes()).unwrap().unwrap()
}

/// What a peer's connection takes.
fn taken(desk: &Desk, peer: u64) -> Vec<String> {
    let mut texts = Vec::new();
    desk.next(peer, usize::MAX, |message| texts.push(String::from_utf8_lossy(message.first()).into_owned()));
    texts
}

#[test]
fn pushed_messages_go_to_one_each_in_turns_and_to_others_when_one_is_lost() {
    let desk = desk(Way::Push, 2);
    assert_eq!(desk.give(&message("early")).unwrap(), Given::No, "nobody is there");
    let [one, other] = ["one", "other"].map(|name| desk.come(name.to_owned()).0);
    for text in ["1", "2", "3", "4"] {
        assert_eq!(desk.give(&message(text)).unwrap(), Given::Yes);
    }
    assert_eq!(desk.give(&message("5")).unwrap(), Given::No, "both are full");
    assert_eq!(taken(&desk, one), ["1", "3"]);
    assert_eq!(desk.give(&message("5")).unwrap(), Given::Yes, "it has written, and has room again");
    desk.heard(one, 1);
    assert!(!desk.is_settled().unwrap());
    // What it had not heard goes to the other one, in front of what is new.
    desk.gone(one);
    assert_eq!(desk.give(&message("6")).unwrap(), Given::No);
    assert_eq!(taken(&desk, other), ["2", "4"]);
    assert!(!desk.is_settled().unwrap());
    assert_eq!(taken(&desk, other), ["3", "5"]);
    desk.heard(other, 4);
    assert!(desk.is_settled().unwrap());
    assert_eq!(desk.losses(), (0, 0));
}

#[test]
fn published_messages_go_to_who_has_subscribed() {
    let desk = desk(Way::Drop, 2);
    let [all, some, none] = ["all", "some", "none"].map(|name| desk.come(name.to_owned()).0);
    assert!(desk.subscribed(all, true, Vec::new()));
    assert!(desk.subscribed(some, true, b"a".to_vec()) && desk.subscribed(some, true, b"ab".to_vec()));
    assert_eq!(desk.peers().unwrap(), 2);
    ["ab", "b", "a"].iter().for_each(|text| assert_eq!(desk.give(&message(text)).unwrap(), Given::Yes));
    assert_eq!(taken(&desk, all), ["ab", "b"], "the third one was dropped");
    assert_eq!(taken(&desk, some), ["ab", "a"], "once, however often it has subscribed");
    assert!(taken(&desk, none).is_empty());
    assert_eq!((desk.slow(), desk.slow()), (vec![("all".to_owned(), 1)], vec![]));
    assert!(desk.subscribed(some, false, b"a".to_vec()));
    ["ab", "a"].iter().for_each(|text| assert_eq!(desk.give(&message(text)).unwrap(), Given::Yes));
    assert_eq!(taken(&desk, some), ["ab"]);
    desk.heard(all, 2);
    desk.gone(all);
    assert_eq!(desk.losses(), (1, 2), "dropped once, and two were not heard");
    assert!(!desk.subscribed(some, true, vec![0; MOST_TOPIC_BYTES]), "more than there is room for");
}

#[test]
fn who_blocks_has_all_or_none_take_it() {
    let desk = desk(Way::Block, 1);
    let [one, other] = ["one", "other"].map(|name| desk.come(name.to_owned()).0);
    [one, other].iter().for_each(|peer| assert!(desk.subscribed(*peer, true, Vec::new())));
    assert_eq!(desk.give(&message("1")).unwrap(), Given::Yes);
    assert_eq!(taken(&desk, one), ["1"]);
    assert_eq!(desk.give(&message("2")).unwrap(), Given::No, "the other one has no room");
    assert!(taken(&desk, one).is_empty());
    assert_eq!(taken(&desk, other), ["1"]);
    assert_eq!(desk.give(&message("2")).unwrap(), Given::Yes);
    assert_eq!((taken(&desk, one), taken(&desk, other)), (vec!["2".to_owned()], vec!["2".to_owned()]));
    [one, other].iter().for_each(|peer| desk.heard(*peer, 2));
    assert!(desk.is_settled().unwrap());
}
