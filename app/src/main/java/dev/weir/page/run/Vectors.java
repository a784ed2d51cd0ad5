package dev.weir.page.run;

import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/// The directions that requests name by id. An id is made from the numbers, so that the same
/// direction has the same id whoever made it and however.
public final class Vectors {
  private static final int MOST = 20_000;

  private final Map<String, double[]> held = new LinkedHashMap<>(16, 0.75f, true);

  /// Holds a direction.
  ///
  /// @param direction `[d_model]`
  /// @return its id
  public synchronized String put(double[] direction) {
    String id = id(direction);
    held.put(id, direction.clone());
    if (held.size() > MOST) {
      held.remove(held.keySet().iterator().next());
    }
    return id;
  }

  /// The id that follows from the numbers.
  ///
  /// @param direction `[d_model]`
  public static String id(double[] direction) {
    ByteBuffer bytes = ByteBuffer.allocate(direction.length * Double.BYTES);
    bytes.asDoubleBuffer().put(direction);
    return Hash.of(bytes.array());
  }

  /// A direction, `[d_model]`; empty if nobody made it since the page was started.
  ///
  /// @param id which
  public synchronized Optional<double[]> find(String id) {
    return Optional.ofNullable(held.get(id)).map(double[]::clone);
  }

  /// A direction, `[d_model]`.
  ///
  /// @param id which
  /// @param width how many numbers it must have
  /// @throws PageException if there is none, or it is of another width
  public double[] get(String id, int width) {
    double[] direction = find(id).orElseThrow(() -> PageException.noDirection(id));
    if (direction.length != width) {
      throw PageException.wrongWidth(id, direction.length, width);
    }
    return direction;
  }
}
