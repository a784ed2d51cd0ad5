package dev.weir.pathway;

import dev.weir.tensor.Axis;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/// Causal softmax attention over the `w` latest of an ordered list, itself included, whichever axis
/// the list lies along ("Residual Stream Duality in Modern Transformer Architectures",
/// arXiv:2603.16039, section 2): along the sequence it is short sliding-window attention, along
/// depth the depth-wise residual attention read. The two are one operator; what differs is who can
/// be asked at once, and what has to be kept.
///
/// @param query `W_Q`, `[d_model, d_key]`
/// @param key `W_K`, `[d_model, d_key]`
/// @param value `W_V`, `[d_model, d_value]`
/// @param window how many are seen, itself included
public record LocalAttention(Tensor query, Tensor key, Tensor value, int window) {

  /// What each element of a list reads from the window that ends at it.
  ///
  /// @param x the list, `[.., axis, d_model]`
  /// @param axis the axis the list lies along
  /// @return `[.., axis, d_value]`
  public Tensor along(Tensor x, String axis) {
    String from = "from";
    Tensor queries = x.dot(query, "d_model").times(scale());
    Tensor keys = x.dot(key, "d_model").rename(axis, from);
    Tensor values = x.dot(value, "d_model").rename(axis, from);
    long length = x.size(axis);
    Tensor age =
        Tensor.range(0, new Axis(axis, length)).minus(Tensor.range(0, new Axis(from, length)));
    Tensor seen = age.times(-1).atMost(0).and(age.atMost(window - 1.0)).to(x.device());
    Tensor weights = queries.dot(keys, "d_key").where(seen, Double.NEGATIVE_INFINITY).softmax(from);
    List<String> order = new ArrayList<>(x.shape().names());
    order.set(order.indexOf("d_model"), "d_value");
    return weights.dot(values, from).order(order.toArray(String[]::new));
  }

  /// What the newest element of a list reads, for lists that grow one by one (depth): the same as
  /// the last row of [#along].
  ///
  /// @param newest `[.., d_model]`
  /// @param sources the window, oldest first and the newest included, each `[.., d_model]`
  /// @return `[.., d_value]`
  public Tensor newest(Tensor newest, List<Tensor> sources) {
    List<Tensor> seen = sources.subList(Math.max(0, sources.size() - window), sources.size());
    Tensor weights =
        scores(newest.dot(query, "d_model"), seen.stream().map(s -> s.dot(key, "d_model")).toList())
            .softmax("source");
    return Sources.mix(seen.stream().map(s -> s.dot(value, "d_model")).toList(), weights);
  }

  /// Scaled products of one query with several keys, `[.., source]`.
  private Tensor scores(Tensor asked, List<Tensor> keys) {
    return Sources.columns(
        keys.stream().map(k -> asked.times(k).sum("d_key").times(scale())).toList());
  }

  private double scale() {
    return 1 / Math.sqrt((double) key.size("d_key"));
  }
}
