package dev.weir.view;

import dev.weir.readout.probe.ClockAndPizza;
import dev.weir.readout.probe.FourierCircles;
import dev.weir.readout.probe.FourierCircles.Circle;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/// The circles of a cyclic vocabulary as a table and a spectrum, and which algorithm adds on them.
public final class CirclesReport {
  private static final double WORTH_SHOWING = 0.01;

  private CirclesReport() {}

  /// What was found at a place.
  ///
  /// @param name of the place
  /// @param circles the circles there
  public record Place(String name, FourierCircles circles) {}

  /// Lays it out.
  ///
  /// @param model what to call the model
  /// @param places first to last
  /// @param addition how the model adds, where that was asked
  public static Report of(String model, List<Place> places, Optional<ClockAndPizza> addition) {
    List<Report.Section> sections = new ArrayList<>();
    addition.ifPresent(found -> sections.add(new Report.TableSection(algorithm(found))));
    sections.add(new Report.TableSection(table(places)));
    sections.add(new Report.LineSection(spectrum(places)));
    return new Report(
        "Circles in " + model,
        "%d tokens round a circle".formatted(places.getFirst().circles().points()),
        sections,
        List.of("raw coordinates, no norm; the stream is that of a text of the one token"));
  }

  private static Table table(List<Place> places) {
    Table.Builder table =
        Table.named("circles")
            .title("Frequencies that hold at least 1 % of the variance")
            .text("place", "embedding, or hook point")
            .integer("frequency", "", "how often the vectors go round")
            .real("share", "", "of the vectors' variance")
            .real("cos radius", "", "length of the cosine direction")
            .real("sin radius", "", "length of the sine direction")
            .real("cosine", "", "of the angle between the two; 0 for a circle")
            .real("roundness", "", "shorter half axis by longer; 1 for a circle")
            .real("R2", "", "how well an ellipse of this frequency fits the points in its plane");
    for (Place place : places) {
      for (Circle circle : place.circles().holding(WORTH_SHOWING)) {
        table.row(
            place.name(),
            circle.frequency(),
            circle.share(),
            circle.cosRadius(),
            circle.sinRadius(),
            circle.cosine(),
            circle.roundness(),
            circle.purity());
      }
      table.note(
          "%s: circularity of the first principal components %.4f, at frequencies %s."
              .formatted(
                  place.name(),
                  place.circles().circularity(),
                  place.circles().componentFrequencies()));
    }
    return table.build();
  }

  private static LineChart spectrum(List<Place> places) {
    return new LineChart(
        "spectrum",
        "Share of the variance at each frequency",
        "frequency",
        "share",
        places.stream()
            .map(place ->
                new LineChart.Series(
                    place.name(),
                    place.circles().circles().stream()
                        .sorted(Comparator.comparingInt(Circle::frequency))
                        .map(circle -> new Point(circle.frequency(), circle.share()))
                        .toList()))
            .toList(),
        List.of());
  }

  private static Table algorithm(ClockAndPizza found) {
    return Table.named("addition")
        .title("How it adds: %,d of %,d sums are right".formatted(found.right(), found.pairs()))
        .text("measure", "of Zhong et al. 2023")
        .real("value", "", "what it is here")
        .real("low", "", "lower end of its 95 % confidence interval")
        .real("high", "", "upper end of its 95 % confidence interval")
        .text("clock", "what a clock has")
        .text("pizza", "what a pizza has")
        .row(
            "distance irrelevance",
            found.distanceIrrelevance(),
            Cell.missing(),
            Cell.missing(),
            "near 1",
            "near 0")
        .row(
            "gradient symmetricity",
            found.gradientSymmetricity().mean(),
            Intervals.low(found.gradientSymmetricity()),
            Intervals.high(found.gradientSymmetricity()),
            "low",
            "near 1")
        .note("Distance irrelevance is over all pairs; gradients are compared at random triples.")
        .build();
  }
}
