package dev.weir.readout.memory;

import dev.weir.edit.Edit;
import dev.weir.edit.Edits;
import dev.weir.edit.Intervention;
import dev.weir.edit.Target;
import dev.weir.model.Transformer;
import dev.weir.readout.DirectLogitAttribution;
import dev.weir.readout.DirectLogitAttribution.Kind;
import dev.weir.readout.DirectLogitAttribution.Part;
import dev.weir.readout.DirectLogitAttribution.Question;
import dev.weir.readout.Estimate;
import dev.weir.stream.Capture;
import dev.weir.stream.HookPoint;
import dev.weir.stream.Hooks;
import dev.weir.stream.NormSite;
import dev.weir.stream.Site;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Tensor;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Who makes up for a component that is taken away (McGrath et al. 2023, arXiv:2307.15771; Rushing
/// & Nanda 2024, arXiv:2402.15390): its output is set to zero, the text is run again, and what each
/// part adds to the answer's logit is compared. The change of the logit is, exactly, the direct
/// effect that went, what the others changed by at the final norm's old scale, what the change of
/// that scale adds, and a rest, which is what a cap on logits does.
public final class SelfRepair {
  private final String component;
  private final Totals totals;
  private final List<Change> changes;

  private SelfRepair(String component, Totals totals, List<Change> changes) {
    this.component = component;
    this.totals = totals;
    this.changes = List.copyOf(changes);
  }

  /// Where the component is taken away.
  public enum Reach {
    /// At the position whose logit is asked for.
    THERE,
    /// At every position.
    EVERYWHERE
  }

  /// Where the logit's change comes from; `ablated = clean + direct + others + scale + rest`.
  ///
  /// @param clean the logit, or the difference of logits, of the untouched run
  /// @param ablated the same of the run without the component
  /// @param direct the direct effect that went, `−DLA`
  /// @param others what the other parts changed by, at the old scale
  /// @param scale what the change of the final norm's scale adds
  /// @param rest what is left: a cap on logits, and rounding
  /// @param repair `others + scale + rest`: how far the logit stayed from `clean + direct`
  public record Totals(
      Estimate clean,
      Estimate ablated,
      Estimate direct,
      Estimate others,
      Estimate scale,
      Estimate rest,
      Estimate repair) {

    /// How much of the direct effect was made up for.
    public double repaired() {
      return -repair.mean() / direct.mean();
    }
  }

  /// One part.
  ///
  /// @param label as direct logit attribution names it
  /// @param clean what it added in the untouched run
  /// @param change by how much more it adds without the component, at the old scale
  /// @param taken whether it is what was taken away, or a part of it
  public record Change(String label, Estimate clean, Estimate change, boolean taken) {}

  /// Of one text.
  ///
  /// @param model which model
  /// @param tokens the text
  /// @param component what is taken away: a head, an attention layer or an MLP
  /// @param reach where it is taken away
  /// @param question what is asked at the last position; of the top token, the untouched run's
  public static SelfRepair of(
      Transformer model, int[] tokens, Write component, Reach reach, Question question) {
    Reader reader = reader(model, component, reach);
    reader.read(tokens, question);
    return reader.found();
  }

  /// Of many texts, one by one.
  ///
  /// @param model which model
  /// @param component what is taken away: a head, an attention layer or an MLP
  /// @param reach where it is taken away
  /// @throws MemoryException if the component cannot be taken away by itself
  public static Reader reader(Transformer model, Write component, Reach reach) {
    return new Reader(model, component, reach);
  }

  /// Runs texts one by one and keeps means alone.
  public static final class Reader {
    private final Transformer model;
    private final Write component;
    private final Reach reach;
    private final Map<String, Samples> samplesOf = new LinkedHashMap<>();
    private final Sums sums = new Sums();

    private Reader(Transformer model, Write component, Reach reach) {
      this.model = model;
      this.component = component;
      this.reach = reach;
      Target _ = target();
    }

    private Target target() {
      Target whole =
          switch (component) {
            case Write.Head(int layer, int head) -> z(layer).heads(head);
            case Write.Sublayer(Site site) ->
                switch (site.sublayer()) {
                  case ATTENTION -> z(site.layer());
                  case MLP, LOCAL -> Target.at(site.out().name());
                  case UNEMBED -> throw MemoryException.cannotAblate(component.label());
                };
            case Write.Embedding _, Write.Neuron _ ->
                throw MemoryException.cannotAblate(component.label());
          };
      return reach == Reach.EVERYWHERE ? whole : whole.positions(-1);
    }

    private static Target z(int layer) {
      return Target.at("blocks.%d.attn.hook_z".formatted(layer));
    }

    /// Runs a text with and without the component.
    ///
    /// @param tokens the text
    /// @param question what is asked at the last position; of the top token, the untouched run's
    public void read(int[] tokens, Question question) {
      Capture all = DirectLogitAttribution.capture().and("ln_final.hook_scale?");
      Capture capture = model.pathway().mixesPositions() ? all : all.at(-1);
      Edits zero = Edits.of(model, new Edit(target(), new Intervention.Ablate.Zero()));
      try (Scope _ = Scope.open();
          StreamTrace clean = model.trace(List.of(tokens), capture, Hooks.none());
          StreamTrace ablated = model.trace(List.of(tokens), capture, zero)) {
        Run before = new Run(clean, DirectLogitAttribution.of(model, clean, question));
        Question same =
            question instanceof Question.TopToken ? new Question.Token(before.token()) : question;
        compare(before, new Run(ablated, DirectLogitAttribution.of(model, ablated, same)), same);
      }
    }

    /// What a part says in the clean run, and how that changes.
    private record Samples(Sample clean, Sample change) {}

    private void compare(Run clean, Run ablated, Question question) {
      double stretch = ablated.scale() / clean.scale();
      double direct = 0;
      double others = 0;
      double scale = 0;
      for (int i = 0; i < clean.parts().size(); i++) { // Both runs have the same parts.
        Part part = clean.parts().get(i);
        double after = ablated.parts().get(i).score();
        // What stays the same whatever the scale is no part of the stream.
        double atOldScale = part.kind() == Kind.CONSTANT ? after : after * stretch;
        double change = atOldScale - part.score();
        scale += after - atOldScale;
        if (taken(part.label())) {
          direct += change;
        } else {
          others += change;
        }
        Samples samples =
            samplesOf.computeIfAbsent(part.label(), _ -> new Samples(new Sample(), new Sample()));
        samples.clean.add(part.score());
        samples.change.add(change);
      }
      sums.add(clean.logit(question), ablated.logit(question), direct, others, scale);
    }

    /// Whether a part is what was taken away, or a part of it.
    private boolean taken(String label) {
      return (component instanceof Write.Sublayer(Site site)
              && site.sublayer() == Site.Sublayer.ATTENTION)
          ? label.startsWith("L%dH".formatted(site.layer()))
          : label.equals(component.label());
    }

    /// What was found.
    ///
    /// @throws MemoryException if nothing was read
    public SelfRepair found() {
      if (samplesOf.isEmpty()) {
        throw MemoryException.nothingRead();
      }
      return new SelfRepair(
          component.label(),
          sums.totals(),
          samplesOf.entrySet().stream()
              .map(each ->
                  new Change(
                      each.getKey(),
                      each.getValue().clean.estimate(),
                      each.getValue().change.estimate(),
                      taken(each.getKey())))
              .toList());
    }
  }

  /// The samples of the totals.
  private static final class Sums {
    private final Sample clean = new Sample();
    private final Sample ablated = new Sample();
    private final Sample direct = new Sample();
    private final Sample others = new Sample();
    private final Sample scale = new Sample();
    private final Sample rest = new Sample();
    private final Sample repair = new Sample();

    void add(double before, double after, double gone, double changed, double scaled) {
      double change = after - before;
      clean.add(before);
      ablated.add(after);
      direct.add(gone);
      others.add(changed);
      scale.add(scaled);
      rest.add(change - gone - changed - scaled);
      repair.add(change - gone);
    }

    Totals totals() {
      return new Totals(
          clean.estimate(),
          ablated.estimate(),
          direct.estimate(),
          others.estimate(),
          scale.estimate(),
          rest.estimate(),
          repair.estimate());
    }
  }

  /// A run, read at its last position.
  private record Run(StreamTrace trace, DirectLogitAttribution attribution) {

    int last() {
      return trace.positions().size() - 1;
    }

    int token() {
      return attribution.token(last());
    }

    List<Part> parts() {
      return attribution.parts(last());
    }

    double scale() {
      HookPoint point = new HookPoint.NormScale(new NormSite.LnFinal());
      return trace.has(point) ? trace.get(point).at("one", 0).at("pos", last()).item() : 1;
    }

    /// As the model itself gives it.
    double logit(Question question) {
      Tensor logits = trace.logits().at("pos", last());
      return switch (question) {
        case Question.TopToken() -> logits.at("d_vocab", token()).item();
        case Question.Token(int id) -> logits.at("d_vocab", id).item();
        case Question.Difference(int id, int other) ->
            logits.at("d_vocab", id).item() - logits.at("d_vocab", other).item();
        case Question.AboveMean(int id) ->
            logits.at("d_vocab", id).item() - logits.mean("d_vocab").item();
      };
    }
  }

  // ---------------------------------------------------------------- what it says

  /// What was taken away.
  public String component() {
    return component;
  }

  /// Where the logit's change comes from.
  public Totals totals() {
    return totals;
  }

  /// Every part, in the order of the computation.
  public List<Change> changes() {
    return changes;
  }

  /// The parts that changed most, but for the component itself.
  ///
  /// @param count how many at most
  public List<Change> mostChanged(int count) {
    return changes.stream()
        .filter(change -> !change.taken())
        .sorted(
            Comparator.comparingDouble((Change change) -> Math.abs(change.change().mean()))
                .reversed())
        .limit(count)
        .toList();
  }
}
