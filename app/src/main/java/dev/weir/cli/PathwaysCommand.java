package dev.weir.cli;

import dev.weir.pathway.Depth;
import dev.weir.pathway.PathwayCost;
import dev.weir.pathway.PathwaySpec;
import dev.weir.pathway.Pathways;
import dev.weir.pathway.Weight;
import dev.weir.stream.HookPoint;
import dev.weir.view.Report;
import dev.weir.view.ReportFiles;
import dev.weir.view.Table;
import dev.weir.view.TextTable;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `weir pathways`: which pathways there are, and what they cost.
@Command(
    name = "pathways",
    description =
        "List the residual pathways, say all about one, or count what each costs on a model of some size.",
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {
      "  weir pathways",
      "  weir pathways denseformer-4x5",
      "  weir pathways --cost --layers 12 --d-model 768 --context 1024",
      "  weir pathways --cost --out cost.html"
    })
final class PathwaysCommand implements Callable<Integer> {
  /// How wide the keys of a listing are.
  private static final int KEY = 15;

  private final Terminal terminal;

  @Mixin private CostOptions size = new CostOptions();

  @Parameters(paramLabel = "NAME", arity = "0..1", description = "A pathway.")
  private Optional<String> name = Optional.empty();

  @Option(names = "--cost", description = "Count what pathways and local mixers cost.")
  private boolean cost;

  @Option(
      names = {"-o", "--out"},
      paramLabel = "FILE",
      description = "Write the costs: .html, .json, .csv or .parquet.")
  private Optional<Path> out = Optional.empty();

  @Option(names = "--json", description = "Print the result as JSON.")
  private boolean json;

  PathwaysCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() {
    out.ifPresent(ReportFiles::requireKnown);
    CostTables costs = size.tables();
    if (name.isPresent()) {
      one(found(name.get()), costs);
    } else if (cost || out.isPresent()) {
      costs(costs);
    } else {
      list(costs);
    }
    return 0;
  }

  // ---------------------------------------------------------------- all

  private void list(CostTables costs) {
    if (json) {
      Json result = new Json();
      for (Pathways.Listing listing : Pathways.all()) {
        listing
            .variants()
            .keySet()
            .forEach(variant -> describe(new Found(listing, variant), costs, result));
      }
      terminal.out().println(result);
      return;
    }
    Pathways.all().forEach(listing -> summary(listing, costs.size().depth()));
    terminal
        .out()
        .println(
            "In brackets: weights and FLOPs per token beyond the plain stream, %d layers, d_model %d."
                .formatted(costs.size().layers(), costs.size().dModel()));
    terminal
        .out()
        .println(
            "'weir pathways NAME' says all about one, 'weir pathways --cost' counts all costs.");
  }

  private void summary(Pathways.Listing listing, Depth depth) {
    terminal.out().println("%s: %s".formatted(listing.kind().getSimpleName(), listing.idea()));
    line("  paper", listing.paper());
    line("  neutral", listing.neutral());
    List<String> names = new ArrayList<>();
    listing
        .variants()
        .forEach((variant, spec) -> names.add("%s (%s)".formatted(variant, brief(spec, depth))));
    List<String> lines = Wrapping.joined(names, ",", terminal.line() - KEY);
    line("  names", lines.getFirst());
    lines.stream().skip(1).forEach(more -> line("", more));
    terminal.out().println();
  }

  private static String brief(PathwaySpec spec, Depth depth) {
    PathwayCost cost = spec.cost(depth);
    return "%s, %s".formatted(CostTables.count(cost.parameters()), CostTables.count(cost.flops()));
  }

  // ---------------------------------------------------------------- costs

  private void costs(CostTables costs) {
    if (json || out.isPresent()) {
      AnalysisOptions.deliver(report(costs), out, json, terminal);
      return;
    }
    costs.notes().stream().limit(1).forEach(terminal.out()::println);
    terminal.out().println();
    print(costs.plain());
    for (Table table : costs.brief()) {
      print(table);
    }
    costs.notes().stream().skip(1).forEach(terminal.out()::println);
  }

  private static Report report(CostTables costs) {
    return new Report(
        "What pathways and local mixers cost",
        costs.notes().getFirst(),
        List.of(
            new Report.TableSection(costs.pathways()),
            new Report.TableSection(costs.mixers()),
            new Report.TableSection(costs.plain())),
        costs.notes().subList(1, costs.notes().size()));
  }

  private void print(Table table) {
    terminal.out().println(table.title());
    terminal.out().print(TextTable.render(table, terminal.style(), terminal.width()));
    terminal.out().println();
  }

  // ---------------------------------------------------------------- one

  /// A pathway that somebody named.
  private record Found(Pathways.Listing listing, String variant) {
    PathwaySpec spec() {
      return Pathways.find(variant).orElseThrow();
    }

    String page() {
      return "docs/pathways/%s.md".formatted(listing.kind().getSimpleName());
    }
  }

  /// By a name of settings, or by that of the class, which stands for its first settings.
  private static Found found(String name) {
    for (Pathways.Listing listing : Pathways.all()) {
      if (listing.variants().containsKey(name)) {
        return new Found(listing, name);
      }
    }
    return Pathways.all().stream()
        .filter(listing -> listing.kind().getSimpleName().equalsIgnoreCase(name))
        .map(listing -> new Found(listing, listing.variants().keySet().iterator().next()))
        .findFirst()
        .orElseThrow(() ->
            CliException.notHere(
                "There is no pathway '%s'".formatted(name),
                "use one of " + String.join(", ", Pathways.names())));
  }

  private void one(Found found, CostTables costs) {
    if (json) {
      Json result = new Json();
      describe(found, costs, result);
      terminal.out().println(result);
      return;
    }
    Pathways.Listing listing = found.listing;
    PathwaySpec spec = found.spec();
    Depth depth = costs.size().depth();
    terminal.out().println("%s: %s".formatted(found.variant, listing.idea()));
    line("paper", listing.paper());
    line("neutral", listing.neutral());
    line("page", found.page());
    line("names", String.join(", ", listing.variants().keySet()));
    settings(spec).forEach((key, value) -> line("  " + key, value));
    line("weights", spec.weights(depth).isEmpty() ? "none" : "");
    kinds(spec, depth).forEach(weight -> terminal.out().println("  " + weight));
    line("hook points", spec.routes(depth).isEmpty() ? "none of its own" : "");
    points(spec, depth).forEach(point -> terminal.out().println("  " + point));
    terminal.out().println();
    terminal.out().println(costs.notes().getFirst());
    print(costs.brief(found.variant, spec));
  }

  private void line(String key, String value) {
    terminal.out().println("%-14s %s".formatted(key, value).stripTrailing());
  }

  /// What its record holds, as in `config.json`.
  private static Map<String, String> settings(PathwaySpec spec) {
    Map<String, String> settings = new LinkedHashMap<>();
    for (RecordComponent component : spec.getClass().getRecordComponents()) {
      try {
        settings.put(component.getName(), String.valueOf(component.getAccessor().invoke(spec)));
      } catch (IllegalAccessException | InvocationTargetException e) {
        throw new IllegalStateException(component.getName(), e);
      }
    }
    return settings;
  }

  /// Each kind of weight once, at its first place.
  private static List<String> kinds(PathwaySpec spec, Depth depth) {
    Map<String, Weight> first = new LinkedHashMap<>();
    Map<String, String> shown = new LinkedHashMap<>();
    spec.weights(depth)
        .forEach((weight, value) -> {
          if (shown.putIfAbsent(weight.replaceFirst("blocks\\.\\d+", "blocks.L"), weight) == null) {
            first.put(weight, value);
          }
        });
    List<String> lines = new ArrayList<>();
    first.forEach((weight, value) -> lines.add(weight + " " + value.shape()));
    return lines;
  }

  private static List<String> points(PathwaySpec spec, Depth depth) {
    Map<String, String> shown = new LinkedHashMap<>();
    for (HookPoint.Route route : spec.routes(depth)) {
      shown.putIfAbsent(route.name().replaceFirst("blocks\\.\\d+", "blocks.L"), route.name());
    }
    return List.copyOf(shown.values());
  }

  private static void describe(Found found, CostTables costs, Json result) {
    PathwaySpec spec = found.spec();
    Depth depth = costs.size().depth();
    PathwayCost cost = spec.cost(depth);
    result.begin();
    result.put("name", found.variant);
    result.put("class", found.listing.kind().getSimpleName());
    result.put("idea", found.listing.idea());
    result.put("paper", found.listing.paper());
    result.put("neutral", found.listing.neutral());
    result.put("page", found.page());
    result.put(
        "settings",
        settings(spec).entrySet().stream()
            .map(setting -> setting.getKey() + "=" + setting.getValue().toLowerCase(Locale.ROOT))
            .toList());
    result.put("hook_points", points(spec, depth));
    result.put("parameters", (long) cost.parameters());
    result.put("flops_per_token", cost.flops());
    result.put("elements_moved_per_token", cost.moved());
    result.put("elements_kept_per_token", cost.kept());
    result.put("elements_remembered_per_sequence", cost.remembered());
    result.put("elements_passing_per_token", cost.passing());
    result.end();
  }
}
