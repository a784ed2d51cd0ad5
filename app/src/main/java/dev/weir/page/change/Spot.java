package dev.weir.page.change;

import dev.weir.model.TransformerSpec;
import dev.weir.page.run.OpenModel;
import dev.weir.page.run.PageException;
import dev.weir.page.run.PromptRun;
import dev.weir.readout.Places;
import dev.weir.stream.HookPoint;
import java.util.List;
import java.util.Optional;

/// What can be changed at a place of the stream: the stream itself, and what was written to it
/// since the place before.
///
/// @param place the place's label
/// @param hook the hook point of the stream there
/// @param writes who wrote since the place before, in order
public record Spot(String place, String hook, List<Write> writes) {

  /// Somebody who wrote.
  ///
  /// @param title for a reader
  /// @param hook the hook point of what was written
  /// @param parts its heads or neurons, where it has some
  public record Write(String title, String hook, Optional<Parts> parts) {}

  /// The heads or neurons of a writer.
  ///
  /// @param kind what they are
  /// @param hook their hook point
  /// @param count how many
  public record Parts(Kind kind, String hook, int count) {}

  /// What a writer is made of.
  public enum Kind {
    /// Of attention.
    HEADS,
    /// Of an MLP.
    NEURONS
  }

  /// A place of a model's stream.
  ///
  /// @param model which model
  /// @param place index of the place
  /// @throws PageException if there is none
  public static Spot of(OpenModel model, int place) {
    List<Places.Place> places = PromptRun.places(model);
    if (place < 0 || place >= places.size()) {
      throw new PageException(
          PageException.Kind.BAD_REQUEST,
          "There is no place %d among %d".formatted(place, places.size()),
          "place",
          "use 0 to %d".formatted(places.size() - 1));
    }
    TransformerSpec spec = model.transformer().spec();
    List<HookPoint> points = spec.hookPoints();
    HookPoint here = places.get(place).point();
    int from = place == 0 ? 0 : points.indexOf(places.get(place - 1).point());
    List<Write> writes =
        points.subList(from, points.indexOf(here)).stream()
            .flatMap(point -> write(point, spec).stream())
            .toList();
    return new Spot(places.get(place).label(), here.name(), writes);
  }

  private static Optional<Write> write(HookPoint point, TransformerSpec spec) {
    return switch (point) {
      case HookPoint.Embed _ -> whole("Embedding of the token", point);
      case HookPoint.PosEmbed _ -> whole("Embedding of the position", point);
      case HookPoint.LocalOut(int layer) -> whole("Local mixer of block " + layer, point);
      case HookPoint.AttnOut(int layer) -> {
        int heads = spec.blocks().get(layer).attention().nHeads();
        Parts parts = new Parts(Kind.HEADS, new HookPoint.Z(layer).name(), heads);
        yield Optional.of(
            new Write("Attention of block " + layer, point.name(), Optional.of(parts)));
      }
      case HookPoint.MlpOut(int layer) -> {
        int neurons = spec.blocks().get(layer).mlp().neurons();
        Parts parts = new Parts(Kind.NEURONS, new HookPoint.MlpPost(layer).name(), neurons);
        yield Optional.of(new Write("MLP of block " + layer, point.name(), Optional.of(parts)));
      }
      case HookPoint.InBlock _, HookPoint.AtNorm _, HookPoint.Route _ -> Optional.empty();
    };
  }

  private static Optional<Write> whole(String title, HookPoint point) {
    return Optional.of(new Write(title, point.name(), Optional.empty()));
  }
}
