package dev.weir.cli;

import dev.weir.tensor.DType;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;

/// The size of the model that costs are counted for.
final class CostOptions {
  private static final int HEAD = 64;
  private static final int MLP_FACTOR = 4;

  @Option(
      names = "--layers",
      paramLabel = "N",
      defaultValue = "12",
      description = "How many blocks. Default: ${DEFAULT-VALUE}.")
  private int layers = 12;

  @Option(
      names = "--d-model",
      paramLabel = "N",
      defaultValue = "768",
      description = "Width of the stream. Default: ${DEFAULT-VALUE}.")
  private int dModel = 768;

  @Option(
      names = "--context",
      paramLabel = "N",
      defaultValue = "1024",
      description = "Length of the text, in tokens. Default: ${DEFAULT-VALUE}.")
  private int context = 1024;

  @Option(
      names = "--heads",
      paramLabel = "N",
      description = "Query heads. Default: one for each 64 of d_model.")
  private Optional<Integer> heads = Optional.empty();

  @Option(
      names = "--kv-heads",
      paramLabel = "N",
      description = "Key/value heads. Default: as many as query heads.")
  private Optional<Integer> kvHeads = Optional.empty();

  @Option(
      names = "--d-mlp",
      paramLabel = "N",
      description = "Neurons of an MLP. Default: four times d_model.")
  private Optional<Integer> dMlp = Optional.empty();

  @Option(
      names = "--vocabulary",
      paramLabel = "N",
      defaultValue = "50257",
      description = "How many tokens there are. Default: ${DEFAULT-VALUE}.")
  private int vocabulary = 50257;

  @Option(
      names = "--window",
      paramLabel = "N",
      defaultValue = "128",
      description = "How far short attention sees, in tokens. Default: ${DEFAULT-VALUE}.")
  private int window = 128;

  @Option(
      names = "--stages",
      paramLabel = "N",
      defaultValue = "4",
      description = "Pipeline stages. Default: ${DEFAULT-VALUE}.")
  private int stages = 4;

  @Option(
      names = "--dtype",
      paramLabel = "DTYPE",
      defaultValue = "bfloat16",
      description = "What numbers are stored as. Default: ${DEFAULT-VALUE}.")
  private DType dtype = DType.BFLOAT16;

  CostTables tables() {
    int queryHeads = heads.orElse(Math.max(1, dModel / HEAD));
    CostTables.Size size =
        new CostTables.Size(
            layers,
            dModel,
            queryHeads,
            kvHeads.orElse(queryHeads),
            dMlp.orElse(MLP_FACTOR * dModel),
            context,
            vocabulary,
            window);
    List<String> problems = problems(size);
    if (!problems.isEmpty()) {
      throw CliException.notHere(String.join("; ", problems), "give sizes that fit each other");
    }
    return new CostTables(size, stages, dtype);
  }

  private List<String> problems(CostTables.Size size) {
    List<String> problems = new ArrayList<>();
    atLeastOne(problems, "--layers", size.layers());
    atLeastOne(problems, "--d-model", size.dModel());
    atLeastOne(problems, "--context", size.context());
    atLeastOne(problems, "--heads", size.heads());
    atLeastOne(problems, "--kv-heads", size.kvHeads());
    atLeastOne(problems, "--d-mlp", size.dMlp());
    atLeastOne(problems, "--vocabulary", size.vocabulary());
    atLeastOne(problems, "--window", size.window());
    atLeastOne(problems, "--stages", stages);
    if (problems.isEmpty() && size.dModel() % size.heads() != 0) {
      problems.add(
          "--d-model %d is not a multiple of --heads %d".formatted(size.dModel(), size.heads()));
    }
    if (problems.isEmpty() && size.heads() % size.kvHeads() != 0) {
      problems.add(
          "--heads %d is not a multiple of --kv-heads %d".formatted(size.heads(), size.kvHeads()));
    }
    if (problems.isEmpty() && stages > size.layers()) {
      problems.add("--stages %d is more than --layers %d".formatted(stages, size.layers()));
    }
    return problems;
  }

  private static void atLeastOne(List<String> problems, String option, int value) {
    if (value < 1) {
      problems.add("%s is %d, but must be at least 1".formatted(option, value));
    }
  }
}
