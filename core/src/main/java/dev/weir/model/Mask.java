package dev.weir.model;

import dev.weir.tensor.Fused;
import dev.weir.tensor.Tensor;
import dev.weir.tensor.WindowAttention;

/// Who sees whom.
sealed interface Mask {

  /// Attention under this mask that never holds its scores.
  ///
  /// @param query `[batch, head, pos, d_head]`
  /// @param key `[batch, head, key_pos, d_head]`
  /// @param value `[batch, head, key_pos, d_head]`
  /// @param scale what the products are multiplied with
  /// @return `[batch, head, pos, d_head]`
  Tensor attend(Tensor query, Tensor key, Tensor value, double scale);

  /// The same numbers, and another one where a query does not see the key.
  ///
  /// @param scores `[.., query_pos, key_pos]`
  /// @param hidden what stands there for a key out of sight
  Tensor hide(Tensor scores, double hidden);

  /// Every query sees every key.
  record Everything() implements Mask {
    @Override
    public Tensor attend(Tensor query, Tensor key, Tensor value, double scale) {
      return Fused.fullAttention(query, key, value, scale);
    }

    @Override
    public Tensor hide(Tensor scores, double hidden) {
      return scores;
    }
  }

  /// Query `i` sees the keys up to `i`, and there are as many keys as queries.
  record Triangle() implements Mask {
    @Override
    public Tensor attend(Tensor query, Tensor key, Tensor value, double scale) {
      return Fused.causalAttention(query, key, value, scale);
    }

    @Override
    public Tensor hide(Tensor scores, double hidden) {
      return scores.where(WindowAttention.before(age(scores)), hidden);
    }
  }

  /// Query `i` sees key `i` and those right before it, and there are as many keys as queries.
  ///
  /// @param attention over as many keys as a query sees
  record Window(WindowAttention attention) implements Mask {
    @Override
    public Tensor attend(Tensor query, Tensor key, Tensor value, double scale) {
      return attention.attend(query, key, value, scale);
    }

    @Override
    public Tensor hide(Tensor scores, double hidden) {
      return scores.where(WindowAttention.latest(age(scores), attention.window()), hidden);
    }
  }

  /// As the booleans say, `[query_pos, key_pos]` or `[batch, query_pos, key_pos]`.
  record Some(Tensor visible) implements Mask {
    @Override
    public Tensor attend(Tensor query, Tensor key, Tensor value, double scale) {
      return Fused.maskedAttention(query, key, value, visible, scale);
    }

    @Override
    public Tensor hide(Tensor scores, double hidden) {
      return scores.where(visible, hidden);
    }
  }

  /// How far keys are before queries where both begin with the text, int64, `[query_pos, key_pos]`.
  private static Tensor age(Tensor scores) {
    return Tensor.range(0, scores.shape().axis("query_pos"))
        .minus(Tensor.range(0, scores.shape().axis("key_pos")));
  }
}
