package dev.weir.readout.basis;

import dev.weir.model.NormSpec;
import dev.weir.model.TransformerSpec;
import dev.weir.pathway.AttentionResiduals;
import dev.weir.pathway.DeepCrossAttention;
import dev.weir.pathway.DeepDelta;
import dev.weir.pathway.DenseFormer;
import dev.weir.pathway.DepthAttention;
import dev.weir.pathway.ElcBert;
import dev.weir.pathway.HyperConnections;
import dev.weir.pathway.Laurel;
import dev.weir.pathway.LayerScale;
import dev.weir.pathway.ManifoldHyperConnections;
import dev.weir.pathway.MuddFormer;
import dev.weir.pathway.PathwaySpec;
import dev.weir.pathway.PostNorm;
import dev.weir.pathway.PreNorm;
import dev.weir.pathway.VerticalAttention;
import dev.weir.tensor.Shape;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/// How each weight of a model meets the coordinates of the stream.
final class StreamWeights {

  /// How one weight does.
  enum Meeting {
    /// It has no coordinate of the stream.
    NOT,
    /// It reads or writes whole vectors, so it is rotated along.
    VECTORS,
    /// It maps the stream to itself, and is rotated on both sides.
    BOTH_SIDES,
    /// It multiplies each coordinate by itself: no rotation of it does the same to a rotated
    /// stream.
    EACH_COORDINATE
  }

  /// What is known of a pathway.
  ///
  /// @param eachCoordinate what the last word of a weight's name looks like if it multiplies
  ///   coordinates
  /// @param why how its weights meet the stream, in words
  private record Knowledge(Pattern eachCoordinate, String why) {}

  private static final Pattern NONE = Pattern.compile("(?!)");

  private static final Map<Class<? extends PathwaySpec>, Knowledge> PATHWAYS =
      Map.ofEntries(
          Map.entry(PreNorm.class, vectors("it has no weights, and sums of vectors turn along")),
          Map.entry(
              PostNorm.class,
              new Knowledge(
                  Pattern.compile("w"),
                  "the gain of its norms multiplies the stream itself, coordinate by coordinate, and no reader can take it over")),
          Map.entry(
              LayerScale.class,
              new Knowledge(
                  Pattern.compile("gamma"),
                  "a gain for each coordinate is a diagonal matrix on the stream; one number for all of them turns along")),
          Map.entry(
              ElcBert.class, vectors("one weight for each earlier block scales whole vectors")),
          Map.entry(
              DenseFormer.class,
              vectors("one weight for each earlier output scales whole vectors")),
          Map.entry(
              VerticalAttention.class,
              vectors(
                  "its softmax over lengths scales whole vectors, and a rotation keeps lengths")),
          Map.entry(
              DeepCrossAttention.class,
              new Knowledge(
                  Pattern.compile("\\w+_b"),
                  "its learned weights b stand for each source and coordinate, a diagonal matrix; the gate vectors w turn along; V1 has one weight for each source")),
          Map.entry(
              MuddFormer.class,
              new Knowledge(
                  Pattern.compile("post"),
                  "its mixing weights scale whole vectors and its generator reads d_model; the gain after its norms multiplies coordinates")),
          Map.entry(
              AttentionResiduals.class,
              new Knowledge(
                  Pattern.compile("norm"),
                  "its queries read d_model and turn along, once the gain of the keys is multiplied into them")),
          Map.entry(
              DepthAttention.class,
              vectors("queries, keys, values and output read or write d_model")),
          Map.entry(
              DeepDelta.class,
              new Knowledge(
                  Pattern.compile("conv|EC"),
                  "k is the write itself, scaled, and v and the gate read d_model; the convolutions of expanded states multiply coordinates")),
          Map.entry(
              HyperConnections.class,
              vectors("lanes are mixed as whole vectors; generators read d_model")),
          Map.entry(
              ManifoldHyperConnections.class,
              vectors(
                  "lanes are mixed as whole vectors; the generator reads d_model through a root mean square")),
          Map.entry(Laurel.class, vectors("its low-rank maps read and write d_model")));

  private static final Set<String> CONVOLUTIONS = Set.of("local.conv", "canon.A", "canon.C");

  private StreamWeights() {}

  private static Knowledge vectors(String why) {
    return new Knowledge(NONE, why);
  }

  private static Knowledge of(PathwaySpec pathway) {
    return Optional.ofNullable(PATHWAYS.get(pathway.getClass()))
        .orElseThrow(() -> BasisException.unknownPathway(pathway.getClass().getSimpleName()));
  }

  /// How a pathway's weights meet the stream, in words.
  static String why(PathwaySpec pathway) {
    return of(pathway).why;
  }

  /// How a weight meets the stream.
  ///
  /// @param name its name
  /// @param shape its axes
  static Meeting meeting(TransformerSpec spec, String name, Shape shape) {
    String last = name.substring(name.lastIndexOf('.') + 1);
    if (name.contains("path.")) {
      return ofPathway(spec.pathway(), last, shape);
    }
    if (!shape.has("d_model")) {
      return Meeting.NOT;
    }
    boolean alone =
        CONVOLUTIONS.stream().anyMatch(name::endsWith) || name.matches(".*\\bln\\w+\\.w");
    return alone ? Meeting.EACH_COORDINATE : Meeting.VECTORS;
  }

  private static Meeting ofPathway(PathwaySpec pathway, String last, Shape shape) {
    if (!shape.has("d_model")) {
      return Meeting.NOT;
    }
    if (of(pathway).eachCoordinate.matcher(last).matches()) {
      return Meeting.EACH_COORDINATE;
    }
    boolean square =
        pathway instanceof DepthAttention depth
            && depth.injection() != DepthAttention.Injection.BRANCH
            && last.endsWith("W_V");
    return square ? Meeting.BOTH_SIDES : Meeting.VECTORS;
  }

  /// What stands in the way of any rotation and is no weight; empty if nothing does.
  static Optional<String> structure(TransformerSpec spec) {
    return spec.pathway() instanceof DepthAttention depth
            && depth.injection() != DepthAttention.Injection.BRANCH
            && depth.heads() > 1
        ? Optional.of("each head along depth has coordinates of the stream for itself")
        : Optional.empty();
  }

  /// Who subtracts the mean over coordinates; empty if nobody does.
  static Optional<String> centres(TransformerSpec spec) {
    boolean norms =
        spec.lnFinal().centres()
            || spec.blocks().stream()
                .anyMatch(block ->
                    java.util.stream.Stream.of(
                            block.ln1(),
                            block.ln1Post(),
                            block.ln2(),
                            block.ln2Post(),
                            block.local().ln0())
                        .anyMatch(NormSpec::centres));
    if (norms) {
      return Optional.of("its norms subtract the mean over coordinates");
    }
    return switch (spec.pathway()) {
      case PostNorm post when post.norm() == PostNorm.Norm.LAYER_NORM ->
          Optional.of("the norms of its stream subtract the mean over coordinates");
      case ElcBert elc when elc.variant() == ElcBert.Variant.NORMALIZED ->
          Optional.of("what its blocks give loses its mean over coordinates");
      case HyperConnections hyper
          when hyper.connections() == HyperConnections.Connections.DYNAMIC ->
          Optional.of("what its connections depend on loses its mean over coordinates");
      default -> Optional.empty();
    };
  }
}
