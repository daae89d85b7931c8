//! Models through the operator: what comes out, restores, and what Spark 3.5.8 answered.

use super::descent::{Linear, Logistic, Regression, Steps};
use super::kmeans::{Decay, KMeans};
use super::*;
use crate::expr::Program;
use crate::op::testing;
use proptest::prelude::*;

const STEPS: Steps = Steps { step: 0.5, iterations: 30, regularisation: 0.0, fraction: 1.0, tolerance: 0.001 };

fn by(source: &str) -> Parts {
    Parts { by: Some(Program::parse(source, &[]).unwrap()), ..Parts::default() }
}

fn clusters(emit: Emit, parts: Parts) -> Learn<KMeans> {
    let decay = Decay { factor: 0.5, by_points: false };
    Learn::new(KMeans::new(1, vec![0.0, 10.0], vec![0.0, 0.0], decay), parts, emit)
}

fn records(ran: testing::Collected) -> Vec<Vec<String>> {
    ran.batches.into_iter().map(|(_, records)| records).collect()
}

#[test]
fn predictions_are_by_the_model_before_or_after_the_batch() {
    let batches = [vec!["[4]", "[5.5]", "[20]"], vec![], vec!["[12]"]];
    let of = |emit, parts| records(testing::run(&mut clusters(emit, parts), &batches));
    assert_eq!(of(Emit::Before, Parts::default()), [vec!["0", "1", "1"], vec![], vec!["1"]]);
    assert_eq!(of(Emit::After, by(".[0]")), [vec!["[4,0]", "[5.5,0]", "[20,1]"], vec![], vec!["[12,1]"]]);
    let models = of(Emit::Model, Parts::default());
    assert_eq!(models[0], [r#"{"centers":[[4],[12.75]],"weights":[1,2]}"#]);
    assert_eq!(models[1], [r#"{"centers":[[4],[12.75]],"weights":[0.5,1]}"#]);
}

#[test]
fn a_batch_that_cannot_be_learnt_is_told_and_passed_over() {
    let steps = Steps { step: 1e300, tolerance: 0.0, ..STEPS };
    let mut learn = Learn::new(Regression::<Linear>::new(vec![0.0], steps), Parts::default(), Emit::Model);
    let ran = testing::run(&mut learn, &[vec!["[1,[1e9]]"], vec!["[0,[0]]"]]);
    assert!(ran.bad.len() == 1 && ran.bad[0].1.contains("smaller --step"), "{:?}", ran.bad);
    assert_eq!(records(ran), [[r#"{"weights":[0],"intercept":0}"#], [r#"{"weights":[0],"intercept":0}"#]]);
}

/// LinearRegressionWithSGD, RidgeRegressionWithSGD and LogisticRegressionWithSGD (L2) on one partition,
/// with miniBatchFraction.
#[test]
fn samples_of_a_batch_are_those_that_spark_takes() {
    let batch: Vec<(f64, [f64; 2])> = (0..60)
        .map(|i| (f64::from(i % 2), [f64::from(i * 7 % 11) / 11.0, f64::from(i * 5 % 13) / 13.0 - 0.5]))
        .collect();
    let batch: Vec<String> = batch.iter().map(|(label, [a, b])| format!("[{label},[{a},{b}]]")).collect();
    let spark = [
        (
            0.3,
            [0.5621373958977582, -0.17273459414828035],
            [0.44898463604804506, -0.12339076076478507],
            [-0.01000945682843115, -0.09174601946228043],
        ),
        (
            0.7,
            [0.6181590359862333, -0.16970683434903217],
            [0.5143700057996428, -0.11215345000446007],
            [0.04887290598028166, -0.10134184889269304],
        ),
        (
            1.0,
            [0.6135140272043069, -0.15610789107659126],
            [0.5100481729786586, -0.102204924765739],
            [0.04331052284454658, -0.09339924891382573],
        ),
    ];
    for (fraction, linear, ridge, logistic) in spark {
        let weights = vec![0.1, -0.2];
        let steps = |regularisation| Steps { regularisation, fraction, ..STEPS };
        let run = |operator: &mut dyn Operator| {
            records(testing::run(operator, std::slice::from_ref(&batch))).remove(0).remove(0)
        };
        let given = [
            (
                run(&mut Learn::new(
                    Regression::<Linear>::new(weights.clone(), steps(0.0)),
                    Parts::default(),
                    Emit::Model,
                )),
                linear,
            ),
            (
                run(&mut Learn::new(
                    Regression::<Linear>::new(weights.clone(), steps(0.1)),
                    Parts::default(),
                    Emit::Model,
                )),
                ridge,
            ),
            (
                run(&mut Learn::new(
                    Regression::<Logistic>::new(weights.clone(), steps(0.1)),
                    Parts::default(),
                    Emit::Model,
                )),
                logistic,
            ),
        ];
        for (given, spark) in given {
            let mut weights = Vec::new();
            numbers::push_numbers(crate::record::field(given.as_bytes(), b"weights").unwrap(), 2, &mut weights)
                .unwrap();
            for (ours, spark) in weights.iter().zip(spark) {
                assert!((ours / spark - 1.0).abs() < 1e-9, "{fraction}: {given}, {spark}");
            }
        }
    }
}

proptest! {
    #[test]
    fn restored_anywhere_is_as_undisturbed(
        batches in prop::collection::vec(prop::collection::vec((any::<bool>(), -9_i32..9, -9_i32..9), 0..6), 1..10),
        at in 0_usize..10, emit in prop::sample::select(vec![Emit::Model, Emit::Before, Emit::After]),
    ) {
        let labelled: Vec<Vec<String>> = batches
            .iter()
            .map(|batch| batch.iter().map(|(label, a, b)| format!("[{},[{a}.25,{b}]]", i32::from(*label))).collect())
            .collect();
        let points: Vec<Vec<String>> =
            batches.iter().map(|batch| batch.iter().map(|(_, a, _)| format!("[{a}.1]")).collect()).collect();
        let steps = Steps { fraction: 0.7, step: 0.01, ..STEPS };
        let logistic = || Box::new(Learn::new(Regression::<Logistic>::new(vec![0.5, -0.5], steps), by(".[1]"), emit));
        let restored = testing::run_restored(&mut || logistic(), &labelled, at);
        prop_assert_eq!(restored, testing::run(logistic().as_mut(), &labelled).batches);
        let kmeans = || Box::new(clusters(emit, Parts::default()));
        let restored = testing::run_restored(&mut || kmeans(), &points, at);
        prop_assert_eq!(restored, testing::run(kmeans().as_mut(), &points).batches);
    }
}
