package dev.weir.readout.memory;

import dev.weir.model.Transformer;
import dev.weir.readout.Estimate;
import dev.weir.readout.Transport;
import dev.weir.readout.Wide;
import dev.weir.stream.Capture;
import dev.weir.stream.HookPoint;
import dev.weir.stream.Site;
import dev.weir.stream.StreamTrace;
import dev.weir.stream.WriterLabels;
import dev.weir.tensor.Axis;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.function.ToDoubleFunction;

/// What becomes of a write, or of what lies along a direction, from where it arrives to the end: `P
/// = x·w / ‖w‖²`, with `w` as it stands in the stream right after it was written. Beside it the
/// exact part that is the write itself, carried by the pathway with its routing frozen, and what
/// others put along it.
public final class Persistence {
  private final String subject;
  private final Rows rows;
  private final List<Point> curve;
  private final Map<String, Estimate> writers;

  private Persistence(String subject, Rows rows, List<Point> curve, Map<String, Estimate> writers) {
    this.subject = subject;
    this.rows = rows;
    this.curve = List.copyOf(curve);
    this.writers = writers;
  }

  /// What is followed.
  public sealed interface Subject {

    /// What somebody wrote.
    ///
    /// @param write who
    record Of(Write write) implements Subject {}

    /// What lies along a direction, whoever wrote it.
    ///
    /// @param name what to call it
    /// @param direction `d_model` numbers, whose length is the unit
    record Along(String name, List<Double> direction) implements Subject {
      public Along {
        direction = List.copyOf(direction);
      }
    }
  }

  /// One place of the curve.
  ///
  /// @param place where along depth
  /// @param writes how many sublayers have written since the write arrived
  /// @param along `x·w / ‖w‖²` of the whole stream
  /// @param grown the same less its value just before the write
  /// @param kept the write itself: 1 where nothing was taken from it; NaN for a direction
  /// @param others `grown − kept`: what all others put along it or took away; NaN for a direction
  /// @param share length of what is left of the write as a share of the stream's length; for a
  ///   direction the size of the cosine
  public record Point(
      String place,
      int writes,
      Estimate along,
      Estimate grown,
      Estimate kept,
      Estimate others,
      Estimate share) {}

  /// What a run must keep.
  public static Capture capture() {
    return Transport.capture().withoutLogits();
  }

  /// Of one run.
  ///
  /// @param model whose run it was
  /// @param trace a run of one text that kept what [#capture] names
  /// @param subject what is followed
  /// @param rows at which positions
  public static Persistence of(Transformer model, StreamTrace trace, Subject subject, Rows rows) {
    Reader reader = reader(model, subject, rows);
    reader.read(trace);
    return reader.found();
  }

  /// Of many runs, one by one.
  ///
  /// @param model whose runs
  /// @param subject what is followed
  /// @param rows at which positions of each text
  /// @throws MemoryException if a direction does not fit the stream
  public static Reader reader(Transformer model, Subject subject, Rows rows) {
    if (subject instanceof Subject.Along(String _, List<Double> direction)) {
      check(direction, model.spec().dModel());
    }
    return new Reader(model, subject, rows);
  }

  private static void check(List<Double> direction, int dModel) {
    if (direction.size() != dModel) {
      throw MemoryException.wrongDirection(direction.size(), dModel);
    }
    double square = direction.stream().mapToDouble(x -> x * x).sum();
    if (!(square > 0) || !Double.isFinite(square)) {
      throw MemoryException.noDirection();
    }
  }

  /// Reads runs one by one and keeps means alone.
  public static final class Reader {
    private final Transformer model;
    private final Subject subject;
    private final Rows rows;
    private final List<Tally> tallies = new ArrayList<>();
    private final Map<String, Sample> writers = new LinkedHashMap<>();

    private Reader(Transformer model, Subject subject, Rows rows) {
      this.model = model;
      this.subject = subject;
      this.rows = rows;
    }

    /// Reads a run.
    ///
    /// @param trace a run of one text that kept what [Persistence#capture] names
    public void read(StreamTrace trace) {
      if (trace.positions().size() != trace.tokens().getFirst().length) {
        throw MemoryException.everyPosition("Persistence");
      }
      try (Scope _ = Scope.open()) {
        Transport transport = Transport.of(model, trace);
        switch (subject) {
          case Subject.Of(Write write) -> follow(write, transport, trace);
          case Subject.Along(String _, List<Double> direction) ->
              follow(direction, transport, trace);
        }
      }
    }

    private void follow(Write write, Transport transport, StreamTrace trace) {
      int site = write.site(model);
      List<Tensor> course = write.course(rows.only(write.in(transport)), transport);
      Ruler ruler = new Ruler(course.getFirst());
      List<Stops.Stop> all = Stops.of(model);
      List<Stops.Stop> after = all.stream().filter(stop -> stop.writes(transport) > site).toList();
      // Before the embedding there is nothing.
      Tensor start =
          site < 0
              ? ruler.of(ruler.direction().times(0))
              : ruler.of(Wide.of(trace.get(all.get(all.size() - after.size() - 1).point())));
      for (int i = 0; i < after.size(); i++) {
        int writes = after.get(i).writes(transport) - site - 1;
        Tensor stream = Wide.of(trace.get(after.get(i).point()));
        Tensor now = course.get(writes);
        Tensor whole = ruler.of(stream);
        Tensor grown = whole.minus(start);
        Tensor kept = ruler.of(now);
        tally(i, after.get(i).label(), writes)
            .add(
                rows.of(whole),
                rows.of(grown),
                rows.of(kept),
                rows.of(grown.minus(kept)),
                rows.of(now.norm("d_model").dividedBy(stream.norm("d_model"))));
      }
      addWriters(ruler, transport);
    }

    private void follow(List<Double> numbers, Transport transport, StreamTrace trace) {
      double[] values = numbers.stream().mapToDouble(x -> x).toArray();
      Tensor embedded = transport.embedded();
      Tensor direction =
          Tensor.of(values, Shape.of(new Axis("d_model", values.length)))
              .to(embedded.dtype())
              .to(embedded.device())
              .repeat(embedded.shape().axis("pos"));
      Ruler ruler = new Ruler(direction);
      double length = Math.sqrt(Arrays.stream(values).map(x -> x * x).sum());
      List<Stops.Stop> stops = Stops.of(model);
      Tensor start = ruler.of(Wide.of(trace.get(stops.getFirst().point())));
      for (int i = 0; i < stops.size(); i++) {
        Tensor stream = Wide.of(trace.get(stops.get(i).point()));
        Tensor whole = ruler.of(stream);
        double[] none = new double[0];
        tally(i, stops.get(i).label(), stops.get(i).writes(transport))
            .add(
                rows.of(whole),
                rows.of(whole.minus(start)),
                none,
                none,
                rows.of(whole.abs().times(length).dividedBy(stream.norm("d_model"))));
      }
      addWriters(ruler, transport);
    }

    /// What each write puts along it at the end.
    private void addWriters(Ruler ruler, Transport transport) {
      List<Write> wholes = Write.wholes(model);
      if (transport.mixesPositions()) {
        wholes.forEach(write ->
            addWriter(
                write.label(), ruler.of(write.course(write.in(transport), transport).getLast())));
      } else {
        // Where positions stay apart, taking the direction back once is as good as carrying all.
        List<Tensor> directions = transport.before(ruler.reading());
        for (int i = 0; i < wholes.size(); i++) {
          Tensor along = wholes.get(i).in(transport).times(directions.get(i)).sum("d_model");
          addWriter(wholes.get(i).label(), along.order("pos"));
        }
      }
      HookPoint end = Stops.of(model).getLast().point();
      for (Site site : transport.sites()) {
        transport
            .constantCarried(site, end)
            .ifPresent(c -> addWriter(WriterLabels.pathwayBias(site), ruler.of(c)));
      }
    }

    private void addWriter(String label, Tensor values) {
      writers.computeIfAbsent(label, _ -> new Sample()).add(rows.of(values));
    }

    private Tally tally(int index, String place, int writes) {
      if (index == tallies.size()) {
        tallies.add(new Tally(place, writes));
      }
      return tallies.get(index);
    }

    /// What was found.
    ///
    /// @throws MemoryException if nothing was read
    public Persistence found() {
      if (tallies.isEmpty()) {
        throw MemoryException.nothingRead();
      }
      Map<String, Estimate> estimates = new LinkedHashMap<>();
      writers.forEach((label, sample) -> estimates.put(label, sample.estimate()));
      return new Persistence(
          name(subject), rows, tallies.stream().map(Tally::point).toList(), estimates);
    }
  }

  private static String name(Subject subject) {
    return switch (subject) {
      case Subject.Of(Write write) -> write.label();
      case Subject.Along(String name, List<Double> _) -> name;
    };
  }

  /// Measures how far something points along a direction, in units of it.
  ///
  /// @param direction `[pos, d_model]`
  private record Ruler(Tensor direction) {
    /// The vector whose product with another is how far that points along the direction.
    Tensor reading() {
      return direction.dividedBy(direction.square().sum("d_model")).order("pos", "d_model");
    }

    Tensor of(Tensor value) {
      return value.times(reading()).sum("d_model").order("pos");
    }
  }

  /// The samples of one place.
  private static final class Tally {
    private final String place;
    private final int writes;
    private final Sample along = new Sample();
    private final Sample grown = new Sample();
    private final Sample kept = new Sample();
    private final Sample others = new Sample();
    private final Sample share = new Sample();

    Tally(String place, int writes) {
      this.place = place;
      this.writes = writes;
    }

    void add(double[] alongs, double[] growns, double[] kepts, double[] otherss, double[] shares) {
      along.add(alongs);
      grown.add(growns);
      kept.add(kepts);
      others.add(otherss);
      share.add(shares);
    }

    Point point() {
      return new Point(
          place,
          writes,
          along.estimate(),
          grown.estimate(),
          kept.estimate(),
          others.estimate(),
          share.estimate());
    }
  }

  // ---------------------------------------------------------------- what it says

  /// What was followed, by name.
  public String subject() {
    return subject;
  }

  /// At which positions.
  public Rows rows() {
    return rows;
  }

  /// From where the write arrives to the end.
  public List<Point> curve() {
    return curve;
  }

  /// One place of the curve.
  ///
  /// @param place its name
  public Point at(String place) {
    return curve.stream()
        .filter(point -> point.place().equals(place))
        .findFirst()
        .orElseThrow(() ->
            MemoryException.noSuchPlace(
                place, String.join(", ", curve.stream().map(Point::place).toList())));
  }

  /// What each whole write puts along it at the end, the write itself among them; they add up to
  /// [Point#along] there.
  public Map<String, Estimate> writers() {
    return writers;
  }

  /// After how many writes of sublayers the mean of [Point#kept] first falls to half of what it
  /// was; empty if it does not.
  public OptionalDouble halfLife() {
    return halfLife(point -> point.kept().mean());
  }

  /// After how many writes of sublayers the mean of [Point#share] first falls to half of what it
  /// was; empty if it does not.
  public OptionalDouble halfLifeOfShare() {
    return halfLife(point -> point.share().mean());
  }

  /// By straight lines between places.
  private OptionalDouble halfLife(ToDoubleFunction<Point> height) {
    double half = height.applyAsDouble(curve.getFirst()) / 2;
    for (int i = 1; i < curve.size(); i++) {
      double before = height.applyAsDouble(curve.get(i - 1));
      double now = height.applyAsDouble(curve.get(i));
      if (now <= half) {
        double step = curve.get(i).writes() - curve.get(i - 1).writes();
        return OptionalDouble.of(
            curve.get(i - 1).writes() + step * (before - half) / (before - now));
      }
    }
    return OptionalDouble.empty();
  }
}
