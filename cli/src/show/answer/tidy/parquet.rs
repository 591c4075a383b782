//! The plain table as a Parquet file of one row group, uncompressed: an answer is small.

use std::sync::Arc;

use parquet::basic::{ConvertedType, LogicalType, Repetition, Type as Physical};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::types::{Type, TypePtr};

use super::{Cells, Tidy};
use crate::failure::Failure;

/// Writes all rows. What nothing stands in is null.
pub(super) fn write(tidy: &Tidy) -> Result<Vec<u8>, Failure> {
    written(tidy).map_err(|why| Failure::bug(format!("the answer cannot be written as Parquet: {why}")))
}

/// The whole file in memory: answers are small, and a file is written at once or not at all.
fn written(tidy: &Tidy) -> Result<Vec<u8>, ParquetError> {
    let fields = tidy.columns.iter().map(|(name, cells)| field(name, cells)).collect::<Result<_, _>>()?;
    let schema = Arc::new(Type::group_type_builder("answer").with_fields(fields).build()?);
    let properties = Arc::new(WriterProperties::builder().set_created_by("sumac".to_owned()).build());
    let mut file = SerializedFileWriter::new(Vec::new(), schema, properties)?;
    let mut group = file.next_row_group()?;
    for (_, cells) in &tidy.columns {
        let Some(mut column) = group.next_column()? else { break };
        match cells {
            Cells::Text(cells) => {
                let bytes = |text: &Option<String>| text.as_ref().map(|text| ByteArray::from(text.as_bytes().to_vec()));
                nullable::<ByteArrayType>(&mut column, cells.iter().map(bytes))?;
            }
            Cells::Whole(cells) => nullable::<Int64Type>(&mut column, cells.iter().copied())?,
            Cells::Number(cells) => nullable::<DoubleType>(&mut column, cells.iter().copied())?,
            Cells::Truth(cells) => drop(column.typed::<BoolType>().write_batch(cells, None, None)?),
        }
        column.close()?;
    }
    group.close()?;
    file.into_inner()
}

/// A column's name and type.
fn field(name: &str, cells: &Cells) -> Result<TypePtr, ParquetError> {
    let (physical, repetition) = match cells {
        Cells::Text(_) => (Physical::BYTE_ARRAY, Repetition::OPTIONAL),
        Cells::Whole(_) => (Physical::INT64, Repetition::OPTIONAL),
        Cells::Number(_) => (Physical::DOUBLE, Repetition::OPTIONAL),
        Cells::Truth(_) => (Physical::BOOLEAN, Repetition::REQUIRED),
    };
    let builder = Type::primitive_type_builder(name, physical).with_repetition(repetition);
    let builder = match cells {
        Cells::Text(_) => builder.with_logical_type(Some(LogicalType::String)).with_converted_type(ConvertedType::UTF8),
        Cells::Whole(_) | Cells::Number(_) | Cells::Truth(_) => builder,
    };
    builder.build().map(Arc::new)
}

/// Writes the values that there are, and for every row whether it has one.
fn nullable<T: DataType>(
    column: &mut SerializedColumnWriter<'_>,
    cells: impl Iterator<Item = Option<T::T>> + Clone,
) -> Result<(), ParquetError> {
    let levels: Vec<i16> = cells.clone().map(|cell| i16::from(cell.is_some())).collect();
    let values: Vec<T::T> = cells.flatten().collect();
    column.typed::<T>().write_batch(&values, Some(&levels), None)?;
    Ok(())
}
