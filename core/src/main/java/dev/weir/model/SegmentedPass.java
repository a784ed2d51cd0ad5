package dev.weir.model;

import dev.weir.stream.HookPoint;
import dev.weir.stream.Hooks;
import dev.weir.stream.Stretch;
import dev.weir.tensor.Tensor;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// A forward pass that is to be differentiated and does not fit into memory at once: each block
/// runs twice, the second time when its turn in the backward pass comes ([Transformer#gradients]).
///
/// @param texts the tokens of each, filled up on the left
/// @param changes who changes values on their way; called in both runs, and has to do the same
/// @param watching who looks on and changes nothing; called in the first run alone
/// @param carried values that the loss is made of besides the logits
public record SegmentedPass(
    List<int[]> texts, Hooks changes, Hooks watching, Set<HookPoint> carried) {

  public SegmentedPass {
    texts = List.copyOf(texts);
    carried = Set.copyOf(carried);
  }

  /// What a pass is run for.
  public interface Ending {
    /// The loss.
    ///
    /// @param logits scores for the next token, `[batch, pos, d_vocab]`
    /// @param carried the values that were to be carried, after any changes, `[batch, ..]` and then
    ///   the axes of the place
    /// @return one number, `[]`
    Tensor loss(Tensor logits, Map<HookPoint, Tensor> carried);
  }

  SegmentedPass over(Stretch stretch) {
    return new SegmentedPass(texts, changes.over(stretch), watching.over(stretch), carried);
  }

  /// Who looks and changes in the first run of a segment.
  Hooks first() {
    return changes.then(watching);
  }

  /// Who looks and changes in the second.
  Hooks again() {
    return changes.then(new Seen(watching));
  }

  /// Those who have looked already. The places that they asked for stay the same, so that the same
  /// is computed.
  private record Seen(Hooks watching) implements Hooks {
    @Override
    public boolean touches(HookPoint point) {
      return watching.touches(point);
    }

    @Override
    public Tensor apply(HookPoint point, Tensor value) {
      return value;
    }

    @Override
    public boolean touchesState(HookPoint point) {
      return watching.touchesState(point);
    }
  }
}
