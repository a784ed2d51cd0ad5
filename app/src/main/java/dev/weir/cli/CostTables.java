package dev.weir.cli;

import dev.weir.model.Activation;
import dev.weir.model.AttentionSpec;
import dev.weir.model.BlockSpec;
import dev.weir.model.LocalMixing;
import dev.weir.model.MixerCost;
import dev.weir.model.MlpSpec;
import dev.weir.model.NormSpec;
import dev.weir.model.PositionCode;
import dev.weir.model.Softcap;
import dev.weir.model.TransformerCost;
import dev.weir.model.TransformerSpec;
import dev.weir.pathway.Depth;
import dev.weir.pathway.PathwayCost;
import dev.weir.pathway.PathwaySpec;
import dev.weir.pathway.Pathways;
import dev.weir.pathway.PreNorm;
import dev.weir.tensor.DType;
import dev.weir.view.Table;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// What every pathway and every local mixer costs on a model of one size, as tables.
///
/// @param size the model
/// @param stages how many pipeline stages there are
/// @param dtype what numbers are stored as
record CostTables(Size size, int stages, DType dtype) {

  /// Sizes of a plain transformer.
  ///
  /// @param layers how many blocks
  /// @param dModel width of the stream
  /// @param heads query heads
  /// @param kvHeads key/value heads
  /// @param dMlp neurons of an MLP
  /// @param context length of the text, in tokens
  /// @param vocabulary how many tokens there are
  /// @param window how far short attention sees, in tokens
  record Size(
      int layers,
      int dModel,
      int heads,
      int kvHeads,
      int dMlp,
      int context,
      int vocabulary,
      int window) {

    TransformerSpec spec() {
      NormSpec norm = new NormSpec.RmsNorm(1e-6, NormSpec.Gain.PLAIN);
      NormSpec none = new NormSpec.NoNorm();
      BlockSpec block =
          new BlockSpec(
              attention(),
              new MlpSpec.Plain(dMlp, Activation.GELU, false),
              BlockSpec.Wiring.SEQUENTIAL,
              norm,
              none,
              norm,
              none);
      return new TransformerSpec(
          "plain",
          dModel,
          vocabulary,
          vocabulary,
          context,
          Collections.nCopies(layers, block),
          new PositionCode.NoPositions(),
          1,
          norm,
          TransformerSpec.Unembedding.TIED,
          new Softcap.Unbounded(),
          new PreNorm());
    }

    AttentionSpec attention() {
      int dHead = dModel / heads;
      return new AttentionSpec(
          heads,
          kvHeads,
          dHead,
          1 / Math.sqrt(dHead),
          new Softcap.Unbounded(),
          new AttentionSpec.Visibility.Causal(),
          new PositionCode.Rotary(
              dHead - dHead % 2,
              10000,
              PositionCode.Pairing.HALVES,
              new PositionCode.RotaryScaling.Unscaled()),
          new AttentionSpec.QkNorm.NoQkNorm(),
          AttentionSpec.Biases.NONE,
          1);
    }

    Depth depth() {
      return Depth.of(layers, dModel);
    }
  }

  /// One row, all in numbers; bytes where memory is meant.
  ///
  /// @param name what it is called
  /// @param parameters weights
  /// @param flops operations per token
  /// @param moved bytes per token
  /// @param kept bytes per token
  /// @param remembered bytes per sequence
  /// @param passing bytes per token
  /// @param payload vectors at the last boundary
  private record Row(
      String name,
      double parameters,
      double flops,
      double moved,
      double kept,
      double remembered,
      double passing,
      double payload) {}

  /// The plain model that everything is compared with.
  Table plain() {
    TransformerCost cost = TransformerCost.ofText(size.spec(), size.context);
    double bytes = dtype.bytes();
    return Table.named("plain")
        .title("The plain transformer")
        .text("quantity", "What is counted.")
        .real("value", "", "How much.")
        .text("unit", "Of what.")
        .row("parameters", cost.parameters(), "weights")
        .row("flops", cost.flops(), "per token, forward")
        .row("flops in products", cost.products(), "per token, forward")
        .row("flops in attention", cost.attention(), "per token, forward")
        .row("cache", cost.cached() * size.context * bytes, "bytes per sequence")
        .row("stream", size.dModel * bytes, "bytes per token")
        .build();
  }

  /// What pathways cost beyond the plain stream, every digit.
  Table pathways() {
    return digits("pathways", "Pathways, beyond the plain stream", pathwayRows());
  }

  /// What local mixers cost beyond a model without them, every digit.
  Table mixers() {
    return digits("mixers", "Local mixers, beyond a model without them", mixerRows());
  }

  /// The same tables for a terminal, with short numbers.
  List<Table> brief() {
    return List.of(
        brief("pathways", "Pathways, beyond the plain stream", pathwayRows()),
        brief("mixers", "Local mixers, beyond a model without them", mixerRows()));
  }

  /// The row of one pathway, for a terminal.
  ///
  /// @param name what it is called
  /// @param spec its settings
  Table brief(String name, PathwaySpec spec) {
    return brief("pathway", "Cost beyond the plain stream", List.of(row(name, spec)));
  }

  /// What the columns mean.
  List<String> notes() {
    return List.of(
        "%d layers, d_model %d, %d heads (%d for keys and values), d_mlp %d, context %d, window %d, %d pipeline stages, %s."
            .formatted(
                size.layers,
                size.dModel,
                size.heads,
                size.kvHeads,
                size.dMlp,
                size.context,
                size.window,
                stages,
                dtype.name().toLowerCase(Locale.ROOT)),
        "A FLOP is an addition, a multiplication or a function of one number; a product of matrices is two for each pair, a softmax five for each number. Per token, forward, mean over the context.",
        "moved: bytes per token, each step one pass. training: bytes per token kept for the backward pass beyond the sublayers' own, an estimate. state: bytes per sequence that decoding keeps from token to token beside the cache of keys and values. transient: bytes held while a token runs, the stream itself included.",
        "payload: vectors of d_model that cross the last boundary between pipeline stages; the plain stream sends 1.");
  }

  private List<Row> pathwayRows() {
    return Pathways.all().stream()
        .flatMap(listing -> listing.variants().entrySet().stream())
        .filter(variant -> variant.getValue().problems(size.depth()).isEmpty())
        .map(variant -> row(variant.getKey(), variant.getValue()))
        .toList();
  }

  private Row row(String name, PathwaySpec spec) {
    PathwayCost cost = spec.cost(size.depth());
    double bytes = dtype.bytes();
    return new Row(
        name,
        cost.parameters(),
        cost.flops(),
        cost.moved() * bytes,
        cost.kept() * bytes,
        cost.remembered() * bytes,
        cost.passing() * bytes,
        stages < 2 ? 0 : cost.payloadAt(stages, stages - 1));
  }

  private List<Row> mixerRows() {
    return mixed().entrySet().stream().map(e -> row(e.getKey(), e.getValue())).toList();
  }

  private Row row(String name, TransformerSpec spec) {
    MixerCost cost = MixerCost.ofText(spec, size.context);
    double bytes = dtype.bytes();
    return new Row(
        name,
        cost.parameters(),
        cost.flops(),
        cost.moved() * bytes,
        cost.kept() * bytes,
        (cost.remembered() + cost.cached() * size.context) * bytes,
        (size.dModel + cost.passing()) * bytes,
        stages < 2 ? 0 : 1 + cost.payload());
  }

  /// The plain model with one mixer each.
  private Map<String, TransformerSpec> mixed() {
    LocalMixing none = LocalMixing.none();
    NormSpec norm = new NormSpec.RmsNorm(1e-6, NormSpec.Gain.PLAIN);
    Map<String, TransformerSpec> mixed = new LinkedHashMap<>();
    mixed.put(
        "short-swa",
        with(
            none.withSublayer(
                new LocalMixing.Sublayer.ShortSwa(size.attention().withWindow(size.window)),
                norm)));
    mixed.put(
        "short-swa-branch", with(none.withBranch(new LocalMixing.Branch.ShortSwa(size.window))));
    mixed.put("short-conv", with(none.withSublayer(new LocalMixing.Sublayer.ShortConv(4), norm)));
    mixed.put("short-conv-branch", with(none.withBranch(new LocalMixing.Branch.ShortConv(4))));
    for (String places : List.of("A", "B", "C", "D", "ABCD")) {
      mixed.put("canon-" + places, with(none.withCanon(LocalMixing.Canon.of(places))));
    }
    mixed.put("value-residual", values(AttentionSpec.Values.MIXED_WITH_FIRST));
    mixed.put("svformer", values(AttentionSpec.Values.FIRST));
    return mixed;
  }

  private TransformerSpec with(LocalMixing mixing) {
    return size.spec().mapBlocks(block -> block.withLocal(mixing));
  }

  private TransformerSpec values(AttentionSpec.Values values) {
    return size.spec()
        .mapBlocks(block -> block.withAttention(block.attention().withValues(values)));
  }

  private static Table digits(String name, String title, List<Row> rows) {
    Table.Builder table =
        Table.named(name)
            .title(title)
            .text("name", "What commands call it.")
            .real("parameters", "", "Weights.")
            .real("flops", "per token", "Operations, forward.")
            .real("moved", "bytes per token", "Read and written, forward.")
            .real("training", "bytes per token", "Kept for the backward pass.")
            .real("state", "bytes per sequence", "Kept from token to token.")
            .real("transient", "bytes per token", "Held while a token runs.")
            .real("payload", "vectors", "Sent over the last pipeline boundary.");
    for (Row row : rows) {
      table.row(
          row.name,
          row.parameters,
          row.flops,
          row.moved,
          row.kept,
          row.remembered,
          row.passing,
          row.payload);
    }
    return table.build();
  }

  private static Table brief(String name, String title, List<Row> rows) {
    Table.Builder table =
        Table.named(name)
            .title(title)
            .text("name", "What commands call it.")
            .text("parameters", "Weights.")
            .text("FLOPs", "Operations per token, forward.")
            .text("moved", "Bytes per token.")
            .text("training", "Bytes per token.")
            .text("state", "Bytes per sequence.")
            .text("transient", "Bytes per token.")
            .text("payload", "Vectors.");
    for (Row row : rows) {
      table.row(
          row.name,
          count(row.parameters),
          count(row.flops),
          bytes(row.moved),
          bytes(row.kept),
          bytes(row.remembered),
          bytes(row.passing),
          "%.3g".formatted(row.payload));
    }
    return table.build();
  }

  /// `0`, `612`, `18.4 K`, `2.36 M`.
  static String count(double number) {
    return scaled(number, 1000, List.of("", " K", " M", " G", " T", " P"));
  }

  /// `0`, `612 B`, `18.4 KiB`.
  static String bytes(double number) {
    return number == 0 ? "0" : scaled(number, 1024, List.of(" B", " KiB", " MiB", " GiB", " TiB"));
  }

  private static String scaled(double number, double step, List<String> units) {
    double rest = number;
    int unit = 0;
    while (Math.abs(rest) >= step && unit + 1 < units.size()) {
      rest /= step;
      unit++;
    }
    int decimals = unit == 0 || Math.abs(rest) >= 100 ? 0 : Math.abs(rest) >= 10 ? 1 : 2;
    return String.format(Locale.ROOT, "%." + decimals + "f", rest) + units.get(unit);
  }
}
