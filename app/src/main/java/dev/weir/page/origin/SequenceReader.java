package dev.weir.page.origin;

import dev.weir.model.AttentionSpec;
import dev.weir.model.AttentionSpec.Visibility;
import dev.weir.model.BlockSpec;
import dev.weir.model.LocalMixing;
import dev.weir.model.Norm;
import dev.weir.model.Transformer;
import dev.weir.page.origin.AlongSequence.Reading;
import dev.weir.page.origin.AlongSequence.Row;
import dev.weir.page.run.PromptRun;
import dev.weir.readout.AttentionSources;
import dev.weir.readout.Wide;
import dev.weir.stream.HookPoint;
import dev.weir.stream.Hooks;
import dev.weir.stream.NormSite;
import dev.weir.stream.Site;
import dev.weir.stream.StreamTrace;
import dev.weir.stream.WriterLabels;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Reads what the sublayers of a block read along the sequence for one position.
final class SequenceReader {
  private final PromptRun run;
  private final Transformer model;
  private final AttentionSources sources;
  private final int position;

  /// @param run the run
  /// @param again the same run once more, with all values and with the patterns of one position
  /// @param position that position
  SequenceReader(PromptRun run, StreamTrace again, int position) {
    this.run = run;
    this.model = run.model().transformer();
    this.sources = new AttentionSources(model, again);
    this.position = position;
  }

  /// What read along the sequence in a block, first to last.
  List<Reading> of(int block) {
    BlockSpec spec = model.spec().blocks().get(block);
    List<Reading> readings = new ArrayList<>();
    switch (spec.local().sublayer()) {
      case LocalMixing.Sublayer.None() -> {}
      case LocalMixing.Sublayer.ShortSwa(AttentionSpec own) ->
          readings.add(attention(Site.local(block), own));
      case LocalMixing.Sublayer.ShortConv(int taps) -> readings.add(convolution(block, taps));
    }
    readings.add(attention(Site.attention(block), spec.attention()));
    return readings;
  }

  // ---------------------------------------------------------------- attention

  private Reading attention(Site site, AttentionSpec spec) {
    int[] seen = seen(spec.visibility());
    int count = seen[1] - seen[0];
    Tensor pattern = sources.pattern(site, position).slice("key_pos", seen[0], count);
    Tensor writes = sources.at(site, position).slice("key_pos", seen[0], count);
    List<Row> heads = new ArrayList<>();
    for (int head = 0; head < spec.nHeads(); head++) {
      Tensor own = writes.at("head", head);
      heads.add(
          row(WriterLabels.head(site.layer(), head), pattern.at("head", head), own, written(site)));
    }
    String writer = WriterLabels.write(site);
    Row together = row(writer, pattern.mean("head"), writes.sum("head"), written(site));
    boolean local = site.sublayer() == Site.Sublayer.LOCAL;
    return new Reading(
        writer,
        local ? "window" : "attention",
        Cell.readBy(run, site),
        seen[0],
        seen[1],
        together,
        heads,
        1 - Arrays.stream(together.shares()).sum(),
        attended(spec));
  }

  /// The positions that can be seen: the first, and one past the last.
  private int[] seen(Visibility visibility) {
    return switch (visibility) {
      case Visibility.Causal() -> new int[] {0, position + 1};
      case Visibility.SlidingWindow(int size) ->
          new int[] {Math.max(0, position + 1 - size), position + 1};
      case Visibility.Bidirectional() -> new int[] {0, run.length()};
    };
  }

  private static String attended(AttentionSpec spec) {
    String sees =
        switch (spec.visibility()) {
          case Visibility.Causal() -> "It sees itself and everything before it.";
          case Visibility.SlidingWindow(int size) ->
              "It sees the %d latest positions, itself included.".formatted(size);
          case Visibility.Bidirectional() -> "It sees every position of the text.";
        };
    String adds =
        spec.softmaxShare() == 1
            ? "The weights of a head add up to 1."
            : "The weights of a head do not add up to 1: %s of them is softmax, the rest is 1 for"
                    .formatted(spec.softmaxShare())
                + " every position it sees.";
    return sees
        + " "
        + adds
        + " Lengths are those of what was written of each position, weight times value through the"
        + " output map.";
  }

  // ---------------------------------------------------------------- a convolution

  private Reading convolution(int block, int taps) {
    Site site = Site.local(block);
    int from = Math.max(0, position + 1 - taps);
    int count = position + 1 - from;
    Norm norm =
        Norm.of(
            model.spec().blocks().get(block).local().ln0(),
            model.parameters(),
            "blocks.%d.ln0".formatted(block));
    Tensor read = run.trace().get(new HookPoint.LocalIn(block)).slice("pos", from, count);
    Tensor normed = Wide.of(norm.forward(read, new NormSite.Ln0(block), Hooks.none()));
    Tensor weights =
        Wide.of(model.parameters().get("blocks.%d.local.conv".formatted(block)))
            .slice("tap", taps - count, count)
            .rename("tap", "key_pos");
    Tensor writes = normed.rename("pos", "key_pos").times(weights).order("key_pos", "d_model");
    String writer = WriterLabels.write(site);
    Row together = row(writer, weights.square().mean("d_model").sqrt(), writes, written(site));
    return new Reading(
        writer,
        "convolution",
        Cell.readBy(run, site),
        from,
        position + 1,
        together,
        List.of(),
        1 - Arrays.stream(together.shares()).sum(),
        "A causal convolution of the %d latest positions, itself included, each feature by itself."
                .formatted(taps)
            + " Weights are the root mean square over features; they are learned, the same for"
            + " every text.");
  }

  // ---------------------------------------------------------------- rows

  /// What a sublayer wrote at the position, `[d_model]`.
  private Tensor written(Site site) {
    return Wide.of(run.trace().get(site.out()).at("pos", position));
  }

  /// @param weights `[key_pos]`
  /// @param writes `[key_pos, d_model]`
  /// @param written `[d_model]`
  private static Row row(String label, Tensor weights, Tensor writes, Tensor written) {
    double square = written.square().sum("d_model").item();
    return new Row(
        label,
        weights.toDoubles(),
        writes.norm("d_model").toDoubles(),
        writes.dot(written, "d_model").times(1 / square).toDoubles());
  }
}
