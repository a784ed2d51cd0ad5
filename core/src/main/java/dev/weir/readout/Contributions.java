package dev.weir.readout;

import dev.weir.model.Transformer;
import dev.weir.readout.DirectLogitAttribution.Kind;
import dev.weir.readout.DirectLogitAttribution.Part;
import dev.weir.readout.FrozenPathway.Place;
import dev.weir.stream.Capture;
import dev.weir.stream.StreamTrace;
import dev.weir.stream.WriterLabels;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// Who talks to whom in a run: how much of what each reader of the stream reads comes from each
/// writer, carried by the pathway with its routing frozen ([Transport]). What a reader reads, `x`,
/// is the sum of the parts `c`, exactly; the share of a part is `c · x / ‖x‖²`, and the shares of a
/// reader add up to 1. Products are of the stream itself or of what the reader's own weights make
/// of it ([Measure]).
///
/// No part is kept as a vector, so a run costs memory for `writers × readers × pos` numbers.
public final class Contributions {
  /// Numbers that are carried together: a pathway's state may hold each as often as there are
  /// writes, and 2²⁶ are 256 MiB in float32.
  private static final long CARRIED_TOGETHER = 1L << 26;

  private final List<Writer> writers = new ArrayList<>();
  private final List<Reader> readers;
  private final List<Integer> positions;
  private final double[] lengths;
  private final List<double[]> shares = new ArrayList<>();
  private final List<double[]> norms = new ArrayList<>();
  private final List<Integer> reached = new ArrayList<>();

  private Contributions(List<Reader> readers, List<Integer> positions, double[] lengths) {
    this.readers = readers;
    this.positions = positions;
    this.lengths = lengths;
  }

  /// How finely writers are told apart.
  public enum Level {
    /// Attention as a whole.
    LAYER,
    /// Head by head, and what attention writes whatever the text.
    HEAD
  }

  /// What the size of a part is measured by. The norm of what arrives, its cosine and its share are
  /// all of the same measure.
  public enum Measure {
    /// The stream itself: `a · b`.
    STREAM,
    /// What the reader's own weights make of it: `aW · bW` with the gain of its norm in `W`
    /// (queries, keys and values of attention, the input maps of an MLP, the unembedding at the
    /// end). What the weights do not read counts for nothing. The norm's scale is the same for all
    /// parts and drops out of shares; norms are before it.
    WEIGHTS
  }

  /// What to tell apart and how to measure it.
  ///
  /// @param level how finely writers are told apart
  /// @param measure what sizes are measured by
  public record Options(Level level, Measure measure) {

    /// Sublayers, as the stream holds them.
    public static Options usual() {
      return new Options(Level.LAYER, Measure.STREAM);
    }

    /// The same with writers told apart otherwise.
    ///
    /// @param other how finely
    public Options with(Level other) {
      return new Options(other, measure);
    }

    /// The same measured otherwise.
    ///
    /// @param other by what
    public Options with(Measure other) {
      return new Options(level, other);
    }
  }

  /// Somebody who writes to the stream.
  ///
  /// @param kind what it is
  /// @param label for instance `embed`, `L3H2`, `3_attn_out`, `3_mlp_out`, `3_attn_bias`
  public record Writer(Kind kind, String label) {}

  /// What a run must keep for everything but [#sources].
  public static Capture capture() {
    return DirectLogitAttribution.capture()
        .and(
            "blocks.*.hook_local_in?",
            "blocks.*.hook_attn_in?",
            "blocks.*.hook_*_input?",
            "blocks.*.hook_mlp_in?")
        .withoutLogits();
  }

  /// What a run must keep for everything, patterns and values included; every position is needed.
  public static Capture captureSources() {
    return capture().and("blocks.*.attn.hook_pattern", "blocks.*.attn.hook_v");
  }

  /// To every reader.
  ///
  /// @param model whose run it was
  /// @param trace a run of one text that kept what [#capture] names
  /// @param options what is told apart and how it is measured
  public static Contributions of(Transformer model, StreamTrace trace, Options options) {
    return of(model, trace, options, Reader.of(model));
  }

  /// To some readers.
  ///
  /// @param model whose run it was
  /// @param trace a run of one text that kept what [#capture] names
  /// @param options what is told apart and how it is measured
  /// @param readers who reads; they are put in the order of depth
  public static Contributions of(
      Transformer model, StreamTrace trace, Options options, List<Reader> readers) {
    try (Scope _ = Scope.open()) {
      Writes writes = new Writes("Contributions", model, trace);
      List<Reader> inOrder =
          readers.stream()
              .sorted(Comparator.comparingInt(reader -> writes.place(reader.point()).writes()))
              .toList();
      Readings readings = Readings.of(model, trace, inOrder, options.measure());
      Contributions found =
          new Contributions(inOrder, trace.positions(), readings.lengths().toDoubles());
      List<Place> places = inOrder.stream().map(r -> writes.place(r.point())).toList();
      writes.forEach(
          options.level(),
          together(writes),
          batch -> found.add(writes.pathway(), batch, places, readings));
      return found;
    }
  }

  private static int together(Writes writes) {
    long held = writes.embed().shape().elements() * (1 + writes.sites().size());
    return Math.toIntExact(Math.max(1, CARRIED_TOGETHER / held));
  }

  /// Carries parts to every reader and keeps their sizes there.
  private void add(
      FrozenPathway<?> pathway, Writes.Batch batch, List<Place> places, Readings readings) {
    int first = writers.size();
    writers.addAll(batch.writers());
    for (FrozenPathway.Origin origin : batch.origins()) {
      long before = places.stream().filter(p -> p.writes() < origin.writes()).count();
      reached.add(Math.toIntExact(before));
      shares.add(new double[lengths.length]);
      norms.add(new double[lengths.length]);
    }
    pathway.carry(
        batch.parts(),
        batch.origins(),
        places,
        (from, to, parts) ->
            keep(first, from, readings.products(parts, from, to), readings.norms(parts, from, to)));
  }

  /// Keeps the sizes of some parts at a stretch of readers.
  ///
  /// @param first index of the first writer
  /// @param from index of the first reader
  /// @param products `[writer, reader, pos]`
  /// @param sizes the same shape
  private void keep(int first, int from, Tensor products, Tensor sizes) {
    double[] along = products.toDoubles();
    double[] norm = sizes.toDoubles();
    int stretch = Math.toIntExact(products.size("reader") * products.size("pos"));
    int start = from * positions.size();
    for (int w = 0; w < products.size("writer"); w++) {
      for (int i = 0; i < stretch; i++) {
        int at = start + i;
        shares.get(first + w)[at] = along[w * stretch + i] / (lengths[at] * lengths[at]);
        norms.get(first + w)[at] = norm[w * stretch + i];
      }
    }
  }

  // ---------------------------------------------------------------- finer parts of one reading

  /// The share of each neuron that wrote before a reader; with the output biases they add up to
  /// their MLPs' shares.
  ///
  /// @param model whose run it was
  /// @param trace a run of one text that kept what [#capture] names
  /// @param reader who reads
  /// @param measure what sizes are measured by
  /// @param over indices of the positions to take the mean of
  public static List<Part> neurons(
      Transformer model, StreamTrace trace, Reader reader, Measure measure, List<Integer> over) {
    try (Scope _ = Scope.open()) {
      Writes writes = new Writes("Contributions", model, trace);
      Along along =
          new Along(
              writes,
              Readings.of(model, trace, List.of(reader), measure).unit(0),
              writes.place(reader.point()));
      List<Part> parts = new ArrayList<>();
      for (int layer : along.mlps()) {
        Tensor chosen =
            Tensor.stack("pos", over.stream().map(i -> along.neurons(layer).at("pos", i)).toList());
        double[] shares = chosen.mean("pos").toDoubles();
        for (int neuron = 0; neuron < shares.length; neuron++) {
          parts.add(new Part(Kind.NEURON, WriterLabels.neuron(layer, neuron), shares[neuron]));
        }
      }
      return parts;
    }
  }

  /// The share of each source token through each head that wrote before a reader; with attention's
  /// biases they add up to the heads' shares. Labels are `L3H2<-5`: what head 2 of block 3 brought
  /// from position 5.
  ///
  /// @param model whose run it was
  /// @param trace a run of one text that kept what [#captureSources] names
  /// @param reader who reads
  /// @param measure what sizes are measured by
  /// @param index at which position
  public static List<Part> sources(
      Transformer model, StreamTrace trace, Reader reader, Measure measure, int index) {
    try (Scope _ = Scope.open()) {
      Writes writes = new Writes("Contributions", model, trace);
      writes.requirePosition(index);
      return Along.sources(
          writes,
          Readings.of(model, trace, List.of(reader), measure).unit(0),
          writes.place(reader.point()),
          index);
    }
  }

  // ---------------------------------------------------------------- what it says

  /// Who writes, first to last.
  public List<Writer> writers() {
    return List.copyOf(writers);
  }

  /// Who reads, first to last.
  public List<Reader> readers() {
    return readers;
  }

  /// The positions of the text, in the order of the index that the methods here take.
  public List<Integer> positions() {
    return positions;
  }

  /// Whether a writer writes before a reader reads.
  ///
  /// @param writer index of the writer
  /// @param reader index of the reader
  public boolean precedes(int writer, int reader) {
    return reached.get(writer) <= reader;
  }

  /// The part of what a reader reads that a writer wrote, `c · x / ‖x‖²`: over all writers they add
  /// up to 1. 0 for what is written later; NaN where nothing is read.
  ///
  /// @param writer index of the writer
  /// @param reader index of the reader
  /// @param index index of the position
  public double share(int writer, int reader, int index) {
    return shares.get(writer)[at(reader, index)];
  }

  /// The Euclidean length of what arrives of a writer's part.
  ///
  /// @param writer index of the writer
  /// @param reader index of the reader
  /// @param index index of the position
  public double norm(int writer, int reader, int index) {
    return norms.get(writer)[at(reader, index)];
  }

  /// The cosine between what arrives of a writer's part and the whole reading; NaN where nothing
  /// arrives.
  ///
  /// @param writer index of the writer
  /// @param reader index of the reader
  /// @param index index of the position
  public double cosine(int writer, int reader, int index) {
    return share(writer, reader, index) * length(reader, index) / norm(writer, reader, index);
  }

  /// The Euclidean length of what a reader reads.
  ///
  /// @param reader index of the reader
  /// @param index index of the position
  public double length(int reader, int index) {
    return lengths[at(reader, index)];
  }

  private int at(int reader, int index) {
    if (index < 0 || index >= positions.size()) {
      throw ReadoutException.noSuchPosition(index, positions.size());
    }
    return reader * positions.size() + index;
  }

  /// The indices of every kept position but the text's first, which behaves unlike all others; that
  /// one where there is no other.
  ///
  /// @param trace a run of one text
  public static List<Integer> afterTheFirst(StreamTrace trace) {
    List<Integer> positions = trace.positions();
    List<Integer> later =
        IntStream.range(0, positions.size())
            .filter(index -> positions.get(index) > 0)
            .boxed()
            .toList();
    return later.isEmpty() ? List.of(0) : later;
  }

  // ---------------------------------------------------------------- over many texts

  /// The means over positions of each text, and over texts with their intervals. Holds numbers for
  /// one text, whatever the number of texts.
  public static final class Mean {
    private final List<Writer> writers;
    private final List<Reader> readers;
    private final List<Integer> reached;
    private final List<List<Sizes>> sizes;

    /// Nothing yet.
    ///
    /// @param like a run of the model, with the writers and readers of all that will come
    public Mean(Contributions like) {
      this.writers = like.writers();
      this.readers = like.readers();
      this.reached = List.copyOf(like.reached);
      this.sizes =
          writers.stream()
              .map(_ -> Stream.generate(Sizes::new).limit(readers.size()).toList())
              .toList();
    }

    private record Sizes(Estimate.Running share, Estimate.Running norm, Estimate.Running cosine) {
      Sizes() {
        this(new Estimate.Running(), new Estimate.Running(), new Estimate.Running());
      }
    }

    /// Takes one more text.
    ///
    /// @param text its contributions
    /// @param over indices of the positions whose mean counts
    public void add(Contributions text, List<Integer> over) {
      for (int w = 0; w < writers.size(); w++) {
        for (int r = 0; r < readers.size(); r++) {
          int writer = w;
          int reader = r;
          Sizes here = sizes.get(w).get(r);
          here.share.add(mean(over, i -> text.share(writer, reader, i)));
          here.norm.add(mean(over, i -> text.norm(writer, reader, i)));
          here.cosine.add(mean(over, i -> text.cosine(writer, reader, i)));
        }
      }
    }

    private static double mean(List<Integer> over, IntToDoubleFunction value) {
      return over.stream().mapToInt(i -> i).mapToDouble(value).average().orElse(Double.NaN);
    }

    /// Who writes, first to last.
    public List<Writer> writers() {
      return writers;
    }

    /// Who reads, first to last.
    public List<Reader> readers() {
      return readers;
    }

    /// As [Contributions#precedes].
    ///
    /// @param writer index of the writer
    /// @param reader index of the reader
    public boolean precedes(int writer, int reader) {
      return reached.get(writer) <= reader;
    }

    /// As [Contributions#share].
    ///
    /// @param writer index of the writer
    /// @param reader index of the reader
    public Estimate share(int writer, int reader) {
      return sizes.get(writer).get(reader).share.estimate();
    }

    /// As [Contributions#norm].
    ///
    /// @param writer index of the writer
    /// @param reader index of the reader
    public Estimate norm(int writer, int reader) {
      return sizes.get(writer).get(reader).norm.estimate();
    }

    /// As [Contributions#cosine].
    ///
    /// @param writer index of the writer
    /// @param reader index of the reader
    public Estimate cosine(int writer, int reader) {
      return sizes.get(writer).get(reader).cosine.estimate();
    }
  }
}
