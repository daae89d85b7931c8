use super::*;

fn automaton(text: &str) -> Result<Automaton, String> {
    Automaton::new(&Pattern::parse(text).unwrap())
}

/// Where the edges of each place lead, the beginning last.
fn edges(text: &str) -> Vec<String> {
    let automaton = automaton(text).unwrap();
    let show = |edge: &Edge| {
        let joint = if edge.is_strict { "" } else { ">" };
        match edge.to {
            Target::Place(place) => format!("{joint}{place}"),
            Target::End => "end".to_owned(),
            Target::Absence => "absence".to_owned(),
        }
    };
    (0..=automaton.start()).map(|place| automaton.edges(place).iter().map(show).collect::<Vec<_>>().join(" ")).collect()
}

#[test]
fn places_and_edges() {
    assert_eq!(edges("a b"), ["1", "end", "0"]);
    assert_eq!(edges("a -> b+ -> c"), [">1", ">1 >2", "end", "0"]);
    assert_eq!(edges("a b? -> c"), ["1 >2", ">2", "end", "0"]);
    assert_eq!(edges("a{3,} -> b"), [">1", ">2", ">2 >3", "end", "0"]);
    assert_eq!(edges("a{1,2}"), ["1 end", "end", "0"]);
    assert_eq!(edges("(a -> b)+ c"), [">1", "0 2", "end", "0"]);
    assert_eq!(edges("a -> (b c)+ -> d"), [">1", "2", ">1 >3", "end", "0"]);
    assert_eq!(edges("a* b"), ["0 1", "end", "0 1"]);
    assert_eq!(edges("a -> !x"), ["absence", "0"]);
    assert_eq!(edges("a (b|c) d"), ["1 2", "3", "3", "end", "0"]);
}

#[test]
fn guards_of_what_must_not_come() {
    let between = automaton("a -> !x -> b").unwrap();
    assert_eq!(between.edges(0)[0].guard.not, [1]);
    let after_a_loop = automaton("b+ -> !x -> c").unwrap();
    assert_eq!(after_a_loop.edges(0).iter().map(|edge| edge.guard.not.len()).collect::<Vec<_>>(), [1, 1]);
    assert_eq!(after_a_loop.edges(0)[1].guard.forbidden, [0], "a greedy loop is left where it can take no more");
    assert!(automaton("a b+ c").unwrap().edges(1)[1].guard.forbidden.is_empty(), "but gives back between spaces");
    assert_eq!(automaton("a !x -> b").unwrap().edges(0)[0].guard.not_next, [1]);
}

#[test]
fn what_means_nothing_is_refused() {
    for (text, reason) in [("a*", "no record at all"), ("a | b !x | c", "behind ->"), ("(a?){2}", "no record")] {
        assert!(automaton(text).unwrap_err().contains(reason), "{text}");
    }
}

#[test]
fn names_that_may_be_lacking() {
    let optional = automaton("a b? c").unwrap();
    assert!(optional.can_lack(1) && !optional.can_lack(0) && !optional.can_lack(2));
    assert!(optional.can_begin_with(0) && !optional.can_begin_with(1));
}
