//! Spark's `StreamingKMeans`: in each batch every point goes to its nearest centre, and then each centre
//! moves towards the mean of its points, the further the less weight its past has.
//!
//! With the discount a, the weight n and the centre c of a cluster that got m points of the sum s:
//!
//! ```text
//! n' = a n + m        c' = (1 - m/n') c + s/n'
//! ```
//!
//! A cluster whose weight has fallen below 1e-8 of the greatest is dying: it takes half of that
//! cluster's weight, and a place right beside its centre.
//!
//! Points are not kept: each batch costs one pass over it, as it comes. Of two centres that are equally
//! near the first one counts.

use multiversion::multiversion;

use super::model::{Model, add_scaled, push_array, push_list};
use super::random::Random;
use super::samples::{Labels, Samples};

/// How the past is discounted, batch by batch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Decay {
    /// What a weight is multiplied by: 1 forgets nothing, 0 all.
    pub factor: f64,
    /// Once for each point of the batch, and not once for the batch.
    pub by_points: bool,
}

impl Decay {
    /// After so many batches or points the past counts half.
    pub fn half_life(half_life: f64, by_points: bool) -> Decay {
        Decay { factor: (0.5_f64.ln() / half_life).exp(), by_points }
    }
}

/// Clusters, and what the open batch adds to them.
#[derive(Clone, Debug)]
pub struct KMeans {
    dimensions: usize,
    /// Centre by centre.
    centers: Vec<f64>,
    weights: Vec<f64>,
    decay: Decay,
    /// Of the points in the open batch, by cluster.
    sums: Vec<f64>,
    counts: Vec<u64>,
    nearest: Vec<u32>,
}

impl KMeans {
    /// Begins with these centres, of so many numbers each, and a weight each.
    pub fn new(dimensions: usize, centers: Vec<f64>, weights: Vec<f64>, decay: Decay) -> KMeans {
        assert_eq!(centers.len(), dimensions * weights.len());
        let (sums, counts) = (vec![0.0; centers.len()], vec![0; weights.len()]);
        KMeans { dimensions, centers, weights, decay, sums, counts, nearest: Vec::new() }
    }

    /// Centres from the normal distribution around 0, those that Spark draws with this seed.
    pub fn random_centers(clusters: usize, dimensions: usize, seed: i64) -> Vec<f64> {
        let mut random = Random::new(seed);
        (0..clusters * dimensions).map(|_| random.gaussian()).collect()
    }

    fn clusters(&self) -> impl Iterator<Item = &[f64]> {
        self.centers.chunks_exact(self.dimensions)
    }

    /// A cluster without weight beside the greatest one is given half of that.
    fn split_for_the_dying(&mut self) {
        // Of equal ones the first.
        let (mut largest, mut smallest) = (0, 0);
        for (cluster, weight) in self.weights.iter().enumerate() {
            if *weight > self.weights[largest] {
                largest = cluster;
            }
            if *weight < self.weights[smallest] {
                smallest = cluster;
            }
        }
        let (most, least) = (self.weights[largest], self.weights[smallest]);
        if least >= 1e-8 * most {
            return;
        }
        self.weights[largest] = (most + least) / 2.0;
        self.weights[smallest] = self.weights[largest];
        for place in 0..self.dimensions {
            let x = self.centers[largest * self.dimensions + place];
            let shift = 1e-14 * x.abs().max(1.0);
            self.centers[largest * self.dimensions + place] = x + shift;
            self.centers[smallest * self.dimensions + place] = x - shift;
        }
    }
}

impl Model for KMeans {
    const LABELS: Labels = Labels::None;

    fn dimensions(&self) -> usize {
        self.dimensions
    }

    fn predict(&self, samples: &Samples, to: &mut Vec<f64>) {
        let mut nearest = Vec::new();
        find_nearest(&samples.features, &self.centers, self.dimensions, &mut nearest);
        to.extend(nearest.into_iter().map(f64::from));
    }

    fn take(&mut self, samples: &Samples) {
        let mut nearest = std::mem::take(&mut self.nearest);
        nearest.clear();
        find_nearest(&samples.features, &self.centers, self.dimensions, &mut nearest);
        for (point, cluster) in samples.features.chunks_exact(self.dimensions).zip(&nearest) {
            let cluster = *cluster as usize;
            self.counts[cluster] += 1;
            add_scaled(&mut self.sums[cluster * self.dimensions..][..self.dimensions], 1.0, point);
        }
        self.nearest = nearest;
    }

    fn learn(&mut self) -> Result<(), String> {
        let before = (self.centers.clone(), self.weights.clone());
        let points: u64 = self.counts.iter().sum();
        let discount = if self.decay.by_points { self.decay.factor.powf(points as f64) } else { self.decay.factor };
        self.weights.iter_mut().for_each(|weight| *weight *= discount);
        let clusters = self.centers.chunks_exact_mut(self.dimensions).zip(self.sums.chunks_exact(self.dimensions));
        for ((center, sum), (weight, count)) in clusters.zip(self.weights.iter_mut().zip(&self.counts)) {
            if *count == 0 {
                continue;
            }
            let count = *count as f64;
            *weight += count;
            let share = count / weight.max(1e-16);
            center.iter_mut().for_each(|number| *number *= 1.0 - share);
            add_scaled(center, share / count, sum);
        }
        self.split_for_the_dying();
        self.sums.fill(0.0);
        self.counts.fill(0);
        if self.centers.iter().chain(&self.weights).all(|number| number.is_finite()) {
            return Ok(());
        }
        (self.centers, self.weights) = before;
        Err(format!("with the {points} points of this batch a centre is infinite: their sum is beyond a double"))
    }

    fn write(&self, to: &mut Vec<u8>) {
        to.extend_from_slice(b"{\"centers\":");
        push_list(self.clusters(), to, push_array);
        to.extend_from_slice(b",\"weights\":");
        push_array(&self.weights, to);
        to.push(b'}');
    }

    fn numbers(&self, to: &mut Vec<f64>) {
        to.extend_from_slice(&self.centers);
        to.extend_from_slice(&self.weights);
    }

    fn set_numbers(&mut self, numbers: &[f64]) -> bool {
        let is_mine = numbers.len() == self.centers.len() + self.weights.len();
        if is_mine {
            let (centers, weights) = numbers.split_at(self.centers.len());
            self.centers.copy_from_slice(centers);
            self.weights.copy_from_slice(weights);
        }
        is_mine
    }

    fn bytes(&self) -> usize {
        size_of::<f64>() * (2 * self.centers.len() + 2 * self.weights.len()) + 4 * self.nearest.capacity()
    }
}

/// So many points are compared with a centre at once.
const LANES: usize = 8;

/// Appends which of the centres is nearest to each point; the first of those that are equally near.
///
/// Points lie side by side in a tile, number by number, so that one instruction works on several. Each
/// distance is added up in the order of its numbers, as if it were alone. With AVX2, where there is some, that is
/// twice as fast; products are rounded before they are added there too, so that all machines find the same.
#[multiversion(targets("x86_64+avx2"))]
fn find_nearest(points: &[f64], centers: &[f64], dimensions: usize, to: &mut Vec<u32>) {
    let mut tile = vec![[0.0; LANES]; dimensions];
    for points in points.chunks(LANES * dimensions) {
        for (lane, point) in points.chunks_exact(dimensions).enumerate() {
            for (row, number) in tile.iter_mut().zip(point) {
                row[lane] = *number;
            }
        }
        let (mut least, mut nearest) = ([f64::INFINITY; LANES], [0; LANES]);
        for (cluster, center) in centers.chunks_exact(dimensions).enumerate() {
            let mut distances = [0.0; LANES];
            for (row, number) in tile.iter().zip(center) {
                for lane in 0..LANES {
                    let apart = row[lane] - number;
                    distances[lane] += apart * apart;
                }
            }
            for lane in 0..LANES {
                let is_nearer = distances[lane] < least[lane];
                least[lane] = if is_nearer { distances[lane] } else { least[lane] };
                nearest[lane] = if is_nearer { cluster as u64 } else { nearest[lane] };
            }
        }
        to.extend(nearest[..points.len() / dimensions].iter().map(|cluster| *cluster as u32));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn samples(features: &[f64], dimensions: usize) -> Samples {
        Samples::of_features(features, dimensions)
    }

    #[test]
    fn random_centers_are_those_of_spark() {
        // setK(2).setRandomCenters(3, 0.0, 42)
        let spark = [
            2.384479054241165,
            0.1920934041293524,
            0.7337336533286575,
            -0.5224480195716871,
            2.060084179317831,
            0.20963383826633825,
        ];
        for (ours, spark) in KMeans::random_centers(2, 3, 42).iter().zip(spark) {
            assert!((ours - spark).abs() < 1e-14, "{ours} {spark}");
        }
    }

    #[test]
    fn a_half_life_is_what_it_says() {
        let decay = Decay::half_life(5.0, false);
        assert!((decay.factor.powi(5) - 0.5).abs() < 1e-15);
    }

    #[test]
    fn what_becomes_infinite_is_not_learnt() {
        let mut model = KMeans::new(1, vec![0.0, 1.0], vec![0.0, 0.0], Decay { factor: 1.0, by_points: false });
        model.take(&samples(&[1e308, 1e308], 1));
        assert!(model.learn().is_err());
        model.take(&samples(&[2.0, 4.0], 1));
        model.learn().unwrap();
        // The first one is dying, and split off.
        assert!((model.centers[0] - 3.0).abs() < 1e-12 && (model.centers[1] - 3.0).abs() < 1e-12);
        assert_eq!(model.weights, [1.0, 1.0]);
    }

    proptest! {
        #[test]
        fn the_nearest_is_the_first_of_the_nearest(
            dimensions in 1_usize..6,
            points in prop::collection::vec(-3_i32..4, 0..200),
            centers in prop::collection::vec(-3_i32..4, 6..60),
        ) {
            // Small whole numbers, so that many are equally near.
            let whole = |numbers: &[i32]| -> Vec<f64> {
                let many = numbers.len() / dimensions * dimensions;
                numbers[..many].iter().map(|number| f64::from(*number)).collect()
            };
            let (points, centers) = (whole(&points), whole(&centers));
            let mut found = Vec::new();
            find_nearest(&points, &centers, dimensions, &mut found);
            let mut want = Vec::new();
            for point in points.chunks(dimensions) {
                let distance = |center: &[f64]| -> f64 { center.iter().zip(point).map(|(a, b)| (a - b) * (a - b)).sum() };
                let distances: Vec<f64> = centers.chunks(dimensions).map(distance).collect();
                let least = distances.iter().copied().fold(f64::INFINITY, f64::min);
                want.push(distances.iter().position(|distance| *distance == least).unwrap() as u32);
            }
            prop_assert_eq!(found, want);
        }
    }
}
