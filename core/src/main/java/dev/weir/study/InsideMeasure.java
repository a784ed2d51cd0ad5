package dev.weir.study;

import dev.weir.study.Inside.Mixer.Kind;
import java.util.Collection;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.stream.DoubleStream;

/// A single number out of an [Inside], by which variants are compared: means over blocks, sublayers
/// or readers.
public enum InsideMeasure {
  /// How far a block turns the stream.
  BLOCK_INFLUENCE(
      Group.STREAM,
      "block influence",
      "1 − cos between the stream before and after a block, mean over blocks",
      inside -> mean(inside.blocks(), Inside.Block::influence)),
  /// How large writes are beside the stream.
  WRITE_SIZE(
      Group.STREAM,
      "write size",
      "‖out‖ / ‖x‖, mean over sublayers",
      inside -> some(inside.writes(), Inside.Write::size)),
  /// How large the steps of the stream are beside it.
  STREAM_CHANGE(
      Group.STREAM,
      "stream change",
      "‖x' − x‖ / ‖x‖, mean over sublayers; the write size where the pathway only adds",
      inside -> some(inside.writes(), Inside.Write::change)),
  /// How many dimensions the stream uses.
  STREAM_DIMENSION(
      Group.STREAM,
      "stream dimension",
      "participation ratio of the stream over tokens, mean over depth",
      inside -> mean(inside.places(), Inside.Place::dimension)),
  /// How many dimensions writes use.
  WRITE_DIMENSION(
      Group.STREAM,
      "write dimension",
      "participation ratio of what a sublayer writes, mean over sublayers",
      inside ->
          mean(
              inside.writes().subList(Math.min(1, inside.writes().size()), inside.writes().size()),
              Inside.Write::dimension)),
  /// How heavy the tails of the stream's coordinates are.
  KURTOSIS(
      Group.STREAM,
      "kurtosis",
      "of a token's coordinates in the stream, mean over depth; 3 (d − 1) / (d + 1) of a random direction",
      inside -> mean(inside.places(), Inside.Place::kurtosis)),
  /// How early the answer settles.
  SETTLED(
      Group.STREAM,
      "settled",
      "share of positions whose likeliest token by the lens is already the model's own, mean over the places before the end",
      inside ->
          mean(
              inside.places().subList(0, Math.max(0, inside.places().size() - 1)),
              Inside.Place::settled)),
  /// What is left of writes at the end.
  PERSISTENCE(
      Group.MEMORY,
      "persistence",
      "w'·w / ‖w‖²: what is left at the end of what a sublayer wrote, mean over sublayers; 1 where nothing is taken",
      inside ->
          mean(
              inside.writes().subList(Math.min(1, inside.writes().size()), inside.writes().size()),
              Inside.Write::kept)),
  /// What is left of the embedding at the end.
  EMBEDDING_PERSISTENCE(
      Group.MEMORY,
      "embedding's persistence",
      "the same of the embedding",
      inside -> mean(inside.writes().stream().limit(1).toList(), Inside.Write::kept)),
  /// How much of the end is the embedding.
  EMBEDDING_SHARE(
      Group.MEMORY,
      "embedding's share",
      "of what the end reads: w'·x / ‖x‖²",
      inside ->
          inside.readings().isEmpty()
              ? OptionalDouble.empty()
              : OptionalDouble.of(inside.readings().getLast().shares().getFirst())),
  /// How far back along depth readers read.
  REACH(
      Group.MEMORY,
      "reach along depth",
      "mean age of what a reader weighs, 0 the newest write alone, 1 the embedding alone, mean over readers; 0.5 where all weigh alike",
      inside -> some(inside.readings(), Inside.Reading::reach)),
  /// Whether neurons take away what they read.
  OPPOSITION(
      Group.MEMORY,
      "neurons' in-out cosine",
      "between what a neuron reads and what it writes, by weights, mean over neurons and blocks; below 0 they erase",
      inside -> some(inside.blocks(), Inside.Block::opposition)),
  /// How far back attention looks.
  ATTENTION_AGE(
      Group.SEQUENCE,
      "attention's age",
      "positions that attention of a block looks back, mean over heads and blocks",
      inside -> age(inside, Kind.ATTENTION)),
  /// How much attention stays where it is.
  ATTENTION_SELF(
      Group.SEQUENCE,
      "attention to itself",
      "weight of the position itself, mean over heads and blocks",
      inside -> self(inside, Kind.ATTENTION)),
  /// How far back windowed attention looks.
  WINDOW_AGE(
      Group.SEQUENCE,
      "window's age",
      "positions that a local sublayer's attention looks back",
      inside -> age(inside, Kind.WINDOW)),
  /// How much windowed attention stays where it is.
  WINDOW_SELF(
      Group.SEQUENCE,
      "window to itself",
      "weight of the position itself in a local sublayer's attention",
      inside -> self(inside, Kind.WINDOW)),
  /// How large a local sublayer's writes are.
  LOCAL_SIZE(
      Group.SEQUENCE,
      "local write size",
      "‖out‖ / ‖x‖ of local sublayers",
      inside ->
          some(
              inside.writes().stream().filter(Inside.Write::byLocalMixer).toList(),
              Inside.Write::size)),
  /// How far back convolutions and branches look.
  CONVOLUTION_AGE(
      Group.SEQUENCE,
      "taps' age",
      "positions that convolutions look back, by the size of their taps",
      inside -> age(inside, Kind.CONVOLUTION, Kind.BRANCH, Kind.CANON)),
  /// How much of convolutions is the position itself.
  CONVOLUTION_SELF(
      Group.SEQUENCE,
      "taps on itself",
      "share of the tap of the position itself",
      inside -> self(inside, Kind.CONVOLUTION, Kind.BRANCH, Kind.CANON)),
  /// How large what convolutions and branches add is.
  CONVOLUTION_SIZE(
      Group.SEQUENCE,
      "taps' size",
      "root of the sum of squared taps, or the branch's gate: what is added beside what it is added to",
      inside -> some(inside.mixers(), Inside.Mixer::size)),
  /// How strong the gate is.
  GATE(
      Group.GATES,
      "gate",
      "β, from 0 to 2, mean over sublayers",
      inside -> mean(inside.gates(), Inside.Gate::beta)),
  /// How often the gate is shut.
  GATE_NEAR_ZERO(
      Group.GATES,
      "gate near 0",
      "share of positions with β below 0.2",
      inside -> mean(inside.gates(), Inside.Gate::nearZero)),
  /// How often the gate replaces.
  GATE_NEAR_ONE(
      Group.GATES,
      "gate near 1",
      "share of positions with β from 0.9 to 1.1, where what lies along the direction is replaced",
      inside -> mean(inside.gates(), Inside.Gate::nearOne)),
  /// How often the gate reflects.
  GATE_NEAR_TWO(
      Group.GATES,
      "gate near 2",
      "share of positions with β of 1.8 and more, where it is turned to its opposite",
      inside -> mean(inside.gates(), Inside.Gate::nearTwo)),
  /// How much of the stream is erased.
  ERASED(
      Group.GATES,
      "erased",
      "β ‖kᵀX‖² / ‖X‖²: share of the stream's square taken away at a write, mean over sublayers",
      inside -> mean(inside.gates(), Inside.Gate::erased));

  /// What a number is about.
  public enum Group {
    /// How the stream moves and what it holds.
    STREAM("The stream", ""),
    /// What becomes of writes along depth.
    MEMORY("Memory along depth", ""),
    /// How far back the model looks along the sequence.
    SEQUENCE("Along the sequence", "local mixers"),
    /// Deep Delta Learning's gates.
    GATES("Gates", "Deep Delta Learning's gates");

    private final String title;
    private final String subject;

    Group(String title, String subject) {
      this.title = title;
      this.subject = subject;
    }

    /// A heading.
    public String title() {
      return title;
    }

    /// What a model must have for all of it to apply; empty where every model has it.
    public String subject() {
      return subject;
    }
  }

  private final Group group;
  private final String label;
  private final String about;
  private final Function<Inside, OptionalDouble> number;

  InsideMeasure(Group group, String label, String about, Function<Inside, OptionalDouble> number) {
    this.group = group;
    this.label = label;
    this.about = about;
    this.number = number;
  }

  private static <T> OptionalDouble mean(Collection<T> parts, ToDoubleFunction<T> number) {
    return finite(parts.stream().mapToDouble(number));
  }

  private static <T> OptionalDouble some(Collection<T> parts, Function<T, OptionalDouble> number) {
    return finite(
        parts.stream()
            .map(number)
            .filter(OptionalDouble::isPresent)
            .mapToDouble(OptionalDouble::getAsDouble));
  }

  private static OptionalDouble finite(DoubleStream numbers) {
    return numbers.filter(Double::isFinite).average();
  }

  private static OptionalDouble age(Inside inside, Kind... kinds) {
    return some(mixers(inside, kinds), Inside.Mixer::age);
  }

  private static OptionalDouble self(Inside inside, Kind... kinds) {
    return some(mixers(inside, kinds), Inside.Mixer::self);
  }

  private static Collection<Inside.Mixer> mixers(Inside inside, Kind... kinds) {
    return inside.mixers().stream()
        .filter(mixer -> java.util.List.of(kinds).contains(mixer.kind()))
        .toList();
  }

  /// What it is about.
  public Group group() {
    return group;
  }

  /// Its name in tables.
  public String label() {
    return label;
  }

  /// What it is, in a line.
  public String about() {
    return about;
  }

  /// Of a model; empty where it has no meaning for it.
  ///
  /// @param inside what the model is like inside
  public OptionalDouble of(Inside inside) {
    return number.apply(inside);
  }

  /// Its name in files.
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
