package dev.weir.page.run;

import dev.weir.edit.RunPatch;
import dev.weir.edit.Target;
import dev.weir.model.Transformer;
import dev.weir.stream.Capture;
import dev.weir.stream.HookPoint;
import dev.weir.stream.Hooks;
import dev.weir.stream.NormSite;
import dev.weir.stream.Site;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.Axis;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import dev.weir.tensor.TensorOwner;
import java.util.List;

/// What the changes of one prompt are made from: directions, the run as it is without changes, and
/// runs of other prompts. It owns all of that, whatever becomes of runs kept elsewhere: it must
/// stay open while a run uses the hooks that were made from it. For the engine's thread alone.
public final class Materials implements AutoCloseable {
  private final OpenModel model;
  private final Vectors vectors;
  private final int[] tokens;
  private final TensorOwner owner = new TensorOwner();

  /// Nothing taken yet.
  ///
  /// @param model whose runs are changed
  /// @param vectors the directions that changes name
  /// @param tokens the prompt
  public Materials(OpenModel model, Vectors vectors, int... tokens) {
    this.model = model;
    this.vectors = vectors;
    this.tokens = tokens.clone();
  }

  /// All changes, one after the other; patches of the stream itself come first at their place.
  ///
  /// @param changes what is changed
  /// @throws dev.weir.WeirException if one of them makes no sense in this model or prompt
  public Hooks hooks(List<Change> changes) {
    Hooks all = Hooks.none();
    for (Change change : changes) {
      all = all.then(change.hooks(this));
    }
    return all;
  }

  /// Whose runs are changed.
  Transformer transformer() {
    return model.transformer();
  }

  /// The hook points of a name.
  ///
  /// @param hook a name; `*` stands for anything
  /// @throws PageException if one of them lies behind the stream, where the page does not look
  List<HookPoint> points(String hook) {
    List<HookPoint> points =
        List.copyOf(Capture.matching(hook).resolve(transformer().hookPoints()));
    points.stream()
        .filter(Materials::behindTheStream)
        .findFirst()
        .ifPresent(point -> {
          throw PageException.behindTheStream(point.name());
        });
    return points;
  }

  private static boolean behindTheStream(HookPoint point) {
    return switch (point) {
      case HookPoint.AtNorm place -> place.norm() instanceof NormSite.LnFinal;
      case HookPoint.Route(Site site, _, _) -> site.equals(Site.unembed());
      case HookPoint.InBlock _, HookPoint.Embed _, HookPoint.PosEmbed _ -> false;
    };
  }

  /// Where a change acts.
  ///
  /// @param hook a hook point's name
  /// @param heads which heads; empty for all
  /// @param positions which positions; empty for all
  Target target(String hook, List<Integer> heads, List<Integer> positions) {
    var _ = points(hook);
    positions.forEach(position -> Positions.require(position, tokens.length));
    Target all = Target.at(hook);
    Target some = heads.isEmpty() ? all : all.heads(ints(heads));
    return positions.isEmpty() ? some : some.positions(ints(positions));
  }

  /// A direction, `[d_model]`.
  ///
  /// @param id which
  double[] direction(String id) {
    return vectors.get(id, transformer().spec().dModel());
  }

  /// A tensor that lives as long as these materials.
  ///
  /// @param numbers `[axis]`
  /// @param axis the name of the only axis
  Tensor vector(double[] numbers, String axis) {
    return own(Tensor.of(numbers, Shape.of(new Axis(axis, numbers.length))));
  }

  /// The same tensor, which lives as long as these materials.
  Tensor own(Tensor tensor) {
    return owner.own(tensor);
  }

  /// The prompt's run without changes.
  ///
  /// @param hook what it keeps
  StreamTrace unchanged(String hook) {
    StreamTrace trace = transformer().trace(tokens, Capture.matching(hook).withoutLogits());
    owner.own(trace);
    return trace;
  }

  /// What another prompt has at some places.
  ///
  /// @param prompt the other prompt
  /// @param hook a hook point's name
  /// @param heads which heads
  /// @param positions which positions are changed; empty for all
  /// @param from the position of the other prompt for each of them; empty for the same positions
  /// @throws PageException if the prompts are not of one length and nothing says how they are
  ///   aligned
  RunPatch patch(
      String prompt,
      String hook,
      List<Integer> heads,
      List<Integer> positions,
      List<Integer> from) {
    Target target = target(hook, heads, positions);
    int[] other = model.language().encode(prompt).ids();
    int[] map = Positions.map(tokens.length, other.length, positions, from);
    RunPatch patch =
        RunPatch.of(transformer(), other, hook, target.heads(), PromptRun.capture(), map);
    owner.own(patch);
    return patch;
  }

  private static int[] ints(List<Integer> numbers) {
    return numbers.stream().mapToInt(Integer::intValue).toArray();
  }

  /// Frees all that was taken.
  @Override
  public void close() {
    owner.close();
  }
}
