package dev.weir.study;

import java.util.List;
import java.util.OptionalDouble;
import java.util.stream.IntStream;

/// What a trained model is like inside: readouts of a few texts that it was not trained on, the
/// same for every run of a task. Means over positions, then over texts; the first position of a
/// text, whose stream is often unlike any other, is left out of all but [Block#influence].
///
/// What a model does not have is absent, never 0: no gates on pathways without them, no local
/// mixers where there are none.
///
/// @param run the run's id
/// @param texts how many texts were read
/// @param tokens how many tokens they hold together
/// @param places the stream entering each block and at the end, first to last
/// @param blocks each block
/// @param writes the embedding, then what each sublayer writes, in the order of depth
/// @param readings what each sublayer reads, then what the end reads, in the order of depth
/// @param gates the audit of Deep Delta Learning's gates, one for each sublayer; empty elsewhere
/// @param mixers what mixes positions: attention of each block and what stands beside it
/// @param trouble why nothing could be read; empty if nothing was
public record Inside(
    String run,
    int texts,
    long tokens,
    List<Place> places,
    List<Block> blocks,
    List<Write> writes,
    List<Reading> readings,
    List<Gate> gates,
    List<Mixer> mixers,
    String trouble) {

  public Inside {
    places = List.copyOf(places);
    blocks = List.copyOf(blocks);
    writes = List.copyOf(writes);
    readings = List.copyOf(readings);
    gates = List.copyOf(gates);
    mixers = List.copyOf(mixers);
  }

  /// Of a run that could not be read.
  ///
  /// @param run its id
  /// @param reason one line
  static Inside failed(String run, String reason) {
    return new Inside(
        run, 0, 0, List.of(), List.of(), List.of(), List.of(), List.of(), List.of(), reason);
  }

  /// The stream at one depth.
  ///
  /// @param label `0_pre`, …, `final_post`
  /// @param dimension participation ratio `(Σλ)² / Σλ²` of its covariance over tokens, from 1 to
  ///   `d_model`
  /// @param kurtosis of a token's coordinates
  /// @param excess how much larger that is than the kurtosis of the same stream rotated
  /// @param settled the share of positions whose likeliest token by the lens is from here on the
  ///   model's own
  public record Place(
      String label, double dimension, double kurtosis, double excess, double settled) {}

  /// A block.
  ///
  /// @param influence `1 − cos` between the stream before and after it
  /// @param opposition mean cosine between what its neurons read and what they write, by weights
  ///   with gains folded: below 0 they take away what they find; absent without neurons
  public record Block(double influence, OptionalDouble opposition) {}

  /// What somebody writes.
  ///
  /// @param label `embed`, `0_attn_out`, `0_mlp_out`, `0_local_out` …
  /// @param size `‖out‖ / ‖x‖`, beside the stream before it; absent for the embedding
  /// @param change `‖x' − x‖ / ‖x‖`, what becomes of the stream; absent for the embedding
  /// @param dimension participation ratio of its covariance over tokens
  /// @param kept how much of it is left at the end, with the routing of the run frozen: `w'·w /
  ///   ‖w‖²`, with `w` as it stands right after it was written and `w'` at the end; 1 where nothing
  ///   is taken from it
  /// @param share length of what is left of it at the end as a share of the stream's length
  public record Write(
      String label,
      OptionalDouble size,
      OptionalDouble change,
      double dimension,
      double kept,
      double share) {

    /// Whether a local mixer wrote it.
    public boolean byLocalMixer() {
      return label.endsWith("_local_out");
    }
  }

  /// What a reader gets of everything written before it; the sources are the first so many of
  /// [Inside#writes].
  ///
  /// @param reader `0_attn_in`, `0_mlp_in`, …, `end`; `0_q_input` and so on where these read apart
  /// @param weights what the pathway makes of each source's length on the way, `‖w'‖ / ‖w‖`: 1
  ///   where it leaves the source as it is. On pathways that mix sources by numbers it is the size
  ///   of the number that arrives in the end, however it came about
  /// @param shares the part of the reading that is the source, `w'·x / ‖x‖²`; below 0 where it
  ///   points against the whole. With what the pathway itself adds, they sum to 1
  public record Reading(String reader, List<Double> weights, List<Double> shares) {
    public Reading {
      weights = List.copyOf(weights);
      shares = List.copyOf(shares);
    }

    /// How much weight a source has among all, by its age: they sum to 1.
    ///
    /// @param age how many writes came after it: 0 for the newest; the embedding is the oldest
    public double profile(int age) {
      double all = weights.stream().mapToDouble(weight -> weight).sum();
      return weights.get(weights.size() - 1 - age) / all;
    }

    /// How far back it reads: 0 where the newest write alone has weight, 1 where the embedding
    /// alone has, one half where all weigh alike, as on the plain stream. Absent where there is
    /// nothing but the embedding to read.
    public OptionalDouble reach() {
      int oldest = weights.size() - 1;
      return oldest == 0
          ? OptionalDouble.empty()
          : OptionalDouble.of(
              IntStream.rangeClosed(0, oldest).mapToDouble(age -> profile(age) * age).sum()
                  / oldest);
    }
  }

  /// The gate of a sublayer in Deep Delta Learning.
  ///
  /// @param label `0_attn`, `0_mlp` …
  /// @param beta its mean, from 0 to 2
  /// @param nearZero the share of positions with a gate below 0.2: next to nothing is written
  /// @param nearOne with a gate from 0.9 to 1.1: what lies along the direction is replaced
  /// @param nearTwo with a gate of 1.8 and more: it is turned to its opposite
  /// @param erased which share of the stream's square is taken away, `β ‖kᵀX‖² / ‖X‖²`; 0 where the
  ///   update only writes
  /// @param written how much of the stream is written again along the direction, `⟨β k vᵀ, X⟩ /
  ///   ‖X‖²`
  public record Gate(
      String label,
      double beta,
      double nearZero,
      double nearOne,
      double nearTwo,
      double erased,
      double written) {}

  /// Something that mixes positions.
  ///
  /// @param label `0_attn`, `0_local`, `0_branch`, `0_canon_A` …
  /// @param kind what it is
  /// @param age how many positions back it looks on average; absent where a run does not say
  /// @param self the weight of the position itself; absent where a run does not say
  /// @param size of a convolution or a branch: how large what it adds is beside what it adds to;
  ///   absent for attention, whose size is that of its write
  public record Mixer(
      String label, Kind kind, OptionalDouble age, OptionalDouble self, OptionalDouble size) {

    /// What mixes.
    public enum Kind {
      /// Attention of the block, over all positions before.
      ATTENTION,
      /// Attention of a local sublayer, within its window.
      WINDOW,
      /// A mixer of attention's values.
      BRANCH,
      /// A causal convolution of a local sublayer.
      CONVOLUTION,
      /// A Canon layer.
      CANON
    }
  }
}
