package dev.weir.page.run;

import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/// The directions that requests name by id. An id is made from the numbers, so that the same
/// direction has the same id whoever made it and however.
public final class Vectors {
  private static final int MOST = 20_000;

  private final Map<String, Direction> held = new LinkedHashMap<>(16, 0.75f, true);

  /// Holds a direction.
  ///
  /// @param direction `[d_model]`
  /// @return its id
  public String put(double[] direction) {
    return put(Direction.raw(direction));
  }

  /// Holds a direction.
  ///
  /// @param direction its numbers, and which stream it is of: raw, or z-scored
  /// @return its id
  public synchronized String put(Direction direction) {
    String id = Hash.of(bytes(direction));
    held.put(id, direction);
    if (held.size() > MOST) {
      held.remove(held.keySet().iterator().next());
    }
    return id;
  }

  private static byte[] bytes(Direction direction) {
    Optional<Direction.Standard> standard = direction.standard();
    int width = direction.width();
    ByteBuffer bytes = ByteBuffer.allocate(width * Double.BYTES * (standard.isPresent() ? 3 : 1));
    var numbers = bytes.asDoubleBuffer().put(direction.numbers());
    standard.ifPresent(s -> numbers.put(s.mean()).put(s.deviation()));
    return bytes.array();
  }

  /// A direction; empty if nobody made it since the page was started.
  ///
  /// @param id which
  public synchronized Optional<Direction> direction(String id) {
    return Optional.ofNullable(held.get(id));
  }

  /// The numbers of a direction, `[d_model]`; empty if nobody made it since the page was started.
  ///
  /// @param id which
  public Optional<double[]> find(String id) {
    return direction(id).map(Direction::numbers);
  }

  /// The numbers of a direction, `[d_model]`.
  ///
  /// @param id which
  /// @param width how many numbers it must have
  /// @throws PageException if there is none, or it is of another width
  public double[] get(String id, int width) {
    return direction(id, width).numbers();
  }

  /// A direction.
  ///
  /// @param id which
  /// @param width how many numbers it must have
  /// @throws PageException if there is none, or it is of another width
  public Direction direction(String id, int width) {
    Direction direction = direction(id).orElseThrow(() -> PageException.noDirection(id));
    if (direction.width() != width) {
      throw PageException.wrongWidth(id, direction.width(), width);
    }
    return direction;
  }
}
