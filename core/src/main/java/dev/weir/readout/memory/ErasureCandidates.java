package dev.weir.readout.memory;

import dev.weir.model.Transformer;
import dev.weir.readout.Estimate;
import dev.weir.readout.Wide;
import dev.weir.stream.Capture;
import dev.weir.stream.HookPoint;
import dev.weir.stream.StreamTrace;
import dev.weir.stream.WriterLabels;
import dev.weir.tensor.LinearAlgebra;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalDouble;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.apache.commons.statistics.descriptive.Quantile;

/// Who is made to erase, by weights: neurons whose write points against what they read (Elhage et
/// al. 2021, a footnote on memory management; Gerstner & Schütze 2025, arXiv:2505.17936), and heads
/// whose OV circuit turns what it reads to its opposite while they look at the current token.
public final class ErasureCandidates {

  /// How often neurons' reads and writes are paired anew for the control.
  private static final int SHUFFLES = 20;

  private static final double RARE = 0.01;

  private final List<Neuron> neurons;
  private final List<Layer> layers;
  private final List<Head> heads;

  private ErasureCandidates(List<Neuron> neurons, List<Layer> layers, List<Head> heads) {
    this.neurons = List.copyOf(neurons);
    this.layers = List.copyOf(layers);
    this.heads = List.copyOf(heads);
  }

  /// A neuron's cosines in the stream, gains folded.
  ///
  /// @param layer its block
  /// @param neuron which one
  /// @param inOut between what it reads (ungated, where there is a gate) and what it writes
  /// @param gateOut between what its gate reads and what it writes; empty without a gate
  /// @param gateIn between what its gate and what its ungated half reads; empty without a gate
  public record Neuron(
      int layer, int neuron, double inOut, OptionalDouble gateOut, OptionalDouble gateIn) {

    /// Its name, as `L0N17`.
    public String label() {
      return WriterLabels.neuron(layer, neuron);
    }
  }

  /// How cosines spread.
  ///
  /// @param mean of them
  /// @param least the smallest
  /// @param greatest the largest
  public record Cosines(double mean, double least, double greatest) {
    private static Cosines of(double[] values) {
      return new Cosines(
          Arrays.stream(values).average().orElse(Double.NaN),
          Arrays.stream(values).min().orElse(Double.NaN),
          Arrays.stream(values).max().orElse(Double.NaN));
    }
  }

  /// The neurons of a block, and what chance would give.
  ///
  /// @param layer the block
  /// @param inOut between reads and writes
  /// @param shuffled the same with reads and writes paired at random
  /// @param rare below this lies one in a hundred of the shuffled cosines
  /// @param below the share of neurons below `rare`; 0.01 by chance
  /// @param gateOut between gates and writes; NaN without gates
  public record Layer(
      int layer, Cosines inOut, Cosines shuffled, double rare, double below, Cosines gateOut) {}

  /// A head.
  ///
  /// @param layer its block
  /// @param head which one
  /// @param copying `Σ Re λ / Σ |λ|` of its OV circuit: 1 copies what it reads, -1 turns it to its
  ///   opposite; NaN where the block has no values of its own
  /// @param toItself mean attention to the current token; no numbers where no text was read
  public record Head(int layer, int head, double copying, Estimate toItself) {

    /// Its name, as `L0H3`.
    public String label() {
      return WriterLabels.head(layer, head);
    }

    /// Whether it turns what it reads and mostly reads the current token.
    public boolean erases() {
      return copying < 0 && toItself.mean() > 0.5;
    }
  }

  /// What a run must keep, for attention to the current token.
  public static Capture capture() {
    return Capture.matching("blocks.*.attn.hook_pattern").withoutLogits();
  }

  /// By weights alone.
  ///
  /// @param model whose weights
  /// @param random where the control's pairs come from
  public static ErasureCandidates of(Transformer model, RandomGenerator random) {
    return reader(model, random).found();
  }

  /// By weights, and by where heads look in texts.
  ///
  /// @param model whose weights and runs
  /// @param random where the control's pairs come from
  public static Reader reader(Transformer model, RandomGenerator random) {
    return new Reader(model, random);
  }

  /// Reads runs one by one and keeps means alone.
  public static final class Reader {
    private final Transformer model;
    private final RandomGenerator random;
    private final List<List<Sample>> toItself = new ArrayList<>();

    private Reader(Transformer model, RandomGenerator random) {
      this.model = model;
      this.random = random;
      model
          .spec()
          .blocks()
          .forEach(block ->
              toItself.add(
                  IntStream.range(0, block.attention().nHeads())
                      .mapToObj(_ -> new Sample())
                      .toList()));
    }

    /// Reads a run; its first position, which can look nowhere else, is left out.
    ///
    /// @param trace a run of one text that kept what [ErasureCandidates#capture] names
    public void read(StreamTrace trace) {
      int length = trace.tokens().getFirst().length;
      if (trace.positions().size() != length) {
        throw MemoryException.everyPosition("Attention to the current token");
      }
      Rows rows = new Rows.AfterFirst();
      try (Scope _ = Scope.open()) {
        long[] own = IntStream.range(0, length).asLongStream().toArray();
        for (int layer = 0; layer < toItself.size(); layer++) {
          Tensor pattern = Wide.of(trace.get(new HookPoint.Pattern(layer)));
          Tensor index =
              Tensor.of(own, Shape.of("query_pos", length))
                  .to(pattern.device())
                  .repeat(pattern.shape().axis("head"));
          Tensor diagonal = pattern.pick("key_pos", index.order("head", "query_pos"));
          for (int head = 0; head < toItself.get(layer).size(); head++) {
            toItself.get(layer).get(head).add(rows.of(diagonal.at("head", head)));
          }
        }
      }
    }

    /// What was found.
    public ErasureCandidates found() {
      List<Neuron> neurons = new ArrayList<>();
      List<Layer> layers = new ArrayList<>();
      List<Head> heads = new ArrayList<>();
      FoldedMaps maps = new FoldedMaps(model);
      for (int layer = 0; layer < model.spec().nLayers(); layer++) {
        try (Scope _ = Scope.open()) {
          if (model.spec().blocks().get(layer).hasMlp()) {
            layers.add(addNeurons(layer, maps, neurons));
          }
          addHeads(layer, maps, heads);
        }
      }
      return new ErasureCandidates(neurons, layers, heads);
    }

    private Layer addNeurons(int layer, FoldedMaps maps, List<Neuron> neurons) {
      Tensor in = unit(maps.mlpReads(layer, "W_in"));
      Tensor out = unit(maps.mlpWrites(layer));
      double[] inOut = cosines(in, out);
      double[] gateOut = new double[0];
      double[] gateIn = new double[0];
      if (maps.gated(layer)) {
        Tensor gate = unit(maps.mlpReads(layer, "W_gate"));
        gateOut = cosines(gate, out);
        gateIn = cosines(gate, in);
      }
      for (int n = 0; n < inOut.length; n++) {
        neurons.add(new Neuron(layer, n, inOut[n], at(gateOut, n), at(gateIn, n)));
      }
      double[] shuffled = shuffled(in, out);
      double rare = Quantile.withDefaults().evaluate(shuffled, RARE);
      double below = Arrays.stream(inOut).filter(c -> c < rare).count() / (double) inOut.length;
      return new Layer(
          layer, Cosines.of(inOut), Cosines.of(shuffled), rare, below, Cosines.of(gateOut));
    }

    private double[] shuffled(Tensor in, Tensor out) {
      int count = Math.toIntExact(in.size("d_mlp"));
      double[] all = new double[SHUFFLES * count];
      for (int shuffle = 0; shuffle < SHUFFLES; shuffle++) {
        Tensor order = Tensor.of(permutation(count), Shape.of("d_mlp", count)).to(out.device());
        double[] once = cosines(in, out.take("d_mlp", order));
        System.arraycopy(once, 0, all, shuffle * count, count);
      }
      return all;
    }

    private long[] permutation(int count) {
      long[] order = IntStream.range(0, count).asLongStream().toArray();
      for (int i = count - 1; i > 0; i--) {
        int other = random.nextInt(i + 1);
        long swapped = order[i];
        order[i] = order[other];
        order[other] = swapped;
      }
      return order;
    }

    private void addHeads(int layer, FoldedMaps maps, List<Head> heads) {
      int count = toItself.get(layer).size();
      double[] copying =
          maps.valueReads(layer)
              .map(reads -> copying(reads, maps.headWrites(layer)))
              .orElseGet(() -> IntStream.range(0, count).mapToDouble(_ -> Double.NaN).toArray());
      for (int head = 0; head < count; head++) {
        heads.add(new Head(layer, head, copying[head], toItself.get(layer).get(head).estimate()));
      }
    }

    /// The map from the stream to itself has the eigenvalues of this small one, and zeros.
    private static double[] copying(Tensor reads, Tensor writes) {
      Tensor small = writes.dot(reads.rename("d_head", "to"), "d_model");
      var values = LinearAlgebra.eigenvalues(small, "d_head", "to");
      Tensor sizes = values.real().square().plus(values.imaginary().square()).sqrt();
      return values.real().sum("eigen").dividedBy(sizes.sum("eigen")).toDoubles();
    }

    private static Tensor unit(Tensor rows) {
      return rows.dividedBy(rows.norm("d_model"));
    }

    private static double[] cosines(Tensor a, Tensor b) {
      return a.times(b).sum("d_model").toDoubles();
    }

    private static OptionalDouble at(double[] values, int index) {
      return values.length == 0 ? OptionalDouble.empty() : OptionalDouble.of(values[index]);
    }
  }

  // ---------------------------------------------------------------- what it says

  /// Every neuron, block by block.
  public List<Neuron> neurons() {
    return neurons;
  }

  /// Every block that has neurons.
  public List<Layer> layers() {
    return layers;
  }

  /// Every head, block by block.
  public List<Head> heads() {
    return heads;
  }

  /// The neurons that write most against what they read, rarer than one in a hundred by chance; the
  /// most negative cosine first.
  ///
  /// @param count how many at most
  public List<Neuron> erasingNeurons(int count) {
    return neurons.stream()
        .filter(neuron -> neuron.inOut() < Math.min(0, layer(neuron.layer()).rare()))
        .sorted(Comparator.comparingDouble(Neuron::inOut))
        .limit(count)
        .toList();
  }

  private Layer layer(int layer) {
    return layers.stream().filter(l -> l.layer() == layer).findFirst().orElseThrow();
  }
}
