package dev.weir.page.origin;

import dev.weir.model.Transformer;
import dev.weir.page.run.PageException;
import dev.weir.page.run.PromptRun;
import dev.weir.readout.Contributions;
import dev.weir.readout.Contributions.Level;
import dev.weir.readout.DirectLogitAttribution;
import dev.weir.readout.DirectLogitAttribution.Kind;
import dev.weir.readout.DirectLogitAttribution.Question;
import dev.weir.readout.Reader;
import dev.weir.readout.Transport;
import dev.weir.readout.Wide;
import dev.weir.stream.HookPoint;
import dev.weir.stream.Site;
import dev.weir.stream.StreamTrace;
import dev.weir.stream.WriterLabels;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/// Where along depth the stream of a cell came from: everything that was written before, carried
/// here by the pathway with its routing of the run ([Contributions]).
///
/// @param cell which cell
/// @param length the Euclidean length of the stream there
/// @param plain whether every write stays as it is
/// @param parts who wrote what of it, first to last
/// @param sum of all shares; 1 but for rounding
/// @param answer the token whose logit the parts are also measured by; empty where none was asked
/// @param meaning what the numbers are
public record AlongDepth(
    Cell cell,
    double length,
    boolean plain,
    List<Part> parts,
    double sum,
    Optional<Answer> answer,
    String meaning) {
  /// A remainder below this is rounding.
  private static final double ROUNDING = 1e-3;

  private static final Pattern OF_BLOCK = Pattern.compile("L?(\\d+)(?:H\\d+|_(attn|mlp|local)_.*)");

  public AlongDepth {
    parts = List.copyOf(parts);
  }

  /// What one writer has in a cell.
  ///
  /// @param label who: `embed`, `3_attn_out`, `L3H2`, `3_mlp_out` …
  /// @param kind what that is
  /// @param block the block; -1 for what is in none
  /// @param place index of the place where the writer read; -1 where it reads none
  /// @param share `c · x / ‖x‖²`: with `c` what arrives of it and `x` the stream
  /// @param cosine between `c` and `x`
  /// @param arrives the Euclidean length of `c`
  /// @param written the Euclidean length of what was written
  /// @param logit what it adds, at the end, to the logit of the answer; NaN where none was asked
  public record Part(
      String label,
      String kind,
      int block,
      int place,
      double share,
      double cosine,
      double arrives,
      double written,
      double logit) {}

  /// A token at the end of the same position.
  ///
  /// @param token its id
  /// @param text with every character visible
  /// @param logit its logit, before any cap
  /// @param constant what the final norm's shift and the unembedding's bias add to it
  /// @param later what all writes after the cell add to it
  /// @param addsUp whether all of that adds up to the logit; not where the stream was changed from
  ///   outside
  public record Answer(
      int token, String text, double logit, double constant, double later, boolean addsUp) {}

  /// Which logit the parts are measured by.
  public sealed interface Asked {

    /// None.
    record Nothing() implements Asked {}

    /// The one that the model itself finds likeliest.
    record Likeliest() implements Asked {}

    /// One token's.
    ///
    /// @param id which
    record Token(int id) implements Asked {}
  }

  /// Of a cell; for the engine's thread alone.
  ///
  /// @param run the run
  /// @param cell which of its cells
  /// @param level whether attention counts as one or head by head
  /// @param asked which logit the parts are also measured by
  /// @throws PageException if there is no such cell
  public static AlongDepth of(PromptRun run, Cell cell, Level level, Asked asked) {
    Cell here = cell.within(run);
    try (Scope _ = Scope.open();
        StreamTrace record = here.record(run)) {
      return new Reading(run, here, record, level).read(asked);
    }
  }

  /// One reading of one cell.
  private static final class Reading {
    private final PromptRun run;
    private final Cell cell;
    private final StreamTrace record;
    private final Level level;
    private final Transformer model;
    private final Transport transport;
    private final int index;
    private final Contributions found;

    Reading(PromptRun run, Cell cell, StreamTrace record, Level level) {
      this.run = run;
      this.cell = cell;
      this.record = record;
      this.level = level;
      this.model = run.model().transformer();
      this.transport = Transport.of(model, record);
      this.index = cell.index(record);
      Reader reader = new Reader(run.places().get(cell.place()).label(), cell.point(run));
      this.found =
          Contributions.of(
              model, record, Contributions.Options.usual().with(level), List.of(reader));
    }

    AlongDepth read(Asked asked) {
      Optional<DirectLogitAttribution> attribution = attribution(asked);
      Map<String, Double> logits = attribution.map(this::logits).orElseGet(Map::of);
      Map<String, Double> written = transport.plain() ? Map.of() : written();
      List<Part> parts = new ArrayList<>();
      for (int writer = 0; writer < found.writers().size(); writer++) {
        if (found.precedes(writer, 0)) {
          parts.add(part(writer, written, logits));
        }
      }
      double sum = parts.stream().mapToDouble(Part::share).sum();
      if (Math.abs(1 - sum) > ROUNDING) {
        parts.add(outside(1 - sum));
        sum = 1;
      }
      return new AlongDepth(
          cell,
          found.length(0, index),
          transport.plain(),
          parts,
          sum,
          attribution.map(a -> answer(a, logits, parts)),
          meaning());
    }

    private Part part(int writer, Map<String, Double> written, Map<String, Double> logits) {
      Contributions.Writer who = found.writers().get(writer);
      double arrives = found.norm(writer, 0, index);
      return new Part(
          who.label(),
          who.kind().name().toLowerCase(Locale.ROOT),
          block(who.label()),
          place(who),
          found.share(writer, 0, index),
          found.cosine(writer, 0, index),
          arrives,
          written.getOrDefault(who.label(), arrives),
          logits.getOrDefault(who.label(), Double.NaN));
    }

    /// What nobody wrote: somebody changed the stream itself.
    private static Part outside(double share) {
      return new Part(
          "outside", "outside", -1, -1, share, Double.NaN, Double.NaN, Double.NaN, Double.NaN);
    }

    private static int block(String label) {
      Matcher of = OF_BLOCK.matcher(label);
      return of.matches() ? Integer.parseInt(of.group(1)) : -1;
    }

    /// Where the writer read; embeddings and biases depend on no reading.
    private int place(Contributions.Writer who) {
      int block = block(who.label());
      return switch (who.kind()) {
        case ATTENTION, HEAD, SOURCE -> Cell.readBy(run, Site.attention(block));
        case LOCAL -> Cell.readBy(run, Site.local(block));
        case MLP, NEURON -> Cell.readBy(run, Site.mlp(block));
        case EMBED, POS_EMBED, BIAS, CONSTANT -> -1;
      };
    }

    // -------------------------------------------------------------- as it was written

    private Map<String, Double> written() {
      Map<String, Double> lengths = new HashMap<>();
      for (HookPoint point : List.of(new HookPoint.Embed(), new HookPoint.PosEmbed())) {
        if (record.has(point)) {
          lengths.put(point.name().substring("hook_".length()), length(record.get(point)));
        }
      }
      for (Site site : cell.writers(run)) {
        String label = WriterLabels.write(site);
        lengths.put(label, length(transport.written(site)));
        transport
            .constant(site)
            .ifPresent(c -> lengths.put(WriterLabels.pathwayBias(site), length(c)));
        if (site.sublayer() == Site.Sublayer.ATTENTION && level == Level.HEAD) {
          putHeads(lengths, site);
        }
      }
      return lengths;
    }

    private void putHeads(Map<String, Double> lengths, Site site) {
      Tensor heads = transport.headWrites(site.layer());
      for (int head = 0; head < heads.size("head"); head++) {
        lengths.put(WriterLabels.head(site.layer(), head), length(heads.at("head", head)));
      }
      transport
          .bias(site)
          .ifPresent(bias -> lengths.put(WriterLabels.attentionBias(site), length(bias)));
    }

    /// The length of a vector, or of that at the cell's position.
    private double length(Tensor vector) {
      Tensor here = vector.shape().has("pos") ? vector.at("pos", index) : vector;
      return Wide.of(here).norm("d_model").item();
    }

    // -------------------------------------------------------------- what it adds at the end

    private Optional<DirectLogitAttribution> attribution(Asked asked) {
      return switch (asked) {
        case Asked.Nothing() -> Optional.empty();
        case Asked.Likeliest() -> Optional.of(attribution(likeliest()));
        case Asked.Token(int id) -> Optional.of(attribution(id));
      };
    }

    private DirectLogitAttribution attribution(int token) {
      return DirectLogitAttribution.of(model, record, new Question.Token(token));
    }

    /// The token that the model itself finds likeliest after this position.
    private int likeliest() {
      return Math.toIntExact(run.logits(cell.position()).argmax("d_vocab").toLongs()[0]);
    }

    private Map<String, Double> logits(DirectLogitAttribution attribution) {
      List<DirectLogitAttribution.Part> parts =
          level == Level.HEAD ? attribution.parts(index) : attribution.layers(index);
      return parts.stream()
          .filter(part -> part.kind() != Kind.CONSTANT)
          .collect(
              Collectors.toMap(
                  DirectLogitAttribution.Part::label, DirectLogitAttribution.Part::score));
    }

    private Answer answer(
        DirectLogitAttribution attribution, Map<String, Double> logits, List<Part> parts) {
      int token = attribution.token(index);
      double all = logits.values().stream().mapToDouble(Double::doubleValue).sum();
      double here = parts.stream().mapToDouble(Part::logit).filter(Double::isFinite).sum();
      return new Answer(
          token,
          run.model().word(token),
          attribution.logit(index),
          attribution.constant(index),
          all - here,
          attribution.addsUp(index));
    }

    private String meaning() {
      String kept =
          transport.plain()
              ? "On this pathway every write stays as it is."
              : "The pathway carries each write here with the routing of this run; what arrives may"
                  + " be longer or shorter than what was written.";
      return "The stream x here is the sum of what was written before, c. "
          + kept
          + " Shares are c·x/‖x‖² and add up to 1; a negative share points against the stream.";
    }
  }
}
