package dev.weir.view;

import dev.weir.readout.TokenScore;
import dev.weir.readout.steer.DirectionalAblation;
import dev.weir.readout.steer.SteeringSweep;
import dev.weir.readout.steer.SteeringSweep.Step;
import dev.weir.readout.steer.SteeringVector;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.IntFunction;

/// What a model says while it is steered, as tables and lines over the coefficient.
///
/// @param model what to call the model
/// @param word what a token id looks like
/// @param decode the text of several
/// @param notes what a reader needs to know of the run
public record SteerReport(
    String model, IntFunction<String> word, Function<int[], String> decode, List<String> notes) {

  public SteerReport {
    notes = List.copyOf(notes);
  }

  /// Lays it out.
  ///
  /// @param prompt the tokens of the prompt
  /// @param vector what was added or taken out
  /// @param followed tokens whose probability was wanted
  /// @param sweep what the model said
  /// @param selection how the direction was chosen, if it was
  public Report of(
      int[] prompt,
      SteeringVector vector,
      List<Integer> followed,
      SteeringSweep sweep,
      Optional<DirectionalAblation> selection) {
    List<Report.Section> sections = new ArrayList<>();
    selection.ifPresent(found -> sections.add(new Report.TableSection(candidates(found))));
    sections.add(new Report.TableSection(next(followed, sweep)));
    if (sweep.steps().stream().anyMatch(step -> step.continuation().length > 0)) {
      sections.add(new Report.TableSection(texts(sweep)));
    }
    long numbers =
        sweep.steps().stream().filter(step -> Double.isFinite(step.coefficient())).count();
    if (numbers > 1) {
      sections.add(new Report.LineSection(lines(followed, sweep)));
    }
    List<String> all = new ArrayList<>(notes);
    all.add("raw coordinates; coefficients are in units of the vector, which is not normalised");
    return new Report(
        "Steering " + model,
        TokenText.visible(decode.apply(prompt)) + ": " + of(vector),
        sections,
        all);
  }

  private static String of(SteeringVector vector) {
    double[] lengths = vector.lengths();
    double longest = Arrays.stream(lengths).max().orElse(0);
    return vector.isFront()
        ? "%d vectors for the first positions at %s, the longest of length %.3f"
            .formatted(lengths.length, vector.point().name(), longest)
        : "a direction of length %.3f at %s, every position"
            .formatted(longest, vector.point().name());
  }

  private Table next(List<Integer> followed, SteeringSweep sweep) {
    Table.Builder table =
        Table.named("next_token")
            .title("The next token")
            .text("coefficient", "how much of the vector is added")
            .text("top tokens", "likeliest next tokens, with probability")
            .real("KL", "nats", "KL(unsteered ‖ steered)");
    followed.forEach(
        token -> table.real("p " + name(token), "", "probability of the token that is followed"));
    for (Step step : sweep.steps()) {
      List<Object> row = new ArrayList<>();
      row.add(step.label());
      row.add(top(step));
      row.add(step.klToUnsteered());
      Arrays.stream(step.followed()).forEach(row::add);
      table.row(row.toArray());
    }
    return table.build();
  }

  private String name(int token) {
    return "'" + TokenText.visible(word.apply(token)) + "'";
  }

  private String top(Step step) {
    StringBuilder text = new StringBuilder();
    for (TokenScore score : step.top()) {
      text.append(text.isEmpty() ? "" : "  ")
          .append(TokenText.visible(word.apply(score.token())))
          .append(String.format(Locale.ROOT, " %.0f%%", 100 * score.probability()));
    }
    return text.toString();
  }

  private Table texts(SteeringSweep sweep) {
    Table.Builder table =
        Table.named("text")
            .title("How the text goes on, greedily")
            .text("coefficient", "how much of the vector is added")
            .text("text", "what the model adds");
    sweep
        .steps()
        .forEach(
            step -> table.row(step.label(), TokenText.visible(decode.apply(step.continuation()))));
    return table.build();
  }

  private LineChart lines(List<Integer> followed, SteeringSweep sweep) {
    List<LineChart.Series> series = new ArrayList<>();
    series.add(
        new LineChart.Series(
            "KL to unsteered, nats",
            sweep.steps().stream()
                .map(step -> new Point(step.coefficient(), step.klToUnsteered()))
                .toList()));
    for (int i = 0; i < followed.size(); i++) {
      int at = i;
      series.add(
          new LineChart.Series(
              "p " + name(followed.get(i)),
              sweep.steps().stream()
                  .map(step -> new Point(step.coefficient(), step.followed()[at]))
                  .toList()));
    }
    return new LineChart(
        "steering", "By coefficient", "coefficient", "nats, probability", series, List.of());
  }

  private static Table candidates(DirectionalAblation selection) {
    Table.Builder table =
        Table.named("candidates")
            .title("Candidates, the one whose ablation leaves least of the behaviour first")
            .text("place", "where the difference of means was taken")
            .integer("position", "", "position in the prompts, from the end")
            .real("ablation", "log-odds", "of the behaviour after prompts that have it, ablated")
            .real("steering", "log-odds", "of the behaviour after prompts that lack it, added")
            .real("KL", "nats", "KL(plain ‖ ablated) after prompts that lack the behaviour")
            .text("passes", "whether it is within the bounds");
    for (DirectionalAblation.Candidate candidate : selection.candidates()) {
      table.row(
          candidate.vector().point().name(),
          candidate.position(),
          candidate.ablation(),
          candidate.steering(),
          candidate.kl(),
          candidate.passes() ? "yes" : "no");
    }
    return table
        .note("Bounds: KL at most 0.1, steering at least 0, layer below 0.8 of all.")
        .build();
  }
}
