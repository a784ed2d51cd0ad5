package dev.weir.laws;

import dev.weir.model.Transformer;
import dev.weir.pathway.Past;
import dev.weir.pathway.Reading;
import dev.weir.pathway.ResidualPathway;
import dev.weir.pathway.Routing;
import dev.weir.stream.HookPoint;
import dev.weir.stream.Site;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.Axis;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import dev.weir.testing.Golden;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/// How far a pathway is from keeping a law.
final class Laws {

  private Laws() {}

  /// The largest number by which carrying `2a − b` differs from carrying `a` and `b` apart, at
  /// every reading and at the end, with the routing that a run recorded.
  static double departureFromLinearity(Transformer model, StreamTrace trace) {
    return departure(model.pathway(), model, trace);
  }

  private static <S> double departure(
      ResidualPathway<S> over, Transformer model, StreamTrace trace) {
    SplittableRandom random = new SplittableRandom(5);
    List<Site> sites = model.spec().depth().sites();
    Shape shape =
        Shape.of(
            new Axis("pos", trace.tokens().getFirst().length),
            new Axis("d_model", model.spec().dModel()));
    List<Tensor> a = gaussians(sites.size() + 1, shape, random);
    List<Tensor> b = gaussians(sites.size() + 1, shape, random);
    List<Tensor> both = new ArrayList<>();
    for (int i = 0; i < a.size(); i++) {
      both.add(a.get(i).times(2).minus(b.get(i)));
    }
    List<Tensor> readA = carried(over, sites, trace, a);
    List<Tensor> readB = carried(over, sites, trace, b);
    List<Tensor> readBoth = carried(over, sites, trace, both);
    double largest = 0;
    for (int i = 0; i < readA.size(); i++) {
      Tensor expected = readA.get(i).times(2).minus(readB.get(i));
      largest =
          Math.max(
              largest, Golden.largestDifference(readBoth.get(i).toDoubles(), expected.toDoubles()));
    }
    return largest;
  }

  private static List<Tensor> gaussians(int count, Shape shape, SplittableRandom random) {
    List<Tensor> all = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      all.add(Tensor.gaussian(shape, 1, random).to(dev.weir.tensor.DType.FLOAT64));
    }
    return all;
  }

  /// Everything that is read on the way and at the end, when these are the embedding and the
  /// writes.
  private static <S> List<Tensor> carried(
      ResidualPathway<S> over, List<Site> sites, StreamTrace trace, List<Tensor> writes) {
    List<Tensor> seen = new ArrayList<>();
    S stream = over.open(writes.getFirst(), Past.none());
    for (int i = 0; i < sites.size(); i++) {
      Site site = sites.get(i);
      Routing reading = recorded(site, HookPoint.Moment.READ, trace);
      add(seen, over.read(stream, site, reading, Past.none()));
      Map<String, Tensor> routing = new HashMap<>(reading.values());
      routing.putAll(recorded(site, HookPoint.Moment.WRITE, trace).values());
      stream = over.write(stream, site, new Routing(routing), writes.get(i + 1));
    }
    Site end = Site.unembed();
    add(seen, over.read(stream, end, recorded(end, HookPoint.Moment.READ, trace), Past.none()));
    return seen;
  }

  private static void add(List<Tensor> seen, Reading reading) {
    switch (reading) {
      case Reading.One(Tensor resid) -> seen.add(resid);
      case Reading.Separate(Tensor query, Tensor key, Tensor value) ->
          seen.addAll(List.of(query, key, value));
    }
  }

  private static Routing recorded(Site site, HookPoint.Moment moment, StreamTrace trace) {
    Map<String, Tensor> values = new HashMap<>();
    for (HookPoint point : trace.points()) {
      if (point instanceof HookPoint.Route(Site at, HookPoint.Moment when, String value)
          && at.equals(site)
          && when == moment) {
        values.put(value, trace.get(point));
      }
    }
    return new Routing(values);
  }
}
