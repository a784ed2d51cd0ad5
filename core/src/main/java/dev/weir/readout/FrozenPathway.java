package dev.weir.readout;

import dev.weir.pathway.PreNorm;
import dev.weir.pathway.ResidualPathway;
import dev.weir.stream.Site;
import dev.weir.tensor.Axis;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// A pathway with the routing that it had in a run: carries any write, exactly, to any later place.
///
/// The routing is not recorded but found again, by replaying the recorded writes: routing is a
/// function of the stream and of what is written.
///
/// @param <S> the state of the stream
/// @param <R> what routing decided at one site
final class FrozenPathway<S, R> {
  private final ResidualPathway<S, R> over;
  private final List<Site> sites;
  private final List<R> routes;

  private FrozenPathway(ResidualPathway<S, R> over, List<Site> sites, List<R> routes) {
    this.over = over;
    this.sites = sites;
    this.routes = routes;
  }

  /// The pathway as it was in the run that made these writes.
  ///
  /// @param over the pathway
  /// @param embed what entered it, `[pos, d_model]`
  /// @param sites who wrote, in order
  /// @param writes what they wrote, each `[pos, d_model]`
  static <S, R> FrozenPathway<S, R> of(
      ResidualPathway<S, R> over, Tensor embed, List<Site> sites, List<Tensor> writes) {
    List<R> routes = new ArrayList<>();
    if (!(over instanceof PreNorm)) {
      S stream = over.open(embed);
      for (int i = 0; i < sites.size(); i++) {
        R route = over.route(stream, sites.get(i), writes.get(i));
        routes.add(route);
        S written = over.write(stream, sites.get(i), route, writes.get(i));
        stream = over.constant(sites.get(i)).map(c -> over.add(written, c)).orElse(written);
      }
    }
    return new FrozenPathway<>(over, sites, routes);
  }

  /// Whether every write stays as it is.
  boolean plain() {
    return over instanceof PreNorm;
  }

  /// What the pathway itself adds at a site, `[d_model]`.
  Optional<Tensor> constant(int site) {
    return over.constant(sites.get(site));
  }

  /// A part of the embedding, after `end` writes, same shape.
  Tensor embedCarried(Tensor part, int end) {
    return plain() ? part : carried(over.open(part), part, 0, end);
  }

  /// A part of what was written at a site, after `end` writes, same shape.
  Tensor writeCarried(Tensor part, int site, int end) {
    if (plain()) {
      return part;
    }
    S written = over.write(over.open(zeros(part)), sites.get(site), routes.get(site), part);
    return carried(written, part, site + 1, end);
  }

  /// What the pathway itself added at a site, after `end` writes, same shape.
  Tensor constantCarried(Tensor constant, int site, int end) {
    return carried(over.add(over.open(zeros(constant)), constant), constant, site + 1, end);
  }

  private Tensor carried(S from, Tensor like, int next, int end) {
    S stream = from;
    Tensor nothing = zeros(like);
    for (int i = next; i < end; i++) {
      stream = over.write(stream, sites.get(i), routes.get(i), nothing);
    }
    return over.close(stream).order(like.shape().names().toArray(String[]::new));
  }

  private static Tensor zeros(Tensor like) {
    return Tensor.zeros(like.shape(), like.dtype()).to(like.device());
  }

  /// The direction at a site that a write must point to, for what arrives of it after all writes to
  /// point to `direction`: the transpose of [#writeCarried], found by carrying each basis vector.
  ///
  /// @param direction `[pos, d_model]`
  /// @param site which write; -1 for the embedding
  /// @return `[pos, d_model]`
  Tensor before(Tensor direction, int site) {
    if (plain()) {
      return direction;
    }
    Tensor basis = basis(direction);
    Tensor arrived =
        site < 0 ? embedCarried(basis, sites.size()) : writeCarried(basis, site, sites.size());
    return arrived
        .times(direction)
        .sum("d_model")
        .rename("basis", "d_model")
        .order("pos", "d_model");
  }

  /// `[basis, pos, d_model]`: each unit vector at each position.
  private static Tensor basis(Tensor like) {
    int width = Math.toIntExact(like.size("d_model"));
    double[] identity = new double[width * width];
    for (int i = 0; i < width; i++) {
      identity[i * width + i] = 1;
    }
    return Tensor.of(identity, Shape.of("basis", width, "d_model", width))
        .to(like.dtype())
        .to(like.device())
        .repeat(new Axis("pos", like.size("pos")))
        .order("basis", "pos", "d_model");
  }
}
