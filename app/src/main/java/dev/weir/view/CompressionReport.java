package dev.weir.view;

import dev.weir.readout.depth.DepthEffects;
import dev.weir.readout.depth.DepthEffects.Effect;
import dev.weir.readout.depth.ModelCosts;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// A model before and after it was made smaller.
///
/// @param model what to call the model
/// @param what was done, in words
/// @param effects of it: the model as it was, then each stage
/// @param costs in the same order, the model as it was first
/// @param notes what a reader needs to know of the run
public record CompressionReport(
    String model, String what, DepthEffects effects, List<ModelCosts> costs, List<String> notes) {

  public CompressionReport {
    costs = List.copyOf(costs);
    notes = List.copyOf(notes);
  }

  /// All of it.
  public Report report() {
    return new Report(
        "%s, made smaller".formatted(model),
        what,
        List.of(new Report.TableSection(size()), new Report.TableSection(loss())),
        notes);
  }

  private List<Effect> stages() {
    List<Effect> stages = new ArrayList<>(effects.effects());
    stages.addFirst(effects.normal());
    return stages;
  }

  private Table size() {
    Table.Builder table =
        Table.named("size")
            .title("What it costs")
            .text("model", "which")
            .integer("blocks", "", "how many it has")
            .integer("parameters", "", "how many numbers")
            .real("weights", "MB", "memory that they take, in millions of bytes")
            .real("cache", "kB/token", "what the cache of keys and values grows by")
            .real("speed", "tokens/s", "reading a text, median of runs in turn");
    for (int i = 0; i < costs.size(); i++) {
      ModelCosts cost = costs.get(i);
      table.row(
          stages().get(i).name(),
          cost.blocks(),
          cost.parameters(),
          cost.weightBytes() / 1e6,
          cost.cacheBytesPerToken() / 1e3,
          cost.tokensPerSecond());
    }
    ModelCosts before = costs.getFirst();
    ModelCosts after = costs.getLast();
    return table
        .note(
            String.format(
                Locale.ROOT,
                "%.1f %% of the parameters, %.2f times the speed.",
                100.0 * after.parameters() / before.parameters(),
                after.tokensPerSecond() / before.tokensPerSecond()))
        .build();
  }

  private Table loss() {
    Table.Builder table =
        Table.named("loss")
            .title("What it loses")
            .text("model", "which")
            .real("loss", "nats", "cross entropy of the next token")
            .real("change", "nats", "of the loss, text by text")
            .real("±", "nats", "half the 95 % interval of the change")
            .real("KL", "nats", "KL(normal ‖ changed)")
            .real("top-1", "", "share of positions whose likeliest token stays");
    for (Effect stage : stages()) {
      table.row(
          stage.name(),
          stage.crossEntropy().mean(),
          stage.increase().mean(),
          DepthReport.reach(stage.increase()),
          stage.kl().mean(),
          stage.agreement().mean());
    }
    return table
        .note(
            "Means over %d texts, each of which counts once."
                .formatted(effects.normal().kl().count()))
        .build();
  }
}
