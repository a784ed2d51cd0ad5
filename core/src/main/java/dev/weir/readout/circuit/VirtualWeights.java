package dev.weir.readout.circuit;

import dev.weir.model.BlockSpec;
import dev.weir.readout.Wide;
import dev.weir.stream.Site;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.stream.IntStream;

/// The weights that are not there: how strongly what each unit of a writer writes is read by each
/// unit of a later reader, as if they were joined directly, `w_out · w_in` (Elhage et al. 2021,
/// "virtual weights"). Only a few rows of the whole matrix are held at a time.
///
/// Without the size that the norm on the way divides by, which depends on the run: weights of one
/// reader can be compared, and cosines everywhere.
public final class VirtualWeights {
  /// Weights held at a time: 2²² numbers are 16 MiB in float32.
  private static final long AT_A_TIME = 1L << 22;

  private static final Comparator<Entry> BY_INDEX =
      Comparator.comparingInt(Entry::writer).thenComparingInt(Entry::reader);

  private final StreamPart.Writer writer;
  private final StreamPart.Reader reader;
  private final Options options;
  private final Summary summary;
  private final List<Entry> top;
  private final List<List<Entry>> rows;

  private VirtualWeights(
      StreamPart.Writer writer, StreamPart.Reader reader, Options options, Search search) {
    this.writer = writer;
    this.reader = reader;
    this.options = options;
    this.summary = search.summary();
    this.top = search.top();
    this.rows = List.copyOf(search.rows);
  }

  /// What a pair is ranked by.
  public enum Measure {
    /// `w_out · w_in`: how much of an effect there is.
    PRODUCT,
    /// The product of both after they were brought to length 1: how well they fit.
    COSINE
  }

  /// What is looked for.
  ///
  /// @param measure what pairs are ranked by, without its sign
  /// @param top how many of all pairs are kept
  /// @param perWriter how many pairs are kept of each unit of the writer
  public record Options(Measure measure, int top, int perWriter) {

    /// The strongest few of all pairs, by their products.
    ///
    /// @param top how many
    public static Options strongest(int top) {
      return new Options(Measure.PRODUCT, top, 0);
    }
  }

  /// One pair.
  ///
  /// @param writer which unit of the writer: a token, a neuron, a direction
  /// @param reader which unit of the reader
  /// @param product `w_out · w_in`
  /// @param cosine the same after both were brought to length 1
  public record Entry(int writer, int reader, double product, double cosine) {}

  /// The whole matrix in numbers, of the measure that was chosen.
  ///
  /// @param writers how many units the writer has
  /// @param readers how many units the reader has
  /// @param norm Frobenius norm
  /// @param largest the pair with the largest number
  /// @param smallest the pair with the smallest
  public record Summary(long writers, long readers, double norm, Entry largest, Entry smallest) {

    /// The root of the mean square.
    public double typical() {
      return norm / Math.sqrt((double) writers * readers);
    }
  }

  /// Between a writer and a reader that comes after it.
  ///
  /// @param circuits of a model whose stream only adds
  /// @param writer who writes
  /// @param reader who reads
  /// @param options what is looked for
  /// @throws CircuitException if the pathway does more than add, the model has no such parts or the
  ///   reader does not come after the writer
  public static VirtualWeights of(
      Circuits circuits, StreamPart.Writer writer, StreamPart.Reader reader, Options options) {
    StreamWeights weights = circuits.weights();
    weights.requireAdditive("Virtual weights");
    try (Scope _ = Scope.open()) {
      Tensor writes = written(circuits, writer);
      Tensor reads = read(weights, reader);
      requireBefore(weights, writer, reader);
      Search search = new Search(options, writes, reads);
      search.run();
      return new VirtualWeights(writer, reader, options, search);
    }
  }

  // ---------------------------------------------------------------- results

  /// Who writes.
  public StreamPart.Writer writer() {
    return writer;
  }

  /// Who reads.
  public StreamPart.Reader reader() {
    return reader;
  }

  /// What was looked for.
  public Options options() {
    return options;
  }

  /// The whole matrix in numbers.
  public Summary summary() {
    return summary;
  }

  /// The strongest pairs of all, strongest first.
  public List<Entry> top() {
    return top;
  }

  /// The strongest pairs of one unit of the writer, strongest first.
  ///
  /// @param unit which
  public List<Entry> top(int unit) {
    return rows.get(unit);
  }

  // ---------------------------------------------------------------- who meets whom

  /// `[writer, d_model]`.
  private static Tensor written(Circuits circuits, StreamPart.Writer writer) {
    StreamWeights weights = circuits.weights();
    return switch (writer) {
      case StreamPart.Embedding() -> weights.embedding().rename("d_vocab", "writer");
      case StreamPart.PositionEmbedding() -> weights.positions().rename("n_ctx", "writer");
      case StreamPart.NeuronsOut(int layer) -> weights.out(layer).rename("d_mlp", "writer");
      case StreamPart.HeadValues(int layer, int head) -> {
        weights.requireHead(layer, head);
        yield weights.outputs(layer).at("head", head).rename("d_head", "writer");
      }
      case StreamPart.HeadDirections(int layer, int head) -> {
        weights.requireHead(layer, head);
        var svd = circuits.ov(layer, Circuits.Biases.LEFT_OUT).at("head", head).svd();
        yield svd.v().times(svd.s()).rename("rank", "writer").rename("to", "d_model");
      }
      case StreamPart.DirectionsOut(String _, Tensor rows, Site _) ->
          directions(weights, rows).rename("direction", "writer");
    };
  }

  /// `[reader, d_model]`.
  private static Tensor read(StreamWeights weights, StreamPart.Reader reader) {
    return switch (reader) {
      case StreamPart.NeuronsIn(int layer) -> weights.in(layer).rename("d_mlp", "reader");
      case StreamPart.Gates(int layer) -> weights.gate(layer).rename("d_mlp", "reader");
      case StreamPart.Queries(int layer, int head) -> {
        weights.requireHead(layer, head);
        yield weights.queries(layer).at("head", head).rename("d_head", "reader");
      }
      case StreamPart.Keys(int layer, int head) -> {
        weights.requireHead(layer, head);
        yield weights.keys(layer).at("head", head).rename("d_head", "reader");
      }
      case StreamPart.Values(int layer, int head) -> {
        weights.requireHead(layer, head);
        yield weights.values(layer).at("head", head).rename("d_head", "reader");
      }
      case StreamPart.Unembedding() -> weights.unembedding().rename("d_vocab", "reader");
      case StreamPart.DirectionsIn(String _, Tensor rows, Site _) ->
          directions(weights, rows).rename("direction", "reader");
    };
  }

  private static Tensor directions(StreamWeights weights, Tensor rows) {
    int dModel = weights.spec().dModel();
    boolean fit =
        rows.shape().rank() == 2
            && rows.shape().has("direction")
            && rows.shape().has("d_model")
            && rows.size("d_model") == dModel;
    if (!fit) {
      throw CircuitException.notDirections(rows.shape().toString(), dModel);
    }
    return Wide.of(rows);
  }

  private static void requireBefore(
      StreamWeights weights, StreamPart.Writer writer, StreamPart.Reader reader) {
    List<Site> sites = weights.spec().depth().sites();
    int wrote =
        switch (writer) {
          case StreamPart.Embedding _, StreamPart.PositionEmbedding _ -> -1;
          case StreamPart.NeuronsOut(int layer) -> sites.indexOf(Site.mlp(layer));
          case StreamPart.HeadValues(int layer, int _) -> sites.indexOf(Site.attention(layer));
          case StreamPart.HeadDirections(int layer, int _) -> sites.indexOf(Site.attention(layer));
          case StreamPart.DirectionsOut(String _, Tensor _, Site site) -> sites.indexOf(site);
        };
    int reads =
        switch (reader) {
          case StreamPart.NeuronsIn(int layer) -> mlp(weights, layer);
          case StreamPart.Gates(int layer) -> mlp(weights, layer);
          case StreamPart.Queries(int layer, int _) -> sites.indexOf(Site.attention(layer));
          case StreamPart.Keys(int layer, int _) -> sites.indexOf(Site.attention(layer));
          case StreamPart.Values(int layer, int _) -> sites.indexOf(Site.attention(layer));
          case StreamPart.Unembedding() -> sites.size();
          case StreamPart.DirectionsIn(String _, Tensor _, Site site) ->
              site.equals(Site.unembed()) ? sites.size() : sites.indexOf(site);
        };
    if (wrote >= reads) {
      throw CircuitException.notBefore(writer.label(), reader.label());
    }
  }

  /// An MLP beside attention reads what attention reads.
  private static int mlp(StreamWeights weights, int layer) {
    BlockSpec block = weights.spec().blocks().get(layer);
    List<Site> sites = weights.spec().depth().sites();
    return sites.indexOf(block.parallel() ? Site.attention(layer) : Site.mlp(layer));
  }

  // ---------------------------------------------------------------- the search

  /// One pass over the matrix, a few of its rows at a time.
  private static final class Search {
    private final Options options;
    private final Tensor writes;
    private final Tensor reads;
    private final Tensor writeLengths;
    private final Tensor readLengths;
    private final Comparator<Entry> byStrength;
    private final PriorityQueue<Entry> strongest;
    private final List<List<Entry>> rows = new ArrayList<>();
    private final List<Entry> largest = new ArrayList<>();
    private final List<Entry> smallest = new ArrayList<>();
    private double squares;

    Search(Options options, Tensor writes, Tensor reads) {
      this.options = options;
      this.writes = writes;
      this.reads = reads;
      this.writeLengths = lengths(writes);
      this.readLengths = lengths(reads);
      this.byStrength = Comparator.comparingDouble(entry -> Math.abs(measured(entry)));
      this.strongest = new PriorityQueue<>(byStrength.thenComparing(BY_INDEX.reversed()));
    }

    /// Of what has no length every cosine is 0.
    private static Tensor lengths(Tensor vectors) {
      return vectors.norm("d_model").notBelow(Float.MIN_NORMAL);
    }

    private double measured(Entry entry) {
      return switch (options.measure()) {
        case PRODUCT -> entry.product();
        case COSINE -> entry.cosine();
      };
    }

    void run() {
      long step = Math.max(1, AT_A_TIME / reads.size("reader"));
      for (long first = 0; first < writes.size("writer"); first += step) {
        long count = Math.min(step, writes.size("writer") - first);
        try (Scope _ = Scope.open()) {
          stretch(first, count);
        }
      }
    }

    private void stretch(long first, long count) {
      Tensor products =
          writes.slice("writer", first, count).dot(reads, "d_model").order("writer", "reader");
      Tensor lengths = writeLengths.slice("writer", first, count).times(readLengths);
      Tensor cosines = products.dividedBy(lengths);
      Stretch here =
          new Stretch(
              first,
              (int) reads.size("reader"),
              products.merge("pair", "writer", "reader"),
              cosines.order("writer", "reader").merge("pair", "writer", "reader"));
      Tensor measured = options.measure() == Measure.PRODUCT ? here.products() : here.cosines();
      squares += measured.square().sum().item();
      largest.addAll(here.entries(measured.topK(1, "pair")));
      smallest.addAll(here.entries(measured.times(-1).topK(1, "pair")));
      int most = (int) Math.min(options.top(), measured.size("pair"));
      if (most > 0) {
        here.entries(measured.abs().topK(most, "pair")).forEach(this::offer);
      }
      if (options.perWriter() > 0) {
        IntStream.range(0, (int) count).forEach(row -> rows.add(row(here, measured, row)));
      }
    }

    private List<Entry> row(Stretch here, Tensor measured, int row) {
      long readers = here.readers();
      Tensor numbers = measured.slice("pair", row * readers, readers).abs();
      Tensor.TopK top = numbers.topK((int) Math.min(options.perWriter(), readers), "pair");
      Tensor moved = top.indices().plus(row * (double) readers);
      return here.entries(new Tensor.TopK(top.values(), moved)).stream()
          .sorted(byStrength.reversed().thenComparing(BY_INDEX))
          .toList();
    }

    private void offer(Entry entry) {
      strongest.add(entry);
      if (strongest.size() > options.top()) {
        strongest.remove();
      }
    }

    List<Entry> top() {
      return strongest.stream().sorted(byStrength.reversed().thenComparing(BY_INDEX)).toList();
    }

    Summary summary() {
      Comparator<Entry> order = Comparator.comparingDouble(this::measured);
      return new Summary(
          writes.size("writer"),
          reads.size("reader"),
          Math.sqrt(squares),
          largest.stream().max(order).orElseThrow(),
          smallest.stream().min(order).orElseThrow());
    }
  }

  /// A few rows of the matrix.
  ///
  /// @param first the first row
  /// @param readers how many columns
  /// @param products `[pair]`
  /// @param cosines `[pair]`
  private record Stretch(long first, int readers, Tensor products, Tensor cosines) {

    List<Entry> entries(Tensor.TopK found) {
      long[] pairs = found.indices().toLongs();
      double[] values = products.take("pair", found.indices()).toDoubles();
      double[] fits = cosines.take("pair", found.indices()).toDoubles();
      List<Entry> entries = new ArrayList<>();
      for (int i = 0; i < pairs.length; i++) {
        int writer = (int) (first + pairs[i] / readers);
        entries.add(new Entry(writer, (int) (pairs[i] % readers), values[i], fits[i]));
      }
      return entries;
    }
  }
}
