package dev.weir.cli;

import dev.weir.model.ParameterLayout;
import dev.weir.model.TransformerSpec;
import dev.weir.model.family.ModelFiles;
import dev.weir.stream.HookPoint;
import dev.weir.tensor.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `weir models`: what is here, and what a path contains.
@Command(
    name = "models",
    description = "List the models that are here, or say what a path contains.",
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {"  weir models", "  weir models path/to/model --points"})
final class ModelsCommand implements Callable<Integer> {
  private final Terminal terminal;

  @Parameters(paramLabel = "PATH", arity = "0..1", description = "A model.")
  private Optional<String> path = Optional.empty();

  @Option(names = "--points", description = "List its hook points.")
  private boolean points;

  @Option(names = "--weights", description = "List its weights with their axes.")
  private boolean weights;

  @Option(names = "--json", description = "Print the result as JSON.")
  private boolean json;

  ModelsCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() {
    boolean one = path.isPresent() || points || weights;
    List<Path> found =
        one
            ? List.of(
                path.map(name -> ModelOptions.locate(name, terminal)).orElseGet(terminal::bundled))
            : models();
    Json result = new Json();
    for (Path folder : found) {
      TransformerSpec spec = ModelFiles.spec(folder);
      if (json) {
        describe(folder, spec, result);
      } else {
        terminal.out().println(line(folder, spec));
        details(spec);
      }
    }
    if (json) {
      terminal.out().println(result);
    }
    return 0;
  }

  private List<Path> models() {
    List<Path> found = new ArrayList<>();
    if (Files.isDirectory(terminal.bundled())) {
      found.add(terminal.bundled());
    }
    if (Files.isDirectory(terminal.library())) {
      try (Stream<Path> files = Files.walk(terminal.library(), 3)) {
        files
            .filter(file -> file.getFileName().toString().equals("config.json"))
            .map(Path::getParent)
            .sorted()
            .forEach(found::add);
      } catch (IOException e) {
        throw CliException.unreadable(terminal.library(), e);
      }
    }
    return found;
  }

  private String line(Path folder, TransformerSpec spec) {
    return "%s  %s, %,d parameters, %d layers, d_model %d, %d heads, vocabulary %,d, context %,d"
        .formatted(
            name(folder),
            spec.family(),
            count(spec),
            spec.nLayers(),
            spec.dModel(),
            spec.nLayers() == 0 ? 0 : spec.blocks().getFirst().attention().nHeads(),
            spec.dVocab(),
            spec.nCtx());
  }

  private String name(Path folder) {
    if (folder.equals(terminal.bundled())) {
      return folder.getFileName() + " (ships with Weir)";
    }
    return folder.startsWith(terminal.library())
        ? terminal.library().relativize(folder).toString()
        : folder.toString();
  }

  private static long count(TransformerSpec spec) {
    return ParameterLayout.of(spec).values().stream().mapToLong(Shape::elements).sum();
  }

  private void details(TransformerSpec spec) {
    if (points) {
      spec.hookPoints().forEach(point -> terminal.out().println("  " + point.name()));
    }
    if (weights) {
      ParameterLayout.of(spec)
          .forEach((name, shape) -> terminal.out().println("  " + name + " " + shape));
    }
  }

  private void describe(Path folder, TransformerSpec spec, Json result) {
    result.begin();
    result.put("path", folder.toString());
    result.put("family", spec.family());
    result.put("parameters", count(spec));
    result.put("n_layers", spec.nLayers());
    result.put("d_model", spec.dModel());
    result.put("d_vocab", spec.dVocab());
    result.put("n_ctx", spec.nCtx());
    if (points) {
      result.put("points", spec.hookPoints().stream().map(HookPoint::name).toList());
    }
    if (weights) {
      result.put("weights", List.copyOf(ParameterLayout.of(spec).keySet()));
    }
    result.end();
  }
}
