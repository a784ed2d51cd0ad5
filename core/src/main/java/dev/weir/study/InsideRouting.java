package dev.weir.study;

import dev.weir.model.Transformer;
import dev.weir.readout.Contributions;
import dev.weir.readout.DirectLogitAttribution.Kind;
import dev.weir.readout.Estimate;
import dev.weir.readout.Reader;
import dev.weir.readout.Wide;
import dev.weir.stream.HookPoint;
import dev.weir.stream.Site;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// What each reader gets of each write. It asks no pathway for its weights, which every one names
/// and shapes in its own way: it carries the writes of a run through the frozen routing and
/// measures what arrives. So it means the same on all of them.
final class InsideRouting {
  private final Transformer model;
  private final List<Reader> readers;
  private final List<HookPoint> sources = new ArrayList<>();
  private final List<List<Estimate.Running>> weights = new ArrayList<>();
  private final List<List<Estimate.Running>> shares = new ArrayList<>();

  InsideRouting(Transformer model) {
    this.model = model;
    this.readers = Reader.of(model);
    sources.add(new HookPoint.Embed());
    model.spec().depth().sites().stream().map(Site::out).forEach(sources::add);
    for (Reader _ : readers) {
      weights.add(InsideReader.means(sources.size()));
      shares.add(InsideReader.means(sources.size()));
    }
  }

  /// Reads a run of one text.
  void read(StreamTrace trace) {
    Contributions found = Contributions.of(model, trace, Contributions.Options.usual(), readers);
    List<List<Part>> parts = parts(found, trace);
    for (int reader = 0; reader < readers.size(); reader++) {
      for (int source = 0; source < sources.size(); source++) {
        List<Part> own = parts.get(source);
        if (found.precedes(own.getFirst().writer(), reader)) {
          int to = reader;
          weights.get(reader).get(source).add(mean(found, i -> weight(found, own, to, i)));
          shares
              .get(reader)
              .get(source)
              .add(
                  mean(
                      found,
                      i -> own.stream().mapToDouble(p -> found.share(p.writer(), to, i)).sum()));
        }
      }
    }
  }

  /// A writer, and how long what it wrote is at each position.
  @SuppressWarnings("ArrayRecordComponent") // Numbers to read, never compared as a whole.
  private record Part(int writer, double[] lengths) {
    static Part of(int writer, Tensor written) {
      return new Part(writer, Wide.of(written).norm("d_model").toDoubles());
    }
  }

  /// The writers of each source: tokens and positions are one embedding, and what a pathway itself
  /// adds is no source.
  private List<List<Part>> parts(Contributions found, StreamTrace trace) {
    List<List<Part>> parts =
        Stream.generate(() -> (List<Part>) new ArrayList<Part>()).limit(sources.size()).toList();
    int source = 0;
    for (int writer = 0; writer < found.writers().size(); writer++) {
      Kind kind = found.writers().get(writer).kind();
      if (kind == Kind.EMBED) {
        parts.getFirst().add(Part.of(writer, trace.get(new HookPoint.Embed())));
      } else if (kind == Kind.POS_EMBED) {
        parts.getFirst().add(Part.of(writer, trace.get(new HookPoint.PosEmbed())));
      } else if (kind != Kind.BIAS) {
        source++;
        parts.get(source).add(Part.of(writer, trace.get(sources.get(source))));
      }
    }
    return parts;
  }

  private static double weight(Contributions found, List<Part> parts, int reader, int index) {
    return parts.stream().mapToDouble(p -> found.norm(p.writer(), reader, index)).sum()
        / parts.stream().mapToDouble(p -> p.lengths()[index]).sum();
  }

  private interface AtPosition {
    double value(int index);
  }

  private static double mean(Contributions found, AtPosition at) {
    return InsideReader.mean(
        IntStream.range(0, found.positions().size()).mapToDouble(at::value).toArray());
  }

  /// What was found, reader by reader.
  List<Inside.Reading> found() {
    return IntStream.range(0, readers.size())
        .mapToObj(reader ->
            new Inside.Reading(
                readers.get(reader).label(), known(weights.get(reader)), known(shares.get(reader))))
        .toList();
  }

  /// Of the sources before a reader.
  private static List<Double> known(List<Estimate.Running> means) {
    return means.stream()
        .filter(mean -> mean.count() > 0)
        .map(mean -> mean.estimate().mean())
        .toList();
  }
}
