package dev.weir.cli;

import dev.weir.study.Constraints;
import dev.weir.study.Goal;
import dev.weir.study.StudyFolder;
import dev.weir.study.StudyResults;
import dev.weir.view.Report;
import dev.weir.view.ReportFiles;
import dev.weir.view.StudyAdvice;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `weir study advise`: which variant for which goal, under which constraints.
@Command(
    name = "advise",
    description =
        "Say which variant serves which goal, or to keep the plain stream: what the study measured, what formulas say of larger models, and what arXiv:2603.16039 recommends.",
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {
      "  weir study advise study-fork",
      "  weir study advise study-fork --goal local-mixing --context 8192 --ranks 8",
      "  weir study advise study-fork --stages 8 --batch 64 --memory 24G --json"
    })
final class StudyAdviseCommand implements Callable<Integer> {
  private static final Pattern MEMORY = Pattern.compile("(\\d+(?:\\.\\d+)?)([KMGT]?)");
  private static final String UNITS = "KMGT";

  private final Terminal terminal;

  @Parameters(paramLabel = "FOLDER", description = "The folder of the study.")
  private Path path = Path.of("");

  @Option(
      names = "--goal",
      paramLabel = "GOAL",
      description =
          "better-shortcut, local-mixing, cross-depth-retrieval, lower-memory or faster-decode. Default: all.")
  private Optional<String> goal = Optional.empty();

  @Option(
      names = "--context",
      paramLabel = "N",
      defaultValue = "2048",
      description = "Length of a text, in tokens. Default: ${DEFAULT-VALUE}.")
  private int context = 2048;

  @Option(
      names = "--batch",
      paramLabel = "N",
      defaultValue = "8",
      description = "Texts trained or decoded at once. Default: ${DEFAULT-VALUE}.")
  private int batch = 8;

  @Option(
      names = "--stages",
      paramLabel = "N",
      defaultValue = "1",
      description = "Pipeline stages. Default: ${DEFAULT-VALUE}.")
  private int stages = 1;

  @Option(
      names = "--ranks",
      paramLabel = "N",
      defaultValue = "1",
      description = "Context-parallel ranks. Default: ${DEFAULT-VALUE}.")
  private int ranks = 1;

  @Option(
      names = "--memory",
      paramLabel = "SIZE",
      defaultValue = "80G",
      description = "Memory of a device: bytes, or with K, M, G or T. Default: ${DEFAULT-VALUE}.")
  private String memory = "80G";

  @Option(
      names = "--bytes",
      paramLabel = "N",
      defaultValue = "2",
      description = "Bytes of a number. Default: ${DEFAULT-VALUE}.")
  private int bytes = 2;

  @Option(
      names = {"-o", "--out"},
      paramLabel = "FILE",
      description = "Write the advice: .html, .md, .json, .csv, .parquet, .png or .svg.")
  private Optional<Path> out = Optional.empty();

  @Option(names = "--json", description = "Print the tables as JSON.")
  private boolean json;

  StudyAdviseCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() {
    out.ifPresent(ReportFiles::requireKnown);
    List<Goal> goals =
        goal.map(name -> List.of(goal(name))).orElseGet(() -> List.of(Goal.values()));
    Constraints constraints = new Constraints(context, batch, stages, ranks, size(memory), bytes);
    StudyResults results = StudyFolder.open(path).results();
    if (results.done() == 0) {
      throw CliException.notHere(
          "No run of the study is done yet, so nothing can be advised",
          "train first: weir study run " + path);
    }
    Report report = StudyAdvice.report(results, goals, constraints);
    AnalysisOptions.emit(report, out, json, terminal);
    return 0;
  }

  private static Goal goal(String name) {
    return Arrays.stream(Goal.values())
        .filter(goal -> goal.label().equals(name.strip().toLowerCase(Locale.ROOT)))
        .findFirst()
        .orElseThrow(() ->
            CliException.notHere(
                "There is no goal '%s'".formatted(name),
                "use "
                    + Arrays.stream(Goal.values())
                        .map(Goal::label)
                        .collect(Collectors.joining(", "))));
  }

  /// Bytes of `24G` and the like, in powers of 1024.
  private static double size(String text) {
    Matcher matcher = MEMORY.matcher(text.strip().toUpperCase(Locale.ROOT));
    if (!matcher.matches()) {
      throw CliException.notHere(
          "'%s' is no size of memory".formatted(text),
          "give --memory bytes, or a number with K, M, G or T, for instance 24G");
    }
    int unit = matcher.group(2).isEmpty() ? 0 : 1 + UNITS.indexOf(matcher.group(2));
    return Double.parseDouble(matcher.group(1)) * Math.pow(1024, unit);
  }
}
