package dev.weir.readout;

import dev.weir.pathway.Passage;
import dev.weir.pathway.Past;
import dev.weir.pathway.Reading;
import dev.weir.pathway.ResidualPathway;
import dev.weir.pathway.Routing;
import dev.weir.stream.HookPoint;
import dev.weir.stream.Site;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.Gradients;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/// A pathway with the routing that it had in a run: carries any write, exactly, to any later place.
///
/// Routing is taken from the trace where it was recorded, and found again by replaying the recorded
/// writes where it was not: it is a function of the stream and of what is written.
///
/// @param <S> the state of the stream
final class FrozenPathway<S> {
  private final ResidualPathway<S> over;
  private final List<Site> sites;
  private final List<Routing> reads = new ArrayList<>();
  private final List<Routing> ends = new ArrayList<>();
  private final List<Routing> writes = new ArrayList<>();

  private FrozenPathway(ResidualPathway<S> over, List<Site> sites) {
    this.over = over;
    this.sites = sites;
  }

  /// A place where the stream is looked at.
  ///
  /// @param writes how many sublayers have written
  /// @param view what is looked at there
  record Place(int writes, View view) {
    static Place resid(int writes) {
      return new Place(writes, View.RESID);
    }
  }

  /// What is looked at.
  enum View {
    /// The stream as the unembedding would see it.
    RESID,
    /// What the next sublayer reads.
    READING,
    /// What attention's keys read, where they read apart.
    KEY,
    /// What attention's values read, where they read apart.
    VALUE
  }

  /// What went through sublayers in the run.
  interface Run {
    /// What a sublayer wrote, `[pos, d_model]`.
    Tensor written(Site site);

    /// What a sublayer's norm gives for what it read, `[pos, d_model]`.
    Tensor normed(Site site, Tensor read);
  }

  /// The pathway as it was in a run.
  ///
  /// @param over the pathway
  /// @param embed what entered it, `[pos, d_model]`
  /// @param sites who wrote, in order
  /// @param run what they wrote
  /// @param trace the record, which may hold the routing
  static <S> FrozenPathway<S> of(
      ResidualPathway<S> over, Tensor embed, List<Site> sites, Run run, StreamTrace trace) {
    FrozenPathway<S> frozen = new FrozenPathway<>(over, sites);
    if (!over.additive()) {
      frozen.replay(embed, run, trace);
    }
    return frozen;
  }

  private void replay(Tensor embed, Run run, StreamTrace trace) {
    Past past = Past.none();
    S stream = over.open(embed, past);
    for (Site site : sites) {
      ends.add(over.routeRead(stream, Site.unembed()));
      Routing routing = recorded(over.routeRead(stream, site), site, HookPoint.Moment.READ, trace);
      Reading read = over.read(stream, site, routing, past);
      Tensor out = run.written(site);
      Passage passage = new Passage(read, run.normed(site, read.single()), out);
      Routing written =
          recorded(
              over.routeWrite(stream, site, routing, passage), site, HookPoint.Moment.WRITE, trace);
      reads.add(routing);
      writes.add(written);
      S after = over.write(stream, site, written, out);
      stream = over.constant(site).map(c -> over.add(after, c)).orElse(after);
    }
    Site end = Site.unembed();
    ends.add(recorded(over.routeRead(stream, end), end, HookPoint.Moment.READ, trace));
  }

  private static Routing recorded(
      Routing found, Site site, HookPoint.Moment moment, StreamTrace trace) {
    return found.map((name, value) -> {
      HookPoint point = new HookPoint.Route(site, moment, name);
      return trace.has(point) ? Wide.of(trace.get(point)) : value;
    });
  }

  /// The same at one of its positions; only where positions do not mix.
  FrozenPathway<S> at(int position) {
    FrozenPathway<S> one = new FrozenPathway<>(over, sites);
    one.reads.addAll(reads.stream().map(routing -> at(position, routing)).toList());
    one.ends.addAll(ends.stream().map(routing -> at(position, routing)).toList());
    one.writes.addAll(writes.stream().map(routing -> at(position, routing)).toList());
    return one;
  }

  private static Routing at(int position, Routing routing) {
    return routing.map(
        (_, value) -> value.shape().has("pos") ? value.slice("pos", position, 1) : value);
  }

  /// Whether every write stays as it is.
  boolean plain() {
    return over.additive();
  }

  /// Whether a write at one position reaches readers at later ones.
  boolean mixesPositions() {
    return over.mixesPositions();
  }

  /// What the pathway itself adds at a site, `[d_model]`.
  Optional<Tensor> constant(int site) {
    return over.constant(sites.get(site));
  }

  /// How something entered the stream.
  sealed interface Origin {

    /// Before the first sublayer.
    record Embedding() implements Origin {}

    /// What a sublayer wrote.
    ///
    /// @param site its index
    record Write(int site) implements Origin {}

    /// What the pathway itself added right after a sublayer wrote.
    ///
    /// @param site the sublayer's index
    record Constant(int site) implements Origin {}

    /// How many sublayers had written once it was in the stream: places before that see nothing of
    /// it.
    default int writes() {
      return switch (this) {
        case Embedding() -> 0;
        case Write(int site) -> site + 1;
        case Constant(int site) -> site + 1;
      };
    }
  }

  /// Who looks at what arrives.
  interface Arrival {

    /// Called once for each place, or for each stretch of places that see the same.
    ///
    /// @param from index of the first place
    /// @param to index after the last place
    /// @param parts what is seen there: those that had entered by then, which are the first so many
    ///   of what was carried, `[writer, pos, d_model]`
    void at(int from, int to, Tensor parts);
  }

  /// Parts as they are seen at every later place, in one pass along depth however many they are.
  /// What arrives lives until the next does.
  ///
  /// @param parts `[writer, pos, d_model]`
  /// @param origins how each entered the stream, in the order of depth
  /// @param places in the order of depth
  /// @param arrival who looks
  void carry(Tensor parts, List<Origin> origins, List<Place> places, Arrival arrival) {
    int next = 0;
    while (next < places.size() && entered(origins, places.get(next).writes()) == 0) {
      next++;
    }
    if (next == places.size()) {
      return;
    }
    if (plain()) {
      seenAsWritten(parts, origins, places, next, arrival);
      return;
    }
    try (Scope _ = Scope.open()) {
      Together together = new Together(parts, origins);
      for (; next < places.size(); next++) {
        Place place = places.get(next);
        together.goOn(place.writes());
        try (Scope _ = Scope.open()) {
          Tensor all = seen(together.stream, place).order(order(parts));
          arrival.at(next, next + 1, first(all, entered(origins, place.writes())));
        }
      }
    }
  }

  /// How many of the parts have entered after so many writes.
  private static int entered(List<Origin> origins, int writes) {
    return Math.toIntExact(origins.stream().filter(origin -> origin.writes() <= writes).count());
  }

  private static Tensor first(Tensor parts, int count) {
    return count == parts.size("writer") ? parts : parts.slice("writer", 0, count);
  }

  private static void seenAsWritten(
      Tensor parts, List<Origin> origins, List<Place> places, int first, Arrival arrival) {
    int from = first;
    while (from < places.size()) {
      int count = entered(origins, places.get(from).writes());
      int to = from + 1;
      while (to < places.size() && entered(origins, places.get(to).writes()) == count) {
        to++;
      }
      arrival.at(from, to, first(parts, count));
      from = to;
    }
  }

  /// A stream that holds nothing but some parts, each in a row of its own, as they enter one after
  /// the other.
  private final class Together {
    private final Tensor parts;
    private final List<Origin> origins;
    private final Tensor zeros;
    private int site;
    private S stream;

    Together(Tensor parts, List<Origin> origins) {
      this.parts = parts;
      this.origins = origins;
      this.zeros = zeros(parts);
      this.stream = over.open(only(new Origin.Embedding()), Past.none());
    }

    /// After so many writes.
    void goOn(int writes) {
      for (; site < writes; site++) {
        S after = written(stream, site, only(new Origin.Write(site)));
        Origin.Constant added = new Origin.Constant(site);
        stream = origins.contains(added) ? over.add(after, only(added)) : after;
      }
    }

    /// What enters at once, and nothing in all other rows.
    private Tensor only(Origin origin) {
      int from = origins.indexOf(origin);
      if (from < 0) {
        return zeros;
      }
      int to = origins.lastIndexOf(origin) + 1;
      List<Tensor> rows = new ArrayList<>();
      rows.add(zeros.slice("writer", 0, from));
      rows.add(parts.slice("writer", from, to - from));
      rows.add(zeros.slice("writer", to, origins.size() - to));
      return Tensor.concat("writer", rows.stream().filter(r -> r.size("writer") > 0).toList());
    }
  }

  /// A part as it is seen at a place that does not lie before it, same shape.
  ///
  /// @param part `[.., pos, d_model]`
  /// @param origin how it entered the stream
  /// @param place where it is seen
  Tensor carried(Tensor part, Origin origin, Place place) {
    if (plain()) {
      return part;
    }
    S stream = entered(part, origin);
    Tensor zeros = zeros(part);
    for (int site = origin.writes(); site < place.writes(); site++) {
      stream = written(stream, site, zeros);
    }
    return seen(stream, place).order(order(part));
  }

  private static String[] order(Tensor like) {
    return like.shape().names().toArray(String[]::new);
  }

  /// A stream that holds nothing but this part.
  private S entered(Tensor part, Origin origin) {
    return switch (origin) {
      case Origin.Embedding() -> over.open(part, Past.none());
      case Origin.Write(int site) -> written(nothing(part, site), site, part);
      case Origin.Constant(int site) -> over.add(nothing(part, site + 1), part);
    };
  }

  /// A part as it is in the stream, same shape each: as soon as it has entered, then after each
  /// later write.
  ///
  /// @param part `[.., pos, d_model]`
  /// @param origin how it entered the stream
  List<Tensor> course(Tensor part, Origin origin) {
    if (plain()) {
      return Collections.nCopies(sites.size() - origin.writes() + 1, part);
    }
    List<Tensor> seen = new ArrayList<>();
    Tensor zeros = zeros(part);
    S stream = entered(part, origin);
    for (int site = origin.writes(); site <= sites.size(); site++) {
      seen.add(seen(stream, Place.resid(site)).order(order(part)));
      if (site < sites.size()) {
        stream = written(stream, site, zeros);
      }
    }
    return seen;
  }

  /// The state of a stream that holds nothing yet, after so many writes of nothing.
  private S nothing(Tensor like, int end) {
    Tensor zeros = zeros(like);
    S stream = over.open(zeros, Past.none());
    for (int i = 0; i < end; i++) {
      stream = written(stream, i, zeros);
    }
    return stream;
  }

  private S written(S stream, int site, Tensor out) {
    return over.write(stream, sites.get(site), writes.get(site), out);
  }

  private Tensor seen(S stream, Place place) {
    int at = place.writes();
    if (place.view() == View.RESID || at == sites.size()) {
      return over.read(stream, Site.unembed(), ends.get(at), Past.none()).single();
    }
    Reading reading = over.read(stream, sites.get(at), reads.get(at), Past.none());
    return switch (reading) {
      case Reading.One(Tensor resid) -> resid;
      case Reading.Separate(Tensor query, Tensor key, Tensor value) ->
          switch (place.view()) {
            case RESID, READING -> query;
            case KEY -> key;
            case VALUE -> value;
          };
    };
  }

  private static Tensor zeros(Tensor like) {
    return Tensor.zeros(like.shape(), like.dtype()).to(like.device());
  }

  /// For the embedding and for each write before a place the direction that it must point to, for
  /// what is seen of it there to point to `direction`: the transpose of [#carried]; the embedding's
  /// first, each `[pos, d_model]`.
  ///
  /// @param direction at the place, `[pos, d_model]`
  /// @param place where it is meant
  List<Tensor> before(Tensor direction, Place place) {
    List<Tensor> parts = new ArrayList<>();
    for (int i = 0; i <= place.writes(); i++) {
      parts.add(plain() ? direction : zeros(direction).asParameter());
    }
    if (plain()) {
      return parts;
    }
    S stream = over.open(parts.getFirst(), Past.none());
    for (int i = 0; i < place.writes(); i++) {
      stream = written(stream, i, parts.get(i + 1));
    }
    Tensor arrived = seen(stream, place).times(direction).sum();
    return Gradients.orZero(arrived, parts);
  }
}
