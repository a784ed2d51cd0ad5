package dev.weir.readout.memory;

import dev.weir.model.Transformer;
import dev.weir.readout.Transport;
import dev.weir.stream.Capture;
import dev.weir.stream.Site;
import dev.weir.stream.StreamTrace;
import dev.weir.stream.WriterLabels;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// How much of what one component wrote a later one takes away at the same position (Janiak et al.
/// 2023, arXiv:2310.07325): `PR(c, w) = c·w / ‖w‖²`, with `w` as it stands in the stream just
/// before `c` is written, and `c` as it arrives. -1 is complete erasure, 0 none, +1 doubling. On a
/// pathway that changes the stream by itself, what it does to `w` at that write stands beside it.
public final class ProjectionRatios {

  /// How many numbers are kept for quartiles, all pairs together: 64 MiB.
  private static final int NUMBERS_KEPT = 1 << 24;

  /// A write of which less than a ten-thousandth of its length is left is gone: what meets the rest
  /// is rounding.
  private static final double NOTHING_LEFT = 1e-8;

  private static final int MOST_FOR_ONE = 4096;
  private static final int LEAST_FOR_ONE = 64;

  private final boolean plain;
  private final List<Ratio> ratios;

  private ProjectionRatios(boolean plain, List<Ratio> ratios) {
    this.plain = plain;
    this.ratios = List.copyOf(ratios);
  }

  /// What of a cleaner is measured.
  public enum Part {
    /// All that it writes.
    WHOLE,
    /// What a head writes of the first position, where many heads look when they have nothing to
    /// do.
    FROM_FIRST,
    /// What a head writes of all other positions.
    FROM_OTHERS,
    /// What the pathway does to the stream when this sublayer writes.
    PATHWAY
  }

  /// A pair of components.
  ///
  /// @param cleaner who writes later
  /// @param part what of it
  /// @param writer whose write it meets
  /// @param ratio over positions of all texts
  /// @param cosine mean over the same positions; the ratio is it times the ratio of lengths, which
  ///   is large for a writer that writes next to nothing
  public record Ratio(String cleaner, Part part, String writer, Quartiles ratio, double cosine) {}

  /// Who meets whom.
  private record Pair(String cleaner, Part part, String writer) {}

  /// What a run must keep.
  public static Capture capture() {
    return Transport.capture()
        .and("blocks.*.attn.hook_pattern", "blocks.*.attn.hook_v")
        .withoutLogits();
  }

  /// Of one run.
  ///
  /// @param model whose run it was
  /// @param trace a run of one text that kept what [#capture] names
  /// @param only whose write is met; empty for all
  /// @param rows at which positions
  public static ProjectionRatios of(
      Transformer model, StreamTrace trace, Optional<Write> only, Rows rows) {
    Reader reader = reader(model, only, rows);
    reader.read(trace);
    return reader.found();
  }

  /// Of many runs, one by one.
  ///
  /// @param model whose runs
  /// @param only whose write is met; empty for all
  /// @param rows at which positions of each text
  public static Reader reader(Transformer model, Optional<Write> only, Rows rows) {
    return new Reader(model, only, rows);
  }

  /// Reads runs one by one; keeps so many numbers for each pair, whatever the number of texts.
  public static final class Reader {
    private final Transformer model;
    private final Optional<Write> only;
    private final Rows rows;
    private final int capacity;
    private final Map<Pair, Tally> tallies = new LinkedHashMap<>();

    private Reader(Transformer model, Optional<Write> only, Rows rows) {
      this.model = model;
      this.only = only;
      this.rows = rows;
      long components =
          model.spec().blocks().stream().mapToLong(b -> b.attention().nHeads() + 2L).sum();
      long writers = only.isPresent() ? 1 : components;
      this.capacity =
          Math.clamp(NUMBERS_KEPT / (writers * components), LEAST_FOR_ONE, MOST_FOR_ONE);
    }

    /// Reads a run.
    ///
    /// @param trace a run of one text that kept what [ProjectionRatios#capture] names
    public void read(StreamTrace trace) {
      if (trace.positions().size() != trace.tokens().getFirst().length) {
        throw MemoryException.everyPosition("A projection ratio");
      }
      try (Scope _ = Scope.open()) {
        Transport transport = Transport.of(model, trace);
        int last = transport.sites().size() - 1;
        for (int site = -1; site < last; site++) {
          read(site, transport);
        }
      }
    }

    /// All that was written at a site, against all that is written later.
    private void read(int site, Transport transport) {
      try (Scope _ = Scope.open()) {
        Parts writers = wanted(written(site, transport));
        if (writers.isEmpty()) {
          return;
        }
        List<Tensor> course = course(writers.stacked("writer"), site, transport);
        Tensor least = course.getFirst().square().sum("d_model").times(NOTHING_LEFT);
        for (int later = site + 1; later < transport.sites().size(); later++) {
          try (Scope _ = Scope.open()) {
            Tensor before = course.get(later - site - 1);
            meet(writers, least, before, course.get(later - site), later, transport);
          }
        }
      }
    }

    private Parts wanted(Parts parts) {
      return only.map(write -> parts.only(write, rows)).orElse(parts);
    }

    /// The components of one site, `[component, pos, d_model]`.
    private Parts written(int site, Transport transport) {
      Parts parts = new Parts();
      if (site < 0) {
        parts.add("embed", Part.WHOLE, transport.embedded());
        return parts;
      }
      Site at = transport.sites().get(site);
      parts.add(WriterLabels.write(at), Part.WHOLE, transport.written(at));
      if (at.sublayer() == Site.Sublayer.ATTENTION) {
        Tensor heads = transport.headWrites(at.layer());
        for (int head = 0; head < heads.size("head"); head++) {
          parts.add(WriterLabels.head(at.layer(), head), Part.WHOLE, heads.at("head", head));
        }
      }
      only.filter(write -> write instanceof Write.Neuron && write.site(model) == site)
          .ifPresent(write -> parts.add(write.label(), Part.WHOLE, write.in(transport)));
      return parts;
    }

    /// The same, and what heads wrote of the first position and of all others.
    private Parts cleaners(int site, Transport transport) {
      Parts parts = written(site, transport);
      Site at = transport.sites().get(site);
      if (at.sublayer() == Site.Sublayer.ATTENTION) {
        Tensor heads = transport.headWrites(at.layer());
        Tensor first = transport.headWrites(at.layer(), 0, 1).at("key_pos", 0);
        for (int head = 0; head < heads.size("head"); head++) {
          String label = WriterLabels.head(at.layer(), head);
          Tensor ofFirst = first.at("head", head);
          parts.add(label, Part.FROM_FIRST, ofFirst);
          parts.add(label, Part.FROM_OTHERS, heads.at("head", head).minus(ofFirst));
        }
      }
      return parts;
    }

    private static List<Tensor> course(Tensor parts, int site, Transport transport) {
      return site < 0
          ? transport.embedCourse(parts)
          : transport.course(parts, transport.sites().get(site));
    }

    /// @param writers whose writes
    /// @param least the square of the length below which nothing is left of a write, `[writer,
    ///   pos]`
    /// @param before the writes before a site writes, `[writer, pos, d_model]`
    /// @param after the same after it has written
    private void meet(
        Parts writers, Tensor least, Tensor before, Tensor after, int site, Transport transport) {
      Tensor squares = before.square().sum("d_model");
      Tensor lengths = squares.where(least.atMost(squares), Double.NaN).sqrt();
      Parts cleaners = cleaners(site, transport);
      Tensor arrived = course(cleaners.stacked("cleaner"), site, transport).getFirst();
      add(arrived.dot(before, "d_model"), arrived.norm("d_model"), lengths, cleaners, writers);
      if (!transport.plain()) {
        Parts pathway = new Parts();
        pathway.add(WriterLabels.write(transport.sites().get(site)), Part.PATHWAY, before);
        Tensor change = after.minus(before);
        add(
            Tensor.stack("cleaner", List.of(change.times(before).sum("d_model"))),
            Tensor.stack("cleaner", List.of(change.norm("d_model"))),
            lengths,
            pathway,
            writers);
      }
    }

    /// @param products `c·w`, cleaner, writer and pos in any order, same axes
    /// @param cleanerLengths `‖c‖`, without the writer where it is the same for all
    /// @param lengths `‖w‖`, `[writer, pos]`
    private void add(
        Tensor products, Tensor cleanerLengths, Tensor lengths, Parts cleaners, Parts writers) {
      Tensor shadows = products.dividedBy(lengths);
      double[] ratios = shadows.dividedBy(lengths).order("cleaner", "writer", "pos").toDoubles();
      double[] cosines =
          shadows.dividedBy(cleanerLengths).order("cleaner", "writer", "pos").toDoubles();
      int length = Math.toIntExact(lengths.size("pos"));
      int[] positions = rows.indices(length);
      for (int c = 0; c < cleaners.size(); c++) {
        for (int w = 0; w < writers.size(); w++) {
          Pair pair = new Pair(cleaners.label(c), cleaners.part(c), writers.label(w));
          Tally tally = tallies.computeIfAbsent(pair, _ -> new Tally(capacity));
          for (int position : positions) {
            int at = (c * writers.size() + w) * length + position;
            tally.add(ratios[at], cosines[at]);
          }
        }
      }
    }

    /// What was found.
    ///
    /// @throws MemoryException if nothing was read
    public ProjectionRatios found() {
      if (tallies.isEmpty()) {
        throw MemoryException.nothingRead();
      }
      List<Ratio> ratios = new ArrayList<>();
      tallies.forEach((pair, tally) ->
          ratios.add(
              new Ratio(
                  pair.cleaner(),
                  pair.part(),
                  pair.writer(),
                  tally.spread.quartiles(),
                  tally.cosines / tally.count)));
      return new ProjectionRatios(model.pathway().additive(), ratios);
    }
  }

  /// The numbers of one pair.
  private static final class Tally {
    private final Spread spread;
    private double cosines;
    private long count;

    Tally(int capacity) {
      this.spread = new Spread(capacity);
    }

    void add(double ratio, double cosine) {
      spread.add(ratio);
      if (Double.isFinite(cosine)) {
        cosines += cosine;
        count++;
      }
    }
  }

  /// Parts of one site, with what they are called.
  private static final class Parts {
    private final List<String> labels = new ArrayList<>();
    private final List<Part> parts = new ArrayList<>();
    private final List<Tensor> values = new ArrayList<>();

    void add(String label, Part part, Tensor value) {
      labels.add(label);
      parts.add(part);
      values.add(value);
    }

    Parts only(Write write, Rows rows) {
      Parts one = new Parts();
      int index = labels.indexOf(write.label());
      if (index >= 0) {
        one.add(write.label(), Part.WHOLE, rows.only(values.get(index)));
      }
      return one;
    }

    boolean isEmpty() {
      return labels.isEmpty();
    }

    int size() {
      return labels.size();
    }

    String label(int index) {
      return labels.get(index);
    }

    Part part(int index) {
      return parts.get(index);
    }

    Tensor stacked(String axis) {
      return Tensor.stack(axis, values);
    }
  }

  // ---------------------------------------------------------------- what it says

  /// Whether the pathway leaves writes as they are, so that [Part#PATHWAY] does not occur.
  public boolean plain() {
    return plain;
  }

  /// Every pair, writers in the order of the computation.
  public List<Ratio> ratios() {
    return ratios;
  }

  /// One pair.
  ///
  /// @param cleaner who writes later
  /// @param part what of it
  /// @param writer whose write it meets
  /// @throws MemoryException if they do not meet
  public Quartiles of(String cleaner, Part part, String writer) {
    return ratios.stream()
        .filter(r -> r.cleaner().equals(cleaner) && r.part() == part && r.writer().equals(writer))
        .findFirst()
        .map(Ratio::ratio)
        .orElseThrow(() -> MemoryException.neverMeet(cleaner, writer));
  }

  /// The pairs in which most is erased, the most negative median first.
  ///
  /// @param count how many at most
  /// @param part of which kind
  public List<Ratio> mostErased(int count, Part part) {
    return ratios.stream()
        .filter(ratio -> ratio.part() == part && ratio.ratio().median() < 0)
        .sorted(Comparator.comparingDouble(ratio -> ratio.ratio().median()))
        .limit(count)
        .toList();
  }
}
