package dev.weir.page.origin;

import dev.weir.model.AttentionSpec;
import dev.weir.model.BlockSpec;
import dev.weir.model.LocalMixing;
import dev.weir.model.Transformer;
import dev.weir.page.origin.AlongSequence.Neighbours;
import dev.weir.pathway.DeepDelta;
import dev.weir.readout.Wide;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/// What mixes neighbouring positions in a block without writing to the stream itself: Canon layers,
/// mixers of attention's values, and pathways that read along the sequence.
///
/// @param model whose block
/// @param block which block
/// @param position which position it is told for
record LocalMixers(Transformer model, int block, int position) {
  private static final SortedMap<String, String> CANON =
      Collections.unmodifiableSortedMap(
          new TreeMap<>(
              Map.of(
                  "A", "what attention reads",
                  "B_q", "queries",
                  "B_k", "keys",
                  "B_v", "values",
                  "C", "what the MLP reads",
                  "D", "neurons before their activation",
                  "D_gate", "gates before their activation")));

  /// Convolutions, each with the weights of the positions that it sees.
  List<Neighbours> convolutions() {
    List<Neighbours> all = new ArrayList<>();
    CANON.forEach((name, of) ->
        conv("canon." + name, "canon " + name.replace('_', ' '), of, Residual.KEPT)
            .ifPresent(all::add));
    conv("attn.branch.conv", "value convolution", "values", Residual.KEPT).ifPresent(all::add);
    if (model.spec().pathway() instanceof DeepDelta delta
        && delta.compressor() == DeepDelta.Compressor.TOKEN) {
      conv("path.conv", "pathway", "the channels of the stream as they are read", Residual.NONE)
          .ifPresent(all::add);
    }
    return all;
  }

  /// Whether a convolution is added to what it mixes.
  private enum Residual {
    KEPT,
    NONE
  }

  private Optional<Neighbours> conv(String name, String label, String mixes, Residual residual) {
    return model
        .parameters()
        .find("blocks.%d.%s".formatted(block, name))
        .map(weights -> neighbours(Wide.of(weights), label, mixes, residual));
  }

  private Neighbours neighbours(Tensor weights, String label, String mixes, Residual residual) {
    int taps = Math.toIntExact(weights.size("tap"));
    int from = Math.max(0, position + 1 - taps);
    String[] features =
        weights.shape().names().stream().filter(a -> !a.equals("tap")).toArray(String[]::new);
    Tensor sizes = weights.square().mean(features).sqrt();
    int seen = position + 1 - from;
    String added = residual == Residual.KEPT ? " The result is added to what was there." : "";
    return new Neighbours(
        label,
        from,
        sizes.slice("tap", taps - seen, seen).toDoubles(),
        "A causal convolution of %d positions over %s, each feature by itself; weights are the root"
                .formatted(taps, mixes)
            + " mean square over features."
            + added);
  }

  /// What to know about where attention's values come from.
  List<String> notes() {
    BlockSpec spec = model.spec().blocks().get(block);
    List<String> notes = new ArrayList<>();
    values(spec.attention()).ifPresent(notes::add);
    if (spec.local().branch() instanceof LocalMixing.Branch.ShortSwa(int window)) {
      notes.add(
          "Before they are attended to, values are mixed with those of the %d latest positions by"
                  .formatted(window)
              + " short attention, of which each key/value head adds so much: %s. A source below"
                  .formatted(numbers("attn.branch.gate"))
              + " is a position whose mixed value was read.");
    }
    if (model.pathway().mixesPositions()) {
      notes.add(
          "This pathway reads along the sequence by itself: a write at one position reaches later"
              + " ones without attention.");
    }
    return notes;
  }

  private Optional<String> values(AttentionSpec spec) {
    if (block == 0) {
      return Optional.empty();
    }
    return switch (spec.values()) {
      case OWN -> Optional.empty();
      case FIRST ->
          Optional.of(
              "Values are those of the first block: what is read of a source is how it was"
                  + " before anything was written.");
      case MIXED_WITH_FIRST ->
          Optional.of(
              "Values are mixed of the first block's and this block's own: %s of each."
                  .formatted(numbers("attn.lambda_v")));
    };
  }

  private String numbers(String name) {
    double[] values =
        Wide.of(model.parameters().get("blocks.%d.%s".formatted(block, name))).toDoubles();
    return Arrays.stream(values).mapToObj("%.3g"::formatted).collect(Collectors.joining(", "));
  }
}
