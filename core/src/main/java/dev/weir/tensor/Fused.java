package dev.weir.tensor;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/// Steps that the engine does in one pass over memory. Each has a readable twin composed from
/// [Tensor]'s operations in the test tree.
public final class Fused {
  private static final String TAP = "tap";

  /// The engine's name for leaving each prediction's loss by itself.
  private static final long NOT_AVERAGED = 0;

  /// The engine's default; no token has this id.
  private static final long IGNORED_TARGET = -100;

  private Fused() {}

  /// Centres, scales to unit variance, multiplies and shifts along the innermost axis (Ba et al.
  /// 2016, arXiv:1607.06450).
  ///
  /// @param x the normalised axis is the innermost, `[.., d_model]`
  /// @param weight the gain, `[d_model]`
  /// @param bias the shift, `[d_model]`
  /// @param epsilon added to the variance
  /// @return same shape as `x`
  public static Tensor layerNorm(Tensor x, Tensor weight, Tensor bias, double epsilon) {
    return x.same(
        torch.layer_norm(
            x.handle(),
            new long[] {weight.shape().elements()},
            new TensorOptional(weight.handle()),
            new TensorOptional(bias.handle()),
            epsilon,
            false));
  }

  /// Scales to unit mean square and multiplies along the innermost axis (Zhang & Sennrich 2019,
  /// arXiv:1910.07467, equation 4).
  ///
  /// @param x the normalised axis is the innermost, `[.., d_model]`
  /// @param weight the gain, `[d_model]`
  /// @param epsilon added to the mean square
  /// @return same shape as `x`
  public static Tensor rmsNorm(Tensor x, Tensor weight, double epsilon) {
    return x.same(
        torch.rms_norm(
            x.handle(),
            new long[] {weight.shape().elements()},
            new TensorOptional(weight.handle()),
            new DoubleOptional(epsilon)));
  }

  /// Softmax attention that never holds its scores.
  ///
  /// @param query `[batch, head, query_pos, d_head]`
  /// @param key `[batch, head, key_pos, d_head]`
  /// @param value `[batch, head, key_pos, d_head]`
  /// @param scale what the products are multiplied with
  /// @return `[batch, head, query_pos, d_head]`; query `i` sees the keys up to `i`
  public static Tensor causalAttention(Tensor query, Tensor key, Tensor value, double scale) {
    return attention(query, key, value, new TensorOptional(), Causal.YES, scale);
  }

  /// Softmax attention that never holds its scores, every query seeing every key.
  ///
  /// @param query `[batch, head, query_pos, d_head]`
  /// @param key `[batch, head, key_pos, d_head]`
  /// @param value `[batch, head, key_pos, d_head]`
  /// @param scale what the products are multiplied with
  /// @return `[batch, head, query_pos, d_head]`
  public static Tensor fullAttention(Tensor query, Tensor key, Tensor value, double scale) {
    return attention(query, key, value, new TensorOptional(), Causal.NO, scale);
  }

  /// Softmax attention that never holds its scores, under a mask.
  ///
  /// @param query `[batch, head, query_pos, d_head]`
  /// @param key `[batch, head, key_pos, d_head]`
  /// @param value `[batch, head, key_pos, d_head]`
  /// @param visible which keys a query sees, booleans, `[query_pos, key_pos]` or `[batch,
  ///   query_pos, key_pos]`
  /// @param scale what the products are multiplied with
  /// @return `[batch, head, query_pos, d_head]`
  public static Tensor maskedAttention(
      Tensor query, Tensor key, Tensor value, Tensor visible, double scale) {
    var mask = visible.shape().rank() == 3 ? visible.handle().unsqueeze(1) : visible.handle();
    return attention(query, key, value, new TensorOptional(mask), Causal.NO, scale);
  }

  /// A convolution along the sequence, each feature by itself: `y_t = Σ_i w_i x_{t+i}`. One pass
  /// over memory in float32; in float64 the engine goes through the features one by one.
  ///
  /// @param x the sequence second, `[batch, pos, ..]`
  /// @param weights the axes of `x` after `pos`, and `tap`, in any order
  /// @return `x`'s axes, as many positions fewer as there are taps but one
  public static Tensor convolution(Tensor x, Tensor weights) {
    long taps = weights.size(TAP);
    Axis pos = x.shape().axes().get(1);
    Shape shape = x.shape().with(pos.name(), new Axis(pos.name(), pos.size() - taps + 1));
    List<String> order = new ArrayList<>(x.shape().names().subList(2, x.shape().rank()));
    order.add(TAP);
    var kernel = weights.order(order.toArray(String[]::new)).handle().reshape(-1, 1, 1, taps);
    // A picture one pixel high, whose channels lie side by side as the engine likes them.
    var picture = x.handle().reshape(x.shape().axes().getFirst().size(), 1, pos.size(), -1);
    var result =
        torch.conv2d(
            picture.permute(0, 3, 1, 2),
            kernel,
            new TensorOptional(),
            new long[] {1, 1},
            new long[] {0, 0},
            new long[] {1, 1},
            kernel.size(0));
    return new Tensor(result.permute(0, 2, 3, 1).reshape(shape.sizes()), shape, x.dtype());
  }

  /// The mean cross entropy of the right answers, in nats.
  ///
  /// @param logits scores, `[.., d_vocab]`, the scored axis innermost
  /// @param targets the right answers, int64, `logits`' axes without the innermost
  /// @return one number
  public static Tensor crossEntropy(Tensor logits, Tensor targets) {
    String scored = logits.shape().axes().getLast().name();
    targets.require("targets", logits.shape().without(scored));
    return new Tensor(
        torch.cross_entropy_loss(
            logits.handle().reshape(-1, logits.size(scored)), targets.handle().reshape(-1)),
        Shape.of(),
        logits.dtype());
  }

  /// The mean cross entropy of the right answers, each as heavy as its weight, in nats: the sum of
  /// weight times cross entropy, divided by the sum of the weights.
  ///
  /// @param logits scores, `[.., d_vocab]`, the scored axis innermost
  /// @param targets the right answers, int64, `logits`' axes without the innermost
  /// @param weights none negative and not all 0, same shape as `targets`
  /// @return one number
  public static Tensor crossEntropy(Tensor logits, Tensor targets, Tensor weights) {
    String scored = logits.shape().axes().getLast().name();
    targets.require("targets", logits.shape().without(scored));
    weights.require("weights", targets.shape());
    var each =
        torch.cross_entropy_loss(
            logits.handle().reshape(-1, logits.size(scored)),
            targets.handle().reshape(-1),
            new TensorOptional(),
            NOT_AVERAGED,
            IGNORED_TARGET,
            0.0);
    var weight = weights.to(logits.dtype()).handle().reshape(-1);
    return new Tensor(each.mul(weight).sum().div(weight.sum()), Shape.of(), logits.dtype());
  }

  private enum Causal {
    YES,
    NO
  }

  private static Tensor attention(
      Tensor query, Tensor key, Tensor value, TensorOptional mask, Causal causal, double scale) {
    var result =
        Engine.withThreadsOutside(() ->
            torch.scaled_dot_product_attention(
                query.handle(),
                key.handle(),
                value.handle(),
                mask,
                0.0,
                causal == Causal.YES,
                new DoubleOptional(scale),
                false));
    BackwardThreads.outside(result, query, key, value);
    return query.same(result);
  }
}
