package dev.weir.view;

import dev.weir.readout.steer.SteeringVector;
import dev.weir.tensor.DType;
import dev.weir.weights.Encoding;
import dev.weir.weights.SafetensorsWriter;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// Writes a steering vector so that it can be used again: `.json` names its place, `.npy` and
/// `.safetensors` hold the numbers, `[d_model]` or `[pos, d_model]`.
public final class VectorFile {
  private static final List<String> ENDINGS = List.of(".json", ".npy", ".safetensors");

  private VectorFile() {}

  /// Refuses a file whose ending says no format.
  ///
  /// @param file where a vector is to go
  public static void requireKnown(Path file) {
    if (ENDINGS.stream().noneMatch(file.toString()::endsWith)) {
      throw ViewException.unknownExtension(file, ENDINGS);
    }
  }

  /// Writes it.
  ///
  /// @param vector what to write
  /// @param file where to; replaced if it exists
  /// @throws ViewException if it cannot be written; nothing is left behind then
  public static void write(SteeringVector vector, Path file) {
    requireKnown(file);
    double[][] rows = vector.rows();
    double[] flat = Arrays.stream(rows).flatMapToDouble(Arrays::stream).toArray();
    long width = rows[0].length;
    long[] shape = vector.isFront() ? new long[] {rows.length, width} : new long[] {width};
    String name = file.toString();
    if (name.endsWith(".npy")) {
      NpyWriter.write(NpyArray.of(flat, shape), file);
    } else if (name.endsWith(".safetensors")) {
      SafetensorsWriter.write(
          file,
          List.of(
              new SafetensorsWriter.Item(
                  vector.point().name(),
                  Encoding.of(DType.FLOAT64),
                  Arrays.stream(shape).boxed().toList(),
                  channel -> channel.write(bytes(flat)))),
          Map.of("point", vector.point().name()));
    } else {
      String json = json(vector, rows);
      AtomicFile.write(
          file,
          out -> {
            Writer writer = new OutputStreamWriter(out, StandardCharsets.UTF_8);
            writer.write(json);
            writer.flush();
          });
    }
  }

  private static ByteBuffer bytes(double... numbers) {
    ByteBuffer bytes =
        ByteBuffer.allocate(numbers.length * Double.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asDoubleBuffer().put(numbers);
    return bytes;
  }

  /// An object that names each row by its place: `blocks.3.hook_resid_pre`, or
  /// `blocks.3.hook_resid_pre@0` for the first position.
  private static String json(SteeringVector vector, double[][] rows) {
    ObjectNode object = JsonMapper.shared().createObjectNode();
    for (int pos = 0; pos < rows.length; pos++) {
      String name = vector.point().name() + (vector.isFront() ? "@" + pos : "");
      var array = object.putArray(name);
      Arrays.stream(rows[pos]).forEach(array::add);
    }
    return JsonMapper.shared().writeValueAsString(object) + "\n";
  }
}
