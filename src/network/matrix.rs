//! Products with quantized weights, and the few vector operations between them.
//!
//! Weights are 7-bit integers with a scale for each output (as in Jacob et al. 2018, symmetric); inputs are quantized to
//! 8 bits row by row as they come. Sums are exact integers, and a row's result depends on that row alone, so the batch
//! around it changes nothing. Seven bits keep the products of processors without VNNI from overflowing: the same result
//! on all of them.

use rten_gemm::{GemmExecutor, GemmInputA, GemmInputB, GemmOptions, PackedBMatrix};
use rten_simd::ops::{BitOps, NumOps, ToFloat};
use rten_simd::{Isa, SimdOp, SimdUnaryOp};
use rten_tensor::prelude::*;
use rten_tensor::{NdTensor, NdTensorView};
use rten_vecmath::{ExtendInit, Gelu, MinMax, Quantize, Softmax};

use super::shape::Activation;
use super::weights::Weights;
use crate::error::{Error, ErrorKind, Result};

/// Rows of numbers of one width.
#[derive(Debug, Clone, Default)]
pub struct Rows {
    /// The numbers, row after row.
    pub data: Vec<f32>,
    /// Numbers of a row.
    pub width: usize,
}

impl Rows {
    /// Zeros.
    pub fn zeros(count: usize, width: usize) -> Self {
        Self { data: vec![0.0; count * width], width }
    }

    /// How many rows.
    pub fn len(&self) -> usize {
        self.data.len() / self.width.max(1)
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.data.is_empty()
    }

    /// A row.
    pub fn row(&self, at: usize) -> &[f32] {
        &self.data[at * self.width..(at + 1) * self.width]
    }

    /// A row, to be changed.
    pub fn row_mut(&mut self, at: usize) -> &mut [f32] {
        &mut self.data[at * self.width..(at + 1) * self.width]
    }

    /// Puts every number through an activation.
    pub fn activate(&mut self, activation: Activation) {
        match activation {
            Activation::Gelu => Gelu {}.map_mut(&mut self.data),
            Activation::Relu => self.data.iter_mut().for_each(|x| *x = x.max(0.0)),
        }
    }
}

/// Room for the quantized inputs and the integer sums, kept from product to product.
#[derive(Debug, Default)]
pub struct Scratch {
    bytes: Vec<u8>,
    scales: Vec<f32>,
    zeros: Vec<u8>,
    sums: Vec<i32>,
}

/// A layer `x · W + b` with quantized weights.
pub struct Dense {
    weights: PackedBMatrix<i8>,
    /// Sum of the weights of each output: what an input's zero point adds.
    sums: Vec<f32>,
    scales: Vec<f32>,
    bias: Vec<f32>,
    inputs: usize,
}

impl std::fmt::Debug for Dense {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Dense")
            .field("inputs", &self.inputs)
            .field("outputs", &self.scales.len())
            .finish_non_exhaustive()
    }
}

impl Dense {
    /// Takes the tensors `name.weight` (outputs × inputs), `name.scale` and `name.bias`.
    ///
    /// # Errors
    /// [`crate::error::ErrorKind::Model`] if one is missing or has another shape.
    pub fn read(weights: &Weights<'_>, name: &str, outputs: usize, inputs: usize) -> Result<Self> {
        Self::joined(weights, &[(name, outputs, (0..outputs).collect())], inputs)
    }

    /// Some outputs of several layers over the same inputs, as one layer: name, outputs in the file, those that are taken.
    ///
    /// # Errors
    /// [`crate::error::ErrorKind::Model`] if one is missing, has another shape or not the output.
    pub fn joined(weights: &Weights<'_>, parts: &[(&str, usize, Vec<usize>)], inputs: usize) -> Result<Self> {
        let (mut values, mut scales, mut bias) = (Vec::new(), Vec::new(), Vec::new());
        for (name, outputs, taken) in parts {
            let matrix = weights.bytes(&format!("{name}.weight"), &[*outputs, inputs])?;
            let all_scales = weights.floats(&format!("{name}.scale"), &[*outputs])?;
            let all_bias = weights.floats(&format!("{name}.bias"), &[*outputs])?;
            for &at in taken {
                let scale = all_scales.get(at);
                scales.push(*scale.ok_or_else(|| Error::new(ErrorKind::Model, format!("{name} has no output {at}")))?);
                bias.push(all_bias[at]);
                values.extend(matrix[at * inputs..(at + 1) * inputs].iter().map(|b| b.cast_signed()));
            }
        }
        Ok(Self::new(values, scales, bias, inputs))
    }

    fn new(values: Vec<i8>, scales: Vec<f32>, bias: Vec<f32>, inputs: usize) -> Self {
        let sums = values.chunks_exact(inputs).map(|row| row.iter().map(|&v| f32::from(v)).sum()).collect();
        let tensor = NdTensor::from_data([scales.len(), inputs], values);
        let weights = GemmExecutor::<u8, i8, i32>::new().prepack_b(tensor.view().transposed());
        Self { weights, sums, scales, bias, inputs }
    }

    /// Numbers of an output row.
    pub fn outputs(&self) -> usize {
        self.scales.len()
    }

    /// The layer's outputs for each row, into `out`.
    pub fn apply(&self, rows: &Rows, out: &mut Rows, scratch: &mut Scratch) {
        self.apply_to(rows, 0..rows.width, out, scratch);
    }

    /// The layer's outputs for the columns of each row, into `out`.
    pub fn apply_to(&self, rows: &Rows, columns: std::ops::Range<usize>, out: &mut Rows, scratch: &mut Scratch) {
        debug_assert_eq!(columns.len(), self.inputs, "the inputs of the layer");
        let (count, outputs) = (rows.len(), self.outputs());
        out.width = outputs;
        out.data.resize(count * outputs, 0.0);
        if count == 0 {
            return;
        }
        scratch.bytes.clear();
        scratch.scales.clear();
        scratch.zeros.clear();
        for row in rows.data.chunks_exact(rows.width) {
            let row = &row[columns.clone()];
            let (low, high) = MinMax::new(row).dispatch();
            let (low, high) = (low.min(0.0), high.max(0.0));
            let scale = ((high - low) / 255.0).max(f32::MIN_POSITIVE);
            let zero = (-low / scale).round() as u8;
            scratch.scales.push(scale);
            scratch.zeros.push(zero);
            scratch.bytes.reserve(row.len());
            let target = &mut scratch.bytes;
            target.extend_init(|room| Quantize::new(row, &mut room[..row.len()], 1.0 / scale, zero).dispatch());
        }
        if scratch.sums.len() < count * outputs {
            scratch.sums.resize(count * outputs, 0);
        }
        let sums = &mut scratch.sums[..count * outputs];
        let inputs = NdTensorView::from_data([count, self.inputs], scratch.bytes.as_slice());
        // Zero points are taken off below: rten-gemm 0.27 takes them from the wrong rows when there are many.
        let (a, b) = (GemmInputA::Unpacked(inputs), GemmInputB::Packed(&self.weights));
        INTEGERS.with(|gemm| gemm.gemm(sums, a, b, GemmOptions::default())).expect("shapes were checked when read");
        let rows = out.data.chunks_exact_mut(outputs).zip(sums.chunks_exact(outputs));
        for ((out, sums), (scale, &zero)) in rows.zip(scratch.scales.iter().zip(&scratch.zeros)) {
            Dequantize { layer: self, sums, scale: *scale, zero: f32::from(zero), out }.dispatch();
        }
    }
}

thread_local! {
    static INTEGERS: GemmExecutor<u8, i8, i32> = GemmExecutor::new();
    static FLOATS: GemmExecutor<f32> = GemmExecutor::new();
}

/// Makes the outputs of a row of the integer sums. Sums of products of 8 and 7 bits are whole in 32-bit floats as far as a
/// layer is wide.
struct Dequantize<'a> {
    layer: &'a Dense,
    sums: &'a [i32],
    scale: f32,
    zero: f32,
    out: &'a mut [f32],
}

impl SimdOp for Dequantize<'_> {
    type Output = ();

    #[expect(clippy::inline_always, reason = "the dispatched instructions reach only what is inlined")]
    #[inline(always)]
    fn eval<I: Isa>(self, isa: I) {
        let (floats, integers) = (isa.f32(), isa.i32());
        let (zero, scale) = (floats.splat(self.zero), floats.splat(self.scale));
        let Dense { sums: columns, scales: weights, bias, .. } = self.layer;
        let lanes = floats.len();
        let whole = self.out.len() / lanes * lanes;
        for at in (0..whole).step_by(lanes) {
            let sum = integers.to_float(integers.load(&self.sums[at..]));
            let sum = floats.sub(sum, floats.mul(zero, floats.load(&columns[at..])));
            let sum = floats.mul(sum, floats.mul(scale, floats.load(&weights[at..])));
            floats.store(floats.add(sum, floats.load(&bias[at..])), &mut self.out[at..]);
        }
        for at in whole..self.out.len() {
            self.out[at] = (self.sums[at] as f32 - self.zero * columns[at]) * (self.scale * weights[at]) + bias[at];
        }
    }
}

/// Part of a run of numbers, as a matrix whose rows lie `stride` apart.
#[derive(Debug, Clone, Copy)]
pub struct Window<'a> {
    /// The numbers, from the first of the first row on.
    pub data: &'a [f32],
    /// Rows.
    pub rows: usize,
    /// Numbers of a row.
    pub width: usize,
    /// Numbers from the start of a row to the start of the next.
    pub stride: usize,
}

impl<'a> Window<'a> {
    /// Rows of `rows`, with `columns` of each.
    pub fn new(rows: &'a Rows, range: std::ops::Range<usize>, columns: std::ops::Range<usize>) -> Self {
        let start = range.start * rows.width + columns.start;
        Self { data: &rows.data[start..], rows: range.len(), width: columns.len(), stride: rows.width }
    }

    fn view(&self) -> NdTensorView<'a, f32, 2> {
        let length = (self.rows - 1) * self.stride + self.width;
        NdTensorView::from_data_with_strides([self.rows, self.width], &self.data[..length], [self.stride, 1])
            .expect("the window lies inside its rows")
    }
}

/// `a · b`, or `a · bᵀ` with `turned`, into `out`; both windows have at least one row.
pub fn windows_product(a: Window<'_>, b: Window<'_>, turned: bool, out: &mut Vec<f32>) {
    let right = if turned { b.view().transposed() } else { b.view() };
    out.resize(a.rows * if turned { b.rows } else { b.width }, 0.0);
    let (a, b) = (GemmInputA::Unpacked(a.view()), GemmInputB::Unpacked(right));
    FLOATS.with(|gemm| gemm.gemm(out, a, b, GemmOptions::default())).expect("the caller's shapes fit");
}

/// Lanes of the sums, so that they are added in one order on every machine.
const LANES: usize = 16;

/// The inner product.
pub fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut lanes = [0.0f32; LANES];
    let (a_chunks, b_chunks) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let rest: f32 = a_chunks.remainder().iter().zip(b_chunks.remainder()).map(|(a, b)| a * b).sum();
    for (a, b) in a_chunks.zip(b_chunks) {
        for ((lane, a), b) in lanes.iter_mut().zip(a).zip(b) {
            *lane += a * b;
        }
    }
    lanes.iter().sum::<f32>() + rest
}

/// Adds `scale · from` to `to`.
pub fn add_scaled(to: &mut [f32], from: &[f32], scale: f32) {
    for (to, from) in to.iter_mut().zip(from) {
        *to += scale * from;
    }
}

/// Vectors of integers, with a scale for each.
#[derive(Debug)]
pub struct Table {
    bytes: &'static [u8],
    scales: Vec<f32>,
    width: usize,
}

impl Table {
    /// Takes the tensors of `rows` vectors.
    ///
    /// # Errors
    /// [`ErrorKind::Model`] if one is missing or has another shape.
    pub fn read(weights: &Weights<'static>, name: &str, rows: usize, width: usize) -> Result<Self> {
        Ok(Self {
            bytes: weights.bytes(&format!("{name}.weight"), &[rows, width])?,
            scales: weights.floats(&format!("{name}.scale"), &[rows])?,
            width,
        })
    }

    /// Numbers of a vector.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Adds a vector to a row.
    pub fn add(&self, at: usize, row: &mut [f32]) {
        let scale = self.scales[at];
        for (x, weight) in row.iter_mut().zip(&self.bytes[at * self.width..(at + 1) * self.width]) {
            *x += f32::from(weight.cast_signed()) * scale;
        }
    }
}

/// Exponentials that sum to one.
pub fn softmax(row: &mut [f32]) {
    Softmax::new_mut(row).dispatch();
}

/// Layer normalization (Ba et al. 2016).
#[derive(Debug, Clone)]
pub struct Norm {
    gain: Vec<f32>,
    bias: Vec<f32>,
    epsilon: f32,
}

impl Norm {
    /// Takes the tensors `name.weight` and `name.bias`.
    ///
    /// # Errors
    /// [`crate::error::ErrorKind::Model`] if one is missing or has another shape.
    pub fn read(weights: &Weights<'_>, name: &str, width: usize, epsilon: f32) -> Result<Self> {
        let part = |end: &str| weights.floats(&format!("{name}.{end}"), &[width]);
        Ok(Self { gain: part("weight")?, bias: part("bias")?, epsilon })
    }

    /// Normalizes each row of `rows + added` into `rows`.
    pub fn apply(&self, rows: &mut Rows, added: Option<&Rows>) {
        Normalize { norm: self, rows, added }.dispatch();
    }
}

/// Normalizes rows, compiled for the instructions that the processor has; the order of the sums is the same on all.
struct Normalize<'a> {
    norm: &'a Norm,
    rows: &'a mut Rows,
    added: Option<&'a Rows>,
}

impl SimdOp for Normalize<'_> {
    type Output = ();

    #[expect(clippy::inline_always, reason = "the dispatched instructions reach only what is inlined")]
    #[inline(always)]
    fn eval<I: Isa>(self, _: I) {
        let Self { norm, rows, added } = self;
        let width = rows.width;
        for (at, row) in rows.data.chunks_exact_mut(width).enumerate() {
            if let Some(added) = added {
                for (x, added) in row.iter_mut().zip(&added.data[at * width..(at + 1) * width]) {
                    *x += added;
                }
            }
            let mut sums = [0.0f32; LANES];
            for chunk in row.chunks(LANES) {
                for (sum, x) in sums.iter_mut().zip(chunk) {
                    *sum += x;
                }
            }
            let mean = sums.iter().sum::<f32>() / width as f32;
            let mut squares = [0.0f32; LANES];
            for chunk in row.chunks(LANES) {
                for (square, x) in squares.iter_mut().zip(chunk) {
                    *square += (x - mean) * (x - mean);
                }
            }
            let scale = 1.0 / (squares.iter().sum::<f32>() / width as f32 + norm.epsilon).sqrt();
            for ((x, gain), bias) in row.iter_mut().zip(&norm.gain).zip(&norm.bias) {
                *x = (*x - mean) * scale * gain + bias;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(count: usize, mut state: u64) -> Vec<f32> {
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f32 / 8_388_608.0 - 1.0
        };
        (0..count).map(|_| next()).collect()
    }

    fn dense(outputs: usize, inputs: usize) -> (Dense, Vec<f32>) {
        let values: Vec<i8> = numbers(outputs * inputs, 5).iter().map(|x| (x * 64.0) as i8).collect();
        let scales: Vec<f32> = numbers(outputs, 6).iter().map(|x| (x.abs() + 0.1) / 64.0).collect();
        let floats = values.iter().enumerate().map(|(at, &v)| f32::from(v) * scales[at / inputs]).collect();
        (Dense::new(values, scales, numbers(outputs, 7), inputs), floats)
    }

    #[test]
    fn a_quantized_product_is_near_the_exact_one() {
        for (count, outputs, inputs) in [(1, 9, 32), (3, 32, 32), (7, 96, 64), (70, 130, 384)] {
            let (dense, weights) = dense(outputs, inputs);
            let rows = Rows { data: numbers(count * inputs, 8), width: inputs };
            let mut out = Rows::default();
            dense.apply(&rows, &mut out, &mut Scratch::default());
            for r in 0..count {
                for o in 0..outputs {
                    let exact = dot(rows.row(r), &weights[o * inputs..(o + 1) * inputs]) + dense.bias[o];
                    let found = out.row(r)[o];
                    assert!(
                        (exact - found).abs() < 0.01 * (inputs as f32).sqrt(),
                        "{count}x{outputs}x{inputs} {r} {o}: {found} {exact}"
                    );
                }
            }
        }
    }

    #[test]
    fn plain_products_and_norms() {
        let rows = Rows { data: vec![1.0, 2.0, 3.0, 4.0], width: 2 };
        let mut out = Vec::new();
        windows_product(Window::new(&rows, 0..2, 0..2), Window::new(&rows, 1..2, 0..2), true, &mut out);
        assert_eq!(out, [11.0, 25.0]);
        let norm = Norm { gain: vec![1.0; 4], bias: vec![0.5; 4], epsilon: 0.0 };
        let mut rows = Rows { data: vec![1.0, 1.0, 3.0, 3.0], width: 4 };
        norm.apply(&mut rows, None);
        assert_eq!(rows.data, [-0.5, -0.5, 1.5, 1.5]);
    }
}
