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
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
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

  /// A part of the embedding as it is seen at a place, same shape.
  Tensor embedCarried(Tensor part, Place place) {
    return plain() ? part : carried(over.open(part, Past.none()), part, 0, place);
  }

  /// A part of what was written at a site as it is seen at a place, same shape.
  Tensor writeCarried(Tensor part, int site, Place place) {
    if (plain()) {
      return part;
    }
    return carried(written(nothing(part, site), site, part), part, site + 1, place);
  }

  /// What the pathway itself added at a site as it is seen at a place, same shape.
  Tensor constantCarried(Tensor constant, int site, Place place) {
    return carried(over.add(nothing(constant, site + 1), constant), constant, site + 1, place);
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

  private Tensor carried(S from, Tensor like, int next, Place place) {
    S stream = from;
    Tensor zeros = zeros(like);
    for (int i = next; i < place.writes(); i++) {
      stream = written(stream, i, zeros);
    }
    return seen(stream, place).order(like.shape().names().toArray(String[]::new));
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

  /// For each write the direction that it must point to, for what arrives of it at the end to point
  /// to `direction`: the transpose of [#writeCarried], the embedding's first, each `[pos,
  /// d_model]`.
  ///
  /// @param direction at the end, `[pos, d_model]`
  List<Tensor> before(Tensor direction) {
    List<Tensor> parts = new ArrayList<>();
    for (int i = 0; i <= sites.size(); i++) {
      parts.add(plain() ? direction : zeros(direction).asParameter());
    }
    if (plain()) {
      return parts;
    }
    S stream = over.open(parts.getFirst(), Past.none());
    for (int i = 0; i < sites.size(); i++) {
      stream = written(stream, i, parts.get(i + 1));
    }
    Tensor arrived = seen(stream, Place.resid(sites.size())).times(direction).sum();
    return Gradients.orZero(arrived, parts);
  }
}
