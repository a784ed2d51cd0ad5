package dev.weir.testing;

import dev.weir.tensor.Axis;
import dev.weir.tensor.DType;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import dev.weir.weights.Safetensors;
import dev.weir.weights.WeightEntry;
import java.lang.foreign.ValueLayout;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/// Reference models and numbers made by other people's code; see `tools/golden/README.md`.
public final class Golden {

  private Golden() {}

  /// A file or folder under `golden/`.
  public static Path path(String relative) {
    try {
      URI where = Golden.class.getResource("/golden/" + relative).toURI();
      // Tests of other modules may find them in a jar, and what is mapped must be a file.
      return where.getScheme().equals("file")
          ? Path.of(where)
          : Path.of("..", "core", "src", "test", "resources", "golden").resolve(relative);
    } catch (URISyntaxException e) {
      throw new AssertionError(e);
    }
  }

  /// The names of the folders in a folder under `golden/`.
  public static List<String> folders(String relative) {
    try (Stream<Path> files = Files.list(path(relative))) {
      return files
          .filter(Files::isDirectory)
          .map(f -> f.getFileName().toString())
          .sorted()
          .toList();
    } catch (java.io.IOException e) {
      throw new AssertionError(e);
    }
  }

  /// The numbers of a reference, as float64.
  public static double[] doubles(Safetensors reference, String name) {
    return Tensor.wrap(
            reference.entry(name).bytes(),
            reference.entry(name).dtype().orElseThrow(),
            flat(reference.entry(name)))
        .to(DType.FLOAT64)
        .toDoubles();
  }

  private static Shape flat(WeightEntry entry) {
    return Shape.of(new Axis("all", entry.elements()));
  }

  /// The rows of a matrix of whole numbers.
  public static List<int[]> rows(Safetensors reference, String name) {
    WeightEntry entry = reference.entry(name);
    long[] all =
        switch (entry.dtype().orElseThrow()) {
          case INT64 -> entry.bytes().toArray(ValueLayout.JAVA_LONG_UNALIGNED);
          case INT32, FLOAT64, FLOAT32, BFLOAT16, FLOAT16, BOOL -> throw new AssertionError(entry);
        };
    int columns = entry.sizes().getLast().intValue();
    List<int[]> rows = new ArrayList<>();
    for (int from = 0; from < all.length; from += columns) {
      int[] row = new int[columns];
      for (int i = 0; i < columns; i++) {
        row[i] = Math.toIntExact(all[from + i]);
      }
      rows.add(row);
    }
    return rows;
  }

  /// The largest distance of any two numbers that stand at the same place.
  public static double largestDifference(double[] a, double[] b) {
    if (a.length != b.length) {
      throw new AssertionError("%d numbers against %d".formatted(a.length, b.length));
    }
    double largest = 0;
    for (int i = 0; i < a.length; i++) {
      double difference = a[i] == b[i] ? 0 : Math.abs(a[i] - b[i]);
      largest = Double.isNaN(difference) ? Double.NaN : Math.max(largest, difference);
    }
    return largest;
  }
}
