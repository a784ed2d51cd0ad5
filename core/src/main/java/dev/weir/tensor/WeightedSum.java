package dev.weir.tensor;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.global.torch;

/// Sums of earlier values with weights: `y = Σ_s w_s · x_s`. It is what every pathway over depth
/// does with the stream, and it is memory traffic, not arithmetic: the sources are read once.
public final class WeightedSum {
  /// The axis of the weights that counts the sources.
  public static final String SOURCE = "source";

  /// The axis of the weights that counts the sums.
  public static final String OUT = "out";

  private WeightedSum() {}

  /// One sum.
  ///
  /// @param sources one at least, all of one shape, `[batch, pos, d_model]`
  /// @param weights `[source]` for the same weights everywhere, `[batch, pos, source]` for each
  ///   position its own, `[source, d_model]` for each feature its own; in general `source` and any
  ///   of the sources' axes, in any order
  /// @return `[batch, pos, d_model]`
  /// @throws TensorException if there are more or fewer weights than sources, or a shape differs
  public static Tensor of(List<Tensor> sources, Tensor weights) {
    check(sources, weights);
    Shape shape = sources.getFirst().shape();
    var sum = torch.mul(sources.getFirst().handle(), weights.at(SOURCE, 0).aligned(shape));
    for (int s = 1; s < sources.size(); s++) {
      // In place: neither factor's gradient needs the sum so far.
      sum.addcmul_(sources.get(s).handle(), weights.at(SOURCE, s).aligned(shape));
    }
    return new Tensor(sum, shape, sources.getFirst().dtype());
  }

  /// Several sums of the same sources, which are read once for all of them.
  ///
  /// @param sources one at least, all of one shape, `[batch, pos, d_model]`
  /// @param weights `[out, source]`, `[batch, pos, out, source]` or `[out, source, d_model]`; in
  ///   general `out`, `source` and any of the sources' axes, in any order
  /// @return one sum for each `out`, `[batch, pos, d_model]`
  /// @throws TensorException if there are more or fewer weights than sources, or a shape differs
  public static List<Tensor> each(List<Tensor> sources, Tensor weights) {
    check(sources, weights);
    if (weights.size(OUT) > 1 && eachPosition(sources, weights)) {
      return products(sources, weights);
    }
    List<Tensor> sums = new ArrayList<>();
    for (long out = 0; out < weights.size(OUT); out++) {
      sums.add(of(sources, weights.at(OUT, out)));
    }
    return sums;
  }

  /// Whether each position has weights of its own, and nothing else has: one small product for each
  /// position then reads all sources at once, and so does its derivative.
  private static boolean eachPosition(List<Tensor> sources, Tensor weights) {
    Shape shape = sources.getFirst().shape();
    return weights.shape().rank() == shape.rank() + 1
        && shape.axes().subList(0, shape.rank() - 1).stream()
            .allMatch(weights.shape().axes()::contains);
  }

  /// `[places, out, source] · [places, source, d_model]`.
  private static List<Tensor> products(List<Tensor> sources, Tensor weights) {
    Shape shape = sources.getFirst().shape();
    Axis last = shape.axes().getLast();
    List<String> order = new ArrayList<>(shape.names().subList(0, shape.rank() - 1));
    order.add(OUT);
    order.add(SOURCE);
    long places = shape.elements() / last.size();
    long outs = weights.size(OUT);
    org.bytedeco.pytorch.TensorVector all = new org.bytedeco.pytorch.TensorVector();
    sources.forEach(source -> all.push_back(source.handle()));
    var stacked = torch.stack(all, shape.rank() - 1L).view(places, sources.size(), last.size());
    var mixing =
        weights.order(order.toArray(String[]::new)).handle().reshape(places, outs, sources.size());
    var sums = torch.matmul(mixing, stacked).view(places, outs, last.size());
    List<Tensor> parts = new ArrayList<>();
    for (long out = 0; out < outs; out++) {
      var sum = sums.select(1, out).contiguous().view(shape.sizes());
      parts.add(new Tensor(sum, shape, sources.getFirst().dtype()));
    }
    return parts;
  }

  private static void check(List<Tensor> sources, Tensor weights) {
    if (weights.size(SOURCE) != sources.size()) {
      throw TensorException.wrongSources(sources.size(), weights.shape());
    }
    Shape shape = sources.getFirst().shape();
    if (weights.dtype() != sources.getFirst().dtype()) {
      throw TensorException.dtypesDiffer(sources.getFirst(), weights);
    }
    for (Tensor source : sources) {
      Tensor _ = source.require("a source of the weighted sum", shape);
    }
  }
}
