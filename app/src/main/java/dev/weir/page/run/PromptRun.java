package dev.weir.page.run;

import dev.weir.model.Transformer;
import dev.weir.model.TransformerSpec;
import dev.weir.readout.Contributions;
import dev.weir.readout.Places;
import dev.weir.readout.Wide;
import dev.weir.stream.Capture;
import dev.weir.stream.Hooks;
import dev.weir.stream.NormSite;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.Tensor;
import java.util.List;

/// A run of one prompt, kept in memory. Only the engine's thread may touch its trace.
public final class PromptRun implements AutoCloseable {
  /// The rows of the plane.
  static final Places PLACES = Places.SUBLAYERS;

  private final String id;
  private final Recipe recipe;
  private final OpenModel model;
  private final List<Places.Place> places;
  private final StreamTrace trace;
  private final long bytes;

  private PromptRun(String id, Recipe recipe, OpenModel model, StreamTrace trace) {
    this.id = id;
    this.recipe = recipe;
    this.model = model;
    this.places = places(model);
    this.trace = trace;
    this.bytes = trace.points().stream().mapToLong(point -> bytes(trace.get(point))).sum();
  }

  private static long bytes(Tensor value) {
    return value.shape().elements() * value.dtype().bytes();
  }

  /// What is kept: the stream, what was written and read, and the pathway's routing; of attention
  /// what each head wrote. Patterns grow with the square of the text and are run for when needed.
  static Capture capture() {
    return Contributions.capture().and("blocks.*.hook_resid_*");
  }

  /// Runs a prompt.
  ///
  /// @param id of the recipe
  /// @param vectors the directions that changes name
  static PromptRun of(String id, Recipe recipe, OpenModel model, Vectors vectors) {
    return new PromptRun(id, recipe, model, trace(recipe, model, vectors, capture()));
  }

  /// Runs a prompt and keeps something else of it.
  static StreamTrace trace(Recipe recipe, OpenModel model, Vectors vectors, Capture capture) {
    try (Materials materials = new Materials(model, vectors, recipe.ids())) {
      Hooks changes = materials.hooks(recipe.changes());
      return model.transformer().trace(List.of(recipe.ids()), capture, changes);
    }
  }

  /// Short, and the same for the same recipe.
  public String id() {
    return id;
  }

  /// What it was made from.
  public Recipe recipe() {
    return recipe;
  }

  /// Whose run it was.
  public OpenModel model() {
    return model;
  }

  /// The places of the stream, first to last: the rows of the plane.
  public List<Places.Place> places() {
    return places;
  }

  /// The places of a model's stream, first to last.
  ///
  /// @param model which
  public static List<Places.Place> places(OpenModel model) {
    return PLACES.of(model.transformer().spec());
  }

  /// How many tokens: the columns of the plane.
  public int length() {
    return recipe.tokens().size();
  }

  /// What was kept; for the engine's thread alone.
  public StreamTrace trace() {
    return trace;
  }

  /// The stream at a place, `[pos, d_model]`, float32 at least; for the engine's thread alone.
  ///
  /// @param place index of the place
  /// @param from the first position
  /// @param count how many
  public Tensor stream(int place, int from, int count) {
    return Wide.of(trace.get(places.get(place).point()).slice("pos", from, count));
  }

  /// What the model says next, `[d_vocab]`, float32 at least: the last stream through the final
  /// norm and the unembedding. For the engine's thread alone.
  ///
  /// @param position after which token
  public Tensor logits(int position) {
    Transformer transformer = model.transformer();
    Tensor end = trace.get(places.getLast().point()).slice("pos", position, 1);
    Tensor normalized = transformer.lnFinal().forward(end, new NormSite.LnFinal(), Hooks.none());
    return Wide.of(transformer.unembed(normalized).at("pos", 0));
  }

  /// How many cells the logit lens reads in a step of some tenths of a second.
  public long cellsOfLensAtATime() {
    TransformerSpec spec = model.transformer().spec();
    return Math.max(1, Window.STEP / spec.dModel() / spec.dVocabOut());
  }

  /// How much memory it holds, bytes.
  long bytes() {
    return bytes;
  }

  @Override
  public void close() {
    trace.close();
  }
}
