package dev.weir.study;

import dev.weir.train.Mixers;
import dev.weir.train.ModelSettings;
import java.util.OptionalInt;

/// A model that a study compares.
///
/// @param name in tables
/// @param about what it is, in a few words
/// @param pathway its residual pathway, by name
/// @param mixers what mixes positions beside global attention
/// @param shape the numbers in which it differs from the study's model
public record Variant(String name, String about, String pathway, Mixers mixers, Shape shape) {

  /// The baseline: the plain stream, nothing beside attention.
  ///
  /// @param name in tables
  public static Variant plain(String name) {
    return new Variant(name, "the plain stream", "pre_norm", Mixers.none(), Shape.same());
  }

  /// A variant that differs in pathway and mixers alone.
  ///
  /// @param name in tables
  /// @param about what it is, in a few words
  /// @param pathway its residual pathway, by name
  /// @param mixers what mixes positions beside global attention
  public static Variant of(String name, String about, String pathway, Mixers mixers) {
    return new Variant(name, about, pathway, mixers, Shape.same());
  }

  /// The model for some data.
  ///
  /// @param base the study's model, without pathway and mixers
  public ModelSettings model(ModelSettings base) {
    return shape.in(base).with(pathway, mixers);
  }

  /// The same with more neurons in each block.
  ///
  /// @param neurons how many
  Variant withNeurons(int neurons) {
    return new Variant(
        "%s, %d neurons".formatted(name, neurons),
        about + ", widened",
        pathway,
        mixers,
        new Shape(shape.dModel(), shape.nLayers(), shape.nHeads(), OptionalInt.of(neurons)));
  }

  /// Numbers that differ from the study's model.
  ///
  /// @param dModel width of the residual stream
  /// @param nLayers how many blocks
  /// @param nHeads query heads, and as many for keys and values
  /// @param dMlp how many neurons a block has
  public record Shape(
      OptionalInt dModel, OptionalInt nLayers, OptionalInt nHeads, OptionalInt dMlp) {

    /// Nothing differs.
    public static Shape same() {
      return new Shape(
          OptionalInt.empty(), OptionalInt.empty(), OptionalInt.empty(), OptionalInt.empty());
    }

    /// A model with these numbers. A width that is given brings its usual neurons along.
    ///
    /// @param base the model that it differs from
    ModelSettings in(ModelSettings base) {
      int width = dModel.orElse(base.dModel());
      int neurons =
          dModel.isPresent() ? ModelSettings.usualNeurons(width, base.mlp()) : base.dMlp();
      return new ModelSettings(
          base.pathway(),
          width,
          nLayers.orElse(base.nLayers()),
          nHeads.orElse(base.nHeads()),
          nHeads.orElse(base.nKvHeads()),
          dMlp.orElse(neurons),
          base.dVocab(),
          base.nCtx(),
          base.norm(),
          base.mlp(),
          base.positions(),
          base.head(),
          base.mixers());
    }
  }
}
