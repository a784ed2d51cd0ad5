package dev.weir.page.run;

import java.nio.ByteBuffer;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/// The directions that requests name by id. An id is made from the numbers, so that the same
/// direction has the same id whoever made it and however. Those asked for longest ago are let go
/// where there are too many.
public final class Vectors {
  /// Numbers to hold: 64 MiB.
  private static final int MOST = 1 << 23;

  private final Map<String, Projection> held = new LinkedHashMap<>(16, 0.75f, true);
  private final Function<String, Optional<Projection>> kept;
  private int numbers;

  /// None yet.
  public Vectors() {
    this(_ -> Optional.empty());
  }

  /// None yet but those that somebody keeps elsewhere.
  ///
  /// @param kept finds a direction by its id
  public Vectors(Function<String, Optional<Projection>> kept) {
    this.kept = kept;
  }

  /// Holds a direction that is read by the plain product.
  ///
  /// @param direction `[d_model]`
  /// @return its id
  public String put(double[] direction) {
    return put(Projection.plain(direction));
  }

  /// Holds a direction.
  ///
  /// @param projection the direction, and where its 0 is
  /// @return its id
  public synchronized String put(Projection projection) {
    String id = id(projection);
    if (held.put(id, projection) == null) {
      numbers += projection.width();
    }
    Iterator<Projection> oldest = held.values().iterator();
    while (numbers > MOST) {
      numbers -= oldest.next().width();
      oldest.remove();
    }
    return id;
  }

  /// The id that follows from the numbers.
  ///
  /// @param projection the direction, and where its 0 is
  public static String id(Projection projection) {
    boolean plain = projection.offset() == 0;
    ByteBuffer bytes = ByteBuffer.allocate((projection.width() + (plain ? 0 : 1)) * Double.BYTES);
    bytes.asDoubleBuffer().put(projection.numbers());
    if (!plain) {
      bytes.putDouble(bytes.capacity() - Double.BYTES, projection.offset());
    }
    return Hash.of(bytes.array());
  }

  /// A direction; empty if nobody made it since the page was started, or it was let go, and nobody
  /// keeps it.
  ///
  /// @param id which
  public Optional<Projection> find(String id) {
    return held(id).or(() -> kept.apply(id));
  }

  private synchronized Optional<Projection> held(String id) {
    return Optional.ofNullable(held.get(id));
  }

  /// A direction.
  ///
  /// @param id which
  /// @throws PageException if there is none
  public Projection projection(String id) {
    return find(id).orElseThrow(() -> PageException.noDirection(id));
  }

  /// A direction, and where its 0 is.
  ///
  /// @param id which
  /// @param width how many numbers it must have
  /// @throws PageException if there is none, or it is of another width
  public Projection projection(String id, int width) {
    Projection projection = projection(id);
    if (projection.width() != width) {
      throw PageException.wrongWidth(projection.width(), width);
    }
    return projection;
  }

  /// A direction, `[d_model]`.
  ///
  /// @param id which
  /// @param width how many numbers it must have
  /// @throws PageException if there is none, or it is of another width
  public double[] get(String id, int width) {
    return projection(id, width).numbers();
  }
}
