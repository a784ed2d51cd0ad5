package dev.weir.page.direction;

import dev.weir.page.job.Steps;
import dev.weir.page.job.Work;
import dev.weir.page.run.OpenModel;
import dev.weir.page.run.PageException;
import dev.weir.page.run.Projection;
import dev.weir.readout.FirstPosition;
import dev.weir.readout.Places;
import dev.weir.stream.Capture;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.DType;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.stream.IntStream;
import org.apache.commons.statistics.descriptive.DoubleStatistics;
import org.apache.commons.statistics.descriptive.Statistic;
import org.apache.commons.statistics.descriptive.StatisticsConfiguration;

/// How a corpus lies along a direction.
///
/// @param corpus the name of the text
/// @param place the place's label
/// @param tokens how many were read so far
/// @param mean of their values
/// @param deviation of their values, divided by their number
/// @param least value
/// @param most value
/// @param histogram of all values
/// @param top where the values are largest, the largest first
/// @param bottom where they are smallest, the smallest first
public record Survey(
    String corpus,
    String place,
    long tokens,
    double mean,
    double deviation,
    double least,
    double most,
    Histogram histogram,
    List<Example> top,
    List<Example> bottom) {
  private static final int EXAMPLES = 20;
  private static final int BEFORE = 12;
  private static final int AFTER = 6;
  private static final int OPENED_BEFORE = 64;

  public Survey {
    top = List.copyOf(top);
    bottom = List.copyOf(bottom);
  }

  /// A token of the corpus.
  ///
  /// @param value where it lies
  /// @param window which window of the corpus
  /// @param position in the window
  /// @param before the tokens before it, every character visible
  /// @param token itself
  /// @param after the tokens after it
  /// @param text what to open as a prompt: up to 64 tokens before it, itself, and a few after it
  public record Example(
      double value,
      int window,
      int position,
      List<String> before,
      String token,
      List<String> after,
      String text) {
    public Example {
      before = List.copyOf(before);
      after = List.copyOf(after);
    }
  }

  /// What to look at.
  ///
  /// @param model the id of the model
  /// @param direction the id of the direction
  /// @param place the place's label
  /// @param windows how much of the corpus is read
  /// @param first whether the first position of each window counts
  public record Question(
      String model, String direction, String place, int windows, FirstPosition first) {}

  /// The work of reading the corpus, which tells what it found after each window.
  ///
  /// @param question what to look at
  /// @param projection along what
  /// @param model whose stream
  /// @param corpus which text
  static Work<Survey> work(
      Question question, Projection projection, OpenModel model, Corpus corpus) {
    return steps -> {
      Places.Place place = Asked.place(model, question.place());
      Running running = new Running(corpus.name(), place.label(), model);
      List<int[]> windows = corpus.windows(model, question.windows());
      for (int i = 0; i < windows.size(); i++) {
        read(running, i, windows.get(i), place, question.first(), projection, model, steps);
        steps.reached(i + 1L, windows.size());
        if (running.statistics.getCount() > 0) {
          steps.found(running.survey());
        }
      }
      return running.survey();
    };
  }

  private static void read(
      Running running,
      int window,
      int[] tokens,
      Places.Place place,
      FirstPosition first,
      Projection projection,
      OpenModel model,
      Steps<Survey> steps) {
    double[] values = steps.step(() -> values(model, place, tokens, projection));
    running.add(window, tokens, values, first.from());
  }

  /// One value for each position.
  private static double[] values(
      OpenModel model, Places.Place place, int[] tokens, Projection projection) {
    Capture capture = Capture.of(place.point()).withoutLogits();
    try (StreamTrace trace = model.transformer().trace(tokens, capture)) {
      return projection.of(trace.get(place.point()).to(DType.FLOAT64)).toDoubles();
    }
  }

  /// What was seen so far, in memory that does not grow with the corpus.
  private static final class Running {
    private final String corpus;
    private final String place;
    private final OpenModel model;
    private final Histogram.Running histogram = new Histogram.Running();
    private final PriorityQueue<Found> largest = new PriorityQueue<>(Found.BY_VALUE);
    private final PriorityQueue<Found> smallest = new PriorityQueue<>(Found.BY_VALUE.reversed());
    private final DoubleStatistics statistics =
        DoubleStatistics.builder(
                Statistic.MEAN, Statistic.STANDARD_DEVIATION, Statistic.MIN, Statistic.MAX)
            .setConfiguration(StatisticsConfiguration.withDefaults().withBiased(true))
            .build();

    private Running(String corpus, String place, OpenModel model) {
      this.corpus = corpus;
      this.place = place;
      this.model = model;
    }

    private void add(int window, int[] ids, double[] values, int from) {
      double[] counted = Arrays.copyOfRange(values, from, values.length);
      if (!Arrays.stream(counted).allMatch(Double::isFinite)) {
        throw notFinite(window);
      }
      histogram.add(counted);
      for (int position = from; position < values.length; position++) {
        double value = values[position];
        statistics.accept(value);
        Found found = new Found(value, window, position, ids);
        offer(largest, found);
        offer(smallest, found);
      }
    }

    private static void offer(PriorityQueue<Found> best, Found found) {
      best.add(found);
      if (best.size() > EXAMPLES) {
        best.remove();
      }
    }

    private Survey survey() {
      if (statistics.getCount() == 0) {
        throw nothingRead(corpus);
      }
      return new Survey(
          corpus,
          place,
          statistics.getCount(),
          statistics.getAsDouble(Statistic.MEAN),
          statistics.getAsDouble(Statistic.STANDARD_DEVIATION),
          statistics.getAsDouble(Statistic.MIN),
          statistics.getAsDouble(Statistic.MAX),
          histogram.histogram(),
          examples(largest, Found.BY_VALUE.reversed()),
          examples(smallest, Found.BY_VALUE));
    }

    private List<Example> examples(PriorityQueue<Found> best, Comparator<Found> order) {
      return best.stream().sorted(order).map(found -> found.example(model)).toList();
    }
  }

  /// @param ids the tokens of its window
  @SuppressWarnings("ArrayRecordComponent") // Never leaves this class.
  private record Found(double value, int window, int position, int[] ids) {
    /// Of equal values the one that came later is less.
    private static final Comparator<Found> BY_VALUE =
        Comparator.comparingDouble(Found::value)
            .thenComparing(Found::window, Comparator.reverseOrder())
            .thenComparing(Found::position, Comparator.reverseOrder());

    private Example example(OpenModel model) {
      int end = Math.min(ids.length, position + 1 + AFTER);
      int[] opened = Arrays.copyOfRange(ids, Math.max(0, position - OPENED_BEFORE), end);
      return new Example(
          value,
          window,
          position,
          words(model, Math.max(0, position - BEFORE), position),
          model.word(ids[position]),
          words(model, position + 1, end),
          model.tokenizer().decode(opened));
    }

    private List<String> words(OpenModel model, int from, int to) {
      return IntStream.range(from, to).mapToObj(i -> model.word(ids[i])).toList();
    }
  }

  private static PageException notFinite(int window) {
    return new PageException(
        PageException.Kind.BAD_REQUEST,
        "The stream holds a number that is not finite in window %d".formatted(window),
        "corpus",
        "look at another place, or at another direction");
  }

  private static PageException nothingRead(String corpus) {
    return new PageException(
        PageException.Kind.BAD_REQUEST,
        "No tokens of the text count",
        corpus,
        "read more windows, or count the first position, too");
  }
}
