package dev.weir.page.run;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import dev.weir.edit.Edit;
import dev.weir.edit.Intervention;
import dev.weir.edit.Target;
import java.util.List;

/// A change of a run, as a request names it.
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "kind")
@JsonSubTypes(@JsonSubTypes.Type(value = Change.Ablate.class, name = "ablate"))
public sealed interface Change {

  /// Puts zeros somewhere.
  ///
  /// @param hook a hook point's name
  /// @param heads which heads; empty for all
  /// @param positions which positions; empty for all
  record Ablate(String hook, List<Integer> heads, List<Integer> positions) implements Change {
    public Ablate {
      heads = List.copyOf(heads);
      positions = List.copyOf(positions);
    }

    @Override
    public Edit edit() {
      return new Edit(target(hook, heads, positions), new Intervention.Ablate.Zero());
    }
  }

  /// The same change in the engine's terms.
  Edit edit();

  private static Target target(String hook, List<Integer> heads, List<Integer> positions) {
    Target target = Target.at(hook);
    if (!heads.isEmpty()) {
      target = target.heads(heads.stream().mapToInt(Integer::intValue).toArray());
    }
    return positions.isEmpty()
        ? target
        : target.positions(positions.stream().mapToInt(Integer::intValue).toArray());
  }
}
