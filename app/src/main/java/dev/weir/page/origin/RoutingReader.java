package dev.weir.page.origin;

import dev.weir.model.Transformer;
import dev.weir.page.origin.Routed.Decision;
import dev.weir.page.origin.Routed.Source;
import dev.weir.page.run.PromptRun;
import dev.weir.pathway.DeepDelta;
import dev.weir.pathway.ElcBert;
import dev.weir.pathway.Laurel;
import dev.weir.pathway.Past;
import dev.weir.pathway.PathwaySpec;
import dev.weir.pathway.ResidualPathway;
import dev.weir.pathway.Routing;
import dev.weir.pathway.VerticalAttention;
import dev.weir.readout.Wide;
import dev.weir.stream.HookPoint;
import dev.weir.stream.Site;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Reads what a pathway decided at one position of a run, and what it learned.
final class RoutingReader {
  private static final Pattern OWNER =
      Pattern.compile("(?:blocks\\.(\\d+)\\.|(final)_)?(?:(attn|mlp|local)_)?path\\.(.*)");

  /// The axes of weights of a mix; others belong to maps.
  private static final Set<String> OF_A_MIX =
      Set.of("source", "lane", "to", "channel", "part", "stream", "d_model");

  private final PromptRun run;
  private final Cell cell;
  private final Transformer model;
  private final PathwaySpec pathway;
  private final SourceNames names;
  private final Set<Site> writers;

  RoutingReader(PromptRun run, Cell cell) {
    this.run = run;
    this.cell = cell;
    this.model = run.model().transformer();
    this.pathway = model.spec().pathway();
    this.names = new SourceNames(pathway, model.spec().depth());
    this.writers = Set.copyOf(cell.writers(run));
  }

  // ---------------------------------------------------------------- decided by the token

  List<Decision> decided() {
    List<Decision> all = new ArrayList<>();
    for (HookPoint.Route route : pathway.routes(model.spec().depth())) {
      Tensor value = here(run.trace().get(route));
      all.add(
          value.shape().has("d_model")
              ? direction(route, value)
              : decision(route, value, Source.TOKEN));
    }
    if (pathway instanceof DeepDelta delta && !all.isEmpty()) {
      all.addAll(discrepancies(widened(delta)));
    }
    return all;
  }

  /// A value at the cell's position.
  private Tensor here(Tensor value) {
    return Wide.of(value.shape().has("pos") ? value.at("pos", cell.position()) : value);
  }

  private Decision decision(HookPoint.Route route, Tensor value, Source source) {
    Site site = route.site();
    return table(
        route.name(),
        route.value(),
        label(site),
        place(site),
        source,
        before(site),
        names.axes(site, route.value(), value),
        value);
  }

  /// A direction as its length and what it lies along.
  private Decision direction(HookPoint.Route route, Tensor direction) {
    Site site = route.site();
    Tensor stream = here(run.trace().get(run.places().get(place(site)).point()));
    Tensor written = here(run.trace().get(site.out()));
    double length = direction.norm("d_model").item();
    return new Decision(
        route.name(),
        route.value(),
        label(site),
        place(site),
        Source.TOKEN,
        before(site),
        List.of(""),
        List.of("length", "cosine with the stream before", "cosine with what was written"),
        new double[] {length, cosine(direction, stream), cosine(direction, written)},
        RoutingWords.of(pathway, route.value()));
  }

  private static double cosine(Tensor a, Tensor b) {
    return a.times(b).sum("d_model").item() / (a.norm("d_model").item() * b.norm("d_model").item());
  }

  // ---------------------------------------------------------------- what follows, of Deep Delta

  private ResidualPathway<?> widened(DeepDelta delta) {
    return delta.over(model.spec().depth(), name -> Wide.of(model.parameters().get(name)));
  }

  /// How far the state is from its target along `k` before and after each write: the state is no
  /// hook point where there are several channels, so it is written once more.
  private <S> List<Decision> discrepancies(ResidualPathway<S> over) {
    List<Decision> all = new ArrayList<>();
    S stream = over.open(embedded(), Past.none());
    for (Site site : model.spec().depth().sites()) {
      Routing routing = Routing.none();
      for (String name : List.of("beta", "k", "v", "gain")) {
        HookPoint point = new HookPoint.Route(site, HookPoint.Moment.WRITE, name);
        routing = routing.and(name, at(run.trace().get(point)));
      }
      S next = over.write(stream, site, routing, at(run.trace().get(site.out())));
      all.add(discrepancy(site, "before", channels(over, stream), routing));
      all.add(discrepancy(site, "after", channels(over, next), routing));
      stream = next;
    }
    return all;
  }

  private Tensor embedded() {
    Tensor embed = at(run.trace().get(new HookPoint.Embed()));
    HookPoint positions = new HookPoint.PosEmbed();
    return run.trace().has(positions) ? embed.plus(at(run.trace().get(positions))) : embed;
  }

  /// At the cell's position, and all before it where the pathway reads along the sequence.
  private Tensor at(Tensor value) {
    int from = model.pathway().mixesPositions() ? 0 : cell.position();
    return Wide.of(value.slice("pos", from, cell.position() + 1L - from));
  }

  private static <S> Tensor channels(ResidualPathway<S> over, S stream) {
    List<Tensor> channels = new ArrayList<>();
    S _ =
        over.map(
            stream,
            channel -> {
              channels.add(channel);
              return channel;
            });
    return Tensor.stack("channel", channels);
  }

  private Decision discrepancy(Site site, String when, Tensor state, Routing routing) {
    Tensor along = state.times(routing.get("k")).sum("d_model");
    Tensor off = along.minus(routing.get("v")).order("pos", "channel");
    off = off.at("pos", off.size("pos") - 1);
    String value = "discrepancy_" + when;
    return table(
        site.path() + "_write." + value,
        value,
        label(site),
        place(site),
        Source.FOLLOWS,
        before(site),
        List.of(names.channels(off)),
        off);
  }

  // ---------------------------------------------------------------- learned

  List<Decision> learned() {
    List<Decision> all = new ArrayList<>();
    pathway
        .weights(model.spec().depth())
        .forEach((name, weight) -> {
          boolean mixes = OF_A_MIX.containsAll(weight.shape().names());
          if (mixes && !name.substring(name.lastIndexOf('.') + 1).startsWith("W")) {
            all.add(learned(name, Wide.of(model.parameters().get(name))));
          }
        });
    return all;
  }

  private Decision learned(String name, Tensor weight) {
    Matcher owner = OWNER.matcher(name);
    if (!owner.matches()) {
      throw new IllegalStateException(name);
    }
    Site site = owner(owner);
    boolean everywhere = owner.group(1) == null && owner.group(2) == null;
    String value = owner.group(4);
    String label = everywhere ? "all" : owner.group(3) == null ? label(owner) : label(site);
    int place = everywhere ? -1 : place(site);
    boolean before = everywhere || before(site);
    if (weight.shape().has("d_model") && weight.shape().rank() == 1) {
      return new Decision(
          name,
          value,
          label,
          place,
          Source.LEARNED,
          before,
          List.of(""),
          List.of("mean", "root mean square"),
          new double[] {
            weight.mean("d_model").item(), weight.square().mean("d_model").sqrt().item()
          },
          RoutingWords.of(pathway, value));
    }
    Tensor mean = weight.shape().has("d_model") ? weight.mean("d_model") : weight;
    Tensor effective = effective(value, mean);
    List<List<String>> axes = names.axes(site, value, effective);
    return table(name, value, label, place, Source.LEARNED, before, axes, effective);
  }

  /// What a learned number does, where that is a function of it.
  private Tensor effective(String value, Tensor weight) {
    return switch (pathway) {
      case ElcBert _ when value.equals("alpha") -> weight.softmax("source");
      case VerticalAttention _ when value.equals("alpha") -> weight.softmax("source");
      case Laurel laurel when value.equals("ab") ->
          switch (laurel.residualWeights()) {
            case NONE -> weight;
            case SIGMOID -> weight.sigmoid().times(2);
            case SOFTMAX -> weight.softmax("part").times(2);
          };
      default -> weight;
    };
  }

  /// Whose weight it is: of a block as a whole its last sublayer, since it acts when the block is
  /// done or the next begins.
  private Site owner(Matcher owner) {
    if (owner.group(1) == null) {
      return Site.unembed();
    }
    int layer = Integer.parseInt(owner.group(1));
    if (owner.group(3) == null) {
      return model.spec().depth().sites().stream()
          .filter(site -> site.layer() == layer)
          .toList()
          .getLast();
    }
    return switch (owner.group(3)) {
      case "attn" -> Site.attention(layer);
      case "mlp" -> Site.mlp(layer);
      default -> Site.local(layer);
    };
  }

  private static String label(Matcher owner) {
    return owner.group(1) == null ? "end" : owner.group(1);
  }

  // ---------------------------------------------------------------- tables

  /// @param axes the names along each axis of the value, at most two after the first are merged
  private Decision table(
      String name,
      String value,
      String site,
      int place,
      Source source,
      boolean before,
      List<List<String>> axes,
      Tensor numbers) {
    List<String> columns = axes.isEmpty() ? List.of("") : axes.getLast();
    List<String> rows = List.of("");
    for (List<String> axis : axes.subList(0, Math.max(0, axes.size() - 1))) {
      rows = crossed(rows, axis);
    }
    return new Decision(
        name,
        value,
        site,
        place,
        source,
        before,
        rows,
        columns,
        numbers.toDoubles(),
        RoutingWords.of(pathway, value));
  }

  private static List<String> crossed(List<String> rows, List<String> axis) {
    return rows.stream()
        .flatMap(row -> axis.stream().map(name -> row.isEmpty() ? name : row + ", " + name))
        .toList();
  }

  private static String label(Site site) {
    return switch (site.sublayer()) {
      case LOCAL -> site.layer() + "_local";
      case ATTENTION -> site.layer() + "_attn";
      case MLP -> site.layer() + "_mlp";
      case UNEMBED -> "end";
    };
  }

  private int place(Site site) {
    return site.sublayer() == Site.Sublayer.UNEMBED
        ? run.places().size() - 1
        : Cell.readBy(run, site);
  }

  /// Whether what was decided at a site has had its effect on the cell.
  private boolean before(Site site) {
    return site.sublayer() == Site.Sublayer.UNEMBED
        ? cell.place() == run.places().size() - 1
        : writers.contains(site);
  }
}
