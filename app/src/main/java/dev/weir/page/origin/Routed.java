package dev.weir.page.origin;

import dev.weir.model.Transformer;
import dev.weir.page.run.PromptRun;
import dev.weir.pathway.PathwaySpec;
import dev.weir.pathway.Pathways;
import dev.weir.tensor.Scope;
import java.util.ArrayList;
import java.util.List;

/// What the pathway decided at a position, over depth, and what it learned once for all tokens:
/// what makes a write count more or less than 1 on its way. Names are those of hook points and
/// weights, as the pathway's page says.
///
/// @param cell which cell
/// @param pathway the pathway's name
/// @param idea what it does, in one line
/// @param paper who described it
/// @param decisions first to last
/// @param meaning what to know before reading them
public record Routed(
    Cell cell,
    String pathway,
    String idea,
    String paper,
    List<Decision> decisions,
    String meaning) {

  public Routed {
    decisions = List.copyOf(decisions);
  }

  /// Who decides.
  public enum Source {
    /// The pathway, for this token.
    TOKEN,
    /// Nobody: it is learned, the same for all tokens.
    LEARNED,
    /// It follows from what was decided and from the stream.
    FOLLOWS
  }

  /// One value of the routing.
  ///
  /// @param name the hook point or the weight
  /// @param value its last part: values of the same name make a line over depth
  /// @param site where: `3_attn`, `3_mlp`, `end`, `3` for a block, `all`
  /// @param place index of the place of the plane that is nearest before it; -1 for all of depth
  /// @param source who decides
  /// @param before whether it has had its effect on this cell
  /// @param rows names of the rows of a table; one, empty, for a row or a number
  /// @param columns names of the columns; one, empty, for a number
  /// @param numbers row by row
  /// @param meaning what it is
  @SuppressWarnings("ArrayRecordComponent") // Numbers, read once.
  public record Decision(
      String name,
      String value,
      String site,
      int place,
      Source source,
      boolean before,
      List<String> rows,
      List<String> columns,
      double[] numbers,
      String meaning) {
    public Decision {
      rows = List.copyOf(rows);
      columns = List.copyOf(columns);
    }
  }

  /// Of a cell; for the engine's thread alone.
  ///
  /// @param run the run
  /// @param cell which of its cells
  /// @throws dev.weir.page.run.PageException if there is no such cell
  public static Routed of(PromptRun run, Cell cell) {
    Cell here = cell.within(run);
    Transformer model = run.model().transformer();
    PathwaySpec pathway = model.spec().pathway();
    try (Scope _ = Scope.open()) {
      RoutingReader reader = new RoutingReader(run, here);
      List<Decision> decided = reader.decided();
      List<Decision> all = new ArrayList<>(decided);
      all.addAll(reader.learned());
      return new Routed(
          here,
          pathway.getClass().getSimpleName(),
          listing(pathway).idea(),
          listing(pathway).paper(),
          all,
          meaning(decided.isEmpty(), all.isEmpty()));
    }
  }

  private static Pathways.Listing listing(PathwaySpec pathway) {
    return Pathways.all().stream()
        .filter(listing -> listing.kind().isInstance(pathway))
        .findFirst()
        .orElseThrow();
  }

  private static String meaning(boolean nothingDecided, boolean nothing) {
    if (nothing) {
      return "This pathway has no routing: every write is added as it is and counts 1.";
    }
    return nothingDecided
        ? "No token decides anything here: all weights are learned, the same for every token."
        : "What this token decided on its way up, and what is learned for every token.";
  }
}
