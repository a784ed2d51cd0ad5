package dev.weir.view;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/// A report with one of everything, of made-up numbers and of tokens that bite.
final class Samples {
  static final String SCRIPT = "<script>alert(1)</script>";
  static final List<String> TOKENS =
      List.of(
          "<|bos|>",
          "Once",
          " upon",
          " a",
          " time",
          ",",
          " there",
          "\n",
          SCRIPT,
          "\u202Eevil",
          "日本",
          "👩‍🚀",
          "\ud800",
          "\u0007",
          "שלום",
          "\"q\" & 'r'");

  private Samples() {}

  static Table table() {
    Table.Builder table =
        Table.named("lens")
            .title("What each layer would say next")
            .integer("layer", "", "Block after which the stream is read")
            .token("top_token", "Most likely next token")
            .real("probability", "", "Its probability")
            .real("entropy", "nats", "Entropy of the whole distribution")
            .real("kl", "nats", "KL divergence to the final distribution")
            .text("comment", "Words")
            .note("Raw coordinates; BOS was prepended because the tokenizer's template says so.");
    SplittableRandom random = new SplittableRandom(1);
    for (int layer = 0; layer < TOKENS.size(); layer++) {
      double share = (layer + 1.0) / TOKENS.size();
      table.row(
          layer,
          TOKENS.get(layer),
          share * random.nextDouble(),
          6 * (1 - share) + random.nextDouble(),
          layer == 3 ? Double.NaN : layer == 4 ? 1e-7 : 4 * (1 - share),
          layer == 5 ? Cell.missing() : SCRIPT + "\u0001 line\nbreak");
    }
    return table.build();
  }

  static Heatmap heatmap() {
    SplittableRandom random = new SplittableRandom(2);
    Heatmap.Builder heatmap =
        Heatmap.named("lens_grid", Legend.sequential("probability of the top token", 0, 1))
            .title("Logit lens over “Once upon a time, there”")
            .rows("layer")
            .columns("token", TOKENS.stream().map(TokenText::visible).toList())
            .note("Raw coordinates. A cell names the most likely next token at that depth.");
    for (int layer = 11; layer >= 0; layer--) {
      List<Heatmap.Cell> cells = new ArrayList<>();
      for (int i = 0; i < TOKENS.size(); i++) {
        double p = Math.clamp((layer + 1) / 12.0 * (0.4 + 0.7 * random.nextDouble()), 0, 1);
        String top = TokenText.visible(TOKENS.get((i + 1 + (layer < 6 ? 5 : 0)) % TOKENS.size()));
        cells.add(new Heatmap.Cell(i == 2 && layer == 2 ? Double.NaN : p, top));
      }
      heatmap.row(Integer.toString(layer), cells);
    }
    return heatmap.build();
  }

  static Heatmap bareHeatmap() {
    Heatmap.Builder heatmap =
        Heatmap.named("heads", Legend.diverging("direct effect on the answer (logits)", 2))
            .title("Direct effect of each head")
            .rows("layer")
            .columns("head", IntStream.range(0, 16).mapToObj(Integer::toString).toList());
    SplittableRandom random = new SplittableRandom(3);
    for (int layer = 0; layer < 12; layer++) {
      heatmap.row(
          Integer.toString(layer),
          IntStream.range(0, 16)
              .mapToObj(_ -> new Heatmap.Cell(Math.pow(random.nextDouble(-1.26, 1.26), 3), ""))
              .toList());
    }
    return heatmap.build();
  }

  static LineChart lines() {
    SplittableRandom random = new SplittableRandom(4);
    List<Point> train = new ArrayList<>();
    List<Point> held = new ArrayList<>();
    for (int step = 0; step <= 3000; step++) {
      double loss = 1.3 + 7 * Math.exp(-step / 220.0) + 1.2 * Math.exp(-step / 1500.0);
      train.add(new Point(step, loss + random.nextDouble(-0.15, 0.15)));
      if (step % 100 == 0) {
        held.add(new Point(step, step == 1000 ? Double.NaN : loss + 0.1));
      }
    }
    return new LineChart(
        "loss",
        "Cross entropy while training",
        "step",
        "cross entropy (nats per token)",
        List.of(new LineChart.Series("training", train), new LineChart.Series("held out", held)),
        List.of("One point per step; the line keeps the extremes of each stretch."));
  }

  static LineChart norms() {
    return new LineChart(
        "norms",
        "Norm of the stream by layer",
        "layer",
        "norm",
        List.of(
            LineChart.Series.of("BOS", 1, 40, 90, 94, 95, 97, 96, 60),
            LineChart.Series.of("last position", 1.5, 3.1, 5.2, 8.8, 12.9, 19.4, 28.2, 47.9),
            LineChart.Series.of("median", 1.4, 2.9, 5.0, 8.5, 12.1, 18.4, 26.2, 45.3)),
        List.of());
  }

  static BarChart bars() {
    return new BarChart(
        "parts",
        "What writes most for “time”",
        "contribution to the logit",
        List.of(
            new BarChart.Bar("blocks.5.mlp", 4.213),
            new BarChart.Bar("blocks.4.attn.head.3", 2.71),
            new BarChart.Bar("embed", -1.934),
            new BarChart.Bar("blocks.2.mlp neuron 1411", 0.882),
            new BarChart.Bar("blocks.5.attn.head.0", -0.517),
            new BarChart.Bar(SCRIPT, 0.0312),
            new BarChart.Bar("bias", Double.NaN)),
        List.of("Final norm's scale frozen; folded coordinates."));
  }

  static ForestChart forest(String text) {
    return new ForestChart(
        "differences",
        text,
        text,
        ForestChart.Better.LEFT,
        List.of(
            new ForestChart.Group(
                text,
                List.of(
                    new ForestChart.Row(
                        text,
                        -2,
                        new LineChart.Spread(-3, -1),
                        new LineChart.Spread(-2.5, -1.5),
                        "wins",
                        true,
                        3),
                    new ForestChart.Row(
                        "wide",
                        1,
                        new LineChart.Spread(-99, 101),
                        new LineChart.Spread(-1, 3),
                        "no difference found",
                        false,
                        3),
                    new ForestChart.Row(
                        "failed",
                        Double.NaN,
                        new LineChart.Spread(Double.NaN, Double.NaN),
                        new LineChart.Spread(Double.NaN, Double.NaN),
                        "undecided",
                        false,
                        3)))),
        List.of(text));
  }

  static Report report() {
    return new Report(
        "The residual stream at “Once upon a time, there”",
        "stories260k · 5 layers · float32 · " + SCRIPT,
        List.of(
            new Report.Text(
                "", List.of("At the last position the model settles on its answer in layer 3.")),
            new Report.HeatmapSection(heatmap()),
            new Report.BarSection(bars()),
            new Report.LineSection(norms()),
            new Report.HeatmapSection(bareHeatmap()),
            new Report.LineSection(lines()),
            new Report.TableSection(table())),
        List.of("Raw coordinates unless a section says otherwise.", "BOS was prepended."));
  }
}
