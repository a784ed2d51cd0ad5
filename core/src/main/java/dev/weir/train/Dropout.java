package dev.weir.train;

import dev.weir.stream.HookPoint;
import dev.weir.stream.Hooks;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import java.util.SplittableRandom;

/// Leaves out numbers at random where they enter the stream (Srivastava et al. 2014; on the
/// embedding and on what each sublayer writes, as Vaswani et al. 2017, section 5.4) and enlarges
/// the others, so that nothing changes on average. The model knows nothing of it.
///
/// Each place has luck of its own, so that a pass, or a part of it, that runs again leaves out the
/// same numbers.
///
/// @param rate which share is left out
/// @param seed where the luck comes from
record Dropout(double rate, long seed) implements Hooks {

  /// Odd, and unlike what [SplittableRandom] itself counts by: places get unlike streams.
  private static final long APART = 0xD1342543DE82EF95L;

  /// How many parts one draw of 64 bits has.
  private static final int PARTS = 4;

  @Override
  public boolean touches(HookPoint point) {
    return rate > 0
        && (point instanceof HookPoint.Embed
            || point instanceof HookPoint.AttnOut
            || point instanceof HookPoint.MlpOut);
  }

  @Override
  public Tensor apply(HookPoint point, Tensor value) {
    return value.times(mask(point, value.shape()).to(value.dtype()).to(value.device()));
  }

  private Tensor mask(HookPoint point, Shape shape) {
    SplittableRandom random = new SplittableRandom(seed + APART * point.name().hashCode());
    int threshold = (int) Math.round(rate * (1 << 16));
    float kept = (float) (1 / (1 - threshold / (double) (1 << 16)));
    float[] mask = new float[Math.toIntExact(shape.elements())];
    for (int i = 0; i < mask.length; i += PARTS) {
      long luck = random.nextLong();
      for (int j = i; j < Math.min(i + PARTS, mask.length); j++) {
        mask[j] = (luck & 0xFFFF) < threshold ? 0 : kept;
        luck >>>= 16;
      }
    }
    return Tensor.of(mask, shape);
  }
}
