package dev.weir.page.origin;

import dev.weir.page.run.PromptRun;
import dev.weir.page.run.Window;
import dev.weir.stream.HookPoint;
import dev.weir.stream.Site;
import dev.weir.stream.StreamTrace;
import java.util.List;

/// A cell of a run's plane.
///
/// @param place index of the place
/// @param position the position
public record Cell(int place, int position) {

  /// The same cell, if it is one of a run's plane.
  ///
  /// @param run whose plane
  /// @throws dev.weir.page.run.PageException if it is not
  Cell within(PromptRun run) {
    Window _ = new Window(place, place + 1, position, position + 1).within(run);
    return this;
  }

  /// Where in the model it is.
  HookPoint point(PromptRun run) {
    return run.places().get(place).point();
  }

  /// The part of a run's record that readouts of this cell need: its position alone, or all of them
  /// where the pathway itself mixes positions. Whoever asks closes it.
  StreamTrace record(PromptRun run) {
    boolean mixes = run.model().transformer().pathway().mixesPositions();
    return mixes ? run.trace().between(0, run.length()) : at(run);
  }

  /// The record of the position alone. Whoever asks closes it.
  StreamTrace at(PromptRun run) {
    return run.trace().between(position, position + 1);
  }

  /// The index of the position in a record.
  int index(StreamTrace record) {
    return record.positions().indexOf(position);
  }

  /// Who wrote before this place, first to last.
  List<Site> writers(PromptRun run) {
    List<Site> sites = run.model().transformer().spec().depth().sites();
    return sites.stream().filter(site -> before(site, point(run))).toList();
  }

  private static boolean before(Site site, HookPoint point) {
    if (!(point instanceof HookPoint.InBlock place) || point instanceof HookPoint.ResidPost) {
      return true;
    }
    boolean inside = point instanceof HookPoint.ResidMid && site.sublayer() != Site.Sublayer.MLP;
    return site.layer() < place.layer() || (site.layer() == place.layer() && inside);
  }

  /// The place of the plane at which a sublayer read what it then wrote.
  ///
  /// @param run whose plane
  /// @param site the sublayer
  static int readBy(PromptRun run, Site site) {
    List<HookPoint> points = run.places().stream().map(place -> place.point()).toList();
    int middle = points.indexOf(new HookPoint.ResidMid(site.layer()));
    boolean between = site.sublayer() == Site.Sublayer.MLP && middle >= 0;
    return between ? middle : points.indexOf(new HookPoint.ResidPre(site.layer()));
  }
}
