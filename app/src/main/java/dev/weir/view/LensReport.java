package dev.weir.view;

import dev.weir.readout.Estimate;
import dev.weir.readout.LogitLens.Reading;
import dev.weir.readout.TokenScore;
import dev.weir.readout.lens.LensReadings;
import dev.weir.readout.lens.LensSurvey;
import dev.weir.readout.lens.LensSurvey.Measure;
import dev.weir.readout.lens.TokenLogit;
import dev.weir.readout.lens.TunedLensTraining;
import dev.weir.readout.lens.UpdateLens;
import dev.weir.readout.lens.WeightLens;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// What lenses show, as tables and pictures.
///
/// @param model what to call the model
/// @param word what a token id looks like
/// @param notes sentences that hold for all of it
public record LensReport(String model, IntFunction<String> word, List<String> notes) {

  public LensReport {
    notes = List.copyOf(notes);
  }

  /// How much of a text is shown.
  public enum Detail {
    /// One position, and means.
    SHORT,
    /// Every position too.
    WHOLE
  }

  // ---------------------------------------------------------------- the stream of one text

  /// One text through a lens.
  ///
  /// @param tokens the text as a reader sees it, token by token
  /// @param readings what the lens shows
  /// @param survey its means over positions
  /// @param index index of the position that is shown
  /// @param detail how much is shown
  public Report text(
      List<String> tokens, LensReadings readings, LensSurvey survey, int index, Detail detail) {
    List<Report.Section> sections = new ArrayList<>();
    sections.add(new Report.TableSection(depth(tokens, readings, index)));
    sections.add(new Report.TableSection(means(survey, readings.norm())));
    sections.add(new Report.HeatmapSection(heatmap(tokens, readings)));
    sections.add(new Report.LineSection(lines(survey)));
    if (detail == Detail.WHOLE) {
      sections.add(new Report.TableSection(everything(tokens, readings)));
    }
    return new Report(
        "The %s on %s".formatted(readings.lens(), model),
        TokenText.visible(String.join("", tokens)),
        sections,
        notes);
  }

  private Table depth(List<String> tokens, LensReadings readings, int index) {
    int position = readings.positions().get(index);
    String target = quoted(readings.at(0, index).target());
    Table.Builder table =
        Table.named("position")
            .title(
                "After '%s' (position %d), place by place"
                    .formatted(TokenText.visible(tokens.get(position)), position))
            .text("place", "where along depth")
            .text("top tokens", "likeliest tokens through the lens, with probability")
            .real("p", "", "probability of " + target)
            .integer("rank", "", "how many tokens are likelier than it")
            .real("entropy", "nats", "entropy of the lens's distribution")
            .real("KL", "nats", "KL(final ‖ lens)");
    for (int place = 0; place < readings.places().size(); place++) {
      Reading reading = readings.at(place, index);
      table.row(
          readings.places().get(place),
          scores(reading.top()),
          reading.targetProbability(),
          reading.targetRank(),
          reading.entropy(),
          reading.klToFinal());
    }
    return table
        .note("p and rank are of %s; %s; raw coordinates.".formatted(target, readings.norm()))
        .build();
  }

  private String scores(List<TokenScore> scores) {
    return scores.stream()
        .map(score ->
            String.format(
                Locale.ROOT, "%s %.0f%%", shown(score.token()), 100 * score.probability()))
        .collect(Collectors.joining("  "));
  }

  private Heatmap heatmap(List<String> tokens, LensReadings readings) {
    double largest =
        readings.readings().stream()
            .flatMap(List::stream)
            .mapToDouble(Reading::entropy)
            .max()
            .orElse(1);
    Heatmap.Builder map =
        Heatmap.named("lens", Legend.sequential("entropy, nats", 0, largest > 0 ? largest : 1))
            .title("The likeliest token at each place and position")
            .rows("place")
            .columns(
                "token",
                readings.positions().stream().map(p -> TokenText.visible(tokens.get(p))).toList());
    for (int place = readings.places().size() - 1; place >= 0; place--) {
      map.row(
          readings.places().get(place),
          readings.readings().get(place).stream()
              .map(reading ->
                  new Heatmap.Cell(reading.entropy(), shown(reading.top().getFirst().token())))
              .toList());
    }
    return map.note(readings.norm() + "; raw coordinates").build();
  }

  private Table everything(List<String> tokens, LensReadings readings) {
    Table.Builder table =
        LensColumns.start("readings", "Every position and place")
            .token("target", "the token that is followed")
            .real("target_probability", "", "its probability through the lens")
            .integer("target_rank", "", "how many tokens are likelier than it")
            .real("cross_entropy", "nats", "of the token that came next");
    for (int index = 0; index < readings.positions().size(); index++) {
      int position = readings.positions().get(index);
      for (int place = 0; place < readings.places().size(); place++) {
        Reading reading = readings.at(place, index);
        TokenScore top = reading.top().getFirst();
        table.row(
            position,
            tokens.get(position),
            readings.places().get(place),
            word.apply(top.token()),
            top.probability(),
            reading.entropy(),
            reading.klToFinal(),
            word.apply(reading.target()),
            reading.targetProbability(),
            reading.targetRank(),
            reading.crossEntropy().isPresent()
                ? reading.crossEntropy().getAsDouble()
                : Cell.missing());
      }
    }
    return table.build();
  }

  // ---------------------------------------------------------------- the stream of many texts

  /// Many texts through a lens.
  ///
  /// @param lens which lens, in words
  /// @param norm which norm the stream passed, in words
  /// @param survey its means
  public Report survey(String lens, String norm, LensSurvey survey) {
    return new Report(
        "The %s on %s".formatted(lens, model),
        "%,d texts".formatted(survey.texts()),
        List.of(
            new Report.TableSection(means(survey, norm)), new Report.LineSection(lines(survey))),
        notes);
  }

  private static Table means(LensSurvey survey, String norm) {
    Table.Builder table =
        Table.named("means")
            .title("Means over positions, place by place")
            .text("place", "where along depth");
    for (Measure measure : Measure.values()) {
      table.real(name(measure), unit(measure), describe(measure));
      if (survey.texts() > 1) {
        table.real("±" + name(measure), unit(measure), "half of its 95 % confidence interval");
      }
    }
    for (int place = 0; place < survey.places().size(); place++) {
      List<Object> row = new ArrayList<>(List.of(survey.places().get(place)));
      for (Measure measure : Measure.values()) {
        Estimate mean = survey.mean(place, measure);
        row.add(Double.isNaN(mean.mean()) ? Cell.missing() : mean.mean());
        if (survey.texts() > 1) {
          row.add(Double.isNaN(mean.high()) ? Cell.missing() : mean.high() - mean.mean());
        }
      }
      table.row(row.toArray());
    }
    String intervals =
        survey.texts() > 1
            ? "± is a 95 % confidence interval over texts, each of which counts once"
            : "one text has no confidence interval";
    return table.note("%s; %s; raw coordinates.".formatted(norm, intervals)).build();
  }

  private static String name(Measure measure) {
    return switch (measure) {
      case CROSS_ENTROPY -> "CE";
      case KL_TO_FINAL -> "KL";
      case ENTROPY -> "entropy";
      case AGREEMENT -> "agree";
      case TARGET_RANK -> "rank";
      case TARGET_PROBABILITY -> "p";
    };
  }

  private static String unit(Measure measure) {
    return switch (measure) {
      case CROSS_ENTROPY, KL_TO_FINAL, ENTROPY -> "nats";
      case AGREEMENT, TARGET_RANK, TARGET_PROBABILITY -> "";
    };
  }

  private static String describe(Measure measure) {
    return switch (measure) {
      case CROSS_ENTROPY -> "cross entropy of the token that came next";
      case KL_TO_FINAL -> "KL(final ‖ lens)";
      case ENTROPY -> "entropy of the lens's distribution";
      case AGREEMENT -> "share of positions whose likeliest token is that of the end";
      case TARGET_RANK -> "how many tokens are likelier than the one that is followed";
      case TARGET_PROBABILITY -> "probability of the token that is followed";
    };
  }

  private static LineChart lines(LensSurvey survey) {
    return new LineChart(
        "depth",
        "How far the lens is from the end (places: %s)"
            .formatted(String.join(", ", survey.places())),
        "place",
        "nats",
        List.of(
            series(survey, Measure.KL_TO_FINAL),
            series(survey, Measure.CROSS_ENTROPY),
            series(survey, Measure.ENTROPY)),
        List.of());
  }

  private static LineChart.Series series(LensSurvey survey, Measure measure) {
    return LineChart.Series.of(
        name(measure),
        IntStream.range(0, survey.places().size())
            .mapToDouble(place -> survey.mean(place, measure).mean())
            .toArray());
  }

  // ---------------------------------------------------------------- writes and weights

  /// What the writes of a run say.
  ///
  /// @param text the text as a reader sees it
  /// @param position where they are looked at
  /// @param target the token that is followed
  /// @param lens what they say
  public Report updates(String text, int position, int target, UpdateLens lens) {
    Table.Builder table =
        Table.named("updates")
            .title("What each write says at position %d".formatted(position))
            .text("write", "who wrote")
            .real("logit", "", "what it adds to the logit of " + quoted(target))
            .text("raises", "tokens whose logits it raises most, with how much")
            .text("lowers", "tokens whose logits it lowers most, with how much");
    for (UpdateLens.Row row : lens.rows()) {
      table.row(row.label(), row.targetLogit(), tokens(row.top()), tokens(row.bottom()));
    }
    double sum = lens.rows().stream().mapToDouble(UpdateLens.Row::targetLogit).sum();
    table.note(
        "All writes and a constant of %.3f add up to the logit of %s, %.3f, before any cap; final norm with the scale of the final stream; raw coordinates."
            .formatted(lens.constant(), quoted(target), sum + lens.constant()));
    return new Report(
        "What is written into the stream of " + model,
        TokenText.visible(text),
        List.of(new Report.TableSection(table.build())),
        notes);
  }

  /// What directions say.
  ///
  /// @param of where the directions come from
  /// @param lens what they say
  public Report directions(String of, WeightLens lens) {
    Table.Builder table =
        Table.named("directions")
            .title("What the directions say")
            .text("direction", "which one")
            .real("length", "", "its Euclidean length")
            .text("raises", "tokens whose logits it raises most, with how much")
            .text("lowers", "tokens whose logits it lowers most, with how much");
    for (WeightLens.Row row : lens.rows()) {
      table.row(row.label(), row.length(), tokens(row.top()), tokens(row.bottom()));
    }
    table.note(
        lens.how() + "; written with a minus, raises and lowers change places; raw coordinates.");
    return new Report(
        "%s through the lens of %s".formatted(of, model),
        "",
        List.of(new Report.TableSection(table.build())),
        notes);
  }

  private String tokens(List<TokenLogit> logits) {
    return logits.stream()
        .map(each -> String.format(Locale.ROOT, "%s %+.2f", shown(each.token()), each.logit()))
        .collect(Collectors.joining("  "));
  }

  // ---------------------------------------------------------------- tuning

  /// How a lens was tuned.
  ///
  /// @param training every step
  /// @param before means of the logit lens over texts that it was not tuned on
  /// @param after means of the tuned lens over the same texts
  public Report training(TunedLensTraining training, LensSurvey before, LensSurvey after) {
    Table.Builder table =
        Table.named("tuning")
            .title("KL(final ‖ lens) on %,d texts kept apart".formatted(after.texts()))
            .text("place", "where along depth")
            .real("logit lens", "nats", "before tuning")
            .real("tuned lens", "nats", "after tuning")
            .real("±", "nats", "half of the 95 % confidence interval of the tuned lens's mean");
    for (int place = 0; place < after.places().size() - 1; place++) {
      Estimate tuned = after.mean(place, Measure.KL_TO_FINAL);
      table.row(
          after.places().get(place),
          before.mean(place, Measure.KL_TO_FINAL).mean(),
          tuned.mean(),
          Double.isNaN(tuned.high()) ? Cell.missing() : tuned.high() - tuned.mean());
    }
    int layers = training.steps().getFirst().kl().size();
    List<LineChart.Series> curves =
        IntStream.range(0, layers)
            .mapToObj(layer ->
                LineChart.Series.of(
                    layer + "_pre",
                    training.steps().stream().mapToDouble(s -> s.kl().get(layer)).toArray()))
            .toList();
    return new Report(
        "A tuned lens for " + model,
        "%,d steps".formatted(training.steps().size()),
        List.of(
            new Report.TableSection(table.note("raw coordinates").build()),
            new Report.LineSection(
                new LineChart(
                    "loss", "KL on the texts of each step", "step", "nats", curves, List.of()))),
        notes);
  }

  private String shown(int token) {
    return TokenText.visible(word.apply(token));
  }

  private String quoted(int token) {
    return "'" + shown(token) + "'";
  }
}
