package dev.weir.page.run;

import dev.weir.model.Transformer;
import dev.weir.page.run.CellDetail.Written;
import dev.weir.readout.Transport;
import dev.weir.readout.Wide;
import dev.weir.stream.HookPoint;
import dev.weir.stream.Site;
import dev.weir.stream.StreamTrace;
import dev.weir.stream.WriterLabels;
import dev.weir.tensor.DType;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/// What came into the stream between a place and the one before, by whom, as it arrives there.
final class Since {
  /// Less than this of the stream is rounding.
  private static final double ROUNDING = 1e-5;

  private final PromptRun run;
  private final Window window;
  private final StreamTrace part;
  private final Transport transport;

  /// Which of the positions that the transport holds are the window's.
  private final int from;

  private Since(PromptRun run, Window window, StreamTrace part, Transport transport, int from) {
    this.run = run;
    this.window = window;
    this.part = part;
    this.transport = transport;
    this.from = from;
  }

  /// Of a part of a run.
  ///
  /// @param part the record of the window's positions
  static Since of(PromptRun run, Window window, StreamTrace part) {
    Transformer model = run.model().transformer();
    // What one position's writes become at another needs all of them.
    return model.pathway().mixesPositions()
        ? new Since(run, window, part, Transport.of(model, run.trace()), window.fromPosition())
        : new Since(run, window, part, Transport.of(model, part), 0);
  }

  /// For each position of the window what was written.
  ///
  /// @param place index of the place
  List<List<Written>> written(int place) {
    Parts parts = new Parts(run.stream(place, window.fromPosition(), window.positions()));
    HookPoint here = run.places().get(place).point();
    if (place == 0) {
      entered(parts, here);
    } else {
      parts.before(run.stream(place - 1, window.fromPosition(), window.positions()));
    }
    int first = place == 0 ? 0 : transport.writesBefore(run.places().get(place - 1).point());
    for (Site site : transport.sites().subList(first, transport.writesBefore(here))) {
      wrote(parts, site, here);
    }
    parts.rest();
    return parts.written;
  }

  /// The embeddings, as they arrive at a place.
  private void entered(Parts parts, HookPoint here) {
    for (HookPoint point : List.of(new HookPoint.Embed(), new HookPoint.PosEmbed())) {
      if (run.trace().has(point)) {
        Tensor embedding = Wide.of(record().get(point));
        parts.add(
            point.name().substring("hook_".length()),
            here(transport.embedCarried(embedding, here)));
      }
    }
  }

  /// The record that the transport is of.
  private StreamTrace record() {
    return transport.mixesPositions() ? run.trace() : part;
  }

  private void wrote(Parts parts, Site site, HookPoint place) {
    parts.add(WriterLabels.write(site), carried(transport.written(site), site, place));
    if (site.sublayer() == Site.Sublayer.ATTENTION) {
      heads(parts, site, place);
    }
    transport
        .constantCarried(site, place)
        .ifPresent(c -> parts.add(WriterLabels.pathwayBias(site), here(c)));
  }

  private void heads(Parts parts, Site attention, HookPoint place) {
    Tensor heads = carried(transport.headWrites(attention.layer()), attention, place);
    for (int head = 0; head < heads.size("head"); head++) {
      parts.tell(WriterLabels.head(attention.layer(), head), true, heads.at("head", head));
    }
  }

  private Tensor carried(Tensor write, Site site, HookPoint place) {
    return here(transport.carried(write, site, place));
  }

  /// The window's positions of what the transport gives.
  private Tensor here(Tensor carried) {
    return carried.slice("pos", from, window.positions());
  }

  /// The parts of a change, cell by cell.
  private static final class Parts {
    private final Tensor stream;
    private final double[] squares;
    private final List<List<Written>> written = new ArrayList<>();
    private Tensor rest;

    /// @param stream where they arrive, `[pos, d_model]`
    Parts(Tensor stream) {
      this.stream = stream.to(DType.FLOAT64);
      this.squares = this.stream.square().sum("d_model").toDoubles();
      this.rest = this.stream;
      for (int i = 0; i < squares.length; i++) {
        written.add(new ArrayList<>());
      }
    }

    /// What was there already.
    void before(Tensor there) {
      rest = rest.minus(there.to(DType.FLOAT64));
    }

    /// A part of the change.
    void add(String writer, Tensor arrived) {
      tell(writer, false, arrived);
      rest = rest.minus(arrived.to(DType.FLOAT64));
    }

    void tell(String writer, boolean part, Tensor arrived) {
      Tensor wide = arrived.to(DType.FLOAT64);
      double[] lengths = wide.norm("d_model").toDoubles();
      double[] along = wide.times(stream).sum("d_model").toDoubles();
      for (int i = 0; i < lengths.length; i++) {
        written.get(i).add(new Written(writer, part, lengths[i], along[i] / squares[i]));
      }
    }

    /// What nobody wrote: the pathway, or an edit, changed what was there before.
    void rest() {
      double[] lengths = rest.norm("d_model").toDoubles();
      double[] along = rest.times(stream).sum("d_model").toDoubles();
      for (int i = 0; i < lengths.length; i++) {
        if (lengths[i] > ROUNDING * Math.sqrt(squares[i])) {
          written.get(i).add(new Written("rest", false, lengths[i], along[i] / squares[i]));
        }
      }
    }
  }
}
