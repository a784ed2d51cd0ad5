package dev.weir.reference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.weir.model.Activation;
import dev.weir.model.AttentionSpec;
import dev.weir.model.MlpSpec;
import dev.weir.model.NormSpec;
import dev.weir.model.Transformer;
import dev.weir.model.TransformerSpec;
import dev.weir.readout.Contributions;
import dev.weir.readout.Contributions.Level;
import dev.weir.readout.Contributions.Measure;
import dev.weir.readout.DirectLogitAttribution.Part;
import dev.weir.readout.Reader;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.Axis;
import dev.weir.tensor.DType;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import java.util.Comparator;
import java.util.List;
import org.junit.jupiter.api.Test;

/// A model in which head 1 of block 0 writes a direction that the MLP of block 2 reads, and nobody
/// else writes it or reads it: everybody else writes to and reads from directions of their own.
class PlantedContributionsTest {
  private static final int D_MODEL = 16;
  private static final int LAYERS = 3;
  private static final int HEADS = 2;
  private static final int D_HEAD = 2;
  private static final int D_MLP = 4;
  private static final int PLANTED = 12;
  private static final int[] TOKENS = {0, 1, 2, 3, 1};

  @Test
  void theMatrixFindsTheOnePairThatTalksAndNothingElse() {
    try (Scope _ = Scope.open();
        Transformer model = planted();
        StreamTrace trace = model.trace(TOKENS, Contributions.capture())) {
      Contributions found =
          Contributions.of(
              model, trace, new Contributions.Options(Level.HEAD, Measure.WEIGHTS), mlps(model));
      for (int w = 0; w < found.writers().size(); w++) {
        for (int r = 0; r < found.readers().size(); r++) {
          String writer = found.writers().get(w).label();
          String reader = found.readers().get(r).label();
          boolean talks =
              reader.equals("2_mlp_in") ? writer.equals("L0H1") : writer.equals("embed");
          // Token 3 is the first that gives the planted head anything to write.
          for (int i = 3; i < TOKENS.length; i++) {
            assertThat(found.share(w, r, i))
                .as("%s to %s", writer, reader)
                .isCloseTo(talks ? 1 : 0, within(1e-12));
          }
          if (reader.equals("2_mlp_in") && found.precedes(w, r)) {
            assertThat(found.share(w, r, 0)).as("a share of nothing").isNaN();
          }
        }
      }
    }
  }

  /// The stream itself holds everybody's writes, read or not.
  @Test
  void theStreamItselfHoldsMoreThanWhatIsRead() {
    try (Scope _ = Scope.open();
        Transformer model = planted();
        StreamTrace trace = model.trace(TOKENS, Contributions.capture())) {
      Contributions found =
          Contributions.of(model, trace, Contributions.Options.usual().with(Level.HEAD));
      int end = found.readers().size() - 1;
      for (int w = 0; w < found.writers().size(); w++) {
        String writer = found.writers().get(w).label();
        if (writer.matches("embed|L\\dH\\d")) {
          assertThat(found.share(w, end, 4)).as(writer).isPositive();
        }
      }
    }
  }

  @Test
  void theSourceTokensOfThePlantedHeadAreThoseItAttendsTo() {
    try (Scope _ = Scope.open();
        Transformer model = planted();
        StreamTrace trace = model.trace(TOKENS, Contributions.captureSources())) {
      List<Part> sources =
          Contributions.sources(model, trace, Reader.named(model, "2_mlp_in"), Measure.WEIGHTS, 4);
      Part most = sources.stream().max(Comparator.comparingDouble(Part::score)).orElseThrow();
      // Attention is even, and token 3 alone has a value.
      assertThat(most.label()).isEqualTo("L0H1<-3");
      assertThat(most.score()).isCloseTo(1, within(1e-12));
      assertThat(sources.stream().filter(p -> Math.abs(p.score()) > 1e-12)).containsExactly(most);
    }
  }

  private static List<Reader> mlps(Transformer model) {
    return Reader.of(model).stream().filter(r -> r.label().endsWith("_mlp_in")).toList();
  }

  // ---------------------------------------------------------------- the model

  /// Dimensions 0 to 3 hold the token, 4 to 9 are for heads nobody listens to, 10 and 11 for MLPs,
  /// and 12 is the planted direction.
  private static Transformer planted() {
    HandBuilt built = new HandBuilt();
    // Token 3 is what heads see: it alone has something in dimension 3.
    built.put(
        "embed.W_E", grid(4, D_MODEL, (t, d) -> t == d ? 1 : 0), "d_vocab d_model", 4, D_MODEL);
    built.put("pos_embed.W_pos", grid(8, D_MODEL, (_, _) -> 0), "n_ctx d_model", 8, D_MODEL);
    built.put(
        "unembed.W_U", grid(D_MODEL, 4, (d, t) -> t == d ? 1 : 0), "d_model d_vocab", D_MODEL, 4);
    for (int layer = 0; layer < LAYERS; layer++) {
      block(built, layer);
    }
    return built.build(
        HandBuilt.spec(
            D_MODEL,
            4,
            8,
            LAYERS,
            HandBuilt.attention(HEADS, D_HEAD, new AttentionSpec.Visibility.Causal(), false, 1),
            new MlpSpec.Plain(D_MLP, Activation.RELU, false),
            new NormSpec.NoNorm(),
            TransformerSpec.Unembedding.SEPARATE),
        DType.FLOAT64);
  }

  private static void block(HandBuilt built, int layer) {
    String path = "blocks.%d.".formatted(layer);
    int heads = HEADS * D_HEAD;
    for (String name : List.of("W_Q", "W_K")) {
      String head = name.equals("W_Q") ? "head" : "kv_head";
      built.put(
          path + "attn." + name,
          grid(heads, D_MODEL, (_, _) -> 0),
          head + " d_head d_model",
          HEADS,
          D_HEAD,
          D_MODEL);
    }
    // The first coordinate of every head carries dimension 3 of the stream.
    built.put(
        path + "attn.W_V",
        grid(heads, D_MODEL, (row, d) -> row % D_HEAD == 0 && d == 3 ? 1 : 0),
        "kv_head d_head d_model",
        HEADS,
        D_HEAD,
        D_MODEL);
    built.put(
        path + "attn.W_O",
        grid(heads, D_MODEL, (row, d) -> row % D_HEAD == 0 && d == to(layer, row / D_HEAD) ? 2 : 0),
        "head d_head d_model",
        HEADS,
        D_HEAD,
        D_MODEL);
    // The last MLP reads the planted direction, the others the token.
    built.put(
        path + "mlp.W_in",
        grid(D_MLP, D_MODEL, (n, d) -> d == (layer == 2 ? PLANTED : n) ? 1 : 0),
        "d_mlp d_model",
        D_MLP,
        D_MODEL);
    built.put(
        path + "mlp.W_out",
        grid(D_MLP, D_MODEL, (n, d) -> n == 0 && d == 10 + layer % 2 ? 1 : 0),
        "d_mlp d_model",
        D_MLP,
        D_MODEL);
  }

  private static int to(int layer, int head) {
    return layer == 0 && head == 1 ? PLANTED : 4 + layer * HEADS + head;
  }

  private interface Weight {
    double at(int row, int column);
  }

  private static Tensor grid(int rows, int columns, Weight weight) {
    double[] values = new double[rows * columns];
    for (int i = 0; i < values.length; i++) {
      values[i] = weight.at(i / columns, i % columns);
    }
    return Tensor.of(values, Shape.of(new Axis("all", values.length)));
  }
}
