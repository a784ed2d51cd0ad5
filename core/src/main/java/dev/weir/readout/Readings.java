package dev.weir.readout;

import dev.weir.model.Transformer;
import dev.weir.readout.Contributions.Measure;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.Axis;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// What readers read in a run, and how parts of it are measured: by `a · b`, or by `aM · b` with `M
/// = W Wᵀ` of the reader's weights.
///
/// @param metrics `M` of each reader, `[d_model, to]`; none where the stream itself is measured
/// @param images what each part is multiplied with, `xM` of each reader, `[reader, pos, d_model]`
/// @param squares `xM · x` of each reader, `[reader, pos]`
record Readings(List<Optional<Tensor>> metrics, Tensor images, Tensor squares) {

  /// Of a run.
  ///
  /// @param model whose run it was
  /// @param trace the run
  /// @param readers who reads
  /// @param measure by what
  static Readings of(Transformer model, StreamTrace trace, List<Reader> readers, Measure measure) {
    List<Optional<Tensor>> metrics = new ArrayList<>();
    List<Tensor> images = new ArrayList<>();
    List<Tensor> squares = new ArrayList<>();
    for (Reader reader : readers) {
      Optional<Tensor> metric =
          switch (measure) {
            case STREAM -> Optional.empty();
            case WEIGHTS -> Optional.of(ReadingWeights.metric(model, reader.point()));
          };
      Tensor read = Wide.of(trace.get(reader.point()));
      Tensor image = through(metric, read);
      metrics.add(metric);
      images.add(image);
      squares.add(image.times(read).sum("d_model"));
    }
    return new Readings(metrics, Tensor.stack("reader", images), Tensor.stack("reader", squares));
  }

  private static Tensor through(Optional<Tensor> metric, Tensor part) {
    return metric.map(m -> part.dot(m, "d_model").rename("to", "d_model")).orElse(part);
  }

  /// How long each reading is, `[reader, pos]`.
  Tensor lengths() {
    return squares.sqrt();
  }

  /// The direction along which a part's share is its length, `[pos, d_model]`.
  ///
  /// @param reader index of the reader
  Tensor unit(int reader) {
    return images
        .at("reader", reader)
        .dividedBy(squares.at("reader", reader))
        .order("pos", "d_model");
  }

  /// The products of parts with what some readers read, `[writer, reader, pos]`.
  ///
  /// @param part `[writer, pos, d_model]`
  Tensor products(Tensor part, int from, int to) {
    return part.dot(images.slice("reader", from, to - from), "d_model")
        .order("writer", "reader", "pos");
  }

  /// How long parts are for some readers, `[writer, reader, pos]`.
  ///
  /// @param part `[writer, pos, d_model]`
  Tensor norms(Tensor part, int from, int to) {
    if (metrics.getFirst().isEmpty()) {
      return part.norm("d_model")
          .repeat(new Axis("reader", to - from))
          .order("writer", "reader", "pos");
    }
    List<Tensor> norms = new ArrayList<>();
    for (int reader = from; reader < to; reader++) {
      // Rounding may leave a square of nothing just below zero.
      Tensor square = through(metrics.get(reader), part).times(part).sum("d_model");
      norms.add(square.notBelow(0).sqrt());
    }
    return Tensor.stack("reader", norms).order("writer", "reader", "pos");
  }
}
