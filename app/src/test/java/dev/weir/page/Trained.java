package dev.weir.page;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.cli.Shell;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Small models that read 1,024 tokens, trained by `weir train` on the stories that ship with Weir.
/// They know little: they are there for their size and their pathways. A model that was trained
/// already is used again.
final class Trained {
  private static final Path FOLDER = Shell.root().resolve("app/target/trained");

  private Trained() {}

  /// Six blocks as wide as the bundled model's, trained until they have words to say.
  ///
  /// @param pathway the name of a pathway
  static Path speaking(String pathway) {
    return model(
        "stories-" + pathway,
        List.of("--pathway", pathway, "--layers", "6", "--d-model", "128", "--steps", "300"));
  }

  /// Fifty narrow blocks, which have 101 places, trained for one step.
  static Path deep() {
    return model("fifty-blocks", List.of("--layers", "50", "--d-model", "32", "--steps", "1"));
  }

  private static Path model(String name, List<String> options) {
    Path folder = FOLDER.resolve(name);
    if (!Files.exists(folder)) {
      Path unfinished = FOLDER.resolve(name + "-unfinished");
      Path models = Shell.root().resolve("models");
      List<String> train = new ArrayList<>(List.of("train", "--out", unfinished.toString()));
      train.addAll(List.of("--data", models.resolve("texts/stories.txt").toString()));
      train.addAll(List.of("--tokenizer", models.resolve("weir-stories").toString()));
      train.addAll(List.of("--window", "1024", "--batch", "1", "--lr", "3e-3"));
      train.addAll(options);
      Shell.Result result = Shell.here().run(train.toArray(String[]::new));
      assertThat(result.code()).as(result.err()).isZero();
      move(unfinished, folder);
    }
    return folder;
  }

  private static void move(Path from, Path to) {
    try {
      Files.move(from, to);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
