package dev.weir.page.origin;

import dev.weir.pathway.AttentionResiduals;
import dev.weir.pathway.DenseFormer;
import dev.weir.pathway.Depth;
import dev.weir.pathway.DepthAttention;
import dev.weir.pathway.PathwaySpec;
import dev.weir.stream.Site;
import dev.weir.stream.WriterLabels;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/// What the rows and columns of a routing value stand for: which earlier states, writes or lanes.
///
/// @param pathway whose routing
/// @param depth the model's depth axis
record SourceNames(PathwaySpec pathway, Depth depth) {

  /// Names along each axis of a value.
  ///
  /// @param site who decided it, or whose weight it is
  /// @param value its name
  /// @param numbers any shape without positions
  List<List<String>> axes(Site site, String value, Tensor numbers) {
    return numbers.shape().names().stream()
        .map(axis -> names(axis, Math.toIntExact(numbers.size(axis)), site, value))
        .toList();
  }

  private List<String> names(String axis, int size, Site site, String value) {
    return switch (axis) {
      case "source" -> value.equals("gamma") ? newestFirst(size, site) : sources(size, site, value);
      case "stream" -> size == 1 ? List.of("residual") : List.of("q", "k", "v", "residual");
      case "part" -> List.of("write", "stream");
      case "reader" -> readers(size, site);
      default -> numbered(axis.replace("depth_", ""), size);
    };
  }

  /// Names of channels.
  ///
  /// @param numbers `[channel]`
  List<String> channels(Tensor numbers) {
    int size = Math.toIntExact(numbers.size("channel"));
    return size == 1 ? List.of("") : numbered("channel", size);
  }

  private static List<String> numbered(String axis, int size) {
    return IntStream.range(0, size).mapToObj(i -> axis + " " + i).toList();
  }

  /// The sublayers of the block that begins after a site.
  private List<String> readers(int size, Site site) {
    int first = depth.sites().indexOf(site) + 1;
    return depth.sites().subList(first, first + size).stream().map(SourceNames::writer).toList();
  }

  private static String writer(Site site) {
    return WriterLabels.write(site).replace("_out", "");
  }

  /// Oldest first.
  private List<String> sources(int size, Site site, String value) {
    return switch (pathway) {
      case DenseFormer dense -> newest(size, everyOther(dense, site));
      case AttentionResiduals residuals -> newest(size, writes(residuals, site, value));
      case DepthAttention attention -> newest(size, read(attention, site, value));
      default -> blocks(size, site);
    };
  }

  private List<String> everyOther(DenseFormer dense, Site site) {
    int last = site.layer() + 1;
    return IntStream.rangeClosed(0, last)
        .filter(i -> i % dense.dilation() == last % dense.dilation())
        .mapToObj(i -> i == 0 ? "embed" : "block " + (i - 1))
        .toList();
  }

  private List<String> writes(AttentionResiduals residuals, Site site, String value) {
    int read = value.equals("ahead") ? depth.sites().indexOf(site) + 1 : depth.before(site);
    List<String> all = new ArrayList<>();
    all.add("embed");
    for (int from = 0; from < read; from += residuals.blockSize()) {
      int to = Math.min(read, from + residuals.blockSize());
      all.add(stretch(writer(depth.sites().get(from)), writer(depth.sites().get(to - 1))));
    }
    return all;
  }

  /// The sources of the read that opens the block after a site, or of a learned weight of that
  /// block.
  private List<String> read(DepthAttention attention, Site site, String value) {
    boolean own = value.endsWith("age") || site.sublayer() == Site.Sublayer.UNEMBED;
    int read = own ? depth.block(site) : site.layer() + 1;
    int size =
        attention.sources() == DepthAttention.SourceKind.SUMMARIES ? attention.blockSize() : 1;
    List<String> all = new ArrayList<>();
    all.add("embed");
    for (int from = 0; from < read; from += size) {
      int to = Math.min(read, from + size);
      all.add(stretch("block " + from, "block " + (to - 1)));
    }
    return all;
  }

  /// The embedding and the blocks before; where sources are fewer, the oldest blocks are one.
  private List<String> blocks(int size, Site site) {
    List<String> names = new ArrayList<>();
    names.add("embed");
    int together = Math.max(size - 1, depth.block(site)) - (size - 1) + 1;
    if (size > 1) {
      names.add(stretch("block 0", "block " + (together - 1)));
    }
    for (int block = together; names.size() < size; block++) {
      names.add("block " + block);
    }
    return names;
  }

  private static String stretch(String first, String last) {
    return first.equals(last) ? first : first + " to " + last;
  }

  /// The latest of all.
  private static List<String> newest(int size, List<String> all) {
    return size >= all.size() ? padded(size, all) : all.subList(all.size() - size, all.size());
  }

  private static List<String> padded(int size, List<String> all) {
    List<String> names = new ArrayList<>(all);
    while (names.size() < size) {
      names.add("source " + names.size());
    }
    return names;
  }

  /// States before sublayers, the newest first.
  private List<String> newestFirst(int size, Site site) {
    int read = depth.before(site);
    return IntStream.range(0, size)
        .mapToObj(
            i -> read - i - 1 < 0 ? "embed" : "before " + writer(depth.sites().get(read - i - 1)))
        .toList();
  }
}
