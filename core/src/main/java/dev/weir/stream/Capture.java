package dev.weir.stream;

import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/// What to keep of a run: which hook points, at which positions, and whether the logits. Nothing
/// else is kept, and blocks after the last one needed are not computed.
///
/// @param globs names of hook points in which `*` stands for anything
/// @param positions which positions to keep
/// @param logits whether to run to the end
public record Capture(List<String> globs, Positions positions, Logits logits) {

  public Capture {
    globs = List.copyOf(globs);
  }

  /// Whether a run goes on to the unembedding.
  public enum Logits {
    /// At every kept position.
    KEPT,
    /// Not computed.
    LEFT_OUT
  }

  /// Which positions of the text to keep.
  public sealed interface Positions {

    /// Every position.
    record All() implements Positions {}

    /// One position; negative counts from the end.
    ///
    /// @param index the position
    record One(int index) implements Positions {}

    /// Some positions that follow each other.
    ///
    /// @param from the first
    /// @param to one past the last
    record Some(int from, int to) implements Positions {}

    /// Every position, but of attention's scores and patterns, which grow with the square of the
    /// text, what one query looked at.
    ///
    /// @param index the query's position; negative counts from the end
    record OneQuery(int index) implements Positions {}

    /// The kept positions of a value, a view; same axes.
    ///
    /// @param value any shape with an axis `pos` or `query_pos`
    default Tensor of(Tensor value) {
      return switch (this) {
        case All() -> value;
        case One(int index) -> slice(value, index, index + 1);
        case Some(int from, int to) -> slice(value, from, to);
        case OneQuery(int index) ->
            value.shape().has("query_pos") ? slice(value, index, index + 1) : value;
      };
    }

    /// Negative positions count from the end.
    private static Tensor slice(Tensor value, int from, int to) {
      String axis = value.shape().has("query_pos") ? "query_pos" : "pos";
      int length = Math.toIntExact(value.size(axis));
      int first = from < 0 ? length + from : from;
      int count = to - from;
      if (first < 0 || count > length - first) {
        throw StreamException.positionOutside(first < 0 ? from : to - 1, length);
      }
      return value.slice(axis, first, count);
    }
  }

  /// Nothing but the logits.
  public static Capture logitsOnly() {
    return new Capture(List.of(), new Positions.All(), Logits.KEPT);
  }

  /// The hook points whose names match, at every position, and the logits.
  ///
  /// @param globs names in which `*` stands for anything, for instance `blocks.*.hook_resid_post`
  public static Capture matching(String... globs) {
    return new Capture(List.of(globs), new Positions.All(), Logits.KEPT);
  }

  /// These hook points, at every position, and the logits.
  ///
  /// @param points the places
  public static Capture of(HookPoint... points) {
    return matching(Arrays.stream(points).map(HookPoint::name).toArray(String[]::new));
  }

  /// The stream everywhere it has a name: embeddings and `resid_pre/mid/post` of every block.
  public static Capture stream() {
    return matching("hook_embed", "hook_pos_embed?", "blocks.*.hook_resid_*");
  }

  /// The same places, at one position only.
  ///
  /// @param position from 0; negative counts from the end
  public Capture at(int position) {
    return new Capture(globs, new Positions.One(position), logits);
  }

  /// The same places at every position, but of attention's scores and patterns one query's alone.
  ///
  /// @param position the query's, from 0; negative counts from the end
  public Capture atQuery(int position) {
    return new Capture(globs, new Positions.OneQuery(position), logits);
  }

  /// The same places without the logits, so that the run can stop early.
  public Capture withoutLogits() {
    return new Capture(globs, positions, Logits.LEFT_OUT);
  }

  /// These places and those of another capture.
  ///
  /// @param more what else to keep
  public Capture and(String... more) {
    List<String> both = new ArrayList<>(globs);
    both.addAll(List.of(more));
    return new Capture(both, positions, logits);
  }

  /// Which of a model's hook points this keeps.
  ///
  /// @param available every hook point of the model
  /// @throws StreamException if a glob without `?` at its end matches none of them
  public Set<HookPoint> resolve(List<HookPoint> available) {
    Set<HookPoint> kept = new LinkedHashSet<>();
    for (String glob : globs) {
      boolean optional = glob.endsWith("?");
      Pattern pattern = pattern(optional ? glob.substring(0, glob.length() - 1) : glob);
      List<HookPoint> matches =
          available.stream().filter(point -> pattern.matcher(point.name()).matches()).toList();
      if (matches.isEmpty() && !optional) {
        throw StreamException.nothingMatches(
            glob, available.stream().map(HookPoint::name).toList());
      }
      kept.addAll(matches);
    }
    return kept;
  }

  private static Pattern pattern(String glob) {
    return Pattern.compile(
        Arrays.stream(glob.split("\\*", -1)).map(Pattern::quote).collect(Collectors.joining(".*")));
  }
}
