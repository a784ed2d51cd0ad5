package dev.weir.study;

import dev.weir.train.CorpusFiles;
import dev.weir.train.DataSettings;
import dev.weir.train.RunTokenizer;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalDouble;

/// Something that the models of a study learn.
///
/// @param name in tables
/// @param source a file or folder of texts or tokens, or `task:` and the name of a synthetic task
/// @param tokenizer a folder with the tokenizer that texts get; without one, each byte is a token
/// @param window how many predictions an example holds; a synthetic task has its own
/// @param difficulty how hard it is, for tasks that differ in that alone; empty for one that stands
///   alone
public record StudyTask(
    String name, String source, Optional<String> tokenizer, int window, OptionalDouble difficulty) {
  private static final double VALIDATION_SHARE = 0.1;

  /// Whether it is scored by how often the model is right, rather than by its loss.
  public boolean byAccuracy() {
    return DataSettings.task(source).isPresent();
  }

  /// Where its data are.
  DataSettings data() {
    return new DataSettings(source, Optional.empty(), VALIDATION_SHARE, CorpusFiles.usual(), "");
  }

  /// The tokenizer that its texts get; none for a synthetic task, which has its own.
  Optional<RunTokenizer> textTokenizer() {
    return byAccuracy()
        ? Optional.empty()
        : Optional.of(
            tokenizer
                .<RunTokenizer>map(path -> new RunTokenizer.Given(Path.of(path)))
                .orElseGet(RunTokenizer.Bytes::new));
  }
}
