package dev.weir.study;

import dev.weir.WeirException;
import dev.weir.model.AttentionSpec;
import dev.weir.pathway.Pathways;
import dev.weir.train.DataSettings;
import dev.weir.train.Mixers;
import dev.weir.train.ModelSettings;
import dev.weir.train.task.Tasks;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/// Reads a [Study] from YAML. Everything that is wrong is told at once, before anything trains:
/// unknown keys, impossible sizes, names that mean nothing, files that are not there, and variants
/// that cannot do a task.
public final class StudyFile {
  private static final YAMLMapper YAML =
      YAMLMapper.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();

  private static final String YAML_PLACE = "in reader, ";
  private static final long LONGEST = 1 << 20;
  private static final int USUAL_SEEDS = 3;

  /// What the path of a text begins with that ships with Weir.
  private static final String SHIPPED = "weir:";

  private final Path folder;
  private final Path shipped;
  private final List<String> problems = new ArrayList<>();
  private final List<Variant> soundVariants = new ArrayList<>();
  private final List<StudyTask> soundTasks = new ArrayList<>();

  private StudyFile(Path folder, Path shipped) {
    this.folder = folder;
    this.shipped = shipped;
  }

  /// The study of a file. Paths in it are meant from where the file is, those that begin with
  /// `weir:` from the folder of what ships with Weir.
  ///
  /// @param file the file
  /// @param shipped the folder of the models and texts that ship with Weir
  /// @throws WeirException with every problem, if there is one
  public static Study read(Path file, Path shipped) {
    Path folder = file.toAbsolutePath().normalize().getParent();
    return parse(text(file), folder == null ? file : folder, shipped, file.toString());
  }

  private static String text(Path file) {
    try {
      if (Files.size(file) > LONGEST) {
        throw StudyException.noText(file.toString());
      }
      String text = Files.readString(file);
      if (text.indexOf('\0') >= 0) {
        throw StudyException.noText(file.toString());
      }
      return text;
    } catch (CharacterCodingException _) {
      throw StudyException.noText(file.toString());
    } catch (IOException e) {
      throw StudyException.unreadable(file.toString(), e);
    }
  }

  /// The study of a text, all of whose paths are meant from one folder.
  ///
  /// @param yaml the text
  /// @param folder where paths in it are meant from
  /// @param where what the text is, for messages
  /// @throws WeirException with every problem, if there is one
  public static Study parse(String yaml, Path folder, String where) {
    return parse(yaml, folder, folder, where);
  }

  private static Study parse(String yaml, Path folder, Path shipped, String where) {
    StudyFile file = new StudyFile(folder, shipped);
    try {
      Study study = file.study(new Fields(YAML.readTree(yaml), "", file.problems));
      if (!file.problems.isEmpty()) {
        throw StudyException.problems(where, file.problems);
      }
      return study;
    } catch (JacksonException e) {
      throw StudyException.notYaml(where, described(e), e);
    }
  }

  /// What a parser of YAML says in several lines, with pictures of the place, in one.
  private static String described(JacksonException e) {
    List<String> lines = e.getOriginalMessage().lines().toList();
    String what =
        lines.stream().filter(line -> !line.startsWith(" ")).collect(Collectors.joining(", "));
    return lines.stream()
        .map(String::strip)
        .filter(line -> line.startsWith(YAML_PLACE))
        .reduce((_, last) -> last)
        .map(place -> place.substring(YAML_PLACE.length()).replaceFirst(":$", ""))
        .or(() ->
            Optional.ofNullable(e.getLocation())
                .map(at -> "line %d, column %d".formatted(at.getLineNr(), at.getColumnNr())))
        .map(place -> what + ", at " + place)
        .orElse(what);
  }

  private Study study(Fields fields) {
    ModelSettings model = model(fields.mapping("model"));
    Recipe recipe = recipe(fields.mapping("recipe"));
    boolean areSizesSound = problems.isEmpty();
    Study study =
        new Study(
            fields.requiredFolderName("name"),
            fields.text("question").orElse(""),
            model,
            recipe,
            items(fields, "variants", this::variant, soundVariants),
            items(fields, "tasks", this::task, soundTasks),
            budgets(fields),
            seeds(fields),
            rates(fields),
            fields.flag("inside").orElse(true));
    fields.end("name, question, model, recipe, variants, tasks, budgets, seeds, rates, inside");
    check(study);
    if (areSizesSound) {
      checkPairs(study);
    }
    return study;
  }

  private interface Item<T> {
    T read(Fields fields);
  }

  private <T> List<T> items(Fields fields, String name, Item<T> item, List<T> sound) {
    List<T> items = new ArrayList<>();
    List<JsonNode> nodes = fields.list(name);
    for (int i = 0; i < nodes.size(); i++) {
      int before = problems.size();
      T read = item.read(new Fields(nodes.get(i), "%s[%d]".formatted(name, i), problems));
      items.add(read);
      if (problems.size() == before) {
        sound.add(read);
      }
    }
    return items;
  }

  // ---------------------------------------------------------------- parts

  /// Vocabulary and context are the tasks'; one stands in for them here.
  private ModelSettings model(Fields fields) {
    int dModel = fields.size("d_model").orElse(64);
    int heads = fields.size("n_heads").orElse(ModelSettings.usualHeads(dModel));
    ModelSettings.MlpKind mlp = ModelSettings.MlpKind.GATED;
    int neurons = fields.size("d_mlp").orElse(ModelSettings.usualNeurons(dModel, mlp));
    int layers = fields.size("n_layers").orElse(4);
    int keys = fields.size("n_kv_heads").orElse(heads);
    boolean learned =
        fields
            .text("positions")
            .map(text -> {
              if (!Set.of("rotary", "learned").contains(text)) {
                fields.problem("positions", "must be rotary or learned, not " + text);
              }
              return text.equals("learned");
            })
            .orElse(false);
    fields.end("d_model, n_layers, n_heads, n_kv_heads, d_mlp, positions");
    return trying(
            fields,
            "",
            () ->
                new ModelSettings(
                    "pre_norm",
                    dModel,
                    layers,
                    heads,
                    keys,
                    neurons,
                    2,
                    2,
                    ModelSettings.NormKind.RMS,
                    mlp,
                    learned ? ModelSettings.Positions.LEARNED : ModelSettings.Positions.ROTARY,
                    ModelSettings.Head.SEPARATE))
        .orElseGet(StudyFile::anyModel);
  }

  /// Stands in for a model whose problems were told.
  private static ModelSettings anyModel() {
    return new ModelSettings(
        "pre_norm",
        2,
        1,
        1,
        1,
        1,
        2,
        2,
        ModelSettings.NormKind.RMS,
        ModelSettings.MlpKind.GATED,
        ModelSettings.Positions.LEARNED,
        ModelSettings.Head.SEPARATE);
  }

  private static Recipe recipe(Fields fields) {
    Recipe recipe =
        new Recipe(
            fields.size("batch").orElse(2048),
            fields.count("tokens").orElse(400_000L),
            fields.number("peak", 1e-9, 10).orElse(3e-3),
            fields.number("warmup", 0, 0.5).orElse(0.05),
            fields.number("decay", 0, 0.5).orElse(0.3),
            fields.number("weight_decay", 0, 10).orElse(0.1),
            fields.size("looks").orElse(10),
            fields.count("look_tokens").orElse(16_384L));
    fields.end("batch, tokens, peak, warmup, decay, weight_decay, looks, look_tokens");
    return recipe;
  }

  private Variant variant(Fields fields) {
    Variant variant =
        new Variant(
            fields.requiredText("name"),
            fields.text("about").orElse(""),
            fields.text("pathway").orElse("pre_norm"),
            mixers(fields.mapping("mixers")),
            new Variant.Shape(
                optional(fields.size("d_model")),
                optional(fields.size("n_layers")),
                optional(fields.size("n_heads")),
                optional(fields.size("d_mlp"))));
    if (Pathways.find(variant.pathway()).isEmpty()) {
      fields.problem(
          "pathway", "has no '%s'; 'weir pathways' lists them".formatted(variant.pathway()));
    }
    fields.end("name, about, pathway, mixers, d_model, n_layers, n_heads, d_mlp");
    return variant;
  }

  private static OptionalInt optional(Optional<Integer> value) {
    return value.isPresent() ? OptionalInt.of(value.get()) : OptionalInt.empty();
  }

  private Mixers mixers(Fields fields) {
    Mixers.Local sublayer = local(fields, "sublayer");
    Mixers.Local branch = local(fields, "branch");
    String canon = fields.text("canon").orElse("");
    Optional<AttentionSpec.Values> values =
        fields
            .text("values")
            .flatMap(text -> choice(fields, "values", text, AttentionSpec.Values.values()));
    fields.end("sublayer, branch, canon, values");
    return trying(
            fields,
            "canon",
            () -> new Mixers(sublayer, branch, canon, values.orElse(AttentionSpec.Values.OWN)))
        .orElseGet(Mixers::none);
  }

  private Mixers.Local local(Fields fields, String name) {
    return fields
        .text(name)
        .flatMap(text -> trying(fields, name, () -> Mixers.Local.parse(text)))
        .orElseGet(Mixers.Local::none);
  }

  private StudyTask task(Fields fields) {
    String source = fields.requiredText("source");
    boolean synthetic = DataSettings.task(source).isPresent();
    StudyTask task =
        new StudyTask(
            fields.requiredFolderName("name"),
            synthetic ? source : here(fields, "source", source),
            fields.text("tokenizer").map(path -> here(fields, "tokenizer", path)),
            fields.size("window").orElse(128),
            fields
                .number("difficulty", 0, Double.MAX_VALUE)
                .map(OptionalDouble::of)
                .orElseGet(OptionalDouble::empty));
    DataSettings.task(source).ifPresent(name -> trying(fields, "source", () -> Tasks.parse(name)));
    fields.end("name, source, tokenizer, window, difficulty");
    return task;
  }

  private String here(Fields fields, String name, String path) {
    boolean ships = path.startsWith(SHIPPED);
    Path file =
        (ships ? shipped.resolve(path.substring(SHIPPED.length())) : folder.resolve(path))
            .toAbsolutePath()
            .normalize();
    if (!Files.exists(file)) {
      fields.problem(
          name,
          ships
              ? "names nothing that ships with Weir: '%s'; there are %s"
                  .formatted(path, String.join(", ", shippedFiles()))
              : "is not there: " + file);
    }
    return file.toString();
  }

  /// As study files name them.
  private List<String> shippedFiles() {
    try (Stream<Path> found = Files.walk(shipped, 2)) {
      return found
          .filter(file -> file.toString().endsWith(".txt"))
          .map(file -> SHIPPED + shipped.relativize(file).toString().replace('\\', '/'))
          .sorted()
          .toList();
    } catch (IOException _) {
      return List.of("none in " + shipped);
    }
  }

  private static List<Budget> budgets(Fields fields) {
    List<Budget> budgets = new ArrayList<>();
    for (JsonNode node : fields.list("budgets")) {
      choice(fields, "budgets", node.asString(), Budget.values()).ifPresent(budgets::add);
    }
    return budgets.isEmpty() ? List.of(Budget.TOKENS) : budgets.stream().distinct().toList();
  }

  private static <E extends Enum<E>> Optional<E> choice(
      Fields fields, String name, String text, E[] values) {
    Optional<E> found =
        Arrays.stream(values).filter(value -> value.name().equalsIgnoreCase(text)).findFirst();
    if (found.isEmpty()) {
      fields.problem(
          name,
          "has no '%s'; there are %s"
              .formatted(
                  text,
                  Arrays.stream(values)
                      .map(value -> value.name().toLowerCase(Locale.ROOT))
                      .collect(Collectors.joining(", "))));
    }
    return found;
  }

  private static List<Long> seeds(Fields fields) {
    return LongStream.range(0, fields.size("seeds").orElse(USUAL_SEEDS)).boxed().toList();
  }

  private static List<Double> rates(Fields fields) {
    List<Double> rates = new ArrayList<>();
    for (JsonNode node : fields.list("rates")) {
      if (node.isNumber() && node.doubleValue() > 0) {
        rates.add(node.doubleValue());
      } else {
        fields.problem("rates", "must be numbers above 0, not " + node);
      }
    }
    return rates.isEmpty() ? List.of(1.0) : rates;
  }

  /// What something gives, or its complaint as a problem of a field.
  private static <T> Optional<T> trying(Fields fields, String name, Supplier<T> work) {
    try {
      return Optional.of(work.get());
    } catch (WeirException e) {
      fields.complaint(name, e.what());
      return Optional.empty();
    }
  }

  // ---------------------------------------------------------------- the whole

  private void check(Study study) {
    if (study.variants().size() < 2) {
      problems.add("variants must be two at least, the first being the baseline");
    }
    if (study.tasks().isEmpty()) {
      problems.add("tasks must be one at least");
    }
    twice("variants", study.variants().stream().map(Variant::name).toList());
    twice("tasks", study.tasks().stream().map(StudyTask::name).toList());
  }

  /// Of parts that hold by themselves, whether they go together.
  private void checkPairs(Study study) {
    for (Variant variant : soundVariants) {
      for (StudyTask task : soundTasks) {
        possible(study, variant, task)
            .ifPresent(why ->
                problems.add(
                    "variants[%d]: %s cannot do %s: %s"
                        .formatted(
                            study.variants().indexOf(variant), variant.name(), task.name(), why)));
      }
    }
  }

  private void twice(String where, List<String> names) {
    Set<String> seen = new HashSet<>();
    names.stream()
        .filter(name -> !name.isEmpty() && !seen.add(name))
        .distinct()
        .forEach(name -> problems.add("%s has '%s' twice".formatted(where, name)));
  }

  /// Why a variant cannot do a task, if it cannot.
  private static Optional<String> possible(Study study, Variant variant, StudyTask task) {
    int window =
        DataSettings.task(task.source())
            .map(name -> Tasks.parse(name).length())
            .orElse(task.window());
    try {
      var _ = variant.model(study.model()).with(257, window).spec();
      var _ = study.recipe().settings(study.recipe().steps(window), window, 1, 0);
      return Optional.empty();
    } catch (WeirException e) {
      return Optional.of(e.what());
    }
  }
}
