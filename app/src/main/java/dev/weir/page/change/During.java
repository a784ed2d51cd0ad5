package dev.weir.page.change;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.weir.page.run.Change;
import dev.weir.page.run.Positions;
import java.util.List;
import java.util.stream.IntStream;

/// Where changes act while a text grows. A change that names positions keeps them; a negative one
/// counts from the end of the text so far.
public enum During {
  /// In the prompt and in every token that is added.
  @JsonProperty("all")
  ALL,
  /// In the prompt only.
  @JsonProperty("prompt")
  PROMPT,
  /// At the newest token only: the last of the prompt, then each that is added.
  @JsonProperty("last")
  LAST;

  /// The changes as they act.
  ///
  /// @param changes as they were asked for
  /// @param length how many tokens the prompt has
  List<Change> of(List<Change> changes, int length) {
    return changes.stream().map(change -> of(change, length)).toList();
  }

  private Change of(Change change, int length) {
    List<Integer> positions = change.positions();
    return switch (this) {
      case ALL -> change;
      case PROMPT -> change.at(positions.isEmpty() ? all(length) : counted(positions, length));
      case LAST -> positions.isEmpty() ? change.at(List.of(-1)) : change;
    };
  }

  private static List<Integer> all(int length) {
    return IntStream.range(0, length).boxed().toList();
  }

  private static List<Integer> counted(List<Integer> positions, int length) {
    return positions.stream().map(position -> Positions.require(position, length)).toList();
  }
}
