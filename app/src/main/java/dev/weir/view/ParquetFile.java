package dev.weir.view;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.apache.parquet.conf.PlainParquetConfiguration;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroupFactory;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.io.LocalOutputFile;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Types;

/// A table as Parquet: UTF-8 strings, `INT64` and `DOUBLE` columns, each optional, so that a
/// missing value is null. Dictionary-encoded, not compressed (docs/decisions/0006-parquet.md).
public final class ParquetFile {

  private ParquetFile() {}

  /// Writes a table.
  ///
  /// @param table what to write
  /// @param file where to; replaced if it exists
  /// @throws ViewException if the file cannot be written; nothing is left behind then
  public static void write(Table table, Path file) {
    AtomicFile.fill(file, place -> writeRows(table, schema(table), place));
  }

  private static void writeRows(Table table, MessageType schema, Path place) throws IOException {
    try (ParquetWriter<Group> writer =
        ExampleParquetWriter.builder(new LocalOutputFile(place))
            .withConf(new PlainParquetConfiguration())
            .withType(schema)
            .withCompressionCodec(CompressionCodecName.UNCOMPRESSED)
            .build()) {
      SimpleGroupFactory groups = new SimpleGroupFactory(schema);
      for (List<Cell> row : table.rows()) {
        writer.write(group(groups.newGroup(), table, row));
      }
    }
  }

  private static MessageType schema(Table table) {
    var message = Types.buildMessage();
    table.columns().forEach(column -> message.addField(field(column)));
    return message.named(table.name());
  }

  private static PrimitiveType field(Column column) {
    return switch (column.kind()) {
      case NAME, TEXT, TOKEN ->
          Types.optional(PrimitiveTypeName.BINARY)
              .as(LogicalTypeAnnotation.stringType())
              .named(column.name());
      case INTEGER -> Types.optional(PrimitiveTypeName.INT64).named(column.name());
      case REAL -> Types.optional(PrimitiveTypeName.DOUBLE).named(column.name());
    };
  }

  private static Group group(Group group, Table table, List<Cell> row) {
    for (int c = 0; c < row.size(); c++) {
      boolean isReal = table.columns().get(c).kind() == Column.Kind.REAL;
      switch (row.get(c)) {
        case Cell.Text(String text) -> group.add(c, text);
        case Cell.Whole(long value) when isReal -> group.add(c, (double) value);
        case Cell.Whole(long value) -> group.add(c, value);
        case Cell.Real(double value) -> group.add(c, value);
        case Cell.Missing() -> {} // an optional field that is not added is null
      }
    }
    return group;
  }
}
