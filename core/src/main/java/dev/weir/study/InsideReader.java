package dev.weir.study;

import dev.weir.model.Transformer;
import dev.weir.pathway.DeepDelta;
import dev.weir.readout.Contributions;
import dev.weir.readout.Estimate;
import dev.weir.readout.FirstPosition;
import dev.weir.readout.LogitLens;
import dev.weir.readout.Places;
import dev.weir.readout.Transport;
import dev.weir.readout.Wide;
import dev.weir.readout.bandwidth.DimensionUse;
import dev.weir.readout.basis.Kurtosis;
import dev.weir.readout.depth.BlockInfluence;
import dev.weir.readout.depth.SaturationLayer;
import dev.weir.readout.memory.DeltaAudit;
import dev.weir.readout.memory.ErasureCandidates;
import dev.weir.stream.Capture;
import dev.weir.stream.HookPoint;
import dev.weir.stream.Site;
import dev.weir.stream.StreamTrace;
import dev.weir.stream.WriterLabels;
import dev.weir.tensor.Gradients;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Tensor;
import dev.weir.train.Batch;
import dev.weir.train.Example;
import dev.weir.train.TrainingData;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// Reads the [Inside] of a trained model, text by text.
final class InsideReader {
  private static final int MOST_TEXTS = 16;
  private static final int TOKENS = 1024;
  private static final int BINS_NEAR = 2;
  private static final long SEED = 0;
  private static final LogitLens.Options LENS =
      new LogitLens.Options(
          Places.LAYERS, LogitLens.Variant.NORM_RECOMPUTED, 1, new LogitLens.Target.FinalTop());

  private final Transformer model;
  private final List<Site> sites;
  private final List<Estimate.Running> influence;
  private final List<Estimate.Running> settled;
  private final Kurtosis kurtosis;
  private final DimensionUse streams;
  private final DimensionUse writes;
  private final List<WriteMeans> writeMeans;
  private final InsideRouting routing;
  private final InsideMixing mixing;
  private final Optional<DeltaAudit.Reader> audit;
  private int texts;
  private long tokens;

  private InsideReader(Transformer model) {
    this.model = model;
    this.sites = model.spec().depth().sites();
    int layers = model.spec().nLayers();
    this.influence = means(layers);
    this.settled = means(layers + 1);
    this.kurtosis = new Kurtosis(model.spec(), Places.LAYERS, new SplittableRandom(SEED));
    this.streams = new DimensionUse(model.spec(), Places.LAYERS, 0);
    this.writes = new DimensionUse(model.spec().dModel(), written(sites), 0);
    this.writeMeans = Stream.generate(WriteMeans::new).limit(1L + sites.size()).toList();
    this.routing = new InsideRouting(model);
    this.mixing = new InsideMixing(model);
    this.audit =
        model.spec().pathway() instanceof DeepDelta delta
                && delta.update() != DeepDelta.Update.ADDITIVE
            ? Optional.of(DeltaAudit.reader(model, _ -> "", -1))
            : Optional.empty();
  }

  static List<Estimate.Running> means(int count) {
    return Stream.generate(Estimate.Running::new).limit(count).toList();
  }

  private static List<Places.Place> written(List<Site> sites) {
    List<Places.Place> places = new ArrayList<>();
    places.add(new Places.Place("embed", new HookPoint.Embed()));
    sites.forEach(site -> places.add(new Places.Place(WriterLabels.write(site), site.out())));
    return places;
  }

  /// What becomes of one write.
  private record WriteMeans(
      Estimate.Running size,
      Estimate.Running change,
      Estimate.Running kept,
      Estimate.Running share) {
    WriteMeans() {
      this(
          new Estimate.Running(),
          new Estimate.Running(),
          new Estimate.Running(),
          new Estimate.Running());
    }
  }

  // ---------------------------------------------------------------- what is read

  /// Reads a model that was trained. A study's runs are worth more than what is read of them: what
  /// goes wrong is told in the result.
  ///
  /// @param run the run
  /// @param model what it trained
  /// @param data what it was looked at with
  static Inside of(StudyRun run, Transformer model, TrainingData data) {
    try {
      return of(run.id(), model, sample(data, run.plan().training().batching().window()));
    } catch (RuntimeException e) {
      return Inside.failed(run.id(), String.valueOf(e.getMessage()).lines().findFirst().orElse(""));
    }
  }

  /// Reads a model.
  ///
  /// @param run the run's id
  /// @param model any
  /// @param texts at least one, of two tokens each or more
  static Inside of(String run, Transformer model, List<int[]> texts) {
    return Gradients.untracked(() -> {
      InsideReader reader = new InsideReader(model);
      texts.forEach(reader::read);
      return reader.found(run);
    });
  }

  /// The first texts of the validation data, about a thousand tokens.
  private static List<int[]> sample(TrainingData data, int window) {
    int count = Math.clamp(TOKENS / window, 2, MOST_TEXTS);
    return data.validation(count, window).stream()
        .map(Batch::examples)
        .flatMap(List::stream)
        .limit(count)
        .map(Example::inputs)
        .toList();
  }

  /// What a run must keep.
  static Capture capture() {
    return Transport.capture()
        .and(Contributions.capture().globs().toArray(String[]::new))
        .and(LogitLens.capture(LENS).globs().toArray(String[]::new))
        .and("blocks.*.attn.hook_pattern", "blocks.*.local.hook_pattern?");
  }

  private void read(int[] text) {
    try (Scope _ = Scope.open();
        StreamTrace trace = model.trace(text, capture())) {
      BlockInfluence influences = BlockInfluence.of(model, trace);
      IntStream.range(0, influence.size())
          .forEach(layer -> influence.get(layer).add(influences.of(layer)));
      SaturationLayer saturation = SaturationLayer.of(LogitLens.of(model, trace, LENS));
      IntStream.range(0, settled.size())
          .forEach(place -> settled.get(place).add(saturation.share(place)));
      kurtosis.read(trace);
      streams.read(trace);
      writes.read(trace);
      readWrites(trace);
      routing.read(trace);
      mixing.read(trace);
      audit.ifPresent(reader -> reader.read(trace));
    }
    texts++;
    tokens += text.length;
  }

  // ---------------------------------------------------------------- writes

  private void readWrites(StreamTrace trace) {
    Transport transport = Transport.of(model, trace);
    readLeft(writeMeans.getFirst(), transport.embedCourse(transport.embedded()), trace);
    for (int i = 0; i < sites.size(); i++) {
      try (Scope _ = Scope.open()) {
        Site site = sites.get(i);
        Tensor written = transport.written(site);
        WriteMeans means = writeMeans.get(i + 1);
        Tensor before = Wide.of(trace.get(before(site)));
        Tensor length = before.norm("d_model");
        Tensor change = Wide.of(trace.get(after(i))).minus(before);
        means.size.add(mean(written.norm("d_model").dividedBy(length)));
        means.change.add(mean(change.norm("d_model").dividedBy(length)));
        readLeft(means, transport.course(written, site), trace);
      }
    }
  }

  private void readLeft(WriteMeans means, List<Tensor> course, StreamTrace trace) {
    Tensor first = course.getFirst();
    Tensor last = course.getLast();
    Tensor end = Wide.of(trace.get(end()));
    means.kept.add(mean(last.times(first).sum("d_model").dividedBy(first.square().sum("d_model"))));
    means.share.add(mean(last.norm("d_model").dividedBy(end.norm("d_model"))));
  }

  private HookPoint end() {
    return new HookPoint.ResidPost(model.spec().nLayers() - 1);
  }

  /// The stream just before a sublayer writes.
  private HookPoint before(Site site) {
    int layer = site.layer();
    return switch (site.sublayer()) {
      case LOCAL -> new HookPoint.ResidPre(layer);
      case ATTENTION ->
          sites.contains(Site.local(layer))
              ? new HookPoint.ResidLocal(layer)
              : new HookPoint.ResidPre(layer);
      case MLP -> new HookPoint.ResidMid(layer);
      case UNEMBED -> end();
    };
  }

  private HookPoint after(int index) {
    return index + 1 < sites.size() ? before(sites.get(index + 1)) : end();
  }

  /// Over all positions but the first; what is not finite is left out.
  ///
  /// @param values `[pos]`
  static double mean(Tensor values) {
    return mean(values.toDoubles());
  }

  static double mean(double... values) {
    return IntStream.range(1, values.length)
        .mapToDouble(i -> values[i])
        .filter(Double::isFinite)
        .average()
        .orElse(Double.NaN);
  }

  // ---------------------------------------------------------------- what was found

  private Inside found(String run) {
    return new Inside(
        run,
        texts,
        tokens,
        foundPlaces(),
        foundBlocks(),
        foundWrites(),
        routing.found(),
        audit.map(DeltaAudit.Reader::found).map(InsideReader::gates).orElse(List.of()),
        mixing.found(),
        "");
  }

  private List<Inside.Place> foundPlaces() {
    List<Kurtosis.Layer> tails = kurtosis.layers(FirstPosition.LEFT_OUT);
    List<DimensionUse.Layer> dimensions = streams.layers(FirstPosition.LEFT_OUT);
    return IntStream.range(0, settled.size())
        .mapToObj(i ->
            new Inside.Place(
                tails.get(i).place(),
                dimensions.get(i).participationRatio().mean(),
                tails.get(i).kurtosis().mean(),
                tails.get(i).excess().mean(),
                settled.get(i).estimate().mean()))
        .toList();
  }

  private List<Inside.Block> foundBlocks() {
    List<ErasureCandidates.Layer> neurons =
        ErasureCandidates.of(model, new SplittableRandom(SEED)).layers();
    return IntStream.range(0, influence.size())
        .mapToObj(layer ->
            new Inside.Block(
                influence.get(layer).estimate().mean(),
                neurons.stream()
                    .filter(found -> found.layer() == layer)
                    .mapToDouble(found -> found.inOut().mean())
                    .findFirst()))
        .toList();
  }

  private List<Inside.Write> foundWrites() {
    List<DimensionUse.Layer> dimensions = writes.layers(FirstPosition.LEFT_OUT);
    return IntStream.range(0, writeMeans.size())
        .mapToObj(i -> {
          WriteMeans means = writeMeans.get(i);
          return new Inside.Write(
              dimensions.get(i).place(),
              i == 0 ? OptionalDouble.empty() : OptionalDouble.of(means.size.estimate().mean()),
              i == 0 ? OptionalDouble.empty() : OptionalDouble.of(means.change.estimate().mean()),
              dimensions.get(i).participationRatio().mean(),
              means.kept.estimate().mean(),
              means.share.estimate().mean());
        })
        .toList();
  }

  private static List<Inside.Gate> gates(DeltaAudit audit) {
    return audit.sites().stream().map(InsideReader::gate).toList();
  }

  private static Inside.Gate gate(DeltaAudit.SiteAudit site) {
    int bins = site.histogram().size();
    return new Inside.Gate(
        site.label(),
        site.gate().beta().mean(),
        share(site.histogram(), 0),
        share(site.histogram(), bins / 2 - BINS_NEAR / 2),
        share(site.histogram(), bins - BINS_NEAR),
        // Minus zero is no number to show.
        Math.abs(site.erased().mean()),
        site.written().mean());
  }

  /// The share of positions in some bins of a histogram.
  private static double share(List<Long> histogram, int from) {
    double all = histogram.stream().mapToLong(count -> count).sum();
    return histogram.subList(from, from + BINS_NEAR).stream().mapToLong(count -> count).sum() / all;
  }
}
