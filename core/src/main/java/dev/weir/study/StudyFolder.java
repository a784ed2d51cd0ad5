package dev.weir.study;

import dev.weir.train.DataSettings;
import dev.weir.train.RunData;
import dev.weir.train.RunFolder;
import dev.weir.train.RunTokenizer;
import dev.weir.train.TrainJson;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.stream.Stream;

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
///
/// A lock ends with its process, however that ends, so a run whose worker was killed is free again.
public final class StudyFolder {
  private final Path path;

  private StudyFolder(Path path) {
    this.path = path;
  }

  /// The folder of a study, which is begun if it is not there.
  ///
  /// @param path the folder
  /// @param study the study
  /// @throws dev.weir.WeirException if it holds another study, or cannot be written
  public static StudyFolder of(Path path, Study study) {
    StudyFolder folder = new StudyFolder(path);
    Path file = path.resolve("study.json");
    if (!Files.exists(file)) {
      folder.makeFolders(path);
      TrainJson.write(file, study);
    } else if (!TrainJson.read(file, Study.class).equals(study)) {
      throw StudyException.otherStudy(path.toString());
    }
    return folder;
  }

  /// The study that a folder holds.
  ///
  /// @param path the folder
  public static StudyFolder open(Path path) {
    return new StudyFolder(path);
  }

  /// What is asked.
  public Study study() {
    return TrainJson.read(path.resolve("study.json"), Study.class);
  }

  /// Where it is.
  public Path path() {
    return path;
  }

  private void makeFolders(Path folder) {
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
    Path file = path.resolve("data.json");
    if (!Files.exists(file)) {
      TrainJson.write(file, new Found(study().tasks().stream().map(this::prepare).toList()));
    }
    return TrainJson.read(file, Found.class).tasks();
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
  public Pace pace(LongSupplier nanos, Consumer<String> measured) {
    return Files.exists(paceFile()) || study().budgets().contains(Budget.SECONDS)
        ? measured(nanos, measured)
        : Pace.none();
  }

  /// How fast variants are on this machine and what memory they need, measured now if it was not.
  ///
  /// @param nanos tells the time
  /// @param measured told what is measured by now
  public Pace measured(LongSupplier nanos, Consumer<String> measured) {
    return measured(Instruments.ofThisMachine(nanos), measured);
  }

  Pace measured(Instruments instruments, Consumer<String> measured) {
    if (!Files.exists(paceFile())) {
      Pace pace = new PaceMaker(study(), this, instruments).measure(tasks(), measured);
      TrainJson.write(paceFile(), pace);
    }
    return TrainJson.read(paceFile(), Pace.class);
  }

  private Path paceFile() {
    return path.resolve("pace.json");
  }

  /// The machine that began the study, if it is known.
  public Optional<Machine> machine() {
    Path file = path.resolve("machine.json");
    return Files.exists(file) ? Optional.of(TrainJson.read(file, Machine.class)) : Optional.empty();
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
    Path file = runPath(run).resolve("outcome.json");
    return Files.exists(file) ? Optional.of(TrainJson.read(file, Outcome.class)) : Optional.empty();
  }

  /// How many steps of a run its log holds: a cheap look at what others work on.
  ///
  /// @param run which
  public int logged(StudyRun run) {
    Path log = runPath(run).resolve("log.jsonl");
    try (Stream<String> lines = Files.lines(log)) {
      return Math.toIntExact(lines.count());
    } catch (NoSuchFileException _) {
      return 0;
    } catch (IOException e) {
      throw StudyException.unreadable(log.toString(), e);
    }
  }

  /// Keeps what came of a run.
  ///
  /// @param run which
  /// @param outcome what came of it
  void keep(StudyRun run, Outcome outcome) {
    TrainJson.write(runPath(run).resolve("outcome.json"), outcome);
  }

  /// What a run's model is like inside, if it was looked into.
  ///
  /// @param run which
  public Optional<Inside> inside(StudyRun run) {
    Path file = runPath(run).resolve("inside.json");
    return Files.exists(file) ? Optional.of(TrainJson.read(file, Inside.class)) : Optional.empty();
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

  /// Takes a run, if nobody has it: no other process takes it until the claim is closed.
  ///
  /// @param run which
  Optional<Claim> take(StudyRun run) {
    Path folder = runPath(run);
    makeFolders(folder);
    try {
      FileChannel channel =
          FileChannel.open(
              folder.resolve("taken"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      Optional<FileLock> lock = lock(channel);
      if (lock.isEmpty()) {
        channel.close();
      }
      return lock.map(_ -> new Claim(channel));
    } catch (IOException e) {
      throw StudyException.unwritable(folder.toString(), e);
    }
  }

  private static Optional<FileLock> lock(FileChannel channel) throws IOException {
    try {
      return Optional.ofNullable(channel.tryLock());
    } catch (OverlappingFileLockException _) {
      return Optional.empty();
    }
  }

  /// That a run is worked on here.
  ///
  /// @param channel which holds the lock
  record Claim(FileChannel channel) implements AutoCloseable {
    @Override
    public void close() {
      try {
        channel.close();
      } catch (IOException e) {
        throw StudyException.unwritable("a claim", e);
      }
    }
  }

  /// What is known by now.
  ///
  /// @param nanos tells the time, where paces must be measured
  /// @param measured told the name of each task whose pace is known
  public StudyResults results(LongSupplier nanos, Consumer<String> measured) {
    Pace pace = pace(nanos, measured);
    StudyPlan plan = StudyPlan.of(study(), tasks(), pace);
    Map<String, Outcome> outcomes = new LinkedHashMap<>();
    plan.runs().forEach(run -> outcome(run).ifPresent(o -> outcomes.put(run.id(), o)));
    Map<String, Inside> insides = new LinkedHashMap<>();
    plan.runs().stream()
        .filter(run -> outcomes.containsKey(run.id()))
        .forEach(run -> inside(run).ifPresent(i -> insides.put(run.id(), i)));
    return new StudyResults(study(), plan, pace, outcomes, insides);
  }
}
