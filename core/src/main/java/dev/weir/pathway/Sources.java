package dev.weir.pathway;

import dev.weir.tensor.Axis;
import dev.weir.tensor.DType;
import dev.weir.tensor.Tensor;
import dev.weir.tensor.WeightedSum;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;

/// A stream that remembers: the vectors that later sites read from, and what was added from outside
/// meanwhile, which everybody sees in full.
///
/// @param vectors oldest first, each `[batch, pos, d_model]`
/// @param outside `[batch, pos, d_model]`, if anything
record Sources(List<Tensor> vectors, Optional<Tensor> outside) {

  Sources {
    vectors = List.copyOf(vectors);
  }

  static Sources of(Tensor first) {
    return new Sources(List.of(first), Optional.empty());
  }

  Sources with(Tensor next) {
    List<Tensor> more = new ArrayList<>(vectors);
    more.add(next);
    return new Sources(more, outside);
  }

  /// The newest replaced by this.
  Sources withNewest(Tensor newest) {
    List<Tensor> others = new ArrayList<>(vectors);
    others.set(others.size() - 1, newest);
    return new Sources(others, outside);
  }

  Sources plusOutside(Tensor delta) {
    return new Sources(
        vectors, Optional.of(outside.map(before -> before.plus(delta)).orElse(delta)));
  }

  Tensor newest() {
    return vectors.getLast();
  }

  int size() {
    return vectors.size();
  }

  /// A reading, `[batch, pos, d_model]`, with what was added from outside.
  Tensor seen(Tensor reading) {
    return outside.map(reading::plus).orElse(reading);
  }

  /// `Σ_s w_s x_s`, with what was added from outside, `[batch, pos, d_model]`.
  ///
  /// @param weights `[source]`, `[batch, pos, source]` or `[source, d_model]`
  Tensor mixed(Tensor weights) {
    return seen(mix(vectors, weights));
  }

  /// `Σ_s w_s x_s`, `[batch, pos, d_model]`.
  ///
  /// @param vectors each `[batch, pos, d_model]`
  /// @param weights `[source]`, `[batch, pos, source]` or `[source, d_model]`
  static Tensor mix(List<Tensor> vectors, Tensor weights) {
    return WeightedSum.of(vectors, weights);
  }

  /// `Σ_s w_os x_s` for several `o` at once, each `[batch, pos, d_model]`.
  ///
  /// @param vectors each `[batch, pos, d_model]`
  /// @param weights `[batch, pos, out, source]` or `[out, source]`
  static List<Tensor> mixes(List<Tensor> vectors, Tensor weights) {
    return WeightedSum.each(vectors, weights);
  }

  /// The sum of vectors, `[batch, pos, d_model]`.
  static Tensor sum(List<Tensor> vectors) {
    Tensor sum = vectors.getFirst();
    for (Tensor vector : vectors.subList(1, vectors.size())) {
      sum = sum.plus(vector);
    }
    return sum;
  }

  /// Numbers side by side, `[batch, pos, source]`.
  ///
  /// @param columns each `[batch, pos]`
  static Tensor columns(List<Tensor> columns) {
    List<String> names = new ArrayList<>(columns.getFirst().shape().names());
    names.add("source");
    return Tensor.stack("source", columns).order(names.toArray(String[]::new));
  }

  /// One over the root mean square of a vector, in float32 at least, `[batch, pos]`.
  static Tensor inverseRms(Tensor vector, double epsilon) {
    return wide(vector).square().mean("d_model").plus(epsilon).reciprocalSqrt();
  }

  /// In float32 at least: gates and softmaxes are not left to half precision.
  static Tensor wide(Tensor tensor) {
    return tensor.dtype() == DType.FLOAT64 ? tensor : tensor.to(DType.FLOAT32);
  }

  /// How many vectors a state holds after each block.
  ///
  /// @param held how many after so many blocks
  /// @param depth the model's depth axis
  static List<Double> payload(IntToDoubleFunction held, Depth depth) {
    return IntStream.rangeClosed(1, depth.nLayers()).mapToDouble(held).boxed().toList();
  }

  /// How many sources, as an axis.
  static Axis axis(int size) {
    return new Axis("source", size);
  }
}
