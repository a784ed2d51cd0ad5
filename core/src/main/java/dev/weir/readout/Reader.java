package dev.weir.readout;

import dev.weir.model.Transformer;
import dev.weir.stream.HookPoint;
import java.util.ArrayList;
import java.util.List;

/// Somebody who reads the stream: a sublayer, one of attention's three views where they read apart,
/// or the end.
///
/// @param label short, for instance `3_mlp_in`, `2_k_input` or `end`
/// @param point what it reads, before its norm
public record Reader(String label, HookPoint point) {
  private static final String END = "end";

  /// Every reader of a model, in the order of depth.
  ///
  /// @param model any
  public static List<Reader> of(Transformer model) {
    List<Reader> readers = new ArrayList<>();
    for (HookPoint point : model.hookPoints()) {
      if (point instanceof HookPoint.Reading in) {
        readers.add(of(in));
      }
    }
    readers.add(end(model));
    return List.copyOf(readers);
  }

  /// The end of the stream, which the unembedding reads.
  ///
  /// @param model any
  public static Reader end(Transformer model) {
    return new Reader(END, new HookPoint.ResidPost(model.spec().nLayers() - 1));
  }

  /// The reader of this name.
  ///
  /// @param model whose
  /// @param name its label, or the name of what it reads, for instance `blocks.3.hook_mlp_in`
  /// @throws ReadoutException if the model has none
  public static Reader named(Transformer model, String name) {
    List<Reader> all = of(model);
    return all.stream()
        .filter(reader -> reader.label.equals(name) || reader.point.name().equals(name))
        .findFirst()
        .orElseThrow(
            () -> ReadoutException.noSuchReader(name, all.stream().map(Reader::label).toList()));
  }

  private static Reader of(HookPoint.InBlock point) {
    return new Reader(point.layer() + point.local().replaceFirst("^hook", ""), point);
  }
}
