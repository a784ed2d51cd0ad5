package dev.weir.study;

import dev.weir.train.DataSettings;
import dev.weir.train.RunData;
import dev.weir.train.RunFolder;
import dev.weir.train.RunTokenizer;
import dev.weir.train.TrainJson;
import dev.weir.train.TrainingLog;
import dev.weir.weights.StrictJson;
import dev.weir.weights.WeightException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.stream.Stream;
import tools.jackson.core.JacksonException;

/// A study in a folder, which any number of processes may work on and which can be killed at any
/// moment and gone on with:
///
/// | file | what |
/// |---|---|
/// | `study.json` | the [Study] |
/// | `tasks/NAME` | the tokenizer of a task |
/// | `data.json` | the tasks as they were found |
/// | `pace.json` | the [Pace] |
/// | `machine.json` | the [Machine] that began it |
/// | `runs/ID` | a [RunFolder] |
/// | `runs/ID/outcome.json` | the [Outcome], once the run is done |
/// | `runs/ID/inside.json` | the [Inside], for runs that are looked into |
/// | `runs/ID/taken` | locked by the process that works on the run |
/// | `runs/ID/worker` | the [RunWorker] that works on it |
/// | `preparing` | locked by the process that finds data and measures the pace |
///
/// A lock ends with its process, however that ends, so a run whose worker was killed is free again.
public final class StudyFolder {
  private static final int GLANCE_MILLISECONDS = 100;

  private final Path path;

  private StudyFolder(Path path) {
    this.path = path;
  }

  /// The folder of a study, which is begun if it is not there.
  ///
  /// @param path the folder
  /// @param study the study
  /// @throws dev.weir.WeirException if it holds another study or other things, or cannot be written
  public static StudyFolder of(Path path, Study study) {
    StudyFolder folder = new StudyFolder(path);
    Path file = folder.studyFile();
    if (!Files.exists(file) && isFree(path)) {
      makeFolders(path);
      TrainJson.write(file, study);
    }
    // Another command may have begun the study in between.
    if (!Files.exists(file)) {
      throw StudyException.foreignFolder(path.toString());
    }
    if (!folder.study().equals(study)) {
      throw StudyException.otherStudy(path.toString());
    }
    return folder;
  }

  /// What a killed process left half-written begins with a dot.
  private static boolean isFree(Path path) {
    if (!Files.exists(path)) {
      return true;
    }
    try (Stream<Path> found = Files.list(path)) {
      return found.allMatch(file -> file.getFileName().toString().startsWith("."));
    } catch (IOException e) {
      throw StudyException.unwritable(path.toString(), e);
    }
  }

  /// The study that a folder holds.
  ///
  /// @param path the folder
  /// @throws dev.weir.WeirException if there is none, or it cannot be read
  public static StudyFolder open(Path path) {
    StudyFolder folder = new StudyFolder(path);
    if (!Files.exists(folder.studyFile())) {
      throw StudyException.noStudy(path.toString());
    }
    var _ = folder.study();
    return folder;
  }

  private Path studyFile() {
    return path.resolve("study.json");
  }

  /// What is asked.
  public Study study() {
    return read(studyFile(), Study.class);
  }

  private <T> T read(Path file, Class<T> type) {
    try {
      return TrainJson.read(file, type);
    } catch (JacksonException e) {
      throw damaged(file, StrictJson.describe(e), e);
    } catch (WeightException e) {
      if (!Files.isReadable(file)) {
        throw e;
      }
      throw damaged(file, e.what(), e);
    }
  }

  private StudyException damaged(Path file, String why, Throwable cause) {
    if (file.equals(studyFile())) {
      return StudyException.damagedStudy(path, file, why, cause);
    }
    return file.startsWith(path.resolve("runs"))
        ? StudyException.damagedRun(path, file, why, cause)
        : StudyException.damagedNote(path, file, why, cause);
  }

  /// Where it is.
  public Path path() {
    return path;
  }

  private static void makeFolders(Path folder) {
    try {
      Files.createDirectories(folder);
    } catch (IOException e) {
      throw StudyException.unwritable(folder.toString(), e);
    }
  }

  // ---------------------------------------------------------------- data

  private record Found(List<Prepared> tasks) {}

  /// The tasks with their data, found once.
  ///
  /// @throws dev.weir.WeirException if data cannot be read
  public List<Prepared> tasks() {
    return tasks(() -> false);
  }

  private List<Prepared> tasks(BooleanSupplier stop) {
    return once(
            dataFile(),
            Found.class,
            () -> new Found(study().tasks().stream().map(this::prepare).toList()),
            stop)
        .tasks();
  }

  private Path dataFile() {
    return path.resolve("data.json");
  }

  /// What is in a file, which is made if it is not there: by one process, while others wait for it.
  private <T> T once(Path file, Class<T> type, Supplier<T> making, BooleanSupplier stop) {
    if (!Files.exists(file)) {
      Path place = path.resolve("preparing");
      makeFolders(place);
      try (Claim _ = waitFor(place, stop)) {
        if (!Files.exists(file)) {
          TrainJson.write(file, making.get());
        }
      }
    }
    return read(file, type);
  }

  private static Claim waitFor(Path place, BooleanSupplier stop) {
    Optional<Claim> claim = Claim.take(place);
    while (claim.isEmpty()) {
      goOnUnless(stop);
      glance();
      claim = Claim.take(place);
    }
    return claim.get();
  }

  /// Ends what somebody does not want any more.
  ///
  /// @param stop whether somebody says stop
  /// @throws CancellationException if so
  static void goOnUnless(BooleanSupplier stop) {
    if (stop.getAsBoolean()) {
      throw new CancellationException("Stopped while the study is prepared");
    }
  }

  /// Waits a little for others.
  static void glance() {
    try {
      Thread.sleep(GLANCE_MILLISECONDS);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      throw new CancellationException("Interrupted while others work on the study");
    }
  }

  private Prepared prepare(StudyTask task) {
    DataSettings where = task.data();
    RunData found =
        RunData.prepare(where, task.textTokenizer(), OptionalInt.empty(), tokenizer(task));
    return new Prepared(
        task,
        where.withDigest(found.digest()),
        found.data().dVocab(),
        found.data().window().orElse(task.window()));
  }

  /// Where the tokenizer of a task is.
  Path tokenizer(StudyTask task) {
    return path.resolve("tasks").resolve(task.name());
  }

  // ---------------------------------------------------------------- pace

  /// How fast variants are on this machine, as far as it is known; it is measured now if it is not
  /// and a budget asks for it.
  ///
  /// @param nanos tells the time
  /// @param measured told what is measured by now
  /// @param stop whether to stop; nothing is kept of what was measured by then
  /// @throws CancellationException if somebody says stop
  public Pace pace(LongSupplier nanos, Consumer<String> measured, BooleanSupplier stop) {
    return Files.exists(paceFile()) || study().budgets().contains(Budget.SECONDS)
        ? measured(nanos, measured, stop)
        : Pace.none();
  }

  /// How fast variants are on this machine and what memory they need, measured now if it was not.
  ///
  /// @param nanos tells the time
  /// @param measured told what is measured by now
  /// @param stop whether to stop; nothing is kept of what was measured by then
  /// @throws CancellationException if somebody says stop
  public Pace measured(LongSupplier nanos, Consumer<String> measured, BooleanSupplier stop) {
    return measured(Instruments.ofThisMachine(nanos), measured, stop);
  }

  Pace measured(Instruments instruments, Consumer<String> measured, BooleanSupplier stop) {
    List<Prepared> tasks = tasks(stop);
    return once(
        paceFile(),
        Pace.class,
        () -> new PaceMaker(study(), this, instruments, stop).measure(tasks, measured),
        stop);
  }

  private Path paceFile() {
    return path.resolve("pace.json");
  }

  /// The machine that began the study, if it is known.
  public Optional<Machine> machine() {
    Path file = path.resolve("machine.json");
    return Files.exists(file) ? Optional.of(read(file, Machine.class)) : Optional.empty();
  }

  /// Notes the machine, unless one was noted before.
  ///
  /// @param here this machine
  public void note(Machine here) {
    if (machine().isEmpty()) {
      TrainJson.write(path.resolve("machine.json"), here);
    }
  }

  // ---------------------------------------------------------------- runs

  /// The folder of a run.
  Path runPath(StudyRun run) {
    return path.resolve("runs").resolve(run.id());
  }

  /// What came of a run, if it is done.
  ///
  /// @param run which
  public Optional<Outcome> outcome(StudyRun run) {
    Path file = outcomeFile(run);
    return Files.exists(file) ? Optional.of(read(file, Outcome.class)) : Optional.empty();
  }

  private Path outcomeFile(StudyRun run) {
    return runPath(run).resolve("outcome.json");
  }

  /// Whether a run is done.
  ///
  /// @param run which
  public boolean isDone(StudyRun run) {
    return Files.exists(outcomeFile(run));
  }

  /// How many steps of a run its log holds: a cheap look at what others work on.
  ///
  /// @param run which
  public int logged(StudyRun run) {
    return TrainingLog.lastStep(runPath(run).resolve("log.jsonl"));
  }

  /// Keeps what came of a run.
  ///
  /// @param run which
  /// @param outcome what came of it
  void keep(StudyRun run, Outcome outcome) {
    TrainJson.write(outcomeFile(run), outcome);
  }

  /// What a run's model is like inside, if it was looked into.
  ///
  /// @param run which
  public Optional<Inside> inside(StudyRun run) {
    Path file = runPath(run).resolve("inside.json");
    return Files.exists(file) ? Optional.of(read(file, Inside.class)) : Optional.empty();
  }

  /// Keeps what a run's model is like inside.
  ///
  /// @param run which
  /// @param inside what it is like
  void keep(StudyRun run, Inside inside) {
    TrainJson.write(runPath(run).resolve("inside.json"), inside);
  }

  /// The run's folder, begun if it is not there.
  ///
  /// @param run which
  RunFolder begin(StudyRun run) {
    Path folder = runPath(run);
    if (Files.exists(folder.resolve("run.json"))) {
      return RunFolder.open(folder);
    }
    new RunTokenizer.Given(tokenizer(run.task())).write(List.of(), folder);
    return RunFolder.begin(folder, run.plan());
  }

  /// Takes a run, if nobody has it: nobody else trains it until the claim is closed.
  ///
  /// @param run which
  public Optional<Claim> take(StudyRun run) {
    Path folder = runPath(run);
    makeFolders(folder);
    return Claim.take(folder);
  }

  /// Who took a run and has not given it back: works on it, or died at it.
  ///
  /// @param run which
  public Optional<RunWorker> takenBy(StudyRun run) {
    return Claim.worker(runPath(run));
  }

  /// What is known by now; nothing is prepared or measured for it.
  ///
  /// @throws dev.weir.WeirException if the study is not begun
  public StudyResults results() {
    boolean measured = !study().budgets().contains(Budget.SECONDS) || Files.exists(paceFile());
    if (!Files.exists(dataFile()) || !measured) {
      throw StudyException.notBegun(path.toString());
    }
    return results(System::nanoTime, _ -> {});
  }

  /// What is known by now, after data were found and paces measured where they are not.
  ///
  /// @param nanos tells the time, where paces must be measured
  /// @param measured told the name of each task whose pace is known
  public StudyResults results(LongSupplier nanos, Consumer<String> measured) {
    return results(nanos, measured, () -> false);
  }

  /// What is known by now, after data were found and paces measured where they are not.
  ///
  /// @param nanos tells the time, where paces must be measured
  /// @param measured told the name of each task whose pace is known
  /// @param stop whether to stop; nothing is kept of what was measured by then
  /// @throws CancellationException if somebody says stop
  public StudyResults results(LongSupplier nanos, Consumer<String> measured, BooleanSupplier stop) {
    Pace pace = pace(nanos, measured, stop);
    StudyPlan plan = StudyPlan.of(study(), tasks(stop), pace);
    Map<String, Outcome> outcomes = new LinkedHashMap<>();
    plan.runs().forEach(run -> outcome(run).ifPresent(o -> outcomes.put(run.id(), o)));
    Map<String, Inside> insides = new LinkedHashMap<>();
    plan.runs().stream()
        .filter(run -> outcomes.containsKey(run.id()))
        .forEach(run -> inside(run).ifPresent(i -> insides.put(run.id(), i)));
    return new StudyResults(study(), plan, pace, outcomes, insides);
  }
}
