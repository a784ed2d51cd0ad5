package dev.weir.page.run;

import dev.weir.model.Transformer;
import dev.weir.readout.LogitLens;
import dev.weir.stream.StreamTrace;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/// What there is to say of one cell at a glance: the stream there, what the lens says of it, and
/// what was written since the place before, by whom.
///
/// @param place index of the place
/// @param position the position
/// @param norm the Euclidean length of the stream
/// @param entropy of the lens's distribution, nats
/// @param klToEnd `KL(final ‖ lens)`, nats
/// @param top the lens's likeliest tokens, first to last
/// @param token the token at the position
/// @param next the token after it; empty at the end of the text
/// @param written what came since the place before; at the first place, what entered. All that is
///   not a part of another adds up to the change of the stream
public record CellDetail(
    int place,
    int position,
    double norm,
    double entropy,
    double klToEnd,
    List<Likely> top,
    int token,
    OptionalInt next,
    List<Written> written) {
  /// How many cells are told at a time.
  public static final int MOST = 4096;

  private static final int TOP = 5;

  public CellDetail {
    top = List.copyOf(top);
    written = List.copyOf(written);
  }

  /// A token that the lens finds likely.
  ///
  /// @param token its id
  /// @param text with every character visible
  /// @param probability between 0 and 1
  public record Likely(int token, String text, double probability) {}

  /// Something that was written.
  ///
  /// @param writer who wrote it: `3_attn_out`, `L3H2`, `3_mlp_out`, `embed` …, or `rest`: what the
  ///   pathway, or an edit of the run, made of what was there before
  /// @param part whether it is a part of the one before: a head of its attention
  /// @param length its Euclidean length as it arrives here
  /// @param share how much of the stream here it is, `c · x / ‖x‖²`
  public record Written(String writer, boolean part, double length, double share) {}

  /// Tells the cells of a part of a run, place by place, in short steps.
  ///
  /// @param runs where the run is held
  /// @param id which run
  /// @param window which part, at most [#MOST] cells
  /// @throws PageException if there is no such run, or the window is not a part of its plane, or
  ///   too large
  public static List<CellDetail> of(Runs runs, String id, Window window) {
    if ((long) window.places() * window.positions() > MOST) {
      throw PageException.tooManyCells((long) window.places() * window.positions(), MOST);
    }
    List<Window> steps = runs.read(id, run -> window.within(run).steps(run.cellsOfLensAtATime()));
    return steps.stream().flatMap(step -> runs.read(id, run -> of(run, step)).stream()).toList();
  }

  /// Tells the cells of a part of a run, place by place; for the engine's thread alone.
  ///
  /// @param run the run
  /// @param window which part
  /// @throws PageException if the window is not a part of the run's plane
  public static List<CellDetail> of(PromptRun run, Window window) {
    window.within(run);
    Transformer model = run.model().transformer();
    List<CellDetail> cells = new ArrayList<>();
    try (StreamTrace part = run.trace().between(window.fromPosition(), window.toPosition())) {
      LogitLens.Options likeliest = CellReading.Lens.options(TOP, new LogitLens.Target.FinalTop());
      LogitLens lens = LogitLens.of(model, part, likeliest, window.fromPlace(), window.toPlace());
      Since since = Since.of(run, window, part);
      for (int p = window.fromPlace(); p < window.toPlace(); p++) {
        double[] norms =
            run.stream(p, window.fromPosition(), window.positions()).norm("d_model").toDoubles();
        List<List<Written>> written = since.written(p);
        for (int i = 0; i < norms.length; i++) {
          LogitLens.Reading reading = lens.at(p - window.fromPlace(), i);
          cells.add(cell(run, p, window.fromPosition() + i, norms[i], reading, written.get(i)));
        }
      }
    }
    return cells;
  }

  private static CellDetail cell(
      PromptRun run,
      int place,
      int position,
      double norm,
      LogitLens.Reading reading,
      List<Written> written) {
    List<Integer> tokens = run.recipe().tokens();
    boolean ends = position + 1 == tokens.size();
    return new CellDetail(
        place,
        position,
        norm,
        reading.entropy(),
        reading.klToFinal(),
        reading.top().stream()
            .map(t -> new Likely(t.token(), run.model().word(t.token()), t.probability()))
            .toList(),
        tokens.get(position),
        ends ? OptionalInt.empty() : OptionalInt.of(tokens.get(position + 1)),
        written);
  }
}
