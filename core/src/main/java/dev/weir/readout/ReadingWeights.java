package dev.weir.readout;

import dev.weir.model.BlockSpec;
import dev.weir.model.Norm;
import dev.weir.model.Transformer;
import dev.weir.stream.HookPoint;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/// What a reader's weights make of the stream.
final class ReadingWeights {

  private ReadingWeights() {}

  /// `W Wᵀ` of all maps that a reader has, with its norm's gain and centring in `W` and its scale
  /// left out, `[d_model, to]`.
  ///
  /// @param model whose
  /// @param point what the reader reads
  static Tensor metric(Transformer model, HookPoint point) {
    Norm norm = norm(model, point);
    List<Tensor> squares = new ArrayList<>();
    for (Tensor map : maps(model, point)) {
      Tensor weights = FrozenNorm.unscaled(norm, map);
      String[] outputs =
          weights.shape().names().stream()
              .filter(axis -> !axis.equals("d_model"))
              .toArray(String[]::new);
      squares.add(weights.dot(weights.rename("d_model", "to"), outputs));
    }
    return Tensor.stack("map", squares).sum("map");
  }

  private static List<Tensor> maps(Transformer model, HookPoint point) {
    List<Tensor> maps =
        point instanceof HookPoint.Reading in
            ? names(in).flatMap(name -> model.parameters().find(name).stream()).toList()
            : List.of(model.unembedding());
    if (!maps.isEmpty()) {
      return maps.stream().map(Wide::of).toList();
    }
    throw ReadoutException.noReadingWeights(point.name());
  }

  private static Stream<String> names(HookPoint.Reading in) {
    return switch (in) {
      case HookPoint.LocalIn(int layer) -> names(layer, "local.W_Q", "local.W_K", "local.W_V");
      case HookPoint.AttnIn(int layer) -> names(layer, "attn.W_Q", "attn.W_K", "attn.W_V");
      case HookPoint.QueryIn(int layer) -> names(layer, "attn.W_Q");
      case HookPoint.KeyIn(int layer) -> names(layer, "attn.W_K");
      case HookPoint.ValueIn(int layer) -> names(layer, "attn.W_V");
      case HookPoint.MlpIn(int layer) -> names(layer, "mlp.W_in", "mlp.W_gate");
    };
  }

  private static Stream<String> names(int layer, String... local) {
    return Stream.of(local).map(name -> "blocks.%d.%s".formatted(layer, name));
  }

  private static Norm norm(Transformer model, HookPoint point) {
    if (!(point instanceof HookPoint.Reading in)) {
      return model.lnFinal();
    }
    BlockSpec block = model.spec().blocks().get(in.layer());
    String path = "blocks.%d.".formatted(in.layer());
    return switch (in) {
      case HookPoint.LocalIn _ -> Norm.of(block.local().ln0(), model.parameters(), path + "ln0");
      case HookPoint.MlpIn _ when block.wiring() != BlockSpec.Wiring.PARALLEL_SHARED_NORM ->
          Norm.of(block.ln2(), model.parameters(), path + "ln2");
      case HookPoint.MlpIn _,
          HookPoint.AttnIn _,
          HookPoint.QueryIn _,
          HookPoint.KeyIn _,
          HookPoint.ValueIn _ ->
          Norm.of(block.ln1(), model.parameters(), path + "ln1");
    };
  }
}
