package dev.weir.edit;

import dev.weir.model.Transformer;
import dev.weir.model.TransformerSpec;
import dev.weir.stream.Capture;
import dev.weir.stream.HookPoint;
import dev.weir.stream.Hooks;
import dev.weir.stream.Stretch;
import dev.weir.tensor.Axis;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Changes of a run, made as the values pass: one after the other where several meet. Works on
/// whole texts and while a text grows token by token.
public final class Edits implements Hooks {
  private final Map<HookPoint, List<PointEdit>> edits;
  private final Optional<Stretch> stretch;

  private Edits(Map<HookPoint, List<PointEdit>> edits, Optional<Stretch> stretch) {
    this.edits = edits;
    this.stretch = stretch;
  }

  /// Changes of runs of one model.
  ///
  /// @param model whose runs
  /// @param changes what is changed where, in order
  /// @throws EditException if a change makes no sense where it is to be made
  /// @throws dev.weir.stream.StreamException if no hook point has a name that was given
  public static Edits of(Transformer model, Edit... changes) {
    return of(model, List.of(changes));
  }

  /// Changes of runs of one model.
  ///
  /// @param model whose runs
  /// @param changes what is changed where, in order
  /// @throws EditException if a change makes no sense where it is to be made
  /// @throws dev.weir.stream.StreamException if no hook point has a name that was given
  public static Edits of(Transformer model, List<Edit> changes) {
    Map<HookPoint, List<PointEdit>> edits = new HashMap<>();
    for (Edit change : changes) {
      for (HookPoint point :
          Capture.matching(change.target().points()).resolve(model.hookPoints())) {
        check(point, change, model.spec());
        edits
            .computeIfAbsent(point, _ -> new ArrayList<>())
            .add(new PointEdit(point, change.target(), change.intervention()));
      }
    }
    return new Edits(edits, Optional.empty());
  }

  private static void check(HookPoint point, Edit change, TransformerSpec spec) {
    PointShape shape = PointShape.of(point, spec);
    checkHeads(point, change.target().heads(), shape);
    switch (change.intervention()) {
      case Intervention.Ablate.Zero() -> checkZero(point);
      case Intervention.Ablate.Mean _ -> checkMean(point);
      case Intervention.Steer(Tensor direction, double _) ->
          checkDirection(point, direction, shape);
      case Intervention.ProjectOut(Tensor direction) -> checkLength(point, direction, shape);
      case Intervention.SetProjection(Tensor direction, double _) ->
          checkLength(point, direction, shape);
      case Intervention.Erase(Tensor read, Tensor write, Tensor center) -> {
        checkSubspace(point, read, shape);
        checkSubspace(point, write.require("what is taken away", read.shape()), shape);
        checkDirection(point, center, shape);
      }
      case Intervention.Ablate.Resample _, Intervention.Patch _, Intervention.Replace _ -> {}
    }
  }

  static void checkHeads(HookPoint point, Target.Heads heads, PointShape shape) {
    switch (heads) {
      case Target.Heads.All() -> {}
      case Target.Heads.Some(List<Integer> indices) -> {
        Axis axis = shape.heads().orElseThrow(() -> EditException.noHeads(point));
        for (int head : indices) {
          if (head < 0 || head >= axis.size()) {
            throw EditException.noSuchHead(point, head, (int) axis.size());
          }
        }
      }
    }
  }

  private static void checkZero(HookPoint point) {
    if (point instanceof HookPoint.NormScale) {
      throw EditException.wouldDivideByZero(point);
    }
    if (point instanceof HookPoint.AttnScores) {
      throw EditException.wouldUnmask(point);
    }
  }

  private static void checkMean(HookPoint point) {
    if (point instanceof HookPoint.AttnScores || point instanceof HookPoint.Pattern) {
      throw EditException.noMean(point);
    }
  }

  private static void checkDirection(HookPoint point, Tensor direction, PointShape shape) {
    Axis vector = shape.vector().orElseThrow(() -> EditException.noDirection(point));
    Shape single = Shape.of(vector);
    Shape found = direction.shape();
    boolean perHead =
        shape.heads().isPresent() && found.equals(Shape.of(shape.heads().get(), vector));
    if (!found.equals(single) && !perHead) {
      throw EditException.wrongDirection(point, found, single.toString());
    }
  }

  private static void checkSubspace(HookPoint point, Tensor directions, PointShape shape) {
    Axis vector = shape.vector().orElseThrow(() -> EditException.noDirection(point));
    Shape found = directions.shape();
    if (!found.has("rank") || !found.without("rank").equals(Shape.of(vector))) {
      throw EditException.wrongDirection(point, found, "[rank, %s]".formatted(vector));
    }
  }

  private static void checkLength(HookPoint point, Tensor direction, PointShape shape) {
    checkDirection(point, direction, shape);
    for (double number : direction.toDoubles()) {
      if (number != 0) {
        return;
      }
    }
    throw EditException.lengthZero(point);
  }

  @Override
  public boolean touches(HookPoint point) {
    return edits.containsKey(point);
  }

  @Override
  public Hooks over(Stretch now) {
    return new Edits(edits, Optional.of(now));
  }

  @Override
  public Tensor apply(HookPoint point, Tensor value) {
    Tensor changed = value;
    for (PointEdit edit : edits.getOrDefault(point, List.of())) {
      changed = edit.applyTo(changed, stretch.orElseGet(() -> whole(value)));
    }
    return changed;
  }

  static Stretch whole(Tensor value) {
    long rows = value.shape().has("batch") ? value.size("batch") : 1;
    return new Stretch(
        0, value.size(PointEdit.positionAxis(value)), Collections.nCopies((int) rows, 0L));
  }
}
