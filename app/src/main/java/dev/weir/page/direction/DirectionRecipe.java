package dev.weir.page.direction;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import dev.weir.page.run.Recipe;
import dev.weir.readout.FirstPosition;
import dev.weir.readout.bandwidth.PrincipalComponents;
import dev.weir.readout.probe.ProbeKind;
import java.util.List;
import java.util.Optional;

/// What a direction is made from. The same recipe gives the same direction, so that a link or a
/// library restores it.
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "kind")
@JsonSubTypes({
  @JsonSubTypes.Type(value = DirectionRecipe.Unembedding.class, name = "unembedding"),
  @JsonSubTypes.Type(value = DirectionRecipe.Cells.class, name = "cells"),
  @JsonSubTypes.Type(value = DirectionRecipe.Prompts.class, name = "prompts"),
  @JsonSubTypes.Type(value = DirectionRecipe.Neuron.class, name = "neuron"),
  @JsonSubTypes.Type(value = DirectionRecipe.HeadWrite.class, name = "head"),
  @JsonSubTypes.Type(value = DirectionRecipe.Singular.class, name = "singular"),
  @JsonSubTypes.Type(value = DirectionRecipe.Probe.class, name = "probe"),
  @JsonSubTypes.Type(value = DirectionRecipe.Component.class, name = "pca"),
  @JsonSubTypes.Type(value = DirectionRecipe.Numbers.class, name = "numbers"),
  @JsonSubTypes.Type(value = DirectionRecipe.Held.class, name = "held"),
  @JsonSubTypes.Type(value = DirectionRecipe.Combination.class, name = "combination"),
})
public sealed interface DirectionRecipe {

  /// A token's row of the unembedding, or the difference of two.
  ///
  /// @param model the id of the model
  /// @param token its text, or its id as `#123`
  /// @param less the token whose row is taken away
  /// @param gain what is done about the final norm
  record Unembedding(String model, String token, Optional<String> less, Gain gain)
      implements DirectionRecipe {}

  /// What is done about the gain of the final norm, which stands between the stream and the
  /// unembedding.
  enum Gain {
    /// The row as the file has it: it reads the normed stream.
    LEFT_OUT,
    /// The row times the gain, and without the mean that a layer norm takes away: its product with
    /// the last stream is the logit times the norm's scale, but for a constant.
    MULTIPLIED
  }

  /// The stream in one cell less the stream in another.
  ///
  /// @param plus one cell
  /// @param minus the other one, of the same or another prompt
  record Cells(Cell plus, Cell minus) implements DirectionRecipe {}

  /// A cell of a run.
  ///
  /// @param run what the run is made from
  /// @param place the place's label, for instance `3_mid`
  /// @param position from 0
  record Cell(Recipe run, String place, int position) {}

  /// The mean stream of one prompt less that of another, over all positions but the first.
  ///
  /// @param model the id of the model
  /// @param plus one prompt
  /// @param minus the other one
  /// @param place the place's label
  record Prompts(String model, String plus, String minus, String place)
      implements DirectionRecipe {}

  /// What a neuron writes where its activation is 1.
  ///
  /// @param model the id of the model
  /// @param layer the block
  /// @param neuron which of its neurons
  record Neuron(String model, int layer, int neuron) implements DirectionRecipe {}

  /// What a head wrote at one position of a run.
  ///
  /// @param run what the run is made from
  /// @param layer the block
  /// @param head which of its heads
  /// @param position from 0
  record HeadWrite(Recipe run, int layer, int head, int position) implements DirectionRecipe {}

  /// A singular vector of one of a head's two maps of the stream.
  ///
  /// @param model the id of the model
  /// @param circuit which map
  /// @param layer the block
  /// @param head which of its heads
  /// @param index which singular vector, the one of the largest singular value first
  /// @param side which side of the map
  record Singular(String model, Circuit circuit, int layer, int head, int index, Side side)
      implements DirectionRecipe {}

  /// One of a head's two maps of the stream.
  enum Circuit {
    /// `W_V W_O`: what it writes for what it attends to.
    OV,
    /// `W_Q W_Kᵀ`: to what it attends from what.
    QK
  }

  /// A side of a map.
  enum Side {
    /// What goes in: for OV what is read, for QK what asks.
    LEFT,
    /// What comes out: for OV what is written, for QK what is asked for.
    RIGHT
  }

  /// The direction that tells two sets of prompts apart.
  ///
  /// @param model the id of the model
  /// @param probe which probe
  /// @param plus prompts that have something
  /// @param minus prompts that have it not
  /// @param place the place's label
  /// @param position from 0, negative from the end; the last where it is left out
  /// @param penalty on the weights of standardised values; 0.001 where it is left out
  record Probe(
      String model,
      ProbeKind probe,
      List<String> plus,
      List<String> minus,
      String place,
      Optional<Integer> position,
      Optional<Double> penalty)
      implements DirectionRecipe {
    public Probe {
      plus = List.copyOf(plus);
      minus = List.copyOf(minus);
    }
  }

  /// A principal component of the stream over the corpus.
  ///
  /// @param pca of what
  /// @param index which component, the one of the largest variance first
  record Component(Pca pca, int index) implements DirectionRecipe {}

  /// Which stream's principal components.
  ///
  /// @param model the id of the model
  /// @param place the place's label
  /// @param scaling of the coordinates
  /// @param windows how much of the corpus is read
  /// @param first whether the first position of each window counts
  record Pca(
      String model,
      String place,
      PrincipalComponents.Scaling scaling,
      int windows,
      FirstPosition first) {}

  /// Numbers as they are given.
  ///
  /// @param name for readers
  /// @param numbers `[d_model]`
  record Numbers(String name, List<Double> numbers) implements DirectionRecipe {
    public Numbers {
      numbers = List.copyOf(numbers);
    }
  }

  /// A direction that is in memory, such as one that came in a file.
  ///
  /// @param id which
  /// @param name for readers
  record Held(String id, String name) implements DirectionRecipe {}

  /// A sum of other directions.
  ///
  /// @param parts what is added
  /// @param length how long the sum is made
  record Combination(List<Part> parts, Length length) implements DirectionRecipe {
    public Combination {
      parts = List.copyOf(parts);
    }
  }

  /// A part of a sum.
  ///
  /// @param of the direction
  /// @param coefficient how much of it
  record Part(DirectionRecipe of, double coefficient) {}

  /// How long a sum is made.
  enum Length {
    /// As long as it is.
    AS_IT_IS,
    /// Of Euclidean length 1 in raw coordinates.
    ONE
  }
}
