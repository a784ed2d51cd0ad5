package dev.weir.page.run;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonSetter;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.annotation.Nulls;
import dev.weir.edit.Edit;
import dev.weir.edit.Edits;
import dev.weir.edit.Intervention;
import dev.weir.edit.Target;
import dev.weir.readout.steer.SteeringVector;
import dev.weir.stream.HookPoint;
import dev.weir.stream.Hooks;
import dev.weir.tensor.DType;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// A change of a run, as a request names it. It holds all that it depends on (another prompt's
/// text, the id of a direction, which is made from its numbers), so that the same change is the
/// same run. Hook points have TransformerLens's names, in which `*` stands for anything; positions
/// count from 0, negative ones from the end, and none named means all of them.
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "kind")
@JsonSubTypes({
  @JsonSubTypes.Type(value = Change.Ablate.class, name = "ablate"),
  @JsonSubTypes.Type(value = Change.Mean.class, name = "mean"),
  @JsonSubTypes.Type(value = Change.Patch.class, name = "patch"),
  @JsonSubTypes.Type(value = Change.Steer.class, name = "steer"),
  @JsonSubTypes.Type(value = Change.ProjectOut.class, name = "project-out"),
  @JsonSubTypes.Type(value = Change.SetProjection.class, name = "set-projection"),
})
public sealed interface Change {
  /// In place of a hook point: the embeddings, every stream and every write.
  String EVERYWHERE = "everywhere";

  /// Puts zeros somewhere.
  ///
  /// @param hook a hook point's name
  /// @param heads which heads; empty for all
  /// @param neurons which neurons of an MLP; empty for all
  /// @param positions which positions; empty for all
  record Ablate(
      String hook,
      @JsonSetter(nulls = Nulls.AS_EMPTY) List<Integer> heads,
      @JsonSetter(nulls = Nulls.AS_EMPTY) List<Integer> neurons,
      @JsonSetter(nulls = Nulls.AS_EMPTY) List<Integer> positions)
      implements Change {
    public Ablate {
      heads = List.copyOf(heads);
      neurons = List.copyOf(neurons);
      positions = List.copyOf(positions);
    }

    @Override
    public Hooks hooks(Materials materials) {
      Target target = materials.target(hook, heads, positions);
      Intervention what =
          neurons.isEmpty()
              ? new Intervention.Ablate.Zero()
              : Neurons.at(hook, materials).setToZero(neurons);
      return edits(materials, new Edit(target, what));
    }

    @Override
    public Change at(List<Integer> others) {
      return new Ablate(hook, heads, neurons, others);
    }
  }

  /// Puts the mean over all positions of the unchanged run somewhere.
  ///
  /// @param hook a hook point's name
  /// @param heads which heads; empty for all
  /// @param neurons which neurons of an MLP; empty for all
  /// @param positions which positions; empty for all
  record Mean(
      String hook,
      @JsonSetter(nulls = Nulls.AS_EMPTY) List<Integer> heads,
      @JsonSetter(nulls = Nulls.AS_EMPTY) List<Integer> neurons,
      @JsonSetter(nulls = Nulls.AS_EMPTY) List<Integer> positions)
      implements Change {
    public Mean {
      heads = List.copyOf(heads);
      neurons = List.copyOf(neurons);
      positions = List.copyOf(positions);
    }

    @Override
    public Hooks hooks(Materials materials) {
      Target target = materials.target(hook, heads, positions);
      Intervention what =
          neurons.isEmpty()
              ? new Intervention.Ablate.Mean(materials.unchanged(hook))
              : Neurons.at(hook, materials).setToMean(neurons);
      return edits(materials, new Edit(target, what));
    }

    @Override
    public Change at(List<Integer> others) {
      return new Mean(hook, heads, neurons, others);
    }
  }

  /// Puts what another prompt has there, token by token; where the stream itself passes, with the
  /// whole state of the pathway.
  ///
  /// @param hook a hook point's name
  /// @param heads which heads; empty for all
  /// @param positions which positions; empty for all
  /// @param prompt the other prompt
  /// @param from the other prompt's position for each of `positions`; empty for the same, which
  ///   prompts of one length have
  record Patch(
      String hook,
      @JsonSetter(nulls = Nulls.AS_EMPTY) List<Integer> heads,
      @JsonSetter(nulls = Nulls.AS_EMPTY) List<Integer> positions,
      String prompt,
      @JsonSetter(nulls = Nulls.AS_EMPTY) List<Integer> from)
      implements Change {
    public Patch {
      heads = List.copyOf(heads);
      positions = List.copyOf(positions);
      from = List.copyOf(from);
    }

    @Override
    public Hooks hooks(Materials materials) {
      return materials.patch(prompt, hook, heads, positions, from);
    }

    /// A patch says itself which positions it takes; a text that grows is not patched further.
    @Override
    public Change at(List<Integer> others) {
      return this;
    }
  }

  /// Adds a direction.
  ///
  /// @param hook a hook point's name
  /// @param direction the id of a direction, `[d_model]`
  /// @param coefficient how much of it; 0 changes no bit
  /// @param unit what the coefficient counts in
  /// @param positions which positions; empty for all
  record Steer(
      String hook,
      String direction,
      double coefficient,
      Unit unit,
      @JsonSetter(nulls = Nulls.AS_EMPTY) List<Integer> positions)
      implements Change {
    public Steer {
      positions = List.copyOf(positions);
    }

    /// What a coefficient counts in.
    public enum Unit {
      /// The direction as it is.
      @JsonProperty("raw")
      RAW,
      /// The direction brought to the median length of what stands there in the unchanged run.
      @JsonProperty("stream")
      STREAM
    }

    @Override
    public Hooks hooks(Materials materials) {
      Target target = materials.target(hook, List.of(), positions);
      double[] along = materials.direction(direction);
      Tensor added = materials.vector(along, "d_model");
      List<Edit> edits = new ArrayList<>();
      for (HookPoint point : materials.points(hook)) {
        Target there = new Target(point.name(), target.heads(), target.positions());
        double amount = coefficient * scale(point, along, materials);
        edits.add(new Edit(there, new Intervention.Steer(added, amount)));
      }
      return Edits.of(materials.transformer(), edits);
    }

    private double scale(HookPoint point, double[] along, Materials materials) {
      if (unit == Unit.RAW || coefficient == 0) {
        return 1;
      }
      double length = Math.sqrt(Arrays.stream(along).map(x -> x * x).sum());
      if (length == 0) {
        throw PageException.pointsNowhere(direction);
      }
      return medianLength(point, materials) / length;
    }

    private static double medianLength(HookPoint point, Materials materials) {
      Tensor values = materials.unchanged(point.name()).get(point);
      if (!values.shape().names().equals(List.of("pos", "d_model"))) {
        throw PageException.noStreamUnit(point.name());
      }
      double[] lengths = values.to(DType.FLOAT64).norm("d_model").toDoubles();
      Arrays.sort(lengths);
      return (lengths[(lengths.length - 1) / 2] + lengths[lengths.length / 2]) / 2;
    }

    @Override
    public Change at(List<Integer> others) {
      return new Steer(hook, direction, coefficient, unit, others);
    }
  }

  /// Removes what lies along a direction.
  ///
  /// @param hook a hook point's name, or [#EVERYWHERE]
  /// @param direction the id of a direction, `[d_model]`; its length does not matter
  /// @param positions which positions; empty for all
  record ProjectOut(
      String hook, String direction, @JsonSetter(nulls = Nulls.AS_EMPTY) List<Integer> positions)
      implements Change {
    public ProjectOut {
      positions = List.copyOf(positions);
    }

    @Override
    public Hooks hooks(Materials materials) {
      Tensor along = materials.vector(materials.direction(direction), "d_model");
      List<Edit> edits = new ArrayList<>();
      for (String name : hook.equals(EVERYWHERE) ? SteeringVector.EVERYWHERE : List.of(hook)) {
        Target target = materials.target(name, List.of(), positions);
        edits.add(new Edit(target, new Intervention.ProjectOut(along)));
      }
      return Edits.of(materials.transformer(), edits);
    }

    @Override
    public Change at(List<Integer> others) {
      return new ProjectOut(hook, direction, others);
    }
  }

  /// Sets what lies along a direction to a number.
  ///
  /// @param hook a hook point's name
  /// @param direction the id of a direction, `[d_model]`; its length does not matter
  /// @param amount what the projection on the unit direction is from then on, in units of length
  /// @param positions which positions; empty for all
  record SetProjection(
      String hook,
      String direction,
      double amount,
      @JsonSetter(nulls = Nulls.AS_EMPTY) List<Integer> positions)
      implements Change {
    public SetProjection {
      positions = List.copyOf(positions);
    }

    @Override
    public Hooks hooks(Materials materials) {
      Tensor along = materials.vector(materials.direction(direction), "d_model");
      Intervention what = new Intervention.SetProjection(along, amount);
      return edits(materials, new Edit(materials.target(hook, List.of(), positions), what));
    }

    @Override
    public Change at(List<Integer> others) {
      return new SetProjection(hook, direction, amount, others);
    }
  }

  /// A hook point's name.
  String hook();

  /// Which positions; empty for all.
  List<Integer> positions();

  /// The same change in the engine's terms.
  ///
  /// @param materials what it is made from; must stay open while runs use the hooks
  /// @throws dev.weir.WeirException if it makes no sense in this model or prompt
  Hooks hooks(Materials materials);

  /// The same change at other positions.
  ///
  /// @param positions which positions; empty for all
  Change at(List<Integer> positions);

  private static Hooks edits(Materials materials, Edit... edits) {
    return Edits.of(materials.transformer(), edits);
  }
}
