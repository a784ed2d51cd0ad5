package dev.weir.view;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.weir.study.Inside;
import dev.weir.study.InsideMeasure;
import dev.weir.study.Outcome;
import dev.weir.study.Study;
import dev.weir.study.StudyFile;
import dev.weir.study.StudyFolder;
import dev.weir.study.StudyResults;
import dev.weir.study.StudyRun;
import dev.weir.train.Look;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// On results that were made up, of which it is known what follows.
class StudyInsideTest {
  private static final String STUDY =
      """
      name: small
      model: {d_model: 16, n_heads: 1, n_layers: 1, d_mlp: 32}
      recipe: {batch: 128, tokens: 1280}
      variants:
        - {name: plain}
        - {name: ddl, pathway: ddl}
      tasks:
        - {name: mess3, source: "task:mess3:length=16"}
      seeds: 3
      """;

  @TempDir Path folder;

  @Test
  void wordsFollowFromIntervals() {
    List<String> words = words(StudyInside.sections(results(Map.of())));
    assertThat(words.get(0)).contains("16 texts").contains("256 tokens");
    assertThat(words.get(1))
        .startsWith("ddl beside plain: its accuracy is higher by 0.201 (")
        .contains("persistence is lower by 0.4 (0.3")
        .contains("No difference found in block influence");
    assertThat(words.get(2))
        .isEqualTo(
            "In ddl the gate is 1.50 on average, below 0.2 at 5 % of the positions, from 0.9 to 1.1 at 20 %, 1.8 and more at 30 %. A write erases 15 % of the stream's square, most at 0_mlp: 20 %.");
  }

  @Test
  void tablesHoldMeansAndPairedDifferences() {
    Table memory = table(StudyInside.sections(results(Map.of())), "mess3_inside_memory");
    List<Cell> plain = row(memory, "persistence", "plain");
    List<Cell> ddl = row(memory, "persistence", "ddl");
    assertThat(real(plain, memory, "mean")).isEqualTo(1);
    assertThat(plain.get(memory.indexOf("difference"))).isEqualTo(Cell.missing());
    // 0.59, 0.6 and 0.61: their standard deviation is 0.01.
    assertThat(real(ddl, memory, "mean")).isCloseTo(0.6, within(1e-12));
    assertThat(real(ddl, memory, "error")).isCloseTo(0.01 / Math.sqrt(3), within(1e-12));
    assertThat(real(ddl, memory, "difference")).isCloseTo(-0.4, within(1e-12));
    // Student's t at two degrees of freedom, 95 %: 4.3027.
    assertThat(real(ddl, memory, "low"))
        .isCloseTo(-0.4 - 4.302653 * 0.01 / Math.sqrt(3), within(1e-6));
    assertThat(ddl.get(memory.indexOf("found"))).isEqualTo(new Cell.Text("lower"));
  }

  @Test
  void whatDoesNotApplyIsSaidOnceAndNotZero() {
    Table gates = table(StudyInside.sections(results(Map.of())), "mess3_inside_gates");
    assertThat(gates.rows())
        .allMatch(row -> row.get(gates.indexOf("variant")).equals(new Cell.Text("ddl")));
    assertThat(gates.notes())
        .filteredOn(note -> note.startsWith("Does not apply"))
        .containsExactly(
            "Does not apply to plain: gate, gate near 0, gate near 1, gate near 2, erased.");
  }

  @Test
  void routingIsDrawnWhereThePathwayRoutes() {
    List<Heatmap> maps =
        StudyInside.sections(results(Map.of())).stream()
            .filter(Report.HeatmapSection.class::isInstance)
            .map(section -> ((Report.HeatmapSection) section).heatmap())
            .toList();
    assertThat(maps).extracting(Heatmap::name).containsExactly("mess3_inside_routing_ddl");
    Heatmap map = maps.getFirst();
    assertThat(map.columnLabels()).containsExactly("embedding", "newest", "1 back");
    // What arrives at the end: 1 of the newest, half of each other.
    assertThat(map.cells().getLast())
        .extracting(Heatmap.Cell::value)
        .containsExactly(0.25, 0.5, 0.25);
    assertThat(map.cells().getFirst()).extracting(Heatmap.Cell::value).startsWith(1.0);
    assertThat(map.cells().getFirst().get(1).value()).isNaN();
  }

  @Test
  void aModelThatCouldNotBeReadIsNamed() {
    StudyResults results = results(Map.of("ddl", "the data are gone"));
    assertThat(words(StudyInside.sections(results)))
        .anyMatch(word -> word.contains("Could not be read: ddl") && word.contains("gone"))
        .noneMatch(word -> word.startsWith("ddl beside"));
  }

  @Test
  void nothingIsSaidWhereNothingWasLookedInto() {
    StudyResults all = results(Map.of());
    assertThat(
            StudyInside.sections(
                new StudyResults(all.study(), all.plan(), all.pace(), all.outcomes(), Map.of())))
        .isEmpty();
  }

  // ---------------------------------------------------------------- made up

  private StudyResults results(Map<String, String> troubles) {
    Study study = StudyFile.parse(STUDY, folder, "study.yaml");
    StudyResults empty = StudyFolder.of(folder, study).results(System::nanoTime, _ -> {});
    Map<String, Outcome> outcomes = new HashMap<>();
    Map<String, Inside> insides = new HashMap<>();
    for (StudyRun run : empty.plan().runs()) {
      String name = run.variant().name();
      outcomes.put(run.id(), outcome(run));
      String trouble = troubles.getOrDefault(name, "");
      insides.put(run.id(), trouble.isEmpty() ? inside(run) : failed(run, trouble));
    }
    return new StudyResults(study, empty.plan(), empty.pace(), outcomes, insides);
  }

  private static Outcome outcome(StudyRun run) {
    boolean ddl = run.variant().name().equals("ddl");
    double jitter = 0.001 * run.seed();
    Look end = new Look(ddl ? 1 : 2, (ddl ? 0.7 + jitter : 0.5));
    return new Outcome(
        run.id(),
        run.variant().name(),
        "mess3",
        run.seed(),
        1,
        10,
        1280,
        1e6,
        1,
        100,
        end,
        List.of(),
        "");
  }

  private static Inside inside(StudyRun run) {
    boolean ddl = run.variant().name().equals("ddl");
    double jitter = 0.01 * (run.seed() - 1.0);
    double kept = ddl ? 0.6 + jitter : 1;
    double weight = ddl ? 0.5 : 1;
    return new Inside(
        run.id(),
        16,
        256,
        List.of(
            new Inside.Place("0_pre", 4, 3, 0, 0.5), new Inside.Place("final_post", 5, 3, 0, 1)),
        List.of(new Inside.Block(ddl ? 0.2 - jitter : 0.2 + jitter, OptionalDouble.of(-0.1))),
        List.of(
            new Inside.Write("embed", OptionalDouble.empty(), OptionalDouble.empty(), 4, 1, 0.5),
            write("0_attn_out", kept),
            write("0_mlp_out", kept)),
        List.of(
            new Inside.Reading("0_attn_in", List.of(1.0), List.of(1.0)),
            new Inside.Reading("0_mlp_in", List.of(weight, 1.0), List.of(0.5, 0.5)),
            new Inside.Reading("end", List.of(weight, weight, 1.0), List.of(0.3, 0.3, 0.4))),
        ddl
            ? List.of(
                new Inside.Gate("0_attn", 1.4, 0.05, 0.2, 0.3, 0.1, 0.1),
                new Inside.Gate("0_mlp", 1.6, 0.05, 0.2, 0.3, 0.2, 0.1))
            : List.of(),
        List.of(
            new Inside.Mixer(
                "0_attn",
                Inside.Mixer.Kind.ATTENTION,
                OptionalDouble.of(3),
                OptionalDouble.of(0.2),
                OptionalDouble.empty())),
        "");
  }

  private static Inside.Write write(String label, double kept) {
    return new Inside.Write(label, OptionalDouble.of(0.5), OptionalDouble.of(0.5), 4, kept, 0.3);
  }

  private static Inside failed(StudyRun run, String trouble) {
    return new Inside(
        run.id(), 0, 0, List.of(), List.of(), List.of(), List.of(), List.of(), List.of(), trouble);
  }

  private static List<String> words(List<Report.Section> sections) {
    return sections.stream()
        .filter(Report.Text.class::isInstance)
        .flatMap(section -> ((Report.Text) section).paragraphs().stream())
        .toList();
  }

  private static Table table(List<Report.Section> sections, String name) {
    return sections.stream()
        .filter(Report.TableSection.class::isInstance)
        .map(section -> ((Report.TableSection) section).table())
        .filter(table -> table.name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  private static List<Cell> row(Table table, String readout, String variant) {
    return table.rows().stream()
        .filter(row -> row.get(0).equals(new Cell.Text(readout)))
        .filter(row -> row.get(1).equals(new Cell.Text(variant)))
        .findFirst()
        .orElseThrow();
  }

  private static double real(List<Cell> row, Table table, String column) {
    return ((Cell.Real) row.get(table.indexOf(column))).value();
  }

  @Test
  void everyReadoutHasALine() {
    assertThat(InsideMeasure.values())
        .allMatch(measure -> !measure.label().isBlank() && !measure.about().isBlank());
  }
}
