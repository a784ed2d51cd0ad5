package dev.weir.geometry;

import dev.weir.WeirException;
import java.io.Serial;

/// Points whose shape cannot be measured.
public final class GeometryException extends WeirException {
  @Serial private static final long serialVersionUID = 1L;

  private GeometryException(String what, String where, String fix) {
    super(what, where, fix);
  }

  static GeometryException tooFewPoints(long points, long least) {
    return new GeometryException(
        "%d different points are too few".formatted(points),
        "geometry",
        "give at least %d".formatted(least));
  }

  static GeometryException otherPoints(long a, long b) {
    return new GeometryException(
        "%d points cannot be compared with %d".formatted(a, b),
        "CKA",
        "give the same points in the same order, seen in two spaces");
  }

  static GeometryException badNeighbours(int k) {
    return new GeometryException(
        "%d neighbours give no dimension".formatted(k),
        "neighbours",
        "use at least 3; 10 is usual");
  }
}
