package dev.weir.page.origin;

import dev.weir.page.run.PageException;
import dev.weir.page.run.PromptRun;
import dev.weir.page.run.Remembered;
import dev.weir.page.run.Runs;
import dev.weir.readout.AttentionSources;
import dev.weir.readout.Contributions;
import dev.weir.stream.Site;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.Scope;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/// Where cells of the plane came from. What is found along the sequence takes a second run of the
/// prompt, since patterns are not kept, and is remembered.
public final class Origins {
  private static final int REMEMBERED = 256;

  private final Runs runs;

  private final Remembered<Asked, List<AlongSequence.Reading>> remembered =
      new Remembered<>(REMEMBERED);

  /// Of some runs.
  ///
  /// @param runs whose cells are asked about
  public Origins(Runs runs) {
    this.runs = runs;
  }

  private record Asked(String run, int position, int block) {}

  /// Where along depth the stream of a cell came from.
  ///
  /// @param id which run
  /// @param cell which of its cells
  /// @param level whether attention counts as one or head by head
  /// @param asked which logit the parts are also measured by
  /// @throws dev.weir.WeirException if there is no such run, cell or token
  public AlongDepth depth(String id, Cell cell, Contributions.Level level, AlongDepth.Asked asked) {
    return runs.read(id, run -> AlongDepth.of(run, cell, level, asked));
  }

  /// What the pathway decided at a cell.
  ///
  /// @param id which run
  /// @param cell which of its cells
  /// @throws dev.weir.WeirException if there is no such run or cell
  public Routed routing(String id, Cell cell) {
    return runs.read(id, run -> Routed.of(run, cell));
  }

  /// Where along the sequence a block read from.
  ///
  /// @param id which run
  /// @param cell for which of its cells
  /// @param block which block; the one whose attention wrote last before the cell where none is
  ///   named
  /// @throws dev.weir.WeirException if there is no such run or cell, or the block has not written
  ///   before it
  public AlongSequence sequence(String id, Cell cell, OptionalInt block) {
    return runs.read(id, run -> sequence(run, cell.within(run), block));
  }

  private AlongSequence sequence(PromptRun run, Cell cell, OptionalInt asked) {
    List<Integer> blocks = blocks(run, cell);
    if (blocks.isEmpty() && asked.isEmpty()) {
      return new AlongSequence(
          cell,
          OptionalInt.empty(),
          blocks,
          List.of(),
          List.of(),
          List.of("Nothing has read along the sequence before this cell."));
    }
    int block = asked.orElseGet(blocks::getLast);
    if (!blocks.contains(block)) {
      throw notBefore(run, cell, block, blocks);
    }
    LocalMixers mixers = new LocalMixers(run.model().transformer(), block, cell.position());
    return new AlongSequence(
        cell,
        OptionalInt.of(block),
        blocks,
        readings(run, cell.position(), block),
        mixers.convolutions(),
        mixers.notes());
  }

  private static PageException notBefore(
      PromptRun run, Cell cell, int block, List<Integer> blocks) {
    return new PageException(
        blocks.isEmpty() ? PageException.Kind.NOT_FOUND : PageException.Kind.BAD_REQUEST,
        "The attention of block %d has written nothing before %s"
            .formatted(block, run.places().get(cell.place()).label()),
        "block",
        blocks.isEmpty()
            ? "ask for a later place"
            : "ask for one of %d to %d".formatted(blocks.getFirst(), blocks.getLast()));
  }

  /// The blocks whose attention wrote before a cell.
  private static List<Integer> blocks(PromptRun run, Cell cell) {
    return cell.writers(run).stream()
        .filter(site -> site.sublayer() == Site.Sublayer.ATTENTION)
        .map(Site::layer)
        .toList();
  }

  private List<AlongSequence.Reading> readings(PromptRun run, int position, int block) {
    Asked asked = new Asked(run.id(), position, block);
    Optional<List<AlongSequence.Reading>> found = remembered.find(asked);
    if (found.isPresent()) {
      return found.get();
    }
    List<AlongSequence.Reading> readings = read(run, position, block);
    remembered.keep(asked, readings);
    return readings;
  }

  private List<AlongSequence.Reading> read(PromptRun run, int position, int block) {
    try (Scope _ = Scope.open();
        StreamTrace again = runs.again(run, AttentionSources.capture(block, position))) {
      return new SequenceReader(run, again, position).of(block);
    }
  }
}
