//! Named tensors of a weight file in the safetensors format.

use safetensors::{Dtype, SafeTensors};
use serde::de::DeserializeOwned;

use crate::error::{Error, ErrorKind, Result};

/// A weight file that has been opened.
#[derive(Debug)]
pub struct Weights<'a> {
    tensors: SafeTensors<'a>,
    shape: String,
}

fn bad(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Model, message)
}

impl<'a> Weights<'a> {
    /// Opens the bytes of a file; its metadata must hold `shape`.
    ///
    /// # Errors
    /// [`ErrorKind::Model`] if they are not of the format.
    pub fn open(bytes: &'a [u8]) -> Result<Self> {
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(|e| bad(e.to_string()))?;
        let shape = header.metadata().as_ref().and_then(|m| m.get("shape")).cloned();
        let shape = shape.ok_or_else(|| bad("the weights do not tell their shape"))?;
        Ok(Self { tensors: SafeTensors::deserialize(bytes).map_err(|e| bad(e.to_string()))?, shape })
    }

    /// The sizes that the file tells of the network.
    ///
    /// # Errors
    /// [`ErrorKind::Model`] if they are not of the form.
    pub fn shape<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_str(&self.shape).map_err(|e| bad(format!("shape of the network: {e}")))
    }

    fn tensor(&self, name: &str, kind: Dtype, shape: &[usize]) -> Result<&'a [u8]> {
        let view = self.tensors.tensor(name).map_err(|e| bad(format!("tensor {name}: {e}")))?;
        if view.dtype() == kind && view.shape() == shape {
            Ok(view.data())
        } else {
            Err(bad(format!("tensor {name} is {:?} {:?}, not {kind:?} {shape:?}", view.dtype(), view.shape())))
        }
    }

    /// A tensor of 8-bit integers, as bytes.
    ///
    /// # Errors
    /// [`ErrorKind::Model`] if it is missing or of another shape.
    pub fn bytes(&self, name: &str, shape: &[usize]) -> Result<&'a [u8]> {
        self.tensor(name, Dtype::I8, shape)
    }

    /// A tensor of 32-bit floats.
    ///
    /// # Errors
    /// [`ErrorKind::Model`] if it is missing or of another shape.
    pub fn floats(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>> {
        let bytes = self.tensor(name, Dtype::F32, shape)?;
        Ok(bytes.as_chunks::<4>().0.iter().map(|&b| f32::from_le_bytes(b)).collect())
    }

    /// A tensor of 64-bit integers.
    ///
    /// # Errors
    /// [`ErrorKind::Model`] if it is missing or of another shape.
    pub fn longs(&self, name: &str, shape: &[usize]) -> Result<Vec<u64>> {
        let bytes = self.tensor(name, Dtype::I64, shape)?;
        Ok(bytes.as_chunks::<8>().0.iter().map(|&b| u64::from_le_bytes(b)).collect())
    }
}
