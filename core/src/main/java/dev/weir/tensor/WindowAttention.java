package dev.weir.tensor;

import java.util.ArrayList;
import java.util.List;

/// Softmax attention in which each query sees itself and the keys right before it, and keys out of
/// sight cost little: positions are cut into chunks, and the queries of a chunk meet the keys of
/// their own and of the chunk before (as in Beltagy et al. 2020, arXiv:2004.05150, appendix A).
/// Work and memory grow with the length of the text, not with its square.
public final class WindowAttention {
  /// The engine computes fewer keys at a time no faster.
  private static final int SMALLEST_CHUNK = 16;

  /// With fewer chunks than this, masking what is out of sight takes no longer; with a few more, in
  /// texts of a hundred or two, neither makes much of a difference.
  private static final int FEWEST_CHUNKS = 4;

  private final int window;
  private final Axis length;
  private final Axis chunks;
  private final Axis place;
  private final Tensor visible;

  /// Of texts of one length.
  ///
  /// @param window how many keys a query sees, its own included
  /// @param length how many positions there are
  public WindowAttention(int window, long length) {
    long size = chunkSize(window);
    this.window = window;
    this.length = new Axis("pos", length);
    this.chunks = new Axis("chunk", (length + size - 1) / size);
    this.place = new Axis("place", size);
    Tensor query = Tensor.range(size, new Axis("query_pos", size));
    Tensor key = Tensor.range(0, new Axis("key_pos", 2 * size));
    Tensor age = query.minus(key);
    // Before the first chunk there is nothing.
    Tensor start = Tensor.range(-1, chunks).times((double) size);
    Tensor there = start.plus(key).times(-1).atMost(0);
    this.visible = latest(age, window).and(there).order("chunk", "query_pos", "key_pos");
  }

  /// Whether texts are so long that chunks take less time than a mask.
  ///
  /// @param window how many keys a query sees, its own included
  /// @param length how many positions there are
  public static boolean pays(int window, long length) {
    return length > (FEWEST_CHUNKS - 1) * chunkSize(window);
  }

  /// How many keys a query sees, its own included.
  public int window() {
    return window;
  }

  /// Which keys are not after the query.
  ///
  /// @param age how far keys are before queries, `[query_pos, key_pos]`
  /// @return booleans, `[query_pos, key_pos]`
  public static Tensor before(Tensor age) {
    return age.times(-1).atMost(0);
  }

  /// Which keys are the latest that the query may see.
  ///
  /// @param age how far keys are before queries, `[query_pos, key_pos]`
  /// @param count how many keys, the query's own included
  /// @return booleans, `[query_pos, key_pos]`
  public static Tensor latest(Tensor age, int count) {
    return before(age).and(age.atMost(count - 1));
  }

  private static long chunkSize(int window) {
    return Math.max(SMALLEST_CHUNK, window);
  }

  /// Keeps what is the same for all layers.
  ///
  /// @param owner keeps it
  /// @return this
  public WindowAttention ownedBy(TensorOwner owner) {
    Tensor _ = owner.own(visible);
    return this;
  }

  /// The mix of the values, never holding the scores of all keys.
  ///
  /// @param query `[batch, head, query_pos, d_head]`; the third axis may have another name
  /// @param key `[batch, head, key_pos, d_head]`, as many positions as queries
  /// @param value `[batch, head, key_pos, d_head]`
  /// @param scale what the products are multiplied with
  /// @return `[batch, head, query_pos, d_head]`
  public Tensor attend(Tensor query, Tensor key, Tensor value, double scale) {
    Tensor mixed =
        Fused.maskedAttention(
            rows(cut(filled(query, 0))),
            withTheChunkBefore(key),
            withTheChunkBefore(value),
            visible,
            scale);
    Axis batch = query.shape().axes().getFirst();
    Axis head = query.shape().axes().get(1);
    Tensor whole =
        mixed
            .order("row", "chunk", "place", "d_head")
            .merge("pos", "chunk", "place")
            .slice("pos", 0, length.size())
            .split("row", batch, head);
    return whole.rename("pos", query.shape().names().get(2));
  }

  /// Zeros in front, and behind until the chunks are full, `[batch, head, pos, d_head]`.
  private Tensor filled(Tensor x, long front) {
    Tensor named = x.rename(x.shape().names().get(2), "pos");
    List<Tensor> parts = new ArrayList<>();
    long behind = chunks.size() * place.size() - length.size();
    addZeros(parts, named, front);
    parts.add(named);
    addZeros(parts, named, behind);
    return parts.size() == 1 ? named : Tensor.concat("pos", parts);
  }

  private static void addZeros(List<Tensor> parts, Tensor like, long count) {
    if (count > 0) {
      Shape shape = like.shape().with("pos", new Axis("pos", count));
      parts.add(Tensor.zeros(shape, like.dtype()).to(like.device()));
    }
  }

  /// `[batch, head, chunk, place, d_head]`.
  private Tensor cut(Tensor x) {
    return x.split("pos", chunks, place);
  }

  private Tensor withTheChunkBefore(Tensor x) {
    Tensor filled = filled(x, place.size());
    long all = chunks.size() * place.size();
    Tensor before = cut(filled.slice("pos", 0, all));
    Tensor own = cut(filled.slice("pos", place.size(), all));
    return rows(Tensor.concat("place", List.of(before, own)));
  }

  /// Heads of all texts side by side, `[chunk, row, place, d_head]`.
  private static Tensor rows(Tensor cut) {
    List<String> names = cut.shape().names();
    return cut.merge("row", names.get(0), names.get(1)).order("chunk", "row", "place", "d_head");
  }
}
