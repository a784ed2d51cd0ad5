package dev.weir.pathway;

import dev.weir.stream.Site;
import dev.weir.tensor.Axis;
import java.util.List;

/// The depth axis of a model: who writes to its stream, in order.
///
/// @param dModel width of the stream
/// @param sites who writes, first to last
/// @param parallel whether some block's attention and MLP read the same stream
public record Depth(int dModel, List<Site> sites, boolean parallel) {

  public Depth {
    sites = List.copyOf(sites);
  }

  /// The plain case: blocks of attention and MLP.
  ///
  /// @param nLayers how many blocks
  /// @param dModel width of the stream
  public static Depth of(int nLayers, int dModel) {
    return new Depth(
        dModel,
        java.util.stream.IntStream.range(0, nLayers)
            .boxed()
            .flatMap(layer -> java.util.stream.Stream.of(Site.attention(layer), Site.mlp(layer)))
            .toList(),
        false);
  }

  /// How many blocks there are.
  public int nLayers() {
    return sites.isEmpty() ? 0 : sites.getLast().layer() + 1;
  }

  /// The width of the stream as an axis.
  public Axis width() {
    return new Axis("d_model", dModel);
  }

  /// How many sublayers wrote before a site reads; all of them before the unembedding.
  ///
  /// @param site who reads
  public int before(Site site) {
    return site.sublayer() == Site.Sublayer.UNEMBED ? sites.size() : sites.indexOf(site);
  }

  /// Whether a site is the first of its block.
  ///
  /// @param site who reads
  public boolean opensBlock(Site site) {
    int index = sites.indexOf(site);
    return index == 0 || sites.get(index - 1).layer() != site.layer();
  }

  /// Whether a site is the last of its block.
  ///
  /// @param site who writes
  public boolean closesBlock(Site site) {
    int index = sites.indexOf(site);
    return index == sites.size() - 1 || sites.get(index + 1).layer() != site.layer();
  }

  /// The number of a site's block; the number of blocks for the unembedding.
  ///
  /// @param site who reads
  public int block(Site site) {
    return site.sublayer() == Site.Sublayer.UNEMBED ? nLayers() : site.layer();
  }
}
