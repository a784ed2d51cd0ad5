package dev.weir.rules;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaCall;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaField;
import com.tngtech.archunit.core.domain.JavaFieldAccess;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.core.importer.Location;
import com.tngtech.archunit.core.importer.Locations;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import dev.weir.WeirException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The layout is the data flow: a package uses those before it and never one after it. Each rule is
/// tried on the whole of Weir, where it must hold, and on a planted violation, where it must not.
class DataFlowTest {

  /// The order of the packages. A new package is added here, at its place.
  static final List<String> ORDER =
      List.of(
          "tensor",
          "text",
          "weights",
          "stream",
          "pathway",
          "model",
          "edit",
          "train",
          "readout",
          "geometry",
          "study",
          "harvest",
          "spark",
          "view",
          "page",
          "cli");

  /// Fewer than this and the rules would be passing on nothing.
  private static final int AT_LEAST = 200;

  private static final JavaClasses WEIR =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          // Tests of `core` that those of `app` use come in a jar of their own.
          .withImportOption(location -> !location.contains("-tests.jar"))
          .importLocations(everyModule());

  /// Who may use `java.lang.foreign` outside `tensor` and `weights`, and why.
  private static final Map<String, String> FOREIGN_MEMORY =
      Map.of("dev.weir.view.NpyArray", "an array is written from the memory that it lies in");

  /// Who may use system properties outside `cli`, and why.
  private static final Map<String, String> SYSTEM_PROPERTIES =
      Map.of(
          "dev.weir.tensor.Engine", "the engine's binding reads its settings from there alone",
          "dev.weir.text.NativeTokenizers",
              "finds the platform's native library and the folder to unpack it to",
          "dev.weir.study.JavaChild", "starts another process with this one's Java and class path",
          "dev.weir.study.Machine", "says on what a study ran");

  /// Who may end the process outside `cli`, and why.
  private static final Map<String, String> HALTS =
      Map.of("dev.weir.tensor.Engine", "has to leave past the engine's own exit handlers");

  /// The class path, and what the build made before this module that is not on it: Spark and what
  /// it brings would change what the other tests run with.
  private static Set<Location> everyModule() {
    Path spark = RepositoryFiles.root().resolve("spark/target/classes");
    return Stream.concat(
            Locations.ofPackage("dev.weir").stream(),
            Stream.of(spark).filter(Files::exists).map(Location::of))
        .collect(Collectors.toSet());
  }

  @Test
  void everyPackageUsesOnlyThoseBeforeIt() {
    assertThat(WEIR).hasSizeGreaterThan(AT_LEAST);
    System.out.println("the order of the packages: " + String.join(" -> ", present()));
    order().check(WEIR);
  }

  @Test
  void everyPackageHasAPlaceInTheOrder() {
    Set<String> used = new TreeSet<>();
    WEIR.forEach(type -> room(type.getPackageName()).ifPresent(used::add));
    assertThat(ORDER).containsAll(used);
  }

  @Test
  void seesAStepThatUsesALaterOne(@TempDir Path folder) {
    assertFails(
        order(),
        folder,
        """
        package dev.weir.tensor;
        public final class Early { Object trace(dev.weir.stream.StreamTrace later) { return later; } }
        """);
  }

  private static List<String> present() {
    return ORDER.stream()
        .filter(name ->
            WEIR.stream().anyMatch(c -> room(c.getPackageName()).stream().anyMatch(name::equals)))
        .toList();
  }

  /// The step of a package: `model` for `dev.weir.model.family`; none for `dev.weir` itself.
  private static java.util.Optional<String> room(String packageName) {
    return packageName.startsWith("dev.weir.")
        ? java.util.Optional.of(packageName.split("\\.", -1)[2])
        : java.util.Optional.empty();
  }

  private static ArchRule order() {
    return classes()
        .should(
            satisfy(
                "use only the packages before their own",
                (type, complaints) -> {
                  for (Dependency dependency : type.getDirectDependenciesFromSelf()) {
                    if (isLater(dependency.getTargetClass(), type)) {
                      complaints.add(dependency.getDescription());
                    }
                  }
                }));
  }

  private static boolean isLater(JavaClass used, JavaClass user) {
    return room(used.getBaseComponentType().getPackageName())
        .flatMap(
            to -> room(user.getPackageName()).map(from -> ORDER.indexOf(to) > ORDER.indexOf(from)))
        .orElse(false);
  }

  // ---------------------------------------------------------------- who may use what

  @Test
  void onlyTensorKnowsTheEngine() {
    engine().check(WEIR);
  }

  @Test
  void seesTheEngineElsewhere(@TempDir Path folder) {
    assertFails(
        engine(),
        folder,
        """
        package dev.weir.readout;
        public final class Shortcut { Object pointer(org.bytedeco.javacpp.Pointer p) { return p; } }
        """);
  }

  private static ArchRule engine() {
    return noClasses()
        .that()
        .resideOutsideOfPackage("dev.weir.tensor")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("org.bytedeco..");
  }

  @Test
  void onlyTheCommandLinePrintsExitsAndReadsTheEnvironment() {
    ambient().check(WEIR);
  }

  @Test
  void seesAPrintingModelAndACheatingOne(@TempDir Path folder) {
    assertFails(
        ambient(),
        folder,
        """
        package dev.weir.model;
        public final class Chatty { void say() { System.out.println("hello"); } }
        """);
    assertFails(
        ambient(),
        folder,
        """
        package dev.weir.model;
        public final class Sly { boolean greedy() { return Boolean.getBoolean("greedy"); } }
        """);
    assertFails(
        ambient(),
        folder,
        """
        package dev.weir.model;
        public final class Curious { Object token() { return System.getenv("TOKEN"); } }
        """);
  }

  private static ArchRule ambient() {
    return classes()
        .that()
        .resideOutsideOfPackage("dev.weir.cli..")
        .should(
            satisfy(
                "not print, exit or read the environment",
                (type, complaints) -> {
                  type.getFieldAccessesFromSelf().stream()
                      .filter(DataFlowTest::isStandardStream)
                      .forEach(access -> complaints.add(access.getDescription()));
                  type.getCodeUnitCallsFromSelf().stream()
                      .filter(call -> isAmbient(call, type))
                      .forEach(call -> complaints.add(call.getDescription()));
                }));
  }

  private static boolean isStandardStream(JavaFieldAccess access) {
    return access.getTargetOwner().isEquivalentTo(System.class);
  }

  private static boolean isAmbient(JavaCall<?> call, JavaClass type) {
    String owner = call.getTargetOwner().getSimpleName();
    return switch (call.getName()) {
      case "exit", "getenv" -> call.getTargetOwner().getPackageName().equals("java.lang");
      case "halt" -> owner.equals("Runtime") && !HALTS.containsKey(outermost(type));
      case "printStackTrace" -> true;
      case "getProperty", "setProperty" ->
          owner.equals("System") && !SYSTEM_PROPERTIES.containsKey(outermost(type));
      case "getBoolean", "getInteger", "getLong" ->
          Set.of("Boolean", "Integer", "Long").contains(owner);
      default -> false;
    };
  }

  private static String outermost(JavaClass type) {
    return type.getName().replaceFirst("\\$.*", "");
  }

  @Test
  void foreignMemoryStaysWhereItIsNeeded() {
    foreignMemory().check(WEIR);
  }

  @Test
  void seesForeignMemoryElsewhere(@TempDir Path folder) {
    assertFails(
        foreignMemory(),
        folder,
        """
        package dev.weir.readout;
        public final class Peek { Object bytes(java.lang.foreign.MemorySegment s) { return s; } }
        """);
  }

  private static ArchRule foreignMemory() {
    return noClasses()
        .that()
        .resideOutsideOfPackages("dev.weir.tensor", "dev.weir.weights")
        .and(describe("have no leave", type -> !FOREIGN_MEMORY.containsKey(outermost(type))))
        .should()
        .dependOnClassesThat()
        .resideInAPackage("java.lang.foreign");
  }

  @Test
  void everyLeaveIsStillTaken() {
    assertThat(FOREIGN_MEMORY.keySet())
        .allMatch(name -> uses(name, "java.lang.foreign"), "uses java.lang.foreign");
    assertThat(SYSTEM_PROPERTIES.keySet())
        .allMatch(
            name ->
                WEIR.stream()
                    .filter(type -> outermost(type).equals(name))
                    .flatMap(type -> type.getCodeUnitCallsFromSelf().stream())
                    .anyMatch(call -> call.getName().endsWith("Property")),
            "uses system properties");
    assertThat(HALTS.keySet())
        .allMatch(
            name ->
                WEIR.stream()
                    .filter(type -> outermost(type).equals(name))
                    .flatMap(type -> type.getCodeUnitCallsFromSelf().stream())
                    .anyMatch(call -> call.getName().equals("halt")),
            "ends the process");
  }

  private static boolean uses(String name, String packageName) {
    return WEIR.stream()
        .filter(type -> outermost(type).equals(name))
        .flatMap(type -> type.getDirectDependenciesFromSelf().stream())
        .anyMatch(d -> d.getTargetClass().getPackageName().equals(packageName));
  }

  // ---------------------------------------------------------------- what types look like

  @Test
  void everyTypeIsAnInterfaceOrFinal() {
    finality().check(WEIR);
  }

  @Test
  void seesAClassThatInvitesInheritance(@TempDir Path folder) {
    assertFails(
        finality(),
        folder,
        """
        package dev.weir.model;
        public class Parent {}
        """);
  }

  private static ArchRule finality() {
    return classes()
        .that()
        .areNotInterfaces()
        .and()
        .areNotEnums()
        .and()
        .doNotHaveFullyQualifiedName(WeirException.class.getName())
        .and(describe("are not written in place", type -> !isWrittenInPlace(type)))
        .should()
        .haveModifier(JavaModifier.FINAL);
  }

  /// Anonymous classes, and those that the compiler adds.
  private static boolean isWrittenInPlace(JavaClass type) {
    return type.isAnonymousClass() || type.getModifiers().contains(JavaModifier.SYNTHETIC);
  }

  @Test
  void nothingStaticCanChange() {
    constants().check(WEIR);
  }

  @Test
  void seesAStaticThatChanges(@TempDir Path folder) {
    assertFails(
        constants(),
        folder,
        """
        package dev.weir.model;
        public final class Counter { static int runs; }
        """);
    assertFails(
        constants(),
        folder,
        """
        package dev.weir.model;
        public final class Memo {
          static final java.util.HashMap<String, String> SEEN = new java.util.HashMap<>();
        }
        """);
  }

  private static final Set<Class<?>> CHANGEABLE =
      Set.of(
          ArrayList.class,
          HashMap.class,
          HashSet.class,
          LinkedHashMap.class,
          Random.class,
          StringBuilder.class,
          ThreadLocal.class);

  private static ArchRule constants() {
    return fields()
        .that()
        .areStatic()
        .and(describe("are not the compiler's own", field -> !isCompilersOwn(field)))
        .should()
        .beFinal()
        .andShould(
            new ArchCondition<JavaField>("hold nothing that changes") {
              @Override
              public void check(JavaField field, ConditionEvents events) {
                if (CHANGEABLE.stream().anyMatch(field.getRawType()::isEquivalentTo)) {
                  events.add(SimpleConditionEvent.violated(field, field.getDescription()));
                }
              }
            });
  }

  private static boolean isCompilersOwn(JavaField field) {
    return field.getModifiers().contains(JavaModifier.SYNTHETIC) || field.getName().startsWith("$");
  }

  @Test
  void everyPackageIsNullMarked() {
    assertThat(unmarked(WEIR)).isEmpty();
  }

  @Test
  void seesAPackageThatAllowsNull(@TempDir Path folder) {
    Planted planted =
        Planted.in(
            folder,
            """
            package dev.weir.unmarked;
            public final class Vague {}
            """);
    assertThat(unmarked(planted.classes())).containsExactly("dev.weir.unmarked");
  }

  private static Set<String> unmarked(JavaClasses classes) {
    Set<String> unmarked = new TreeSet<>();
    for (JavaClass type : classes) {
      if (!type.getPackage().isAnnotatedWith(NullMarked.class)) {
        unmarked.add(type.getPackageName());
      }
    }
    return unmarked;
  }

  // ---------------------------------------------------------------- inside

  private interface Inspection {
    void inspect(JavaClass type, List<String> complaints);
  }

  private static ArchCondition<JavaClass> satisfy(String rule, Inspection inspection) {
    return new ArchCondition<>(rule) {
      @Override
      public void check(JavaClass type, ConditionEvents events) {
        List<String> complaints = new ArrayList<>();
        inspection.inspect(type, complaints);
        complaints.forEach(c -> events.add(SimpleConditionEvent.violated(type, c)));
      }
    };
  }

  private static void assertFails(ArchRule rule, Path folder, String... sources) {
    JavaClasses planted = Planted.in(folder, sources).classes();
    assertThat(rule.allowEmptyShould(true).evaluate(planted).hasViolation())
        .as("%s sees %s", rule.getDescription(), Arrays.toString(sources))
        .isTrue();
  }
}
