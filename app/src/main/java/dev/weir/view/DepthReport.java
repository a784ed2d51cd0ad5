package dev.weir.view;

import dev.weir.readout.Estimate;
import dev.weir.readout.depth.BlockRanking;
import dev.weir.readout.depth.DepthEffects;
import dev.weir.readout.depth.DepthEffects.Effect;
import dev.weir.readout.depth.DepthProfile;
import dev.weir.readout.depth.LinearPredictability;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/// What each block of a model is worth, as a table with a row for each block, and as curves along
/// depth.
///
/// @param model what to call the model
/// @param ranking influence and angles
/// @param profile updates and saturation
/// @param effects of skipping and swapping blocks, and of what else was asked for
/// @param swapped which experiment of `effects` swaps a block with the next; empty where blocks
///   cannot change places
/// @param predictability how linear the way to the next layer is; empty where there are too few
///   texts to say
/// @param notes what a reader needs to know of the run
public record DepthReport(
    String model,
    BlockRanking ranking,
    DepthProfile profile,
    DepthEffects effects,
    List<Integer> swapped,
    Optional<LinearPredictability> predictability,
    List<String> notes) {

  public DepthReport {
    swapped = List.copyOf(swapped);
    notes = List.copyOf(notes);
  }

  /// All of it.
  public Report report() {
    List<Report.Section> sections = new ArrayList<>();
    sections.add(new Report.TableSection(blocks()));
    sections.add(new Report.TableSection(experiments(effects)));
    sections.add(new Report.TableSection(updates()));
    sections.add(new Report.TableSection(angles()));
    sections.add(new Report.LineSection(turns()));
    sections.add(new Report.LineSection(losses()));
    sections.add(new Report.LineSection(sizes()));
    return new Report(
        "The depth of " + model,
        "%d blocks, %d texts".formatted(layers(), effects.normal().kl().count()),
        sections,
        notes);
  }

  private int layers() {
    return ranking.layers();
  }

  private Table blocks() {
    Table.Builder table =
        Table.named("blocks")
            .title("What each block is worth")
            .integer("block", "", "from 0")
            .real("influence", "", "1 - cos of the stream before and after")
            .real("±", "", "half its 95 % interval")
            .real("angle", "turns/2", "angle of the stream before and after, as a share of π")
            .real("skip", "nats", "cross entropy without the block, less that with it")
            .real("skip ±", "nats", "half its 95 % interval")
            .real("top-1", "", "share of positions whose likeliest token stays without the block")
            .real("swap", "nats", "the same with this block and the next exchanged")
            .real("R²", "", "of the best linear map instead of the block, on texts held out")
            .real("settled", "", "share of positions whose answer is settled before the block");
    for (int layer = 0; layer < layers(); layer++) {
      Effect skip = effects.effects().get(layer);
      table.row(
          layer,
          ranking.influence(layer).mean(),
          reach(ranking.influence(layer)),
          ranking.angle(layer, 1).mean(),
          known(skip.increase().mean()),
          reach(skip.increase()),
          skip.agreement().mean(),
          swap(layer),
          predicted(layer),
          profile.settled(layer).mean());
    }
    table.note(
        "Least influential first: %s. Raw coordinates; saturation through the lens, %s."
            .formatted(ranking.byInfluence(), profile.norm()));
    return table.build();
  }

  private Cell swap(int layer) {
    return layer < swapped.size()
        ? known(effects.effects().get(swapped.get(layer)).increase().mean())
        : Cell.missing();
  }

  private Cell predicted(int layer) {
    return predictability
        .filter(found -> layer < found.scores().size())
        .map(found -> known(found.scores().get(layer).rSquared()))
        .orElseGet(Cell::missing);
  }

  private static Cell known(double value) {
    return Double.isNaN(value) ? Cell.missing() : Cell.of(value);
  }

  /// Half the width of an interval; nothing where the sample is too small for one.
  static Cell reach(Estimate estimate) {
    return known((estimate.high() - estimate.low()) / 2);
  }

  /// What became of the model's answers.
  ///
  /// @param effects of what
  static Table experiments(DepthEffects effects) {
    Table.Builder table =
        Table.named("experiments")
            .title("The model with its depth changed")
            .text("experiment", "what was done")
            .real("loss", "nats", "cross entropy of the next token")
            .real("change", "nats", "of the loss, text by text")
            .real("±", "nats", "half the 95 % interval of the change")
            .real("KL", "nats", "KL(normal ‖ changed)")
            .real("top-1", "", "share of positions whose likeliest token stays")
            .real("entropy", "nats", "of the answers");
    row(table, effects.normal());
    effects.effects().forEach(effect -> row(table, effect));
    return table
        .note("Means over texts, each of which counts once; intervals take texts as independent.")
        .build();
  }

  private static void row(Table.Builder table, Effect effect) {
    table.row(
        effect.name(),
        known(effect.crossEntropy().mean()),
        known(effect.increase().mean()),
        reach(effect.increase()),
        effect.kl().mean(),
        effect.agreement().mean(),
        effect.entropy().mean());
  }

  private Table updates() {
    Table.Builder table =
        Table.named("updates")
            .title("How large each step is beside the stream")
            .text("step", "which sublayer, or block where both write at once")
            .real("written", "", "length of what is written over that of the stream")
            .real("update", "", "length of the stream's change over that of the stream")
            .real("cos", "", "cosine of the change with the stream")
            .real("cos to last", "", "cosine of the change with the change before");
    for (DepthProfile.Step step : profile.steps()) {
      table.row(
          step.label(),
          step.written().mean(),
          step.update().mean(),
          step.cosine().mean(),
          known(step.cosineToPrevious().mean()));
    }
    return table.note("Where written and update differ, the pathway does more than add.").build();
  }

  private Table angles() {
    Table.Builder table =
        Table.named("angles")
            .title("The groups of blocks that turn the stream least")
            .integer("count", "", "how many blocks")
            .text("blocks", "which")
            .real("angle", "turns/2", "angle of the stream before and after, as a share of π");
    for (int count = 1; count < layers(); count++) {
      List<Integer> group = ranking.byAngle(count);
      table.row(
          count,
          count == 1
              ? String.valueOf(group.getFirst())
              : "%d-%d".formatted(group.getFirst(), group.getLast()),
          ranking.angle(group.getFirst(), count).mean());
    }
    return table.build();
  }

  private LineChart turns() {
    return chart(
        "turns",
        "How far each block turns the stream",
        "1 - cos, share of π",
        LineChart.Series.of("influence", each(layers(), layer -> ranking.influence(layer).mean())),
        LineChart.Series.of("angle", each(layers(), layer -> ranking.angle(layer, 1).mean())));
  }

  private LineChart losses() {
    List<LineChart.Series> lines = new ArrayList<>();
    lines.add(
        LineChart.Series.of(
            "skip", each(layers(), layer -> effects.effects().get(layer).increase().mean())));
    if (!swapped.isEmpty()) {
      lines.add(
          LineChart.Series.of(
              "swap with next",
              each(
                  swapped.size(),
                  layer -> effects.effects().get(swapped.get(layer)).increase().mean())));
    }
    return chart(
        "losses",
        "What a block is worth to the loss",
        "increase of the cross entropy, nats",
        lines.toArray(LineChart.Series[]::new));
  }

  private LineChart sizes() {
    List<DepthProfile.Step> steps = profile.steps();
    return chart(
        "sizes",
        "How large each step is beside the stream",
        "length over length of the stream",
        LineChart.Series.of("written", each(steps.size(), i -> steps.get(i).written().mean())),
        LineChart.Series.of("update", each(steps.size(), i -> steps.get(i).update().mean())));
  }

  private static LineChart chart(
      String name, String title, String yLabel, LineChart.Series... lines) {
    String xLabel = name.equals("sizes") ? "step" : "block";
    return new LineChart(name, title, xLabel, yLabel, List.of(lines), List.of());
  }

  private static double[] each(int count, java.util.function.IntToDoubleFunction value) {
    return IntStream.range(0, count).mapToDouble(value).toArray();
  }
}
