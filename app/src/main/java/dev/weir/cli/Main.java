package dev.weir.cli;

import dev.weir.WeirException;
import dev.weir.tensor.Engine;
import dev.weir.view.Style;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicBoolean;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// The `weir` command.
@Command(
    name = "weir",
    description = "A workbench for the residual stream of transformers.",
    mixinStandardHelpOptions = true,
    version = "weir " + Main.VERSION,
    footerHeading = "%nExamples:%n",
    footer = {
      "  weir read \"Once upon a time, there was a little\"",
      "  weir read --model path/to/model --out report.html \"The capital of France is\"",
      "  weir generate --temperature 0 --max-tokens 50 \"One day\"",
      "  weir train --data text.txt --out run/",
      "  weir trace --points 'blocks.*.hook_resid_post' --out stream.npz \"Hello\"",
      "  weir COMMAND --help says more about a command."
    })
public final class Main implements Runnable {
  /// Of Weir.
  static final String VERSION = "0.1.0";

  private static final int FAILURE = 1;

  @Spec private CommandSpec spec = CommandSpec.create();

  private Main() {}

  /// Runs a command and exits with 0, with 1 after a failure, with 2 if the command line cannot be
  /// read, with 130 after Ctrl-C.
  ///
  /// @param args the command line
  public static void main(String[] args) {
    Terminal terminal = Terminal.real();
    AtomicBoolean finished = new AtomicBoolean();
    Interruption interruption = new Interruption();
    Runtime.getRuntime()
        .addShutdownHook(new Thread(() -> leaveIfInterrupted(finished, interruption)));
    int code = commandLine(terminal, interruption).execute(args);
    finished.set(true);
    terminal.out().flush();
    terminal.err().flush();
    System.exit(code);
  }

  /// Ctrl-C ends the process while the engine works, once a command that wants to has saved.
  private static void leaveIfInterrupted(AtomicBoolean finished, Interruption interruption) {
    if (!finished.get()) {
      interruption.askAndWait();
      Engine.leave(Interruption.EXIT_CODE);
    }
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "Name a command.");
  }

  /// The command with all its subcommands.
  static CommandLine commandLine(Terminal terminal) {
    return commandLine(terminal, new Interruption());
  }

  private static CommandLine commandLine(Terminal terminal, Interruption interruption) {
    return new CommandLine(new Main())
        .addSubcommand(new ReadCommand(terminal))
        .addSubcommand(new ViewCommand(terminal, interruption))
        .addSubcommand(new LensCommand(terminal))
        .addSubcommand(new SubvalueCommand(terminal))
        .addSubcommand(new AttributeCommand(terminal))
        .addSubcommand(new ContributionsCommand(terminal))
        .addSubcommand(new GenerateCommand(terminal))
        .addSubcommand(new TraceCommand(terminal))
        .addSubcommand(new CircuitsCommand(terminal))
        .addSubcommand(new ScoreCommand(terminal))
        .addSubcommand(new BasisCommand(terminal))
        .addSubcommand(new PersistenceCommand(terminal))
        .addSubcommand(new ProbeCommand(terminal))
        .addSubcommand(new SteerCommand(terminal))
        .addSubcommand(new DepthCommand(terminal))
        .addSubcommand(new CompressCommand(terminal))
        .addSubcommand(new PatchCommand(terminal))
        .addSubcommand(new BandwidthCommand(terminal))
        .addSubcommand(new TrainCommand(terminal, interruption))
        .addSubcommand(new LearnCommand(terminal, interruption))
        .addSubcommand(
            new CommandLine(new StudyCommand(terminal, interruption))
                .addSubcommand(new StudyMeasureCommand(terminal, interruption))
                .addSubcommand(new StudyAdviseCommand(terminal)))
        .addSubcommand(new MemberCommand(interruption))
        .addSubcommand(new WarmUpCommand(terminal))
        .addSubcommand(new ModelsCommand(terminal))
        .addSubcommand(new PathwaysCommand(terminal))
        .addSubcommand(new PullCommand(terminal))
        .addSubcommand(
            new CommandLine(new AutoComplete.GenerateCompletion()).setCommandName("completion"))
        .setOut(writer(terminal.out()))
        .setErr(writer(terminal.err()))
        .setColorScheme(
            CommandLine.Help.defaultColorScheme(
                terminal.style() == Style.COLOUR ? Ansi.ON : Ansi.OFF))
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setUsageHelpWidth(Math.min(terminal.line(), 110))
        .setExecutionExceptionHandler((e, _, _) -> report(e, terminal));
  }

  private static PrintWriter writer(PrintStream stream) {
    return new PrintWriter(stream, true, StandardCharsets.UTF_8);
  }

  private static int report(Exception failure, Terminal terminal) {
    terminal.out().flush();
    tell(failure, terminal);
    return FAILURE;
  }

  /// Says what went wrong, and where in the code if somebody wants to know.
  static void tell(Throwable failure, Terminal terminal) {
    terminal.note(describe(failure));
    if (!terminal.environment().getOrDefault("WEIR_DEBUG", "").isEmpty()) {
      failure.printStackTrace(terminal.err());
    }
  }

  /// One line. An engine's message has a trace of its own below the first line.
  private static String describe(Throwable failure) {
    if (failure instanceof WeirException) {
      return String.valueOf(failure.getMessage());
    }
    String message = String.valueOf(failure.getMessage()).lines().findFirst().orElse("");
    return "%s: %s. This is a fault of Weir; set WEIR_DEBUG=1 to see where it happened."
        .formatted(failure.getClass().getSimpleName(), message);
  }
}
